package calls

import (
	"context"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// Join brings a person's media into the call with their offer. From a device
// other than the one that is in the call it moves the call to that device.
func (s *Service) Join(ctx context.Context, w Who, m proto.CallJoin) (proto.CallJoined, error) {
	joined, _, refused := s.bring(ctx, w, m, nil)
	if refused != nil {
		return proto.CallJoined{}, refused
	}
	return joined, nil
}

// bring carries out a join, by a seat or, where that is nil, by the session
// itself. It also gives the number of the join.
func (s *Service) bring(ctx context.Context, w Who, m proto.CallJoin, by *Seat) (proto.CallJoined, uint64, *proto.Error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.CallJoined{}, 0, refused
	}
	defer done()
	if refused := checkSources(m.Sources); refused != nil {
		return proto.CallJoined{}, 0, refused
	}
	e, p, refused := s.turn(ctx, w, m.CallID)
	if refused != nil {
		return proto.CallJoined{}, 0, refused
	}
	defer e.endTurn(p)
	number, refused := s.startJoin(ctx, w, m, by)
	s.doubted(w, refused)
	if refused != nil {
		return proto.CallJoined{}, 0, refused
	}
	answer, err := s.mediaJoin(ctx, e, MediaJoin{CallID: m.CallID, ParticipantID: p.id, SDP: m.SDP, Sources: m.Sources})
	view, refused := s.finishJoin(ctx, e, p, m, err)
	if refused != nil {
		return proto.CallJoined{}, 0, refused
	}
	return proto.CallJoined{
		Call: view, SDP: answer.SDP, Slots: answer.Slots, ICEServers: s.d.ICE.ICEServers(w.UserID, m.CallID),
	}, number, nil
}

// turn finds the call and waits until no other request of this participant
// talks to Media. endTurn gives the turn back.
func (s *Service) turn(ctx context.Context, w Who, callID string) (*entry, *participant, *proto.Error) {
	s.mu.Lock()
	c, p, refused := s.find(callID, w.UserID)
	if refused != nil {
		s.mu.Unlock()
		return nil, nil, refused
	}
	e := s.entry(c)
	s.mu.Unlock()
	select {
	case e.turns.of(p.id) <- struct{}{}:
		return e, p, nil
	case <-ctx.Done():
		return nil, nil, asProto(ctx, s.d.Log, "wait for an earlier request about media", context.Cause(ctx))
	}
}

func (e *entry) endTurn(p *participant) { <-e.turns.of(p.id) }

// startJoin asks policy and begins the join. It gives the number of the join.
func (s *Service) startJoin(ctx context.Context, w Who, m proto.CallJoin, by *Seat) (number uint64, refused *proto.Error) {
	refused = s.permitted(ctx, question{
		asker: s.whoAsks(w, m.CallID),
		ids: func() ([]string, *proto.Error) {
			c, p, refused := s.find(m.CallID, w.UserID)
			if refused == nil && by != nil && !by.stands(c, p) {
				refused = errNoSeat()
			}
			if refused != nil {
				return nil, refused
			}
			return s.joins(w, m.CallID, evJoin)
		},
		do: func(terms proto.CallTerms, now time.Time) *proto.Error {
			c, p, _ := s.find(m.CallID, w.UserID)
			ev := event{kind: evJoin, session: w.SessionID, device: w.Device, sources: m.Sources, seated: by != nil}
			refused := s.board.enter(c, p, ev, terms, now)
			number = p.joins
			return refused
		},
	})
	return number, refused
}

// mediaJoin first waits until what was to be done before is done: the leave
// of this participant's earlier media must not overtake the join.
func (s *Service) mediaJoin(ctx context.Context, e *entry, j MediaJoin) (MediaAnswer, error) {
	if err := e.line.wait(ctx); err != nil {
		return MediaAnswer{}, err
	}
	return s.d.Media.Join(ctx, j)
}

func (s *Service) finishJoin(ctx context.Context, e *entry, p *participant, m proto.CallJoin, err error) (proto.CallView, *proto.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.d.Now()
	if err != nil {
		refused := asProto(ctx, s.d.Log, "join media", err)
		// joinFailed is listed at every stage at which a join can come back.
		_, _ = s.apply(e.call, p, event{kind: evJoinFailed}, now)
		return proto.CallView{}, refused
	}
	view, refused := s.apply(e.call, p, event{kind: evJoined, sources: m.Sources, ufrag: ufragOf(m.SDP)}, now)
	if refused == nil && !p.media {
		refused = e.call.refusal(p) // left, or the call ended, meanwhile
	}
	return view, refused
}

// Offer renegotiates the media of somebody who has joined.
func (s *Service) Offer(ctx context.Context, w Who, m proto.MediaOffer) (proto.MediaAnswer, error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.MediaAnswer{}, refused
	}
	defer done()
	if refused := checkSources(m.Sources); refused != nil {
		return proto.MediaAnswer{}, refused
	}
	e, p, refused := s.turn(ctx, w, m.CallID)
	if refused != nil {
		return proto.MediaAnswer{}, refused
	}
	defer e.endTurn(p)
	if refused := s.checkOffers(e, p, w, m.Sources); refused != nil {
		return proto.MediaAnswer{}, refused
	}
	answer, err := s.d.Media.Offer(ctx, MediaJoin{CallID: m.CallID, ParticipantID: p.id, SDP: m.SDP, Sources: m.Sources})
	if err != nil {
		return proto.MediaAnswer{}, asProto(ctx, s.d.Log, "offer media", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ev := event{kind: evOffered, session: w.SessionID, sources: m.Sources, ufrag: ufragOf(m.SDP)}
	if _, refused := s.apply(e.call, p, ev, s.d.Now()); refused != nil {
		return proto.MediaAnswer{}, refused
	}
	return proto.MediaAnswer{SDP: answer.SDP, Slots: answer.Slots}, nil
}

// Mute switches one of the person's own sources off or on, in the media and
// in what the others see.
func (s *Service) Mute(ctx context.Context, w Who, m proto.MediaMute) (proto.Empty, error) {
	done, refused := s.begin()
	if refused != nil {
		return proto.Empty{}, refused
	}
	defer done()
	e, p, refused := s.turn(ctx, w, m.CallID)
	if refused != nil {
		return proto.Empty{}, refused
	}
	defer e.endTurn(p)
	if refused := s.checkSource(e, p, w, m); refused != nil {
		return proto.Empty{}, refused
	}
	if err := s.d.Media.Mute(m.CallID, p.id, m.Kind, m.Muted); err != nil {
		return proto.Empty{}, asProto(ctx, s.d.Log, "mute media", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ev := event{kind: evMuted, session: w.SessionID, source: m.Kind, muted: m.Muted}
	_, refused = s.apply(e.call, p, ev, s.d.Now())
	return empty(refused)
}

// Report passes the client's own statistics on to the record.
func (s *Service) Report(_ context.Context, w Who, m proto.StatsReport) error {
	done, refused := s.begin()
	if refused != nil {
		return refused
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, p, refused := s.find(m.CallID, w.UserID)
	if refused != nil {
		return refused
	}
	if refused := joinedHere(c, p, w); refused != nil {
		return refused
	}
	now := s.d.Now()
	c.do(work{kind: recordReport, participant: p.id, report: m, at: now})
	s.board.dirty = append(s.board.dirty, c)
	s.carryOut(now)
	return nil
}

// checkOffers says whether a further offer of this session is one for the
// media that p has.
func (s *Service) checkOffers(e *entry, p *participant, w Who, sources []proto.Source) *proto.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := joinedHere(e.call, p, w); refused != nil {
		return refused
	}
	if p.seated {
		return errSeated()
	}
	return refusesPictures(e.call.terms.NoVideo, sources)
}

// joinedHere says whether p's media comes from this device. The caller of the
// service holds mu.
func joinedHere(c *call, p *participant, w Who) *proto.Error {
	switch {
	case p.stage != active:
		return c.refusal(p)
	case !p.media || p.session != w.SessionID:
		return errNotJoined()
	}
	return nil
}

func (s *Service) checkSource(e *entry, p *participant, w Who, m proto.MediaMute) *proto.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := joinedHere(e.call, p, w); refused != nil {
		return refused
	}
	for _, source := range p.sources {
		if source.Kind == m.Kind {
			return refusesPictures(e.call.terms.NoVideo, []proto.Source{{Kind: m.Kind, Muted: m.Muted}})
		}
	}
	return errNoSource(m.Kind)
}

// ufragOf finds the ICE user name in an offer (RFC 8839, section 5.4): another
// one than before means that the client has restarted ICE. All sections of an
// offer that was answered share one.
func ufragOf(sdp string) string {
	for line := range strings.Lines(sdp) {
		if ufrag, is := strings.CutPrefix(line, "a=ice-ufrag:"); is {
			return strings.TrimSpace(ufrag)
		}
	}
	return ""
}

func checkSources(sources []proto.Source) *proto.Error {
	seen := make(map[proto.SourceKind]bool, len(sources))
	for _, source := range sources {
		if seen[source.Kind] {
			return badMessage("sources name %q twice; each kind may be there once", source.Kind)
		}
		seen[source.Kind] = true
	}
	return nil
}
