package sfu_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu"
)

// Peek shows what Snapshot shows, and takes nothing from it: what has left a slot
// is told to whoever keeps records.
func TestPeekTakesNothing(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, b, "a", sfu.Video)
	stats(s, "b")
	a.close()
	s.Leave("room", "a")
	peeked := 0
	s.Peek(func(p sfu.PeerStats) {
		peeked++
		require.Equal(t, "b", p.Peer)
		require.Len(t, p.Up, 2)
		require.Empty(t, p.Down)
	})
	require.Equal(t, 1, peeked)
	require.Len(t, stats(s, "b").Down, 2, "the last figures of what a sent")
	require.Empty(t, stats(s, "b").Down, "which are told once")
}
