package calls

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestTune(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		entered, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}, Video: true})
		require.NoError(t, err)
		s.call = entered.Call.CallID
		cfg := testConfig
		cfg.RingTimeout, cfg.MaxParticipants, cfg.NoVideo = 5*time.Second, 2, true
		s.Tune(cfg)

		// The call that rings keeps what it began with; how many may be in one acts
		// at once.
		time.Sleep(20 * time.Second)
		require.Equal(t, proto.PhaseRinging, s.Views("ana")[0].Phase)
		s.accept(ben)
		require.False(t, s.Views("ana")[0].NoVideo)
		_, err = s.Add(t.Context(), ana, proto.CallAdd{CallID: s.call, To: []string{"cem"}})
		s.refused(proto.CodeCallFull, err)
		s.Recheck("ana") // new terms from policy take nothing away
		require.False(t, s.Views("ana")[0].NoVideo)
		_, err = s.Hangup(t.Context(), ana, proto.CallRef{CallID: s.call})
		require.NoError(t, err)

		entered, err = s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}, Video: true})
		require.NoError(t, err)
		s.call = entered.Call.CallID
		require.True(t, entered.Call.NoVideo)
		require.False(t, entered.Call.Video)
		s.accept(ben)
		_, err = s.Join(t.Context(), ana, proto.CallJoin{CallID: s.call, Sources: []proto.Source{{Kind: proto.SourceVideo, MID: "1"}}})
		s.refused(proto.CodeNotAllowed, err)
		s.Recheck("ana") // nor does policy, which knows nothing of it, give pictures back
		require.True(t, s.Views("ana")[0].NoVideo)
		s.Tune(testConfig)
		require.True(t, s.Views("ana")[0].NoVideo, "it stays by voice to its end")
		_, err = s.Hangup(t.Context(), ana, proto.CallRef{CallID: s.call})
		require.NoError(t, err)

		s.Tune(cfg)
		entered, err = s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"ben"}})
		require.NoError(t, err)
		time.Sleep(6 * time.Second)
		require.NotEqual(t, proto.PhaseRinging, phaseOf(s, entered.Call.CallID), "five seconds now")
	})
}

func phaseOf(s *script, callID string) proto.Phase {
	for _, v := range s.Views("ana") {
		if v.CallID == callID {
			return v.Phase
		}
	}
	return proto.PhaseEnded
}
