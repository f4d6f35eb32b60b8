package calls

import (
	"context"
	"slices"
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
	if refused := s.checkNamed(w, m.To); refused != nil {
		return proto.CallEntered{}, refused
	}
	i := invitation{who: w, video: m.Video}
	var view proto.CallView
	refused = s.permitted(ctx, question{
		asker: w.UserID,
		ids: func() ([]string, *proto.Error) {
			if c := s.board.glare(w.UserID, m.To); c != nil {
				return c.company(w.UserID), nil
			}
			return append([]string{w.UserID}, m.To...), nil
		},
		prepare: func(ctx context.Context) (refused *proto.Error) {
			i.waits = s.waits(ctx, m.To)
			i.people, refused = s.lookUp(ctx, append([]string{w.UserID}, m.To...))
			return refused
		},
		do: func(terms proto.CallTerms, now time.Time) *proto.Error {
			if c := s.board.glare(w.UserID, m.To); c != nil {
				p := c.who(w.UserID)
				refused := s.board.answer(c, p, w, terms, now)
				view = c.viewFor(p)
				return refused
			}
			i.terms = terms
			c, refused := s.board.invite(i, now)
			if refused == nil {
				view = c.viewFor(c.people[0])
			}
			return refused
		},
	})
	return s.entered(w, view, refused)
}

// Add rings more people in a call that goes on. Who has left, declined or
// missed it is rung again; who is in it, or is being rung, stays as they are.
func (s *Service) Add(ctx context.Context, w Who, m proto.CallAdd) (proto.Empty, error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.Empty{}, refused
	}
	defer done()
	if refused := s.checkNamed(w, m.To); refused != nil {
		return proto.Empty{}, refused
	}
	var people []proto.Person
	var waits map[string]bool
	return empty(s.permitted(ctx, question{
		asker: w.UserID,
		ids: func() ([]string, *proto.Error) {
			c, p, refused := s.find(m.CallID, w.UserID)
			if refused != nil {
				return nil, refused
			}
			if p.stage != active || c.phase == proto.PhaseEnded {
				return nil, c.refusal(p)
			}
			ids := c.present()
			for _, id := range m.To {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			return ids, s.board.room(c, m.To)
		},
		prepare: func(ctx context.Context) (refused *proto.Error) {
			waits = s.waits(ctx, m.To)
			people, refused = s.lookUp(ctx, m.To)
			return refused
		},
		do: func(terms proto.CallTerms, now time.Time) *proto.Error {
			c, p, _ := s.find(m.CallID, w.UserID)
			s.board.add(c, p, people, waits, terms, now)
			return nil
		},
	}))
}

// checkNamed checks a list of people to be rung by w.
func (s *Service) checkNamed(w Who, to []string) *proto.Error {
	if len(to) == 0 {
		return badMessage("to is empty; name at least one person")
	}
	if most := s.maxParticipants() - 1; len(to) > most {
		return &proto.Error{Code: proto.CodeCallFull, Message: badMessage(
			"you named %d people; a call has room for you and %d others", len(to), most).Message}
	}
	seen := map[string]bool{w.UserID: true}
	for _, id := range to {
		if seen[id] {
			return badMessage("to names somebody twice, or yourself")
		}
		seen[id] = true
	}
	return nil
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
	c, p, refused := s.find(callID, w.UserID)
	if refused != nil {
		return proto.CallView{}, refused
	}
	return s.apply(c, p, event{kind: kind, session: w.SessionID, device: w.Device}, s.d.Now())
}

// Ringing says that the call rings on this device now. It is no error if the
// call does not ring for the person any more.
func (s *Service) Ringing(_ context.Context, w Who, m proto.CallRef) error {
	if _, refused := s.request(w, m.CallID, evRinging); refused != nil {
		return refused
	}
	return nil
}

// Accept says yes to a call that rings. The person's other devices stop
// ringing. Where the call has waited, their part in the one they were in ends.
func (s *Service) Accept(ctx context.Context, w Who, m proto.CallRef) (proto.CallEntered, error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.CallEntered{}, refused
	}
	defer done()
	var view proto.CallView
	refused = s.permitted(ctx, question{
		asker: s.whoAsks(w, m.CallID),
		ids:   func() ([]string, *proto.Error) { return s.joins(w, m.CallID, evAccept) },
		do: func(terms proto.CallTerms, now time.Time) *proto.Error {
			c, p, _ := s.find(m.CallID, w.UserID)
			refused := s.board.answer(c, p, w, terms, now)
			view = c.viewFor(p)
			return refused
		},
	})
	s.doubted(w, refused)
	return s.entered(w, view, refused)
}

// whoAsks is in whose name policy is asked about somebody who answers or joins:
// in their own, save in a call by the staff, whom nobody may call and
// everybody may answer whom they may call.
func (s *Service) whoAsks(w Who, callID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _, refused := s.find(callID, w.UserID)
	if refused == nil && c.people[0].person.Role == proto.RoleStaff {
		return ""
	}
	return w.UserID
}

// joins are those with whom somebody would be in the call after an event, or
// why it cannot be. The caller holds mu.
func (s *Service) joins(w Who, callID string, kind eventKind) ([]string, *proto.Error) {
	c, p, refused := s.find(callID, w.UserID)
	if refused != nil {
		return nil, refused
	}
	if _, ok := c.action(p, kind); !ok {
		return nil, c.refusal(p)
	}
	return c.company(w.UserID), nil
}

// doubted has calls looked at whose people are refused to be in them: what
// holds for a join holds for those who have joined.
func (s *Service) doubted(w Who, refused *proto.Error) {
	if refused != nil && doubts[refused.Code] {
		s.Recheck(w.UserID)
	}
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
