package policy

import (
	"context"
	"fmt"
	"strings"

	"kinwire/signaling/proto"
)

// Action is something that one person may want to do to another.
type Action string

// The actions.
const (
	ActionCall      Action = "call"       // call them, or answer their call
	ActionWrite     Action = "write"      // write to them, or read what they write
	ActionAsk       Action = "ask"        // ask them to be friends
	ActionSee       Action = "see"        // see their profile, and what they show of whether they are here
	ActionLookAfter Action = "look after" // see and change what a parent of theirs may, and decide for them
	ActionLookUp    Action = "look up"    // see the facts of their account
	ActionSuspend   Action = "suspend"    // shut their account
	ActionReview    Action = "review"     // decide on their consents and on reports about them
)

// ActionRule is a line of the table of actions.
type ActionRule struct {
	Action Action
	Says   string // who may
	may    func(question) *proto.Error
}

// Actions is the table that [Service.May] follows.
func Actions() []ActionRule {
	return []ActionRule{
		{ActionCall, "friends and family, when every rule of every child among them allows it; the staff a parent who waits for a review", mayCall},
		{ActionWrite, "friends and family, when a parent of each child among them allows messages", mayWrite},
		{ActionAsk, "whoever may have friends, somebody else who is here and has not blocked them", mayAskThem},
		{ActionSee, "friends and family, without a block", maySee},
		{ActionLookAfter, "a parent their own child", mayLookAfter},
		{ActionLookUp, "an operator anybody, and it is written down", mayOperate},
		{ActionSuspend, "an operator anybody, and it is written down", mayOperate},
		{ActionReview, "an operator anybody, and it is written down", mayOperate},
	}
}

// question is who wants something of whom, with the facts about both.
type question struct {
	*meeting
	subject  string
	operator bool // whoever asks is an operator
	guards   bool // whoever asks is a parent of the subject
}

// OperatorPrefix is before the name of an operator where an actor is named, as
// in the audit log.
const OperatorPrefix = "operator:"

// May says whether actor (a user id, or operator:NAME) may do action to
// subject (a user id) now: nil, or a *proto.Error fit to be shown to actor.
// What nobody has allowed is refused.
func (s *Service) May(ctx context.Context, actor string, action Action, subject string) error {
	for _, rule := range Actions() {
		if rule.Action != action {
			continue
		}
		q, err := s.question(ctx, actor, subject)
		if err != nil {
			return err
		}
		if refused := rule.may(q); refused != nil {
			return refused
		}
		return nil
	}
	return refuse(proto.CodeNotAllowed, fmt.Sprintf("nobody may %q", action))
}

func (s *Service) question(ctx context.Context, actor, subject string) (question, error) {
	q := question{subject: subject, operator: strings.HasPrefix(actor, OperatorPrefix)}
	ids := []string{actor, subject}
	var err error
	if q.meeting, err = s.meeting(ctx, actor, ids); err != nil {
		return question{}, err
	}
	if q.guards, err = s.store.Guards(ctx, actor, subject); err != nil {
		return question{}, fmt.Errorf("ask who looks after whom: %w", err)
	}
	return q, nil
}

func mayCall(q question) *proto.Error { return q.refusal() }

func mayWrite(q question) *proto.Error { return q.over(writing, q.asker, q.ids).refusal() }

func mayAskThem(q question) *proto.Error {
	if refused := mayBefriend(q.people[q.asker], q.notice); refused != nil {
		return refused
	}
	if q.asker == q.subject {
		return refuse(proto.CodeNotAllowed, "nobody is a friend of themselves here")
	}
	other := q.people[q.subject]
	if other == nil || !other.Active || other.isStaff() || q.ties[pairOf(q.asker, q.subject)].Blocked() {
		return errUnknown()
	}
	return nil
}

func maySee(q question) *proto.Error {
	if refused := mayAct(q.people[q.asker]); refused != nil {
		return refused
	}
	if q.asker != q.subject && !q.together(q.asker, q.subject) {
		return errUnknown()
	}
	return nil
}

func mayLookAfter(q question) *proto.Error {
	if refused := mayAct(q.people[q.asker]); refused != nil {
		return refused
	}
	if !q.guards {
		return errNotYours()
	}
	return nil
}

func mayOperate(q question) *proto.Error {
	if !q.operator {
		return refuse(proto.CodeNotAllowed, "this is for operators")
	}
	return nil
}
