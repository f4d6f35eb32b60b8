package calls

import (
	"context"

	"kinwire/signaling/proto"
)

// Seat is a person's place in a call, as one of their sessions holds it. With
// it that person's media can be brought by a program that has no session of
// its own, such as one that speaks WHIP, under the very rules that hold for
// the session. It is good until the person leaves the call or the call ends; a
// seat that SeatJoin gave, only until that media is gone or replaced. The zero
// Seat is nobody's.
type Seat struct {
	who           Who
	callID        string
	participantID string
	stay          uint64 // participant.stays, as it was
	join          uint64 // which join brought the media; 0: none yet
}

// Seat gives a place to somebody whose join would be taken now, and refuses
// everybody else as Join does.
func (s *Service) Seat(w Who, callID string) (Seat, error) {
	done, refused := s.begin()
	if refused != nil {
		return Seat{}, refused
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, p, refused := s.find(callID, w.UserID)
	if refused != nil {
		return Seat{}, refused
	}
	if _, ok := c.action(p, evJoin); !ok {
		return Seat{}, c.refusal(p)
	}
	// As vacate, but without turning down a call that rings.
	if other, _ := s.board.active(w.UserID); other != nil && other != c {
		return Seat{}, errBusy()
	}
	return Seat{who: w, callID: callID, participantID: p.id, stay: p.stays}, nil
}

// SeatHolds says whether a seat is still good. One that is not will never be
// again.
func (s *Service) SeatHolds(seat Seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _, refused := s.seated(seat)
	return refused == nil
}

// SeatServers hands out STUN and TURN servers for the media of a seat.
func (s *Service) SeatServers(seat Seat) []proto.ICEServer {
	return s.d.ICE.ICEServers(seat.who.UserID, seat.callID)
}

// SeatJoin is Join by a seat. The seat that it gives stands for the media that
// was brought. Who sits there has no answer to read the slots from, so the
// session is told of them.
func (s *Service) SeatJoin(ctx context.Context, seat Seat, sdp string, sources []proto.Source) (Seat, proto.CallJoined, error) {
	joined, number, refused := s.bring(ctx, seat.who, proto.CallJoin{CallID: seat.callID, SDP: sdp, Sources: sources}, &seat)
	if refused != nil {
		return Seat{}, proto.CallJoined{}, refused
	}
	seat.join = number
	s.SlotsChanged(seat.callID, seat.participantID, joined.Slots)
	return seat, joined, nil
}

// SeatRestart gives the media of a seat new ICE credentials; see
// Media.Restart.
func (s *Service) SeatRestart(ctx context.Context, seat Seat, fragment string) (string, error) {
	done, refused := s.begin()
	if refused != nil {
		return "", refused
	}
	defer done()
	e, p, refused := s.turn(ctx, seat.who, seat.callID)
	if refused != nil {
		return "", refused
	}
	defer e.endTurn(p)
	s.mu.Lock()
	_, _, refused = s.seatedMedia(seat)
	s.mu.Unlock()
	if refused != nil {
		return "", refused
	}
	answer, err := s.d.Media.Restart(ctx, seat.callID, seat.participantID, fragment)
	if err != nil {
		return "", asProto(ctx, s.d.Log, "restart media", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signal(e.call, p, event{kind: evRestarted}, s.d.Now())
	return answer, nil
}

// SeatLeave is Leave, if the media of the seat is still there: whoever has
// taken its place stays.
func (s *Service) SeatLeave(_ context.Context, seat Seat) error {
	done, refused := s.begin()
	if refused != nil {
		return refused
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, p, refused := s.seatedMedia(seat)
	if refused != nil {
		return refused
	}
	if _, refused := s.apply(c, p, event{kind: evLeave, session: seat.who.SessionID}, s.d.Now()); refused != nil {
		return refused
	}
	return nil
}

// seated finds whose seat it is. The caller holds mu.
func (s *Service) seated(seat Seat) (*call, *participant, *proto.Error) {
	c, p, refused := s.find(seat.callID, seat.who.UserID)
	if refused != nil {
		return nil, nil, refused
	}
	if !seat.stands(c, p) {
		return nil, nil, errNoSeat()
	}
	return c, p, nil
}

// seatedMedia is seated for a seat that must have media. The caller holds mu.
func (s *Service) seatedMedia(seat Seat) (*call, *participant, *proto.Error) {
	if seat.join == 0 {
		return nil, nil, errNoSeat()
	}
	return s.seated(seat)
}

// stands says whether the seat is good; see Seat.
func (seat Seat) stands(c *call, p *participant) bool {
	if c.phase == proto.PhaseEnded || p.stage == gone || p.stays != seat.stay {
		return false
	}
	return seat.join == 0 || (p.media && p.joins == seat.join)
}
