package calls

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestSocketDropsAndResumes(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.SessionDropped(ben)
		s.got(ana, "ben reconnecting without screen")
		s.sleep(testConfig.LostTimeout - time.Millisecond)
		s.SessionResumed(ben)
		s.got(ana, "ben joined without screen")
		s.sleep(time.Hour)
		s.running()
	})
}

func TestLinkDropsAndReturns(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.link("ben", LinkDisconnected)
		s.got(ana, "ben reconnecting without screen")
		s.link("ben", LinkFailed)
		s.link("ben", "something new")
		s.got(ana)
		s.link("ben", LinkConnected)
		s.got(ana, "ben joined without screen")
	})
}

func TestLostAfterAWhile(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		id := s.id("ben")
		s.link("ben", LinkFailed)
		s.sleep(testConfig.LostTimeout)
		s.got(ana, "ben reconnecting without screen", "ben left lost")
		s.got(ben, "ben left lost") // their socket is up: they must know
		require.False(t, s.media.has(s.call, id))
		require.Len(t, s.Views("ben"), 1, "may come back")
		s.sleep(testConfig.AloneTimeout)
		s.ended(proto.ReasonAlone)
		s.got(ana, "ended alone")
		s.got(ben, "ended alone")
	})
}

// TestKilled: socket and media both gone is no hiccup.
func TestKilled(t *testing.T) {
	for name, first := range map[string]bool{"socket first": true, "media first": false} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				ana, ben := s.on("ana"), s.on("ben")
				s.talk(ana, ben)
				before := time.Now()
				if first {
					s.SessionDropped(ben)
					s.link("ben", LinkDisconnected)
				} else {
					s.link("ben", LinkDisconnected)
					s.SessionDropped(ben)
				}
				s.got(ana, "ben reconnecting without screen", "ben left lost")
				require.Equal(t, before, time.Now(), "at once")

				// The page comes back with a session of its own, and joins.
				again := s.on("ben", 2)
				require.Equal(t, s.call, s.Views("ben")[0].CallID)
				s.join(again)
				s.link("ben", LinkConnected)
				s.got(ana, "ben accepted", "ben joined without screen")
				s.SessionEnded(ben) // the old one runs out
				s.sleep(time.Hour)
				s.running()
			})
		})
	}
}

func TestBothLost(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		for _, w := range []Who{ana, ben} {
			s.SessionDropped(w)
			s.link(w.UserID, LinkFailed)
		}
		s.ended(proto.ReasonLost)
	})
}

func TestSessionEnds(t *testing.T) {
	play(t, func(t *testing.T, s *script) { // logs out in mid-call
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.SessionEnded(ben)
		s.ended(proto.ReasonHangup)
	})
	play(t, func(t *testing.T, s *script) { // drops, and its time is over before LostTimeout
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.SessionDropped(ben)
		s.SessionEnded(ben)
		s.got(ana, "ben reconnecting without screen", "ben left lost")
		s.running()
		tablet := s.on("ben", 2)
		s.hangup(ana)
		s.got(tablet, "ended hangup") // no device is in the call: all are told
	})
	play(t, func(t *testing.T, s *script) { // another device of the same person
		ana, ben, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		s.talk(ana, ben)
		s.SessionDropped(tablet)
		s.SessionEnded(tablet)
		s.got(ana)
		s.running()
	})
}

func TestMediaNeverComesUp(t *testing.T) {
	play(t, func(t *testing.T, s *script) { // of two, one never joins
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.join(ana)
		s.link("ana", LinkConnected)
		s.sleep(testConfig.RingTimeout - time.Second)
		s.accept(ben)
		s.sleep(testConfig.LostTimeout - time.Millisecond)
		s.running()
		s.sleep(time.Millisecond)
		s.ended(proto.ReasonFailed)
	})
	play(t, func(t *testing.T, s *script) { // joins, and no media flows
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.accept(ben)
		s.join(ana)
		s.join(ben)
		s.link("ana", LinkConnected)
		s.link("ben", LinkFailed) // may still be restarted
		s.running()
		s.sleep(testConfig.LostTimeout)
		s.ended(proto.ReasonFailed)
	})
	play(t, func(t *testing.T, s *script) { // the third of three
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben", "cat")
		for _, w := range []Who{ben, cat} {
			s.accept(w)
		}
		for _, w := range []Who{ana, ben} {
			s.join(w)
			s.link(w.UserID, LinkConnected)
		}
		s.forget(ana, ben, cat)
		s.sleep(testConfig.LostTimeout)
		s.got(ana, "cat left failed")
		s.got(cat, "cat left failed")
		s.running()
	})
}

// TestEachAttemptHasTheWholeTime: who tries again late is not cut off early.
func TestEachAttemptHasTheWholeTime(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.accept(ben)
		s.join(ana)
		s.link("ana", LinkConnected)
		s.sleep(testConfig.LostTimeout - time.Second)
		s.join(ben)
		s.sleep(testConfig.LostTimeout - time.Second)
		s.running()
		s.sleep(time.Second)
		s.ended(proto.ReasonFailed)
	})
}

func TestJoinRefusedByMedia(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.accept(ben)
		refusal := &proto.Error{Code: proto.CodeBadOffer, Message: "no m-section"}
		s.media.onJoin = func(MediaJoin) error { return refusal }
		_, err := s.Join(t.Context(), ana, proto.CallJoin{CallID: s.call})
		require.Equal(t, refusal, err)
		s.media.onJoin = func(MediaJoin) error { return errors.New("secret detail") }
		_, err = s.Join(t.Context(), ana, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeInternal, err)
		require.NotContains(t, err.Error(), "secret")
		s.media.onJoin = nil
		s.join(ana) // a better offer does it
		require.Equal(t, []string{"ana joined on phone 1"}, func() []string { synctest.Wait(); return s.record.of(s.call).log }())
	})
}

// TestMediaCallsBackFromJoin: the media plane reports slots and link from
// inside Join, before it has answered.
func TestMediaCallsBackFromJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.media.onJoin = func(j MediaJoin) error {
			s.SlotsChanged(j.CallID, j.ParticipantID, proto.MediaSlots{Rev: 3})
			s.LinkChanged(j.CallID, j.ParticipantID, LinkConnected)
			return nil
		}
		s.invite(ana, "ben")
		s.accept(ben)
		s.forget(ana, ben)
		s.join(ana)
		joined := s.join(ben)
		require.Equal(t, proto.PhaseConnected, joined.Call.Phase)
		s.got(ana, "slots 3", "connected")
		s.got(ben, "ana joined without screen", "slots 3", "connected")
	})
}

// TestHangupOvertakesJoin: the call ends while media is being set up.
func TestHangupOvertakesJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.accept(ben)
		s.media.onJoin = func(MediaJoin) error {
			s.hangup(ben)
			synctest.Wait() // the end reaches the media plane first
			return nil
		}
		_, err := s.Join(t.Context(), ana, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeWrongState, err)
		synctest.Wait()
		require.NoError(t, s.media.audit(), "nothing is left behind")
	})
}

func TestLeaveOvertakesJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.leave(ben)
		id := s.id("ben")
		s.media.onJoin = func(MediaJoin) error {
			s.leave(ben)
			return nil
		}
		_, err := s.Join(t.Context(), ben, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeWrongState, err)
		synctest.Wait()
		require.False(t, s.media.has(s.call, id))
		s.media.onJoin = nil
		s.join(ben)
		require.True(t, s.media.has(s.call, id))
	})
}

// TestRejoinWaitsForLeave: an old leave never takes down a new join.
func TestRejoinWaitsForLeave(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.media.onOff = func(string, string) { time.Sleep(3 * time.Second) } // a slow media plane
		s.leave(ben)
		began := time.Now()
		s.join(ben)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.True(t, s.media.has(s.call, s.id("ben")))
		s.join(ben) // and again, without leaving
		require.True(t, s.media.has(s.call, s.id("ben")))

		s.leave(ben)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Join(ctx, ben, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeUnavailable, err)
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{house: newHouse(testConfig), t: t}
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben)
		talking := s.call
		dan := s.on("dan")
		s.invite(cat, "dan")
		s.forget(dan)
		require.NoError(t, s.Close(t.Context()))
		for _, w := range []Who{ana, ben, cat, dan} {
			s.got(w, "ended shutdown")
		}
		require.Equal(t, proto.ReasonShutdown, s.record.of(talking).reason)
		require.NoError(t, s.audit())
		_, err := s.Hangup(t.Context(), ana, proto.CallRef{CallID: talking})
		s.refused(proto.CodeUnavailable, err)
		require.NoError(t, s.Close(t.Context()))
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{house: newHouse(testConfig), t: t}
		ana := s.on("ana")
		s.invite(ana, "ben")
		release := make(chan struct{})
		s.media.onJoin = func(MediaJoin) error { <-release; return nil }
		answered := make(chan error, 1)
		go func() {
			_, err := s.Join(context.Background(), ana, proto.CallJoin{CallID: s.call})
			answered <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, s.Close(ctx), context.DeadlineExceeded)
		close(release)
		s.refused(proto.CodeWrongState, <-answered)
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.audit())
	})
}

// TestReloadedPageHearsOfTheEnd: while a device's socket is down, the
// person's other sessions are told, because one of them may be the same page
// after a reload.
func TestReloadedPageHearsOfTheEnd(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.SessionDropped(ben)
		reloaded := s.on("ben", 2)
		require.Len(t, s.Views("ben"), 1)
		s.hangup(ana)
		s.got(reloaded, "ended hangup")
		s.got(ben, "ended hangup") // kept for it, should it resume
	})
}
