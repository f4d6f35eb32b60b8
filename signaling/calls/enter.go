package calls

import (
	"context"
	"errors"
	"time"

	"kinwire/signaling/proto"
)

// Invite starts a call and rings those in m.To. If one of them is calling the
// inviter at this moment, the two calls become one: the invitation is taken
// as a yes to the call that rings.
func (s *Service) Invite(ctx context.Context, w Who, m proto.CallInvite) (proto.CallEntered, error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.CallEntered{}, refused
	}
	defer done()
	if refused := s.checkInvite(m); refused != nil {
		return proto.CallEntered{}, refused
	}
	if refused := s.allowed(ctx, w.UserID, m.To); refused != nil {
		return proto.CallEntered{}, refused
	}
	people, refused := s.lookUp(ctx, append([]string{w.UserID}, m.To...))
	if refused != nil {
		return proto.CallEntered{}, refused
	}
	view, refused := s.start(w, m, people)
	return s.entered(w, view, refused)
}

func (s *Service) checkInvite(m proto.CallInvite) *proto.Error {
	if len(m.To) == 0 {
		return badMessage("to is empty; name at least one person")
	}
	if most := s.cfg.MaxParticipants - 1; len(m.To) > most {
		return &proto.Error{Code: proto.CodeCallFull, Message: badMessage(
			"you invited %d people; a call has room for you and %d others", len(m.To), most).Message}
	}
	seen := make(map[string]bool, len(m.To))
	for _, id := range m.To {
		if seen[id] {
			return badMessage("to names somebody twice")
		}
		seen[id] = true
	}
	return nil
}

// allowed asks policy about the caller with each, and, because in a call
// everybody meets everybody, about every pair of the others both ways.
func (s *Service) allowed(ctx context.Context, from string, to []string) *proto.Error {
	for _, id := range to {
		if err := s.d.Policy.CanCall(ctx, from, id); err != nil {
			return asProto(ctx, s.d.Log, "ask policy", err)
		}
	}
	for i, a := range to {
		for _, b := range to[i+1:] {
			err := errors.Join(s.d.Policy.CanCall(ctx, a, b), s.d.Policy.CanCall(ctx, b, a))
			if err == nil {
				continue
			}
			refused := asProto(ctx, s.d.Log, "ask policy", err)
			if refused.Code == proto.CodeInternal {
				return refused
			}
			// Not policy's own words: those are about the two, for one of them.
			return &proto.Error{Code: proto.CodeNotAllowed,
				Message: "not all of these people may be in one call with each other"}
		}
	}
	return nil
}

func (s *Service) lookUp(ctx context.Context, ids []string) ([]proto.Person, *proto.Error) {
	people := make([]proto.Person, 0, len(ids))
	for _, id := range ids {
		p, err := s.d.People.Person(ctx, id)
		if err != nil {
			return nil, asProto(ctx, s.d.Log, "look up a person", err)
		}
		people = append(people, p)
	}
	return people, nil
}

// start makes the call, or takes up the one that rings for the caller.
// people[0] is the caller.
func (s *Service) start(w Who, m proto.CallInvite, people []proto.Person) (proto.CallView, *proto.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return proto.CallView{}, errShuttingDown()
	}
	now := s.d.Now()
	if e, p := s.occupied(w.UserID); e != nil && p.stage == invited && e.call.holds(m.To) {
		return s.apply(e, p, event{kind: evAccept, session: w.SessionID, device: w.Device}, now)
	}
	if refused := s.vacate(w.UserID, now); refused != nil {
		return proto.CallView{}, refused
	}
	others := make([]newcomer, 0, len(m.To))
	for _, person := range people[1:] {
		busy, _ := s.occupied(person.ID)
		others = append(others, newcomer{id: newID("p_"), person: person, busy: busy != nil})
	}
	caller := newcomer{id: newID("p_"), person: people[0]}
	c := newCall(newID("c_"), m.Video, s.cfg, caller, w, others, now)
	e := &entry{call: c, turns: make(map[string]chan struct{}, len(c.people))}
	e.line.running = &s.lines
	for _, p := range c.people {
		e.turns[p.id] = make(chan struct{}, 1)
	}
	s.calls[c.id] = e
	view := c.viewFor(c.people[0])
	s.carryOut(e, now)
	return view, nil
}

// holds says whether all these people have a part in the call that is not
// over for good, so that who wants to reach them can do so in this call.
func (c *call) holds(userIDs []string) bool {
	for _, id := range userIDs {
		if p := c.who(id); p == nil || p.stage == gone {
			return false
		}
	}
	return true
}

// apply lets an event happen and returns the call as p sees it then. The
// caller holds mu.
func (s *Service) apply(e *entry, p *participant, ev event, now time.Time) (proto.CallView, *proto.Error) {
	if refused := e.call.apply(p, ev, now); refused != nil {
		return proto.CallView{}, refused
	}
	s.carryOut(e, now)
	return e.call.viewFor(p), nil
}

// request is the whole of a request that is one event and needs nobody else.
func (s *Service) request(w Who, callID string, kind eventKind) (proto.CallView, *proto.Error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.CallView{}, refused
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, p, refused := s.find(callID, w.UserID)
	if refused != nil {
		return proto.CallView{}, refused
	}
	return s.apply(e, p, event{kind: kind, session: w.SessionID, device: w.Device}, s.d.Now())
}

// Accept says yes to a call that rings. The person's other devices stop
// ringing.
func (s *Service) Accept(_ context.Context, w Who, m proto.CallRef) (proto.CallEntered, error) {
	view, refused := s.request(w, m.CallID, evAccept)
	return s.entered(w, view, refused)
}

// Decline says no to a call that rings. The person's other devices stop
// ringing.
func (s *Service) Decline(_ context.Context, w Who, m proto.CallRef) (proto.Empty, error) {
	_, refused := s.request(w, m.CallID, evDecline)
	return empty(refused)
}

// Hangup leaves a call for good, from any device of the person. A call of two
// ends, and so does one that still rings. It is no error if the call has
// ended already.
func (s *Service) Hangup(_ context.Context, w Who, m proto.CallRef) (proto.Empty, error) {
	_, refused := s.request(w, m.CallID, evHangup)
	return empty(refused)
}

// Leave leaves the media of a call; the person may join again while it lasts.
func (s *Service) Leave(_ context.Context, w Who, m proto.CallRef) (proto.Empty, error) {
	_, refused := s.request(w, m.CallID, evLeave)
	return empty(refused)
}

func (s *Service) entered(w Who, view proto.CallView, refused *proto.Error) (proto.CallEntered, error) {
	if refused != nil {
		return proto.CallEntered{}, refused
	}
	return proto.CallEntered{Call: view, ICEServers: s.d.ICE.ICEServers(w.UserID, view.CallID)}, nil
}

// empty keeps a nil *proto.Error from becoming an error that is not nil.
func empty(refused *proto.Error) (proto.Empty, error) {
	if refused != nil {
		return proto.Empty{}, refused
	}
	return proto.Empty{}, nil
}
