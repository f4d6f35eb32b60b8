package friends

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// Introduce asks that these friends of userID become friends with one another:
// each pair that is not gets a request without any yes, or those who have one
// are asked again if that is due. It returns how many requests that were.
// Nothing is said of which, so that nobody learns who has blocked or declined
// whom. Where more pairs are missing than userID may have waiting, as many
// are asked as may.
func (s *Service) Introduce(ctx context.Context, userID string, people []string) (proto.Asked, error) {
	if err := s.d.Policy.MayAsk(ctx, userID); err != nil {
		return proto.Asked{}, err
	}
	people = slices.DeleteFunc(slices.Clone(people), func(id string) bool { return id == userID })
	slices.Sort(people)
	people = slices.Compact(people)
	if len(people) < 2 {
		return proto.Asked{}, &proto.Error{Code: proto.CodeBadMessage, Message: "people names fewer than two of your friends; name those who should become friends with one another"}
	}
	if err := s.allFriends(ctx, userID, people); err != nil {
		return proto.Asked{}, err
	}
	room, err := s.roomForIntroductions(ctx, userID)
	if err != nil {
		return proto.Asked{}, err
	}
	pairs, err := s.strangers(ctx, people)
	if err != nil {
		return proto.Asked{}, err
	}
	asked, made := 0, 0
	for _, pair := range pairs {
		var isNew bool
		_, err := s.change(ctx, pair[0], pair[1], func(tie proto.FriendTie) (event, *proto.Error) {
			isNew = tie.Row.State != pending
			if isNew && made >= room {
				return event{}, errTooManyIntroductions(s.cfg().MaxIntroductions)
			}
			return event{kind: evIntroduce, actor: userID}, nil
		})
		var refused *proto.Error
		if errors.As(err, &refused) {
			continue
		}
		if err != nil {
			return proto.Asked{Asked: asked}, err
		}
		asked++
		if isNew {
			made++
		}
	}
	if asked == 0 && room <= 0 && len(pairs) > 0 {
		return proto.Asked{}, errTooManyIntroductions(s.cfg().MaxIntroductions)
	}
	return proto.Asked{Asked: asked}, nil
}

// allFriends refuses where one of people is no friend of userID, or nobody.
func (s *Service) allFriends(ctx context.Context, userID string, people []string) error {
	listed, _, err := s.lists.FriendList(ctx, userID)
	if err != nil {
		return fmt.Errorf("look up whom to introduce: %w", err)
	}
	for _, id := range people {
		if !slices.ContainsFunc(listed, func(f proto.FriendListed) bool { return f.Person.ID == id }) {
			return errNobody()
		}
	}
	return nil
}

func (s *Service) roomForIntroductions(ctx context.Context, userID string) (int, error) {
	waiting, err := s.ties.OpenIntroductions(ctx, userID)
	if err != nil {
		return 0, fmt.Errorf("count introductions: %w", err)
	}
	return s.cfg().MaxIntroductions - waiting, nil
}

// strangers is the pairs among people who are no friends.
func (s *Service) strangers(ctx context.Context, people []string) ([][2]string, error) {
	rows, err := s.ties.FriendRows(ctx, people)
	if err != nil {
		return nil, fmt.Errorf("look up who is friends already: %w", err)
	}
	done := map[[2]string]bool{}
	for _, row := range rows {
		done[row.IDs] = row.State == friends
	}
	var pairs [][2]string
	for i, a := range people { // in order, so a < b
		for _, b := range people[i+1:] {
			if pair := [2]string{a, b}; !done[pair] {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs, nil
}
