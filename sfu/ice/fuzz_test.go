package ice_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

// FuzzCheck gives an agent in the middle of a call whatever bytes make. What
// it accepts must hold what a good check needs.
func FuzzCheck(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a := newAgent()
		good(t, a, udp(0), at(0), nominate())
		before, packet := look(a, at(second)), bytes.Clone(b)
		r, err := a.Check(b, udp(1), at(second))
		require.Equal(t, packet, b)
		if !r.Valid {
			require.Equal(t, before, look(a, at(second)))
			require.False(t, r.Selected)
			require.LessOrEqual(t, len(r.Response), len(b)+responseGrowth(err))
			return
		}
		require.NoError(t, err)
		local, remote, ok := ice.Username(b)
		require.True(t, ok)
		require.Equal(t, ours.Ufrag, string(local))
		require.Equal(t, theirs.Ufrag, string(remote))
		request, response := decode(t, b), decode(t, r.Response)
		require.NoError(t, stun.NewShortTermIntegrity(ours.Pwd).Check(request))
		require.Equal(t, stun.BindingSuccess, response.Type)
		require.Equal(t, request.TransactionID, response.TransactionID)
		require.Equal(t, r.Selected, selected(t, a) == udp(1))
	})
}

// responseGrowth is by how much an error may be larger than its request: not
// at all, unless the request was the peer's.
func responseGrowth(err error) int {
	if errors.Is(err, ice.ErrRole) || errors.Is(err, ice.ErrUnknown) {
		return 64
	}
	return 0
}
