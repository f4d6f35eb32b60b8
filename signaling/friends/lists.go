package friends

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// List returns a person's friends in their order and the requests that wait,
// the newest first.
func (s *Service) List(ctx context.Context, userID string) (proto.Friends, error) {
	listed, err := s.ordered(ctx, userID)
	if err != nil {
		return proto.Friends{}, err
	}
	waiting, err := s.lists.PendingTies(ctx, userID)
	if err != nil {
		return proto.Friends{}, fmt.Errorf("list requests: %w", err)
	}
	list := proto.Friends{Friends: make([]proto.Friend, 0, len(listed)), Requests: []proto.FriendRequest{}}
	for _, f := range listed {
		list.Friends = append(list.Friends, proto.Friend{Person: f.Person, Family: f.Family, Since: f.Since})
	}
	for _, tie := range s.open(waiting) {
		list.Requests = append(list.Requests, request(tie, userID))
	}
	return list, nil
}

// Known returns a person's friends in their order, with what each lets that
// person see.
func (s *Service) Known(ctx context.Context, userID string) ([]Known, error) {
	listed, err := s.ordered(ctx, userID)
	if err != nil {
		return nil, err
	}
	known := make([]Known, 0, len(listed))
	for _, f := range listed {
		k := Known{Person: f.Person, ShowPresence: sees(f.Presence, f.Family), ShowLastSeen: sees(f.LastSeen, f.Family)}
		if k.ShowLastSeen && f.LastSeenAt > 0 {
			k.LastSeen = time.UnixMilli(f.LastSeenAt).UTC()
		}
		known = append(known, k)
	}
	return known, nil
}

// sees says whether a friend sees what is visible to v. A word that is not
// known means nobody.
func sees(v proto.Visibility, family bool) bool {
	return v == proto.VisibleFriends || (v == proto.VisibleFamily && family)
}

// Blocks lists those whom a person has blocked. Here ids are shown: by them a
// block is taken back.
func (s *Service) Blocks(ctx context.Context, personID string) (proto.Blocks, error) {
	people, err := s.lists.Blocked(ctx, personID)
	if err != nil {
		return proto.Blocks{}, fmt.Errorf("list blocks: %w", err)
	}
	list := proto.Blocks{Blocked: make([]proto.NameOf, 0, len(people))}
	for _, p := range people {
		list.Blocked = append(list.Blocked, proto.NameOf{ID: p.ID, Name: p.Name, Avatar: p.Avatar})
	}
	return list, nil
}

// open keeps those requests that have not run out and between people who are
// here, the newest first.
func (s *Service) open(ties []proto.FriendTie) []proto.FriendTie {
	now := s.now().UnixMilli()
	ties = slices.DeleteFunc(ties, func(t proto.FriendTie) bool {
		return t.Row.State != pending || now >= t.Row.ExpiresAt || !t.Sides[0].Active || !t.Sides[1].Active || t.Row.Blocked()
	})
	slices.SortFunc(ties, func(a, b proto.FriendTie) int {
		return cmp.Or(cmp.Compare(b.Row.CreatedAt, a.Row.CreatedAt), cmp.Compare(a.Row.ID, b.Row.ID))
	})
	return ties
}

// request is a tie as one of the two sees it.
func request(tie proto.FriendTie, userID string) proto.FriendRequest {
	row, me := tie.Row, tie.Row.Side(userID)
	via := ""
	if row.Via != "" && row.Via == tie.Via.ID {
		via = tie.Via.Name
	}
	return proto.FriendRequest{
		ID: row.ID, With: nameOf(tie.Sides[1-me].Person, row.State == friends), Mine: row.AskedBy == userID, Via: via,
		State: row.State, Missing: needs(row, tie.Sides, me), CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	}
}

// nameOf is what a request shows of a person; the id only to those who know
// them already.
func nameOf(p proto.Person, known bool) proto.NameOf {
	name := proto.NameOf{Name: p.Name, Avatar: p.Avatar}
	if known {
		name.ID = p.ID
	}
	return name
}

// ordered is a person's friends in the order that they want.
func (s *Service) ordered(ctx context.Context, userID string) ([]proto.FriendListed, error) {
	listed, byTalk, err := s.lists.FriendList(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("list friends: %w", err)
	}
	keys := make(map[string]float64, len(listed))
	if byTalk {
		now := s.now().UnixMilli()
		for _, f := range listed {
			keys[f.Person.ID] = decayed(f.TalkSeconds, f.TalkAt, now, s.cfg().TalkHalfLife)
		}
	}
	slices.SortFunc(listed, func(a, b proto.FriendListed) int {
		return cmp.Or(
			cmp.Compare(keys[b.Person.ID], keys[a.Person.ID]),
			cmp.Compare(strings.ToLower(a.Person.Name), strings.ToLower(b.Person.Name)),
			cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return listed, nil
}
