package forward_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
)

// What was lost on its way up leaves a hole on every way down; it is closed
// when the packet comes late, and another source begins with none.
func TestHolesAreThoseOfTheUplink(t *testing.T) {
	s := newSource(t, codec.Opus)
	var w recorder
	d := s.downlink(&w, 7)
	s.up.Attach(d, s.now)
	sound := []byte{0x78, 1, 2, 3}
	for range 4 {
		s.send(sound)
	}
	require.Zero(t, d.Stats().Holes)
	missing := s.raw(s.seq+1, sound)
	s.seq += 3 // over the wrap of the sequence numbers
	s.send(sound)
	s.send(sound)
	require.EqualValues(t, 3, d.Stats().Holes)
	s.receive(missing)
	require.EqualValues(t, 2, d.Stats().Holes)

	other := newSource(t, codec.Opus)
	other.ssrc = 0x2222
	other.now = s.now
	other.up.Attach(d, other.now)
	require.Zero(t, d.Stats().Holes)
	other.send(sound)
	other.send(sound)
	require.Zero(t, d.Stats().Holes)
	other.seq++
	other.send(sound)
	require.EqualValues(t, 1, d.Stats().Holes)
}
