package datagram

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestHandleOutlivesItsUsers: a number that is closed under a user may be
// another file's by then.
func TestHandleOutlivesItsUsers(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	h := &handle{fd: fd}
	open := func() bool { _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); return err == nil }
	require.True(t, h.acquire())
	require.True(t, h.acquire())
	require.True(t, h.shut())
	require.False(t, h.shut())
	require.False(t, h.acquire())
	h.release()
	require.True(t, open())
	h.release()
	require.False(t, open())
}

func TestTableForgetsAfterItsStampsComeRound(t *testing.T) {
	s, k := faked(t)
	b, d := NewBatch(4), to(s, 1)
	add(b, d, "stamped 1")
	b.Flush()
	b.table.generation = math.MaxUint32
	add(b, to(s, 2), "the last stamp")
	b.Flush()
	add(b, d, "stamped 1 again")
	require.Len(t, b.groups, 1)
	b.Flush()
	require.Equal(t, []string{"stamped 1", "stamped 1 again"}, k.packets()[1])
}
