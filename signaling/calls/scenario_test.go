package calls

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// script drives a house in short steps; every step must succeed.
type script struct {
	*house
	t    *testing.T
	call string
}

func play(t *testing.T, f func(s *script)) {
	t.Helper()
	inHouse(t, func(t *testing.T, h *house) { f(&script{house: h, t: t}) })
}

func (s *script) invite(w Who, to ...string) proto.CallView {
	s.t.Helper()
	entered, err := s.Invite(s.t.Context(), w, proto.CallInvite{To: to, Video: true})
	require.NoError(s.t, err)
	s.call = entered.Call.CallID
	require.Equal(s.t, w.UserID+"/"+s.call, entered.ICEServers[0].Username)
	return entered.Call
}

func (s *script) ref() proto.CallRef { return proto.CallRef{CallID: s.call} }

func (s *script) accept(w Who) proto.CallView {
	s.t.Helper()
	entered, err := s.Accept(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
	return entered.Call
}

func (s *script) decline(w Who) {
	s.t.Helper()
	_, err := s.Decline(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
}

func (s *script) hangup(w Who) {
	s.t.Helper()
	_, err := s.Hangup(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
}

func (s *script) leave(w Who) {
	s.t.Helper()
	_, err := s.Leave(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
}

var ownSources = []proto.Source{
	{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1"}, {Kind: proto.SourceScreen, MID: "2", Muted: true},
}

func (s *script) join(w Who) proto.CallJoined {
	s.t.Helper()
	joined, err := s.Join(s.t.Context(), w, proto.CallJoin{CallID: s.call, SDP: "offer", Sources: ownSources})
	require.NoError(s.t, err)
	return joined
}

// id is the person's participant id.
func (s *script) id(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[s.call].call.who(user).id
}

func (s *script) link(user string, state LinkState) { s.LinkChanged(s.call, s.id(user), state) }

// got checks what a device was sent since it was last asked.
func (s *script) got(w Who, want ...string) {
	s.t.Helper()
	synctest.Wait()
	require.Equal(s.t, want, s.hub.drain(w), w.SessionID)
}

func (s *script) forget(whos ...Who) {
	synctest.Wait()
	for _, w := range whos {
		s.hub.drain(w)
	}
}

// ended checks how the record says that the call ended.
func (s *script) ended(reason proto.Reason) {
	s.t.Helper()
	synctest.Wait()
	r := s.record.of(s.call)
	require.True(s.t, r.ended)
	require.Equal(s.t, reason, r.reason)
}

func (s *script) running() {
	s.t.Helper()
	synctest.Wait()
	require.False(s.t, s.record.of(s.call).ended)
}

func (s *script) refused(code proto.Code, err error) {
	s.t.Helper()
	var e *proto.Error
	require.ErrorAs(s.t, err, &e)
	require.Equal(s.t, code, e.Code, e.Message)
	require.NotEmpty(s.t, e.Message)
}

// talk brings everybody into one call, media flowing; the first calls.
func (s *script) talk(whos ...Who) {
	s.t.Helper()
	var to []string
	for _, w := range whos[1:] {
		to = append(to, w.UserID)
	}
	s.invite(whos[0], to...)
	for _, w := range whos[1:] {
		s.accept(w)
	}
	for _, w := range whos {
		s.join(w)
		s.link(w.UserID, LinkConnected)
	}
	s.forget(whos...)
}

// sleep lets time pass, and what it brings happen.
func (s *script) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestCallFromRingToHangup(t *testing.T) {
	play(t, func(s *script) {
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
		s.got(ben, "ana joined")
		s.got(tablet, "ana joined")

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
		require.Equal(t, []string{"ana joined on phone 1", "ben joined on phone 1", "left hangup", "left hangup"}, s.record.of(s.call).log)

		s.hangup(ana) // crosses on the wire: no error
		_, err := s.Accept(t.Context(), ben, s.ref())
		s.refused(proto.CodeWrongState, err)
		s.sleep(2 * forgetAfter)
		_, err = s.Hangup(t.Context(), ana, s.ref())
		s.refused(proto.CodeNotFound, err)
		require.Empty(t, s.calls)
		require.Empty(t, s.byUser)
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
			play(t, func(s *script) {
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
	play(t, func(s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.sleep(testConfig.RingTimeout - time.Millisecond)
		s.running()
		s.accept(ben)
		s.sleep(time.Millisecond)
		s.running()
	})
}

func TestDeclineOnOneDevice(t *testing.T) {
	play(t, func(s *script) {
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
	play(t, func(s *script) {
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
	play(t, func(s *script) {
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
	play(t, func(s *script) {
		ana, ben, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		first := s.invite(ana, "ben")
		second := s.invite(ben, "ana")
		require.Equal(t, first.CallID, second.CallID)
		require.Equal(t, proto.PhaseConnecting, second.Phase)
		require.Equal(t, second.Participants[1].ID, second.You)
		s.got(ana, "connecting")
		s.got(tablet, "incoming", "ended elsewhere")
		require.Len(t, s.calls, 1)
	})
}

func TestCallingSomebodyElseWhileItRings(t *testing.T) {
	play(t, func(s *script) {
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
	play(t, func(s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben")
		s.invite(ben, "ana", "cat")
		s.got(ana, "ended busy", "incoming")
		s.got(ben, "incoming", "ended busy")
		s.got(cat, "incoming")
	})
}

func TestBusy(t *testing.T) {
	play(t, func(s *script) {
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
	play(t, func(s *script) {
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
	play(t, func(s *script) {
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
	play(t, func(s *script) {
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

func TestLeaveAndComeBack(t *testing.T) {
	play(t, func(s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.leave(ben)
		s.got(ana, "ben left hangup")
		s.got(ben)
		require.False(t, s.InCall("ben"))
		require.Empty(t, s.Views("ben"))
		require.False(t, s.media.has(s.call, s.id("ben")))
		s.leave(ben) // again: no error

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
	play(t, func(s *script) {
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

func TestMuteAndOffer(t *testing.T) {
	play(t, func(s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		mute := func(kind proto.SourceKind, off bool) error {
			_, err := s.Mute(t.Context(), ana, proto.MediaMute{CallID: s.call, Kind: kind, Muted: off})
			return err
		}
		require.NoError(t, mute(proto.SourceAudio, true))
		s.got(ben, "ana joined without audio without screen")
		require.NoError(t, mute(proto.SourceAudio, true)) // nothing changes
		require.NoError(t, mute(proto.SourceScreen, false))
		s.got(ben, "ana joined without audio")
		s.got(ana)
		require.Equal(t, []string{"audiotrue", "audiotrue", "screenfalse"}, s.media.mutes)

		answer, err := s.Offer(t.Context(), ana, proto.MediaOffer{CallID: s.call, SDP: "more", Sources: []proto.Source{{Kind: proto.SourceAudio}}})
		require.NoError(t, err)
		require.Equal(t, "answer to more", answer.SDP)
		s.got(ben, "ana joined")
		s.refused(proto.CodeWrongState, mute(proto.SourceVideo, true))
		require.Len(t, s.media.mutes, 3, "not asked of the media")

		_, err = s.Offer(t.Context(), ana, proto.MediaOffer{CallID: s.call, Sources: []proto.Source{{Kind: proto.SourceAudio}, {Kind: proto.SourceAudio}}})
		s.refused(proto.CodeBadMessage, err)
		require.NoError(t, s.Report(t.Context(), ana, proto.StatsReport{CallID: s.call}))
		s.SlotsChanged(s.call, s.id("ana"), proto.MediaSlots{Rev: 7})
		s.got(ana, "slots 7")
		s.got(ben)
	})
}

func TestNoProbing(t *testing.T) {
	play(t, func(s *script) {
		ana, ben, eve := s.on("ana"), s.on("ben"), s.on("eve")
		s.talk(ana, ben)
		ctx, real := t.Context(), s.call
		ask := func(call string) []error {
			ref := proto.CallRef{CallID: call}
			var errs []error
			note := func(_ any, err error) { errs = append(errs, err) }
			note(s.Accept(ctx, eve, ref))
			note(s.Decline(ctx, eve, ref))
			note(s.Hangup(ctx, eve, ref))
			note(s.Leave(ctx, eve, ref))
			note(s.Join(ctx, eve, proto.CallJoin{CallID: call}))
			note(s.Offer(ctx, eve, proto.MediaOffer{CallID: call}))
			note(s.Mute(ctx, eve, proto.MediaMute{CallID: call, Kind: proto.SourceAudio}))
			note(nil, s.Report(ctx, eve, proto.StatsReport{CallID: call}))
			return errs
		}
		errs := ask(real)
		for _, err := range errs {
			s.refused(proto.CodeNotFound, err)
		}
		require.Equal(t, ask("c_none"), errs, "a call that is and one that is not look the same")
		s.running()
	})
}

func TestInviteRefused(t *testing.T) {
	cfg := testConfig
	cfg.MaxParticipants = 3
	synctest.Test(t, func(t *testing.T) {
		s := &script{house: newHouse(cfg), t: t}
		s.policy.pairs = [][2]string{{"ana", "eve"}, {"cat", "ben"}}
		ana := s.on("ana")
		for name, c := range map[string]struct {
			to   []string
			code proto.Code
		}{
			"nobody":            {nil, proto.CodeBadMessage},
			"twice":             {[]string{"ben", "ben"}, proto.CodeBadMessage},
			"too many":          {[]string{"ben", "cat", "dan"}, proto.CodeCallFull},
			"not allowed":       {[]string{"eve"}, proto.CodeNotFound},
			"one not allowed":   {[]string{"ben", "eve"}, proto.CodeNotFound},
			"not every pair":    {[]string{"ben", "cat"}, proto.CodeNotAllowed},
			"nor the other way": {[]string{"cat", "ben"}, proto.CodeNotAllowed},
		} {
			_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: c.to})
			require.Error(t, err, name)
			s.refused(c.code, err)
		}
		require.Empty(t, s.calls)
		s.invite(ana, "ben", "dan")
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.audit())
		_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}})
		s.refused(proto.CodeUnavailable, err)
		s.ended(proto.ReasonShutdown)
	})
}
