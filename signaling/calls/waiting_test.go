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

// lets says who lets a second call wait.
func (s *script) lets(users ...string) {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	for _, u := range users {
		s.books.waits[u] = true
	}
}

func (s *script) ringing(w Who) {
	s.t.Helper()
	require.NoError(s.t, s.Ringing(s.t.Context(), w, s.ref()))
}

func TestRingingIsAcknowledged(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, phone, tablet := s.on("ana"), s.on("ben"), s.on("ben", 2)
		s.invite(ana, "ben", "cat")
		s.forget(ana, phone, tablet)
		require.Equal(t, map[string]int{"ben": 1, "cat": 1}, s.books.woken)
		s.ringing(tablet)
		s.ringing(tablet)
		s.got(ana, "ben ringing")
		s.got(phone)
		s.ringing(phone)
		s.SessionDropped(tablet) // may be back; it rings on
		s.SessionEnded(tablet)
		s.got(ana)
		s.SessionEnded(phone) // no device rings any more
		s.got(ana, "ben invited")
		s.ringing(phone)
		s.accept(phone)
		s.got(ana, "ben ringing", "connecting")
		s.ringing(tablet) // crosses the answer: no error
		s.hangup(ana)
		s.hangup(phone)
		s.ringing(tablet)
		s.refused(proto.CodeNotFound, s.Ringing(t.Context(), s.on("eve"), s.ref()))
	})
}

// waited is a call of ana and ben, while which cat calls ben, who lets her
// wait.
func waited(s *script) (ana, ben, cat Who, first, second string) {
	ana, ben, cat = s.on("ana"), s.on("ben"), s.on("cat")
	s.lets("ben")
	s.talk(ana, ben)
	first = s.call
	view := s.invite(cat, "ben")
	require.Equal(s.t, proto.ParticipantInvited, view.Participants[1].Phase)
	s.got(ben, "incoming")
	require.Len(s.t, s.Views("ben"), 2)
	require.True(s.t, s.Views("ben")[1].Waiting)
	require.False(s.t, s.Views("ben")[0].Waiting)
	return ana, ben, cat, first, s.call
}

// waitings is what may become of a call that waits.
var waitings = map[string]func(t *testing.T, s *script){
	"accepted": func(t *testing.T, s *script) {
		ana, ben, cat, first, second := waited(s)
		s.forget(cat)
		s.accept(ben)
		s.got(ana, "ended hangup")
		s.got(ben, "ended hangup", "connecting")
		s.got(cat, "connecting")
		require.Equal(t, proto.ReasonHangup, s.record.of(first).reason)
		require.False(t, s.record.of(second).ended)
		require.False(t, s.Views("ben")[0].Waiting)
	},
	"accepted on another device": func(t *testing.T, s *script) {
		ana, ben, _, _, _ := waited(s)
		tablet := s.on("ben", 2)
		s.accept(tablet)
		s.got(ana, "ended hangup")
		s.got(ben, "ended hangup", "ended elsewhere")
		s.got(tablet, "connecting")
	},
	"declined": func(t *testing.T, s *script) {
		ana, ben, cat, _, _ := waited(s)
		s.decline(ben)
		s.got(ana)
		s.got(ben, "ended declined")
		s.got(cat, "ended declined")
		require.True(t, s.InCall("ben"))
	},
	"rings on when the first ends": func(t *testing.T, s *script) {
		ana, ben, _, first, second := waited(s)
		s.call = first
		s.hangup(ana)
		s.call = second
		s.got(ben, "ended hangup", "ringing")
		require.False(t, s.Views("ben")[0].Waiting)
		s.accept(ben)
		s.got(ben, "connecting")
	},
	"rings out": func(t *testing.T, s *script) {
		_, ben, cat, _, _ := waited(s)
		s.sleep(testConfig.RingTimeout)
		s.got(ben, "ended missed")
		s.got(cat, "ended missed")
		require.True(t, s.InCall("ben"))
	},
	"a third is busy": func(t *testing.T, s *script) {
		_, ben, _, _, _ := waited(s)
		dan := s.on("dan")
		view := s.invite(dan, "ben")
		require.Equal(t, proto.ReasonBusy, view.Participants[1].Reason)
		s.got(ben)
	},
	"no longer allowed": func(t *testing.T, s *script) {
		_, ben, _, first, _ := waited(s)
		s.policy.set(func(r *rules) { r.apart = [][2]string{{"ben", "cat"}} })
		_, err := s.Accept(t.Context(), ben, s.ref())
		s.refused(proto.CodeNotApproved, err)
		s.sleep(0)
		require.False(t, s.record.of(first).ended, "the first is left alone")
		s.ended(proto.ReasonNotAllowed) // the refusal makes it look again
	},
	"gone when answered": func(t *testing.T, s *script) {
		_, ben, cat, first, _ := waited(s)
		s.hangup(cat)
		_, err := s.Accept(t.Context(), ben, s.ref())
		s.refused(proto.CodeWrongState, err)
		s.sleep(0)
		require.False(t, s.record.of(first).ended)
	},
}

func TestCallWaiting(t *testing.T) {
	for name, act := range waitings {
		t.Run(name, func(t *testing.T) { play(t, act) })
	}
}

func TestWaitingLeavesALargerCallGoing(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.lets("ben")
		s.talk(ana, ben, cat)
		first := s.call
		s.invite(dan, "ben")
		s.accept(ben)
		s.got(ana, "ben left hangup")
		s.sleep(0)
		require.False(t, s.record.of(first).ended)
	})
}

// TestWaitingWhenSettingsFail: what is not known is busy.
func TestWaitingWhenSettingsFail(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		s.d.Settings = brokenSettings{s.books}
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben)
		require.Equal(t, proto.ReasonBusy, s.invite(cat, "ben").Participants[1].Reason)
	})
}

type brokenSettings struct{ *books }

func (brokenSettings) CallWaiting(context.Context, string) (bool, error) {
	return true, errors.New("no")
}

func (s *script) add(w Who, to ...string) {
	s.t.Helper()
	_, err := s.Add(s.t.Context(), w, proto.CallAdd{CallID: s.call, To: to})
	require.NoError(s.t, err)
}

func TestAdd(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.talk(ana, ben)
		s.sleep(time.Minute)
		s.policy.asked = nil
		s.add(ben, "cat")
		require.Equal(t, []string{"ben: [ana ben cat]"}, s.policy.asked)
		s.got(ana, "cat invited")
		s.got(ben, "cat invited")
		s.got(cat, "incoming")
		require.Equal(t, 1, s.books.woken["cat"])
		view := s.Views("cat")[0]
		require.Equal(t, "ben", view.Caller, "who rings them")
		require.Equal(t, proto.PhaseRinging, view.Phase)
		require.Len(t, view.Participants, 3)
		s.add(ben, "cat", "ana") // are there already
		s.got(cat)

		s.sleep(testConfig.RingTimeout - time.Second) // each has the whole time
		s.add(ana, "dan")
		s.got(cat, "dan invited")
		s.sleep(time.Second)
		s.got(cat, "ended missed")
		s.got(ana, "dan invited", "cat left missed")
		s.accept(dan)
		s.join(dan)
		s.link("dan", LinkConnected)
		s.forget(ana, ben, cat, dan)

		s.add(ana, "cat") // once more
		s.got(ben, "cat invited")
		s.got(cat, "incoming")
		s.accept(cat)
		s.got(cat, "connected")
		s.running()
	})
}

// TestAddShowsNobodyWhoHasLeft: policy was asked about those who are there.
func TestAddShowsNobodyWhoHasLeft(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		dan := s.on("dan")
		s.talk(ana, ben, cat)
		s.policy.set(func(r *rules) { r.apart = [][2]string{{"ana", "dan"}} })
		_, err := s.Add(t.Context(), ben, proto.CallAdd{CallID: s.call, To: []string{"dan"}})
		s.refused(proto.CodeNotApproved, err)
		s.got(dan)
		s.hangup(ana)
		s.add(ben, "dan")
		view := s.Views("dan")[0]
		require.Equal(t, "ben", view.Caller)
		require.Len(t, view.Participants, 3)
		for _, p := range view.Participants {
			require.NotEqual(t, "ana", p.Person.ID)
		}
		s.accept(dan)
		_, err = s.Add(t.Context(), dan, proto.CallAdd{CallID: s.call, To: []string{"ana"}})
		s.refused(proto.CodeNotApproved, err)
		s.hangup(dan)
		s.hangup(ben)
		synctest.Wait()
		require.Equal(t, "in hangup 0 with [ben cat]", s.books.row("dan", s.call))
	})
}

func TestAddRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig
		cfg.MaxParticipants = 3
		s := &script{house: newHouse(cfg), t: t}
		ana, ben := s.on("ana"), s.on("ben")
		add := func(w Who, to ...string) error {
			_, err := s.Add(t.Context(), w, proto.CallAdd{CallID: s.call, To: to})
			return err
		}
		s.invite(ana, "ben")
		s.refused(proto.CodeWrongState, add(ben, "cat")) // has not answered
		s.refused(proto.CodeBadMessage, add(ana))
		s.refused(proto.CodeBadMessage, add(ana, "ana"))
		s.refused(proto.CodeBadMessage, add(ana, "cat", "cat"))
		s.refused(proto.CodeCallFull, add(ana, "cat", "dan"))
		s.refused(proto.CodeCallFull, add(ana, "cat", "dan", "eve"))
		s.accept(ben)
		s.hangup(ben)
		s.refused(proto.CodeWrongState, add(ana, "cat")) // has ended
		require.NoError(t, s.Close(t.Context()))
		s.refused(proto.CodeUnavailable, add(ana, "cat"))
		require.NoError(t, s.audit())
	})
}

func TestAddAgainAfterLeaving(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben, cat)
		id := s.id("ben")
		s.leave(ben)
		s.forget(ana, ben, cat)
		s.add(ana, "ben") // is away: rung, on whatever device
		s.got(ben, "incoming")
		s.got(cat, "ben invited")
		_, err := s.Join(t.Context(), ben, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeWrongState, err)
		tablet := s.on("ben", 2)
		s.accept(tablet)
		s.join(tablet)
		require.Equal(t, id, s.id("ben"))
		s.hangup(tablet)
		s.add(cat, "ben")
		s.got(tablet, "connected", "ended hangup", "incoming")
		s.decline(tablet)
		s.running()
	})
}

// TestCrossing: two people who want each other end up in one call.
func TestCrossing(t *testing.T) {
	play(t, func(t *testing.T, s *script) { // added first, then calls the one who added
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, cat)
		first := s.call
		s.add(ana, "ben")
		require.Equal(t, first, s.invite(ben, "ana").CallID)
		s.got(cat, "ben invited", "ben accepted")
	})
	for name, waits := range map[string]bool{"waiting": true, "busy": false} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) { // calls first, then is added
				ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
				if waits {
					s.lets("ana", "ben")
				}
				s.talk(ana, cat)
				first := s.call
				second := s.invite(ben, "ana").CallID
				s.call = first
				s.forget(ana, ben)
				s.add(ana, "ben")
				s.sleep(busyTone)
				require.Equal(t, proto.ReasonBusy, s.record.of(second).reason)
				if waits { // his call, which waited for her, has made way
					s.got(ben, "ended busy", "incoming")
					s.accept(ben)
				}
			})
		})
	}
	play(t, func(t *testing.T, s *script) { // each adds the other to a call of their own
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.lets("ana", "ben")
		s.talk(ana, cat)
		first := s.call
		s.talk(ben, dan)
		second := s.call
		s.call = first
		s.add(ana, "ben")
		s.call = second
		s.add(ben, "ana") // she rings him already: her ring stands
		s.got(dan, "ana left busy")
		s.call = first
		s.accept(ben)
		s.sleep(0)
		require.Equal(t, proto.ReasonHangup, s.record.of(second).reason)
		require.Len(t, s.Views("ana"), 1)
	})
}

// TestAddOvertakesJoin: a join comes back for somebody who has left and is
// rung again meanwhile.
func TestAddOvertakesJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben, cat)
		id := s.id("ben")
		s.media.onJoin = func(MediaJoin) error {
			s.leave(ben)
			s.add(ana, "ben")
			return nil
		}
		_, err := s.Join(t.Context(), ben, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeWrongState, err)
		synctest.Wait()
		require.False(t, s.media.has(s.call, id), "what it set up is taken down")
		s.media.onJoin = nil
		s.accept(ben)
		s.join(ben)
		require.True(t, s.media.has(s.call, id))
	})
}
