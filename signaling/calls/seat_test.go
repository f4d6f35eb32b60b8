package calls

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func (m *plane) Restart(_ context.Context, callID, participantID, fragment string) (string, error) {
	if !m.has(callID, participantID) {
		return "", fmt.Errorf("restart: no peer %s", participantID)
	}
	if m.onRestart != nil {
		return m.onRestart(fragment)
	}
	return "answer to " + fragment, nil
}

func (s *script) seat(w Who) Seat {
	s.t.Helper()
	seat, err := s.Seat(w, s.call)
	require.NoError(s.t, err)
	require.True(s.t, s.SeatHolds(seat))
	return seat
}

func (s *script) seatJoin(seat Seat) Seat {
	s.t.Helper()
	media, joined, err := s.SeatJoin(s.t.Context(), seat, "offer", ownSources)
	require.NoError(s.t, err)
	require.Equal(s.t, "answer to offer", joined.SDP)
	require.NotEmpty(s.t, joined.ICEServers)
	require.True(s.t, s.SeatHolds(media))
	return media
}

// over holds a seat to being good for nothing.
func (s *script) over(seat Seat) {
	s.t.Helper()
	ctx := s.t.Context()
	require.False(s.t, s.SeatHolds(seat))
	_, _, err := s.SeatJoin(ctx, seat, "offer", nil)
	require.Error(s.t, err)
	_, err = s.SeatRestart(ctx, seat, "x")
	require.Error(s.t, err)
	require.Error(s.t, s.SeatLeave(ctx, seat))
}

// TestSeatRefusedAsAJoinIs: at every stage a seat is given to those, and only
// those, whose join would be taken, and the refusal is the same.
func TestSeatRefusedAsAJoinIs(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, eve := s.on("ana"), s.on("ben"), s.on("eve")
		same := func(w Who, call string, code proto.Code) {
			t.Helper()
			_, seatErr := s.Seat(w, call)
			_, joinErr := s.Join(t.Context(), w, proto.CallJoin{CallID: call, SDP: "offer"})
			s.refused(code, seatErr)
			require.Equal(t, joinErr, seatErr)
		}
		s.invite(ana, "ben")
		s.seat(ana)
		same(ben, s.call, proto.CodeWrongState)
		same(eve, s.call, proto.CodeNotFound)
		same(ana, "c_none", proto.CodeNotFound)
		s.accept(ben)
		s.seat(ben)
		s.join(ben)
		s.leave(ben)
		s.seat(ben) // may come back

		first := s.call
		s.invite(ben, "eve")
		same(ben, first, proto.CodeBusy) // is in another call now
		s.hangup(ben)
		s.call = first
		s.seat(ben)
		s.hangup(ben)
		same(ben, first, proto.CodeWrongState)
		s.hangup(ana)
		same(ana, first, proto.CodeWrongState)
		_, err := s.Seat(Who{}, "")
		s.refused(proto.CodeNotFound, err)
	})
}

// TestSeatDoesNotAnswerARingingCall: to ask is not to do.
func TestSeatDoesNotAnswerARingingCall(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben, cat, s.on("dan"))
		s.leave(ben)
		s.forget(ben, cat)
		first := s.call
		s.hangup(cat)
		s.invite(cat, "ben")
		second := s.call
		s.call = first
		s.seat(ben)
		s.got(ben, "incoming")
		s.call = second
		s.accept(ben)
	})
}

func TestSeatJoinIsAJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		seat := s.seat(ana)
		media := s.seatJoin(seat)
		s.link("ana", LinkConnected)
		require.True(t, s.media.has(s.call, s.id("ana")))
		s.got(ana, "slots 1")
		s.got(ben, "ana accepted", "ana joined without screen")
		require.Contains(t, s.record.of(s.call).log, "left elsewhere")

		// What the session asks for still holds, save for offers of its own.
		_, err := s.Mute(t.Context(), ana, proto.MediaMute{CallID: s.call, Kind: proto.SourceAudio, Muted: true})
		require.NoError(t, err)
		_, err = s.Offer(t.Context(), ana, proto.MediaOffer{CallID: s.call, SDP: "more"})
		s.refused(proto.CodeWrongState, err)

		answer, err := s.SeatRestart(t.Context(), media, "fragment")
		require.NoError(t, err)
		require.Equal(t, "answer to fragment", answer)
		_, err = s.SeatRestart(t.Context(), seat, "fragment")
		s.refused(proto.CodeWrongState, err) // it has no media itself
		require.Equal(t, "ana/"+s.call, s.SeatServers(media)[0].Username)

		require.NoError(t, s.SeatLeave(t.Context(), media))
		s.over(media)
		s.over(seat)
		s.running()
		require.False(t, s.media.has(s.call, s.id("ana")))
		s.join(ana) // the person may come back
		s.over(seat)
	})
}

// TestSeatsEnd walks through the ways in which media or a stay ends.
func TestSeatsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s *script, ana, ben Who)
		stay bool // the place lasts, the media does not
	}{
		"leave":           {func(s *script, ana, _ Who) { s.leave(ana) }, false},
		"hang up":         {func(s *script, ana, _ Who) { s.hangup(ana) }, false},
		"the other's end": {func(s *script, _, ben Who) { s.hangup(ben) }, false},
		"session over":    {func(s *script, ana, _ Who) { s.SessionEnded(ana) }, false},
		"lost": {func(s *script, ana, _ Who) {
			s.link("ana", LinkFailed)
			s.sleep(testConfig.LostTimeout)
		}, false},
		"socket lost": {func(s *script, ana, _ Who) {
			s.SessionDropped(ana)
			s.sleep(testConfig.LostTimeout)
		}, false},
		"joined by the app":   {func(s *script, ana, _ Who) { s.join(ana) }, true},
		"joined by a device":  {func(s *script, _, _ Who) { s.join(s.on("ana", 2)) }, true},
		"joined by a seat":    {func(s *script, ana, _ Who) { s.seatJoin(s.seat(ana)) }, true},
		"a join that fails":   {func(s *script, ana, _ Who) { s.failJoin(ana) }, true},
		"service going down":  {func(s *script, _, _ Who) { _ = s.Close(context.Background()) }, false},
		"forgotten with time": {func(s *script, _, ben Who) { s.hangup(ben); s.sleep(2 * forgetAfter) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				ana, ben := s.on("ana"), s.on("ben")
				s.talk(ana, ben)
				seat := s.seat(ana)
				media := s.seatJoin(seat)
				s.link("ana", LinkConnected)
				c.end(s, ana, ben)
				synctest.Wait()
				require.False(t, s.SeatHolds(media))
				require.Equal(t, c.stay, s.SeatHolds(seat))
				has := s.media.has(s.call, media.participantID)
				require.Error(t, s.SeatLeave(t.Context(), media), "what has taken its place stays")
				_, err := s.SeatRestart(t.Context(), media, "x")
				require.Error(t, err)
				require.Equal(t, has, s.media.has(s.call, media.participantID))
				if !c.stay {
					s.over(seat)
				}
			})
		})
	}
}

func (s *script) failJoin(w Who) {
	s.media.onJoin = func(MediaJoin) error { return &proto.Error{Code: proto.CodeBadOffer, Message: "no"} }
	_, err := s.Join(s.t.Context(), w, proto.CallJoin{CallID: s.call, SDP: "offer"})
	s.refused(proto.CodeBadOffer, err)
	s.media.onJoin = nil
}

func TestSeatOfOneSaysNothingOfAnother(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		anas, bens := s.seatJoin(s.seat(ana)), s.seatJoin(s.seat(ben))
		require.NoError(t, s.SeatLeave(t.Context(), anas))
		require.True(t, s.SeatHolds(bens))
		require.False(t, s.SeatHolds(Seat{}))
		s.over(Seat{})
	})
}

// TestSeatJoinDoesNotBringTheSocketBack: media over HTTP says nothing about
// the WebSocket, so a person whose app is gone is lost in time all the same.
func TestSeatJoinDoesNotBringTheSocketBack(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		seat := s.seat(ana)
		s.SessionDropped(ana)
		s.sleep(testConfig.LostTimeout / 2)
		media := s.seatJoin(seat)
		s.link("ana", LinkConnected)
		s.sleep(testConfig.LostTimeout/2 + time.Second)
		s.over(media)
		s.over(seat)
	})
}

// TestSeatLeftDuringTheJoin: the media plane is slow, and the person leaves
// meanwhile.
func TestSeatLeftDuringTheJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		seat := s.seat(ana)
		s.media.onJoin = func(MediaJoin) error { s.leave(ana); return nil }
		_, _, err := s.SeatJoin(t.Context(), seat, "offer", nil)
		s.refused(proto.CodeWrongState, err)
		s.sleep(0)
		require.False(t, s.media.has(s.call, s.id("ana")))
		s.over(seat)
	})
}

func TestSeatRestartFails(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		media := s.seatJoin(s.seat(ana))
		s.media.onRestart = func(string) (string, error) {
			return "", &proto.Error{Code: proto.CodeBadOffer, Message: "no credentials"}
		}
		_, err := s.SeatRestart(t.Context(), media, "x")
		s.refused(proto.CodeBadOffer, err)
		s.media.onRestart = func(string) (string, error) { return "", fmt.Errorf("the disk is full") }
		_, err = s.SeatRestart(t.Context(), media, "x")
		s.refused(proto.CodeInternal, err)
		require.NotContains(t, err.Error(), "disk")
		require.True(t, s.SeatHolds(media), "it goes on as before")
	})
}
