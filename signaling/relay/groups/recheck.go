package groups

import (
	"context"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// recheck is what has to be looked at again: all conversations of a person, or
// one.
type recheck struct{ userID, conversationID string }

// Recheck has all conversations of these people looked at again, because what
// they may do with others has changed. It does not block; Run carries it out.
func (s *Service) Recheck(userIDs ...string) {
	for _, id := range userIDs {
		s.rechecks.add(recheck{userID: id})
	}
}

// recheckAll looks at conversations, each once. What fails is tried again.
func (s *Service) recheckAll(ctx context.Context, some []recheck) {
	done := map[string]bool{}
	for _, r := range some {
		if err := s.recheckOf(ctx, r, done); err != nil && ctx.Err() == nil {
			s.d.Log.Error("conversations not looked at again", "person", r.userID, "conversation", r.conversationID, "err", err)
			s.retries.add(r)
		}
	}
}

func (s *Service) recheckOf(ctx context.Context, r recheck, done map[string]bool) error {
	var rows []proto.ConversationRow
	if r.userID != "" {
		all, err := s.store.ConversationsOf(ctx, r.userID)
		if err != nil {
			return err
		}
		rows = all
		if len(all) == 0 {
			gone, err := s.store.ChatPersonGone(ctx, r.userID)
			if err != nil {
				return err
			}
			if gone { // what they were in cannot be found by them any more
				s.looseEnds(ctx)
			}
		}
	} else {
		c, found, err := s.store.Conversation(ctx, r.conversationID)
		if err != nil {
			return err
		}
		if found {
			rows = append(rows, c)
		}
	}
	for _, c := range rows {
		if done[c.ID] {
			continue
		}
		if err := s.recheck(ctx, c); err != nil {
			return err
		}
		done[c.ID] = true
	}
	return nil
}

// recheck looks at one conversation. Out of a group those leave whom policy
// names; then, and of two, it is shut or it is not.
func (s *Service) recheck(ctx context.Context, c proto.ConversationRow) error {
	if len(members(c)) == 0 {
		return s.store.DropConversation(ctx, c.ID)
	}
	var leave []string
	if ids := came(c); c.Kind == proto.ConversationGroup && len(ids) > 1 {
		var err error
		if leave, err = s.d.Policy.Part(ctx, ids); err != nil {
			return err
		}
	}
	stay := c
	if len(leave) > 0 {
		if err := s.apply(ctx, c.ID, func(c proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
			return s.depart(c, leave, true), nil
		}); err != nil {
			return err
		}
		stay.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m proto.MemberRow) bool { return slices.Contains(leave, m.Person.ID) })
	}
	// On nobody's behalf: what each member is told is made by the member's eyes.
	why, err := s.whyShut(ctx, "", []proto.ConversationRow{stay})
	if err != nil {
		return err
	}
	if why[0] == "" && c.Shut == "" {
		return nil
	}
	return s.apply(ctx, c.ID, func(c proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		return s.shut(c, why[0]), nil
	})
}

// came is the people in a conversation in the order in which they came, its
// maker first.
func came(c proto.ConversationRow) []string {
	ids := members(c)
	slices.SortStableFunc(ids, func(a, b string) int {
		switch c.CreatedBy {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	return ids
}

// recheckWaiting looks at each conversation for which something waits.
func (s *Service) recheckWaiting(ctx context.Context) {
	for id := ""; ctx.Err() == nil; {
		next, err := s.store.NextWaiting(ctx, id)
		if err != nil {
			if ctx.Err() == nil {
				s.d.Log.Error("what waits not looked at", "err", err)
			}
			if !pause(ctx, recheckRetry) {
				return
			}
			continue
		}
		if next == "" {
			return
		}
		s.recheckAll(ctx, []recheck{{conversationID: next}})
		id = next
	}
}

const (
	sweepBatch = 200
	// looseInterval is between two searches through all conversations for what
	// deleted accounts leave behind. Nothing depends on it: a device that is
	// gone gets nothing, and counts as one that has to be removed.
	looseInterval = time.Hour
	// keyLife is how long a single-use key package is given out: it is worth
	// less the longer its private key lies about.
	keyLife = 90 * 24 * 60 * 60 * 1000 // ms
	// takenLife is how long it is remembered that one was taken.
	takenLife = 7 * 24 * 60 * 60 * 1000 // ms
)

// sweep removes devices that have not been seen for long, and forgets old key
// packages.
func (s *Service) sweep(ctx context.Context) {
	now := s.now()
	for ctx.Err() == nil {
		idle, err := s.store.IdleChatDevices(ctx, now.Add(-s.cfg().DeviceIdle).UnixMilli(), sweepBatch)
		if err == nil {
			err = s.remove(ctx, idle)
		}
		if err != nil {
			s.failed(ctx, "idle devices not removed", err)
			break
		}
		if len(idle) > 0 {
			s.d.Log.Info("idle devices removed", "devices", len(idle))
		}
		if len(idle) < sweepBatch {
			break
		}
	}
	if _, err := s.store.ForgetKeyPackages(ctx, now.UnixMilli()-keyLife, now.UnixMilli()-takenLife); err != nil {
		s.failed(ctx, "old key packages not forgotten", err)
	}
}

func (s *Service) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		s.d.Log.Error(what, "err", err)
	}
}

// looseEnds settles conversations of people who are gone: leaves of their
// devices are flagged, who is left is told, and a conversation with nobody in
// it goes.
func (s *Service) looseEnds(ctx context.Context) {
	for ctx.Err() == nil {
		ids, err := s.store.LooseConversations(ctx, sweepBatch)
		if err != nil {
			s.failed(ctx, "conversations of people who are gone not found", err)
			return
		}
		for _, id := range ids {
			if err := s.settle(ctx, id); err != nil {
				s.failed(ctx, "a conversation of somebody who is gone not settled", err)
				return
			}
		}
		if len(ids) < sweepBatch {
			return
		}
	}
}

func (s *Service) settle(ctx context.Context, id string) error {
	c, found, err := s.store.Conversation(ctx, id)
	if err != nil || !found {
		return err
	}
	if len(members(c)) == 0 {
		return s.store.DropConversation(ctx, id)
	}
	if err := s.apply(ctx, id, func(c proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		return s.loose(c), nil
	}); err != nil {
		return err
	}
	s.rechecks.add(recheck{conversationID: id})
	return nil
}
