package policy

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// Store is what policy needs to know.
type Store interface {
	// CallFacts returns whether from and to are active people, and whether to
	// is a contact whom from may call. It takes the same time whoever exists.
	CallFacts(ctx context.Context, from, to string) (fromActive, toActive, contact bool, err error)
}

// Reason says why a decision went as it did.
type Reason string

// The reasons.
const (
	Allowed         Reason = "allowed"
	Self            Reason = "self"            // one cannot call oneself
	CallerNotActive Reason = "caller_inactive" // unknown or suspended
	CalleeNotActive Reason = "callee_inactive" // unknown or suspended
	NotContacts     Reason = "not_contacts"    // the caller may not call this person
)

// Decision is an answer.
type Decision struct {
	Allowed bool
	Reason  Reason
}

// Service decides.
type Service struct{ store Store }

// New makes the service.
func New(store Store) *Service { return &Service{store: store} }

// Call says whether from may call to. An error means that it could not be
// found out, which is never a yes.
func (s *Service) Call(ctx context.Context, from, to string) (Decision, error) {
	fromActive, toActive, contact, err := s.store.CallFacts(ctx, from, to)
	if err != nil {
		return Decision{}, fmt.Errorf("decide who may call whom: %w", err)
	}
	return decideCall(from == to, fromActive, toActive, contact), nil
}

// decideCall is the rule. The first line that applies gives the reason.
func decideCall(self, fromActive, toActive, contact bool) Decision {
	rules := []struct {
		broken bool
		reason Reason
	}{
		{!fromActive, CallerNotActive},
		{self, Self},
		{!toActive, CalleeNotActive},
		{!contact, NotContacts},
	}
	for _, r := range rules {
		if r.broken {
			return Decision{Reason: r.reason}
		}
	}
	return Decision{Allowed: true, Reason: Allowed}
}

// refusals is what the caller is told. A person who does not exist and one
// whom the caller may not call look the same: who exists is no business of
// somebody who may not reach them.
var refusals = map[Reason]proto.Error{
	Self:            {Code: proto.CodeNotAllowed, Message: "you cannot call yourself"},
	CallerNotActive: {Code: proto.CodeNotAllowed, Message: "this account may not make calls"},
	CalleeNotActive: {Code: proto.CodeNotFound, Message: "there is no such person among those you may call"},
	NotContacts:     {Code: proto.CodeNotFound, Message: "there is no such person among those you may call"},
}

// CanCall is [Service.Call] for those who only want to go on or stop: nil if
// from may call to, otherwise a *proto.Error fit to be shown to from
// (not_allowed or not_found), or another error if it could not be found out.
func (s *Service) CanCall(ctx context.Context, from, to string) error {
	d, err := s.Call(ctx, from, to)
	if err != nil {
		return err
	}
	if d.Allowed {
		return nil
	}
	refusal := refusals[d.Reason]
	return &refusal
}
