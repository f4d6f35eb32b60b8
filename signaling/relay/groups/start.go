package groups

import (
	"context"
	"errors"
	"regexp"
	"slices"

	"kinwire/signaling/proto"
)

var conversationID = regexp.MustCompile(`^g_[a-z2-7]{26}$`)

// NewConversation starts a conversation with its first commit. Of two people who
// have one already, the answer is that one, whose id is another than the one
// that was asked for.
func (s *Service) NewConversation(ctx context.Context, userID string, in proto.ConversationNew) (proto.Conversation, error) {
	people, err := s.starters(userID, in)
	if err != nil {
		return proto.Conversation{}, err
	}
	if wait, ok := s.starts.Take(userID, s.now()); !ok {
		return proto.Conversation{}, tooFast("new conversations", wait)
	}
	if err := s.suite(in.Suite); err != nil {
		return proto.Conversation{}, err
	}
	if in.First.Generation != 1 || in.First.Epoch != 0 || in.First.External {
		return proto.Conversation{}, refuse(proto.CodeBadMessage, "first: given generation %d, epoch %d, external %v; allowed are 1, 0, false", in.First.Generation, in.First.Epoch, in.First.External)
	}
	// Before what comes with it is looked at: whoever is not known is not asked
	// about.
	if err := s.d.Policy.Correspond(ctx, userID, people); err != nil {
		return proto.Conversation{}, err
	}
	f, err := s.readCommit(in.ID, in.Suite, in.First, true)
	if err != nil {
		return proto.Conversation{}, err
	}
	a := s.newAttempt(userID, 0, in.First, f, people)
	a.start = true
	row := proto.ConversationRow{
		ID: in.ID, Kind: in.Kind, Suite: in.Suite, Generation: 1, CreatedBy: userID, CreatedAt: a.at,
	}
	var pair [2]string
	if in.Kind == proto.ConversationDirect {
		pair = [2]string{slices.Min(people), slices.Max(people)}
	}
	var is proto.ConversationChange
	changed, existing, err := s.store.StartConversation(ctx, row, pair, named(in.First), func(c proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		var err error
		is, err = a.decide(c, devices)
		return is, err
	})
	if err != nil {
		return proto.Conversation{}, err
	}
	if existing == "" {
		s.carriedOut(row, is, changed)
		return s.Conversation(ctx, userID, in.ID)
	}
	return s.existing(ctx, userID, existing, in)
}

// existing is the conversation that was there before: of the same two people,
// or the same request when it came the first time.
func (s *Service) existing(ctx context.Context, userID, id string, in proto.ConversationNew) (proto.Conversation, error) {
	c, err := s.Conversation(ctx, userID, id)
	_, refused := errors.AsType[*proto.Error](err)
	if err != nil && !refused {
		return proto.Conversation{}, err
	}
	same := !refused && c.Kind == in.Kind && (c.Kind == proto.ConversationDirect || c.CreatedBy == userID)
	if !same || c.Kind == proto.ConversationDirect && !slices.ContainsFunc(c.Members, func(m proto.ConversationMember) bool { return m.Person.ID == in.People[0] }) {
		return proto.Conversation{}, refuse(proto.CodeTaken, "id: given one that another conversation has; allowed is one that was just drawn")
	}
	return c, nil
}

// starters is all who would be in a new conversation.
func (s *Service) starters(userID string, in proto.ConversationNew) ([]string, error) {
	if !conversationID.MatchString(in.ID) {
		return nil, refuse(proto.CodeBadMessage, "id: given %.64q; allowed are g_ and 26 of a to z and 2 to 7", in.ID)
	}
	people := append([]string{userID}, in.People...)
	if unique := slices.Compact(slices.Sorted(slices.Values(people))); len(unique) != len(people) {
		return nil, refuse(proto.CodeBadMessage, "people: given somebody twice, or oneself; allowed are others, each once")
	}
	least, most := 3, s.cfg().MaxPeople
	switch in.Kind {
	case proto.ConversationDirect:
		least, most = 2, 2
	case proto.ConversationGroup:
	default:
		return nil, refuse(proto.CodeBadMessage, "kind: given %.64q; allowed are %q and %q", in.Kind, proto.ConversationDirect, proto.ConversationGroup)
	}
	if n := len(people); n < least || int64(n) > most {
		return nil, refuse(proto.CodeNotAllowed, "people: given %d with oneself; allowed are %d to %d in a conversation of kind %s", n, least, most, in.Kind)
	}
	return people, nil
}

// Leave takes a person out of a group. A conversation of two ends with the
// friendship, or by a block.
func (s *Service) Leave(ctx context.Context, userID, id string) error {
	c, err := s.conversation(ctx, userID, id)
	if err != nil {
		return err
	}
	if c.Kind != proto.ConversationGroup {
		return refuse(proto.CodeNotAllowed, "a conversation of two cannot be left; it is shut when the two are no friends any more")
	}
	return s.apply(ctx, id, func(c proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
		return s.depart(c, []string{userID}, false), nil
	})
}
