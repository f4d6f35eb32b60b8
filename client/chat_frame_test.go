package client

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFrame(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 16383, 16384, 70000} {
		f := Frame("g_abc:1", 7, make([]byte, n))
		group, epoch, payload, err := Unframe(f)
		require.NoError(t, err, n)
		require.Equal(t, "g_abc:1", group)
		require.EqualValues(t, 7, epoch)
		require.Len(t, payload, n)
	}
	// By hand, after RFC 9420, sections 6 and 6.3.
	want := []byte{0, 1, 0, 2, 1, 'g'}
	want = binary.BigEndian.AppendUint64(want, 258)
	want = append(want, 1, 0, 32)
	want = append(append(want, make([]byte, 32)...), 2, 'h', 'i')
	require.Equal(t, want, Frame("g", 258, []byte("hi")))
}

func FuzzUnframe(f *testing.F) {
	f.Add(Frame("g:1", 3, []byte("x")))
	f.Add(Frame("g:1", 3, make([]byte, 100))[:40])
	f.Add([]byte{0, 1, 0, 2, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		group, epoch, payload, err := Unframe(b)
		if err != nil {
			return
		}
		g2, e2, p2, err := Unframe(Frame(group, epoch, payload))
		require.NoError(t, err)
		require.Equal(t, group, g2)
		require.Equal(t, epoch, e2)
		require.Equal(t, payload, p2)
	})
}
