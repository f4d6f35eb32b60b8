package groups

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// maxAsked is about how many people policy is asked at once.
const maxAsked = 32

// Conversations lists those that a person is in.
func (s *Service) Conversations(ctx context.Context, userID string) (proto.Conversations, error) {
	rows, err := s.store.ConversationsOf(ctx, userID)
	if err != nil {
		return proto.Conversations{}, err
	}
	list, err := s.show(ctx, userID, "", rows)
	if err != nil {
		return proto.Conversations{}, err
	}
	return proto.Conversations{Conversations: list}, nil
}

// Conversation returns one that a person is in.
func (s *Service) Conversation(ctx context.Context, userID, id string) (proto.Conversation, error) {
	c, err := s.conversation(ctx, userID, id)
	if err != nil {
		return proto.Conversation{}, err
	}
	list, err := s.show(ctx, userID, id, []proto.ConversationRow{c})
	if err != nil {
		return proto.Conversation{}, err
	}
	return list[0], nil
}

// show makes conversations as a person sees them: all that the person is in, or
// the one of that id.
func (s *Service) show(ctx context.Context, userID, id string, rows []proto.ConversationRow) ([]proto.Conversation, error) {
	list := []proto.Conversation{}
	if len(rows) == 0 {
		return list, nil
	}
	devices, err := s.store.ChatDevicesAround(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	of := map[string][]proto.ChatDeviceRow{}
	for _, d := range devices {
		of[d.PersonID] = append(of[d.PersonID], d)
	}
	why, err := s.whyShut(ctx, userID, rows)
	if err != nil {
		return nil, err
	}
	for i, c := range rows {
		list = append(list, view(c, userID, of, why[i]))
		s.selfHeal(c, why[i])
	}
	return list, nil
}

// selfHeal has a conversation looked at that is not what was noted of it:
// nobody was told, or a group has people in it who may not be in one.
func (s *Service) selfHeal(c proto.ConversationRow, why proto.ConversationShut) {
	if c.Shut != why {
		s.rechecks.add(recheck{conversationID: c.ID})
	}
}

func view(c proto.ConversationRow, userID string, of map[string][]proto.ChatDeviceRow, why proto.ConversationShut) proto.Conversation {
	out := proto.Conversation{
		ID: c.ID, Kind: c.Kind, Suite: c.Suite, Generation: c.Generation, Epoch: c.Epoch, Seq: c.Seq,
		CreatedBy: c.CreatedBy, LastAt: c.LastAt, Shut: why,
		Members: []proto.ConversationMember{}, Leaves: []string{}, Remove: []string{},
	}
	for _, m := range c.Members {
		if !m.In {
			continue
		}
		one := proto.ConversationMember{Person: m.Person, Devices: []proto.ChatDevice{}, Delivered: m.Delivered}
		// Of somebody with whom one may not write there is nothing new to see.
		if m.Person.ID == userID || why == "" || why == proto.ShutAlone {
			for _, d := range of[m.Person.ID] {
				one.Devices = append(one.Devices, shown(d, m.Person.ID == userID))
			}
		}
		out.Members = append(out.Members, one)
	}
	for _, l := range c.Leaves {
		if l.In {
			out.Leaves = append(out.Leaves, l.DeviceID)
		} else {
			out.Remove = append(out.Remove, l.DeviceID)
		}
	}
	return out
}

// whyShut says of each conversation why nobody can write in it; empty: they
// can.
func (s *Service) whyShut(ctx context.Context, userID string, rows []proto.ConversationRow) ([]proto.ConversationShut, error) {
	why := make([]proto.ConversationShut, len(rows))
	var asked []int // places in rows
	var people [][]string
	seen := map[string]bool{}
	ask := func() error {
		if len(asked) == 0 {
			return nil
		}
		refusals, err := s.d.Policy.CorrespondEach(ctx, userID, people)
		if err != nil {
			return err
		}
		for i, refused := range refusals {
			if why[asked[i]], err = shutBy(refused); err != nil {
				return err
			}
		}
		asked, people = nil, nil
		clear(seen)
		return nil
	}
	for i, c := range rows {
		ids := members(c)
		if len(ids) < 2 {
			why[i] = proto.ShutAlone
			continue
		}
		if len(seen) > 0 && len(seen)+len(ids) > maxAsked {
			if err := ask(); err != nil {
				return nil, err
			}
		}
		asked, people = append(asked, i), append(people, ids)
		for _, id := range ids {
			seen[id] = true
		}
	}
	return why, ask()
}

var shutCodes = map[proto.Code]proto.ConversationShut{
	proto.CodeNeedsConsent: proto.ShutNeedsConsent,
	proto.CodeSuspended:    proto.ShutSuspended,
}

// shutBy is why a refusal shuts a conversation. That somebody else’s account is
// suspended, or that there is a block, is not told.
func shutBy(err error) (proto.ConversationShut, error) {
	if err == nil {
		return "", nil
	}
	refused, ok := errors.AsType[*proto.Error](err)
	if !ok {
		return "", fmt.Errorf("ask who may write: %w", err)
	}
	if why, ok := shutCodes[refused.Code]; ok {
		return why, nil
	}
	return proto.ShutNotApproved, nil
}

// Contacts lists with whom a child writes, for the child's parents. It says
// nothing of what, or of a group's name, which the server does not know.
func (s *Service) Contacts(ctx context.Context, childID string) (proto.ChatContacts, error) {
	rows, err := s.store.ConversationsOf(ctx, childID)
	if err != nil {
		return proto.ChatContacts{}, err
	}
	why, err := s.whyShut(ctx, childID, rows)
	if err != nil {
		return proto.ChatContacts{}, err
	}
	list := proto.ChatContacts{Contacts: []proto.ChatContact{}}
	for i, c := range rows {
		contact := proto.ChatContact{People: []proto.NameOf{}, Kind: c.Kind, LastAt: c.LastAt, Shut: why[i]}
		for _, m := range c.Members {
			if m.In && m.Person.ID == childID {
				contact.Since = m.Since
			} else if m.In {
				contact.People = append(contact.People, proto.NameOf{ID: m.Person.ID, Name: m.Person.Name, Avatar: m.Person.Avatar})
			}
		}
		list.Contacts = append(list.Contacts, contact)
	}
	list.Contacts = slices.DeleteFunc(list.Contacts, func(c proto.ChatContact) bool { return len(c.People) == 0 })
	return list, nil
}
