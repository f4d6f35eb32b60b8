package calls

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestDeclineOnOneDevice(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, phone, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		s.invite(ana, "ben")
		s.forget(phone, tablet)
		s.decline(tablet)
		s.got(tablet, "ended declined")
		s.got(phone, "ended elsewhere")
		s.decline(phone) // crosses: no error
		s.ended(proto.ReasonDeclined)
	})
}

func TestAnsweredOnOneDevice(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, phone, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		s.invite(ana, "ben")
		s.accept(tablet)
		s.accept(tablet) // repeated: no error
		_, err := s.Accept(t.Context(), phone, s.ref())
		s.refused(proto.CodeWrongState, err)
		_, err = s.Decline(t.Context(), phone, s.ref())
		s.refused(proto.CodeWrongState, err)
		s.join(tablet)
		_, err = s.Mute(t.Context(), phone, proto.MediaMute{CallID: s.call, Kind: proto.SourceAudio, Muted: true})
		s.refused(proto.CodeWrongState, err)
		_, err = s.Offer(t.Context(), phone, proto.MediaOffer{CallID: s.call})
		s.refused(proto.CodeWrongState, err)
		s.refused(proto.CodeWrongState, s.Report(t.Context(), phone, proto.StatsReport{CallID: s.call}))

		// Joining there moves the call.
		s.forget(ana, phone, tablet)
		s.join(phone)
		s.got(tablet, "ended elsewhere")
		s.got(ana, "ben accepted", "ben joined without screen")
		require.Equal(t, []string{"ben joined on phone 2", "left elsewhere", "ben joined on phone 1"}, s.record.of(s.call).log)
		s.SessionEnded(tablet) // is of no consequence now
		s.running()
	})
}

func TestSomebodyOfflineIsRungUntilTheyComeOnline(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana := s.on("ana")
		s.invite(ana, "ben")
		s.sleep(testConfig.RingTimeout / 2)
		ben := s.on("ben")
		views := s.Views("ben")
		require.Len(t, views, 1)
		require.Equal(t, proto.PhaseRinging, views[0].Phase)
		s.accept(ben)
		s.got(ana, "connecting")
	})
}

func TestGlare(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		first := s.invite(ana, "ben")
		second := s.invite(ben, "ana")
		require.Equal(t, first.CallID, second.CallID)
		require.Equal(t, proto.PhaseConnecting, second.Phase)
		require.Equal(t, second.Participants[1].ID, second.You)
		s.got(ana, "connecting")
		s.got(tablet, "incoming", "ended elsewhere")
		require.Len(t, s.board.calls, 1)
	})
}

func TestCallingSomebodyElseWhileItRings(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		first := s.invite(ana, "ben")
		s.forget(ben)
		second := s.invite(ben, "cat")
		require.NotEqual(t, first.CallID, second.CallID)
		s.got(ana, "ended busy")
		s.got(ben, "ended busy")
		s.got(cat, "incoming")
		require.Equal(t, proto.ReasonBusy, s.record.of(first.CallID).reason)
		s.running()
	})
	// A call back to the caller, with one more: the first call makes way.
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben")
		s.invite(ben, "ana", "cat")
		s.got(ana, "ended busy", "incoming")
		s.got(ben, "incoming", "ended busy")
		s.got(cat, "incoming")
	})
}

func TestBusy(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.talk(ana, ben)
		_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"cat"}})
		s.refused(proto.CodeBusy, err)

		view := s.invite(cat, "ben", "dan")
		require.Equal(t, proto.ParticipantLeft, view.Participants[1].Phase)
		require.Equal(t, proto.ReasonBusy, view.Participants[1].Reason)
		s.got(ben)
		s.got(dan, "incoming")
		require.Len(t, s.Views("ben"), 1)
		s.accept(dan)
		s.got(cat, "connecting")
	})
	// All busy: the end comes as an event, after the reply.
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben)
		view := s.invite(cat, "ben")
		require.Equal(t, proto.PhaseRinging, view.Phase)
		s.got(cat)
		s.sleep(busyTone)
		s.got(cat, "ended busy")
	})
}

func TestGroup(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben", "cat")
		s.forget(ana, ben, cat)
		s.accept(ben)
		s.got(cat, "ben accepted") // still rings
		require.Equal(t, proto.PhaseRinging, s.Views("cat")[0].Phase)
		s.join(ana)
		s.join(ben)
		s.link("ana", LinkConnected)
		s.link("ben", LinkConnected)
		s.forget(ana, ben, cat)
		view := s.accept(cat)
		require.Equal(t, proto.PhaseConnected, view.Phase)
		s.join(cat)
		s.link("cat", LinkConnected)
		s.got(ana, "cat accepted", "cat joined without screen")

		s.hangup(ana) // a larger call goes on
		s.got(ana, "ended hangup")
		s.got(ben, "cat accepted", "cat joined without screen", "ana left hangup")
		s.running()
		require.False(t, s.InCall("ana"))
		require.False(t, s.media.has(s.call, s.id("ana")))
		_, err := s.Join(t.Context(), ana, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeWrongState, err) // for good
		s.hangup(cat)
		s.ended(proto.ReasonHangup)
	})
}

func TestGroupSomeNeverAnswer(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.invite(ana, "ben", "cat", "dan")
		s.accept(ben)
		s.join(ana)
		s.join(ben)
		s.link("ana", LinkConnected)
		s.link("ben", LinkConnected)
		s.decline(cat)
		s.forget(ana, ben, cat, dan)
		s.sleep(testConfig.RingTimeout)
		s.got(dan, "ended missed")
		s.got(ana, "dan left missed")
		s.running()
	})
}

func TestHangupWhileItRingsForAnother(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben", "cat")
		s.accept(ben)
		s.forget(ana, ben, cat)
		s.hangup(ana)
		s.got(ana, "ended hangup")
		s.got(cat, "ana left hangup")
		s.running() // ben waits for cat
		s.hangup(ben)
		s.got(cat, "ended cancelled")
		s.ended(proto.ReasonHangup)
	})
}

func TestLeaveAndComeBack(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.leave(ben)
		s.got(ana, "ben left hangup")
		s.got(ben)
		require.False(t, s.InCall("ben"))
		require.Empty(t, s.Views("ben"))
		require.False(t, s.media.has(s.call, s.id("ben")))
		s.leave(ben) // again: no error
		s.SlotsChanged(s.call, s.id("ben"), proto.MediaSlots{Rev: 9})
		s.got(ben) // has no slots any more

		s.sleep(testConfig.AloneTimeout - time.Second)
		s.join(ben)
		s.link("ben", LinkConnected)
		s.got(ana, "ben accepted", "ben joined without screen")
		s.sleep(time.Hour)
		s.running()

		s.leave(ben)
		s.sleep(testConfig.AloneTimeout)
		s.ended(proto.ReasonAlone)
		s.got(ben, "ended alone")
	})
}

func TestAwayIsFreeForOthers(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben)
		first := s.call
		s.leave(ben)
		s.invite(cat, "ben")
		// Going back answers the ring with busy.
		second := s.call
		s.call = first
		s.join(ben)
		require.Equal(t, proto.ReasonBusy, func() proto.Reason { synctest.Wait(); return s.record.of(second).reason }())

		s.leave(ben)
		s.invite(cat, "ben")
		s.accept(ben)
		_, err := s.Join(t.Context(), ben, proto.CallJoin{CallID: first})
		s.refused(proto.CodeBusy, err)
		s.call = first
		s.hangup(ben) // gives up coming back
		_, err = s.Join(t.Context(), ben, proto.CallJoin{CallID: first})
		s.refused(proto.CodeWrongState, err)
	})
}
