package groups

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// staleTries is how often policy is asked anew because a conversation has
// changed in the meantime.
const staleTries = 4

// Commit ends an epoch, if it is the first to do so. Refusals: not_found (no
// conversation of one's own, no device), epoch_taken (another one was first),
// commit_needed (it leaves somebody in who has to go), those of policy, and what
// is wrong with it.
func (s *Service) Commit(ctx context.Context, userID, id string, in proto.Commit) (proto.Committed, error) {
	if wait, ok := s.commits.Take(userID, s.now()); !ok {
		return proto.Committed{}, tooFast("commits", wait)
	}
	for range staleTries {
		c, err := s.conversation(ctx, userID, id)
		if err != nil {
			return proto.Committed{}, err
		}
		if done, ok := again(c, in); ok {
			return done, nil
		}
		if in.Generation != c.Generation || in.Epoch != c.Epoch {
			return proto.Committed{}, errEpoch(c, in)
		}
		done, err := s.commitTo(ctx, userID, c, in)
		if !errors.Is(err, errStale) {
			return done, err
		}
	}
	return proto.Committed{}, refuse(proto.CodeEpochTaken, "the conversation keeps changing: ask for it, then try again")
}

// again is the answer to a commit that has won already.
func again(c proto.ConversationRow, in proto.Commit) (proto.Committed, bool) {
	won := c.Committer == in.DeviceID && c.CommittedID == in.ID
	return proto.Committed{Generation: c.Generation, Epoch: c.Epoch, Seq: c.CommittedSeq}, won
}

func errEpoch(c proto.ConversationRow, in proto.Commit) *proto.Error {
	return refuse(proto.CodeEpochTaken, "given generation %d, epoch %d; the conversation is in generation %d, epoch %d", in.Generation, in.Epoch, c.Generation, c.Epoch)
}

// conversation returns one that a person is in. For all others it does not
// exist.
func (s *Service) conversation(ctx context.Context, userID, id string) (proto.ConversationRow, error) {
	c, found, err := s.store.Conversation(ctx, id)
	if err != nil {
		return proto.ConversationRow{}, err
	}
	if !found || !slices.Contains(members(c), userID) {
		return proto.ConversationRow{}, errNoConversation(id)
	}
	return c, nil
}

func (s *Service) commitTo(ctx context.Context, userID string, c proto.ConversationRow, in proto.Commit) (proto.Committed, error) {
	a, err := s.attempt(ctx, userID, c, in)
	if err != nil {
		return proto.Committed{}, err
	}
	if a.anew() {
		if wait, ok := s.anew.Take(c.ID, s.now()); !ok {
			return proto.Committed{}, tooFast("new generations of this conversation", wait)
		}
	}
	var was proto.ConversationRow
	var is proto.ConversationChange
	changed, found, err := s.store.ChangeConversation(ctx, c.ID, named(in), func(now proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		was = now
		var err error
		is, err = a.decide(now, devices)
		return is, err
	})
	if err != nil {
		if done, ok := again(was, in); ok { // the same request came twice at once
			return done, nil
		}
		return proto.Committed{}, err
	}
	if !found {
		return proto.Committed{}, errNoConversation(c.ID)
	}
	s.carriedOut(was, is, changed)
	return proto.Committed{Generation: is.Epoch.Generation, Epoch: is.Epoch.Epoch, Seq: changed.Seq}, nil
}

// named is the devices that a commit names.
func named(in proto.Commit) []string {
	return slices.Concat([]string{in.DeviceID}, in.Adds, in.Removes)
}

// attempt asks policy about all who would be in a conversation after a commit.
func (s *Service) attempt(ctx context.Context, userID string, c proto.ConversationRow, in proto.Commit) (*attempt, error) {
	f, err := s.readCommit(c.ID, c.Suite, in, false)
	if err != nil {
		return nil, err
	}
	added, err := s.store.ChatDevicesByID(ctx, in.Adds)
	if err != nil {
		return nil, err
	}
	people := members(c)
	for _, d := range added {
		if !slices.Contains(people, d.PersonID) {
			people = append(people, d.PersonID)
		}
	}
	people = slices.DeleteFunc(people, func(id string) bool {
		return id != userID && slices.ContainsFunc(c.Leaves, func(l proto.LeafRow) bool {
			return l.In && l.PersonID == id && slices.Contains(in.Removes, l.DeviceID)
		})
	})
	// A person may be alone in what is left of a group, and bring their own
	// devices into it.
	if len(people) > 1 {
		if err := s.d.Policy.Correspond(ctx, userID, people); err != nil {
			return nil, err
		}
	}
	return s.newAttempt(userID, c.Drops, in, f, people), nil
}

func (s *Service) newAttempt(userID string, drops int64, in proto.Commit, f frames, people []string) *attempt {
	now := s.now()
	a := &attempt{
		in: in, userID: userID, frames: f, agreed: map[string]bool{}, drops: drops, maxPeople: s.cfg().MaxPeople,
		at: now.UnixMilli(), expiresAt: now.Add(s.cfg().Retention).UnixMilli(), seal: s.d.Sealer.Seal,
	}
	for _, id := range people {
		a.agreed[id] = true
	}
	return a
}

// apply changes a conversation by a pure decision, and says so. A conversation
// that is not there is left alone.
func (s *Service) apply(ctx context.Context, id string, decide decide) error {
	var was proto.ConversationRow
	var is proto.ConversationChange
	changed, found, err := s.store.ChangeConversation(ctx, id, nil, func(c proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		was = c
		var err error
		is, err = decide(c, devices)
		return is, err
	})
	if err != nil || !found {
		return err
	}
	s.carriedOut(was, is, changed)
	return nil
}

// carriedOut tells whom a change concerns: devices that there is something in
// their queues, people that the conversation is another. Where people have come
// or gone it is looked at once more: policy was asked before they came, and who
// is left may be alone now, or nobody.
func (s *Service) carriedOut(was proto.ConversationRow, is proto.ConversationChange, changed proto.ConversationChanged) {
	if len(changed.Told) > 0 {
		s.d.Hints.Look(changed.Told...)
	}
	people := append(members(was), is.Out...)
	for _, m := range is.In {
		people = append(people, m.Person.ID)
	}
	slices.Sort(people)
	quiet := is.Epoch == nil && is.Shut == nil && len(is.Flag) == 0 && len(is.Out) == 0
	if !quiet {
		s.changed(was.ID, slices.Compact(people)...)
	}
	if len(is.In)+len(is.Out) > 0 {
		s.rechecks.add(recheck{conversationID: was.ID})
	}
}

// GroupInfo returns what a device of a member needs to come in by itself.
func (s *Service) GroupInfo(ctx context.Context, userID, id string) (proto.GroupInfo, error) {
	c, err := s.conversation(ctx, userID, id)
	if err != nil {
		return proto.GroupInfo{}, err
	}
	if people := members(c); len(people) > 1 {
		if err := s.d.Policy.Correspond(ctx, userID, people); err != nil {
			return proto.GroupInfo{}, err
		}
	}
	row, found, err := s.store.ConversationInfo(ctx, id)
	if err != nil {
		return proto.GroupInfo{}, err
	}
	if !found {
		return proto.GroupInfo{}, errNoConversation(id)
	}
	info, err := s.d.Sealer.Open(proto.GroupInfoPlace(id, row.Generation, row.Epoch), row.GroupInfo)
	if err != nil {
		return proto.GroupInfo{}, fmt.Errorf("open the group info of conversation %s: %w", id, err)
	}
	return proto.GroupInfo{Generation: row.Generation, Epoch: row.Epoch, GroupInfo: info}, nil
}
