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

// quiet sets when a child's quiet hours begin; noVideo whose calls are by
// voice.
func (s *script) quiet(user string, in time.Duration) {
	s.policy.set(func(r *rules) {
		if r.quiet == nil {
			r.quiet = map[string]time.Time{}
		}
		r.quiet[user] = time.Now().Add(in)
	})
}

func (s *script) noVideo(user string, off bool) {
	s.policy.set(func(r *rules) { r.noVideo = map[string]bool{user: off} })
	s.Recheck(user)
	synctest.Wait()
}

var voiceOnly = []proto.Source{{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1", Muted: true}}

func (s *script) mute(w Who, kind proto.SourceKind, off bool) error {
	_, err := s.Mute(s.t.Context(), w, proto.MediaMute{CallID: s.call, Kind: kind, Muted: off})
	return err
}

func TestNoVideoFromTheStart(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.noVideo("ben", true)
		entered, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}, Video: true})
		require.NoError(t, err)
		s.call = entered.Call.CallID
		require.False(t, entered.Call.Video)
		require.True(t, entered.Call.NoVideo)
		require.True(t, s.Views("ben")[0].NoVideo)
		s.accept(ben)
		join := func(sources []proto.Source) error {
			_, err := s.Join(t.Context(), ana, proto.CallJoin{CallID: s.call, Sources: sources})
			return err
		}
		s.refused(proto.CodeNotAllowed, join([]proto.Source{{Kind: proto.SourceVideo, MID: "1"}}))
		s.refused(proto.CodeNotAllowed, join([]proto.Source{{Kind: proto.SourceScreen, MID: "1"}}))
		_, _, err = s.SeatJoin(t.Context(), s.seat(ana), "offer", []proto.Source{{Kind: proto.SourceVideo, MID: "1"}})
		s.refused(proto.CodeNotAllowed, err)
		require.False(t, s.media.has(s.call, s.id("ana")))
		require.NoError(t, join(voiceOnly))
		_, err = s.Offer(t.Context(), ana, proto.MediaOffer{CallID: s.call, Sources: []proto.Source{{Kind: proto.SourceScreen}}})
		s.refused(proto.CodeNotAllowed, err)
		s.refused(proto.CodeNotAllowed, s.mute(ana, proto.SourceVideo, false))
		require.NoError(t, s.mute(ana, proto.SourceVideo, true))
		require.NoError(t, s.mute(ana, proto.SourceAudio, true))
	})
}

func TestNoVideoInMidCall(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben)
		require.NoError(t, s.mute(ana, proto.SourceScreen, false))
		s.forget(ana, ben)
		s.media.mutes = nil
		s.policy.set(func(r *rules) { r.noVideo = map[string]bool{"cat": true} })
		s.add(ana, "cat") // makes it a call by voice
		synctest.Wait()
		require.Equal(t, []string{"videotrue", "screentrue", "videotrue"}, s.media.mutes)
		for _, w := range []Who{ana, ben} {
			v := s.Views(w.UserID)[0]
			require.True(t, v.NoVideo)
			require.False(t, v.Video)
			for _, p := range v.Participants[:2] {
				require.False(t, p.Sources[0].Muted)
				require.True(t, p.Sources[1].Muted)
				require.True(t, p.Sources[2].Muted)
			}
		}
		s.got(ben, "connected", "cat invited")
		s.got(ana, "connected", "cat invited")
		s.decline(cat) // who took the rule along
		synctest.Wait()
		require.False(t, s.Views("ana")[0].NoVideo)
		require.True(t, s.Views("ana")[0].Video)
		require.True(t, s.Views("ana")[0].Participants[0].Sources[1].Muted, "nobody's camera is switched on for them")
		require.NoError(t, s.mute(ana, proto.SourceVideo, false))

		s.noVideo("ben", true) // a parent changes the rule
		require.True(t, s.Views("ana")[0].NoVideo)
		s.noVideo("ben", false)
		require.False(t, s.Views("ana")[0].NoVideo)
	})
}

// TestNoVideoOvertakesAJoin: what was asked for before the rule came up shows
// nothing after it.
func TestNoVideoOvertakesAJoin(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.invite(ana, "ben")
		s.accept(ben)
		s.media.onJoin = func(MediaJoin) error { s.noVideo("ben", true); return nil }
		joined := s.join(ana)
		require.True(t, joined.Call.Participants[0].Sources[1].Muted)
		synctest.Wait()
		require.Equal(t, []string{"videotrue"}, s.media.mutes)
	})
	play(t, func(t *testing.T, s *script) { // a mute that fails takes the media out
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.media.onMute = func() error { return errors.New("no such source") }
		s.noVideo("ben", true)
		require.False(t, s.media.has(s.call, s.id("ana")))
	})
}

func TestWarningAndKindEnd(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.quiet("ben", 20*time.Minute)
		end := time.Now().Add(20 * time.Minute)
		s.talk(ana, ben)
		require.Equal(t, end.UnixMilli(), s.Views("ana")[0].EndsAt)
		s.sleep(15*time.Minute - time.Millisecond)
		s.got(ana)
		s.sleep(time.Millisecond)
		s.got(ana, "warning quiet_hours")
		s.got(ben, "warning quiet_hours")
		s.sleep(5*time.Minute - time.Millisecond)
		s.running()
		s.sleep(time.Millisecond)
		s.got(ana, "ended quiet_hours")
		s.got(ben, "ended quiet_hours")
		s.ended(proto.ReasonQuietHours)
		require.Equal(t, "in quiet_hours 1200 with [ana]", s.books.row("ben", s.call))
		_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}})
		s.refused(proto.CodeQuietHours, err)
	})
	play(t, func(t *testing.T, s *script) { // late: the warning comes at once
		ana, ben := s.on("ana"), s.on("ben")
		s.quiet("ben", 2*time.Minute)
		s.invite(ana, "ben")
		s.got(ana, "warning quiet_hours")
		s.got(ben, "incoming")
		s.accept(ben)
		s.got(ben, "warning quiet_hours", "connecting")
	})
}

func TestEndMoves(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.quiet("ben", 10*time.Minute)
		s.talk(ana, ben)
		s.sleep(6 * time.Minute)
		s.got(ana, "warning quiet_hours")
		s.quiet("ben", 4*time.Minute+time.Second) // hardly a change
		s.Recheck("ben")
		s.got(ana)
		s.quiet("ben", time.Hour) // a parent gives more time
		s.Recheck("ben")
		s.got(ana, "connected")
		s.sleep(30 * time.Minute)
		s.running()
		s.quiet("ben", time.Minute) // and takes it back
		s.Recheck("ben")
		s.got(ana, "warning quiet_hours", "connected")
		s.sleep(time.Minute)
		s.ended(proto.ReasonQuietHours)
	})
	play(t, func(t *testing.T, s *script) { // to now
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.quiet("ben", 0)
		s.Recheck("ben")
		s.got(ana, "ended quiet_hours")
	})
}

// TestLargerCallGoesOnWithoutTheChild whose rule it is.
func TestLargerCallGoesOnWithoutTheChild(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.quiet("ana", 10*time.Minute) // the caller
		s.quiet("cat", 30*time.Minute)
		s.talk(ana, ben, cat)
		s.sleep(10 * time.Minute)
		s.got(ana, "warning quiet_hours", "ended quiet_hours")
		s.got(cat, "warning quiet_hours", "ana left quiet_hours", "connected")
		s.running()
		require.Equal(t, time.Now().Add(20*time.Minute).UnixMilli(), s.Views("ben")[0].EndsAt)
		s.sleep(20 * time.Minute) // two are left: it ends
		s.ended(proto.ReasonQuietHours)
	})
	play(t, func(t *testing.T, s *script) { // policy cannot say whose rule it is
		s.quiet("cat", 10*time.Minute)
		s.talk(s.on("ana"), s.on("ben"), s.on("cat"))
		s.policy.set(func(r *rules) { r.down = errors.New("the database is away") })
		s.sleep(10 * time.Minute)
		s.running()
		s.sleep(grace)
		s.ended(proto.ReasonQuietHours)
	})
	play(t, func(t *testing.T, s *script) { // a rule that is about no pair
		s.talk(s.on("ana"), s.on("ben"), s.on("cat"))
		s.d.Policy = wholeNo{s.policy}
		s.Recheck("ana")
		s.ended(proto.ReasonAllowance)
	})
}

// wholeNo refuses larger calls, and nobody in particular.
type wholeNo struct{ *rules }

func (w wholeNo) Meet(ctx context.Context, asker string, ids []string) (proto.CallTerms, error) {
	if len(ids) > 2 {
		return proto.CallTerms{}, &proto.Error{Code: proto.CodeAllowanceUsed, Message: "no"}
	}
	return w.rules.Meet(ctx, asker, ids)
}

// TestChildLeavesByTheirRule: where two people clash by a rule, it is the
// child's.
func TestChildLeavesByTheirRule(t *testing.T) {
	c := &call{people: []*participant{
		{person: proto.Person{ID: "caller", Role: proto.RoleChild}}, {person: proto.Person{ID: "aunt", Role: proto.RoleAdult}}, {person: proto.Person{ID: "mum", Role: proto.RoleParent}},
	}}
	pairs := []conflict{{"caller", "aunt", proto.ReasonAllowance}}
	require.Equal(t, []string{"caller"}, cover(c.leavingOrder(finding{pairs: pairs, rule: true}), pairs))
	require.Equal(t, []string{"aunt"}, cover(c.leavingOrder(finding{pairs: pairs}), pairs))
}

// TestAnswerKeepsTheRulesOfThoseWhoRing: who answers is asked about with
// those who are there, and that lifts no rule of somebody still rung.
func TestAnswerKeepsTheRulesOfThoseWhoRing(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, cat := s.on("ana"), s.on("cat")
		s.noVideo("ben", true)
		s.quiet("ben", 10*time.Minute)
		s.invite(ana, "ben", "cat")
		view := s.accept(cat)
		require.True(t, view.NoVideo)
		require.NotZero(t, view.EndsAt)
		s.decline(s.on("ben")) // and takes it along
		synctest.Wait()
		view = s.Views("cat")[0]
		require.False(t, view.NoVideo)
		require.Zero(t, view.EndsAt)
	})
}
