package calls

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestMuteAndOffer(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
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
	play(t, func(t *testing.T, s *script) {
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
			note(nil, s.Ringing(ctx, eve, ref))
			note(s.Add(ctx, eve, proto.CallAdd{CallID: call, To: []string{"dan"}}))
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
		s.policy.apart = [][2]string{{"ana", "eve"}, {"cat", "ben"}}
		ana := s.on("ana")
		for name, c := range map[string]struct {
			to   []string
			code proto.Code
		}{
			"nobody":            {nil, proto.CodeBadMessage},
			"twice":             {[]string{"ben", "ben"}, proto.CodeBadMessage},
			"oneself":           {[]string{"ana"}, proto.CodeBadMessage},
			"too many":          {[]string{"ben", "cat", "dan"}, proto.CodeCallFull},
			"not allowed":       {[]string{"eve"}, proto.CodeNotApproved},
			"one not allowed":   {[]string{"ben", "eve"}, proto.CodeNotApproved},
			"not every pair":    {[]string{"ben", "cat"}, proto.CodeNotApproved},
			"nor the other way": {[]string{"cat", "ben"}, proto.CodeNotApproved},
		} {
			_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: c.to})
			require.Error(t, err, name)
			s.refused(c.code, err)
		}
		require.Empty(t, s.board.calls)
		s.invite(ana, "ben", "dan")
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.audit())
		_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}})
		s.refused(proto.CodeUnavailable, err)
		s.ended(proto.ReasonShutdown)
	})
}
