package calls

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// SessionDropped says that the socket of a session dropped; it may resume.
func (s *Service) SessionDropped(w Who) { s.session(w, evSocketDown) }

// SessionResumed says that it has resumed.
func (s *Service) SessionResumed(w Who) { s.session(w, evSocketUp) }

// SessionEnded says that a session is over: it did not resume in time, or the
// person logged out.
func (s *Service) SessionEnded(w Who) { s.session(w, evSocketGone) }

func (s *Service) session(w Who, kind eventKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.d.Now()
	// A copy: an event may take the call out of the index.
	for _, c := range slices.Clone(s.board.byUser[w.UserID]) {
		s.signal(c, c.who(w.UserID), event{kind: kind, session: w.SessionID}, now)
	}
}

// linkEvents gives link states their events.
var linkEvents = map[LinkState]eventKind{
	LinkConnected:    evLinkUp,
	LinkDisconnected: evLinkDown,
	LinkFailed:       evLinkDown,
}

// LinkChanged says how a participant's media connection does. The media plane
// may call it at any time, also from inside Media.Join.
func (s *Service) LinkChanged(callID, participantID string, state LinkState) {
	kind, ok := linkEvents[state]
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, p := s.participant(callID, participantID); p != nil {
		s.signal(c, p, event{kind: kind, state: state}, s.d.Now())
	}
}

// SlotsChanged says who is now on which receive slot of a participant. The
// media plane may call it at any time, also from inside Media.Join.
func (s *Service) SlotsChanged(callID, participantID string, slots proto.MediaSlots) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, p := s.participant(callID, participantID)
	if p == nil || p.stage != active {
		return
	}
	// To the one device alone: no other has these slots.
	c.out.notices = append(c.out.notices, notice{
		to: toSession, user: p.person.ID, session: p.session, typ: proto.TypeMediaSlots, data: slots,
	})
	s.board.dirty = append(s.board.dirty, c)
	s.carryOut(s.d.Now())
}

// Tell sends an event to every device that is in a call, and to nobody else: not
// to one that only rings, nor to one that has left.
func (s *Service) Tell(callID, typ string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.board.calls[callID]
	if !ok {
		return
	}
	for _, p := range c.people {
		if p.stage == active {
			c.out.notices = append(c.out.notices, notice{to: toSession, user: p.person.ID, session: p.session, typ: typ, data: data})
		}
	}
	s.board.dirty = append(s.board.dirty, c)
	s.carryOut(s.d.Now())
}

func (s *Service) participant(callID, participantID string) (*call, *participant) {
	c, ok := s.board.calls[callID]
	if !ok {
		return nil, nil
	}
	return c, c.byID(participantID)
}

// signal lets something happen that nobody waits for an answer to. What the
// table does not list at this stage is of no consequence: a socket that drops
// while a call only rings, a link that reports after its peer has left.
func (s *Service) signal(c *call, p *participant, ev event, now time.Time) {
	if s.board.apply(c, p, ev, now) == nil {
		s.carryOut(now)
	}
}
