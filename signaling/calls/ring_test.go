package calls

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestCallFromRingToHangup(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		view := s.invite(ana, "ben")
		require.Equal(t, proto.PhaseRinging, view.Phase)
		require.Equal(t, "ana", view.Caller)
		require.True(t, view.Video)
		require.Equal(t, time.Now().UnixMilli(), view.StartedAt)
		require.Equal(t, view.Participants[0].ID, view.You)
		require.Equal(t, proto.ParticipantAccepted, view.Participants[0].Phase)
		require.Equal(t, proto.ParticipantInvited, view.Participants[1].Phase)
		require.Equal(t, "name of ben", view.Participants[1].Person.Name)
		s.got(ana)
		s.got(ben, "incoming")
		s.got(tablet, "incoming")
		require.True(t, s.InCall("ana"))
		require.False(t, s.InCall("ben"), "it only rings")
		require.Len(t, s.Views("ben"), 1)

		s.join(ana) // the caller sets up media while it rings
		s.got(ben, "ana joined without screen")
		s.got(tablet, "ana joined without screen")

		view = s.accept(ben)
		require.Equal(t, proto.PhaseConnecting, view.Phase)
		require.Equal(t, view.Participants[1].ID, view.You)
		s.got(ana, "connecting")
		s.got(ben, "connecting")
		s.got(tablet, "ended elsewhere")
		require.True(t, s.InCall("ben"))

		joined := s.join(ben)
		require.Equal(t, "answer to offer", joined.SDP)
		require.EqualValues(t, 1, joined.Slots.Rev)
		require.NotEmpty(t, joined.ICEServers)
		require.Empty(t, joined.Call.Participants[0].Sources[0].MID, "a mid means nothing to others")
		s.got(ana, "ben joined without screen")
		s.link("ana", LinkConnected)
		s.got(ana)
		s.link("ben", LinkConnected)
		s.got(ana, "connected")
		s.got(ben, "connected")

		s.hangup(ben)
		s.got(ana, "ended hangup")
		s.got(ben, "ended hangup")
		s.got(tablet)
		s.ended(proto.ReasonHangup)
		require.Empty(t, s.Views("ana"))
		require.False(t, s.InCall("ana"))
		require.Equal(t, []string{"ana joined on phone 1", "ben joined on phone 1", "link connected", "link connected", "left hangup", "left hangup"}, s.record.of(s.call).log)

		s.hangup(ana) // crosses on the wire: no error
		_, err := s.Accept(t.Context(), ben, s.ref())
		s.refused(proto.CodeWrongState, err)
		s.sleep(2 * forgetAfter)
		_, err = s.Hangup(t.Context(), ana, s.ref())
		s.refused(proto.CodeNotFound, err)
		require.Empty(t, s.board.calls)
		require.Empty(t, s.board.byUser)
	})
}

func TestWhyACallNobodyAnsweredEnded(t *testing.T) {
	type people struct{ ana, ben, cat Who }
	cases := map[string]struct {
		busy     []string // in another call beforehand
		do       func(s *script, p people)
		reason   proto.Reason
		ben, cat []string // what they are sent after the ring
	}{
		"cancelled": {
			do:     func(s *script, p people) { s.hangup(p.ana) },
			reason: proto.ReasonCancelled, ben: []string{"ended cancelled"}, cat: []string{"ended cancelled"},
		},
		"left by the caller": {
			do:     func(s *script, p people) { s.leave(p.ana) },
			reason: proto.ReasonCancelled, ben: []string{"ended cancelled"}, cat: []string{"ended cancelled"},
		},
		"both decline": {
			do:     func(s *script, p people) { s.decline(p.ben); s.decline(p.cat) },
			reason: proto.ReasonDeclined, ben: []string{"ended declined"}, cat: []string{"ben left declined", "ended declined"},
		},
		"hanging up on a ring is declining": {
			do:     func(s *script, p people) { s.hangup(p.ben); s.hangup(p.cat) },
			reason: proto.ReasonDeclined, ben: []string{"ended declined"}, cat: []string{"ben left declined", "ended declined"},
		},
		"rings out": {
			do:     func(s *script, p people) { s.sleep(testConfig.RingTimeout) },
			reason: proto.ReasonMissed, ben: []string{"ended missed"}, cat: []string{"ended missed"},
		},
		"one declines, one misses it": {
			do:     func(s *script, p people) { s.decline(p.ben); s.sleep(testConfig.RingTimeout) },
			reason: proto.ReasonDeclined, ben: []string{"ended declined"}, cat: []string{"ben left declined", "ended missed"},
		},
		"one busy, one misses it": {
			busy: []string{"ben"},
			do:   func(s *script, p people) { s.sleep(testConfig.RingTimeout) }, reason: proto.ReasonMissed,
			ben: []string{"ended missed"}, // the call of his own, just then
			cat: []string{"ended missed"},
		},
		"all busy": {
			busy: []string{"ben", "cat"},
			do:   func(s *script, p people) { s.running(); s.sleep(busyTone) }, reason: proto.ReasonBusy,
		},
		"caller is lost": {
			do:     func(s *script, p people) { s.SessionDropped(p.ana); s.sleep(testConfig.LostTimeout) },
			reason: proto.ReasonLost,
			ben:    []string{"ana reconnecting", "ended cancelled"}, cat: []string{"ana reconnecting", "ended cancelled"},
		},
		"caller logs out": {
			do:     func(s *script, p people) { s.SessionEnded(p.ana) },
			reason: proto.ReasonCancelled, ben: []string{"ended cancelled"}, cat: []string{"ended cancelled"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				p := people{s.on("ana"), s.on("ben"), s.on("cat")}
				for _, user := range c.busy {
					s.invite(s.on(user), "friend of "+user)
				}
				s.invite(p.ana, "ben", "cat")
				for _, w := range []Who{p.ben, p.cat} {
					synctest.Wait()
					s.hub.drain(w)
				}
				c.do(s, p)
				s.ended(c.reason)
				s.got(p.ben, c.ben...)
				s.got(p.cat, c.cat...)
				sent := s.hub.drain(p.ana)
				require.Equal(t, "ended "+string(c.reason), sent[len(sent)-1])
			})
		})
	}
}

func TestRingUntilTheVeryMoment(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.sleep(testConfig.RingTimeout - time.Millisecond)
		s.running()
		s.accept(ben)
		s.sleep(time.Millisecond)
		s.running()
	})
}
