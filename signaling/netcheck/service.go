package netcheck

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// Begin begins a check. Seen is left empty.
//
// *proto.Error: rate_limited when as many as may are under way, not_found
// where checks are switched off.
func (s *Service) Begin(context.Context) (proto.NetCheck, error) {
	now := s.d.Now()
	id := strings.ToLower(rand.Text())
	s.mu.Lock()
	over := s.overLocked(now)
	refused := s.beginLocked(id, now)
	s.mu.Unlock()
	s.endRooms(over)
	if refused != nil {
		return proto.NetCheck{}, refused
	}
	return proto.NetCheck{
		ID: id, ICEServers: s.d.ICE.ICEServers(id), ExpiresAt: now.Add(lasts).UnixMilli(), STUN: s.d.STUN,
	}, nil
}

func (s *Service) beginLocked(id string, now time.Time) *proto.Error {
	if !s.cfg.Enabled {
		return refuse(proto.CodeNotFound, "checks of the network are not served here")
	}
	if len(s.checks) >= s.cfg.AtOnce {
		return refuse(proto.CodeRateLimited, "%d checks are under way, the most that are allowed; try again in a minute", len(s.checks))
	}
	s.checks[id] = &check{expires: now.Add(lasts)}
	return nil
}

// Offer answers an offer of one connection of a check.
//
// *proto.Error: not_found for a check that is over or never was; bad_offer for
// an offer that cannot be answered, or that brings media; rate_limited for the
// one that is too many.
func (s *Service) Offer(ctx context.Context, id string, in proto.NetCheckOffer) (proto.NetCheckAnswer, error) {
	room, refused := s.open(id)
	if refused != nil {
		return proto.NetCheckAnswer{}, refused
	}
	answer, err := s.d.Media.Join(ctx, room, "peer", in.SDP)
	if !s.holds(id, room) {
		// The check ended while the offer was answered: its end came before
		// there was anything to end.
		s.d.Media.EndRoom(room)
		if err == nil {
			return proto.NetCheckAnswer{}, errNoCheck()
		}
	}
	if err != nil {
		return proto.NetCheckAnswer{}, fmt.Errorf("answer an offer of a network check: %w", err)
	}
	return proto.NetCheckAnswer{SDP: answer}, nil
}

// open names the room of a further connection.
func (s *Service) open(id string) (room string, refused *proto.Error) {
	now := s.d.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.checks[id]
	if c == nil || !now.Before(c.expires) {
		return "", errNoCheck()
	}
	if c.offers >= maxOffers {
		return "", refuse(proto.CodeRateLimited, "this check has tried %d connections, the most that are allowed; begin another one", c.offers)
	}
	c.offers++
	room = fmt.Sprint(RoomPrefix, id, "-", c.offers)
	ends := now.Add(connected)
	if ends.After(c.expires) {
		ends = c.expires
	}
	c.rooms = append(c.rooms, opening{room, ends})
	return room, nil
}

// holds says whether a room is still one of a check under way.
func (s *Service) holds(id, room string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.checks[id]; c != nil {
		for _, o := range c.rooms {
			if o.room == room {
				return true
			}
		}
	}
	return false
}

// End ends a check and its connections. *proto.Error not_found where there is
// none.
func (s *Service) End(_ context.Context, id string) error {
	s.mu.Lock()
	c := s.checks[id]
	delete(s.checks, id)
	s.mu.Unlock()
	if c == nil {
		return errNoCheck()
	}
	s.endRooms(c.rooms)
	return nil
}

// Run ends what has lasted long enough, until ctx ends; then it ends
// everything.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			s.mu.Lock()
			var all []opening
			for _, c := range s.checks {
				all = append(all, c.rooms...)
			}
			clear(s.checks)
			s.mu.Unlock()
			s.endRooms(all)
			return
		case <-t.C:
			s.mu.Lock()
			over := s.overLocked(s.d.Now())
			s.mu.Unlock()
			s.endRooms(over)
		}
	}
}

// overLocked takes out what has lasted long enough.
func (s *Service) overLocked(now time.Time) (over []opening) {
	for id, c := range s.checks {
		var stay []opening
		for _, o := range c.rooms {
			if now.Before(o.ends) {
				stay = append(stay, o)
			} else {
				over = append(over, o)
			}
		}
		c.rooms = stay
		if !now.Before(c.expires) {
			delete(s.checks, id)
		}
	}
	return over
}

func (s *Service) endRooms(list []opening) {
	for _, o := range list {
		s.d.Media.EndRoom(o.room)
	}
}
