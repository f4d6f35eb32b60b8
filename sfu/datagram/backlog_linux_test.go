package datagram

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// full is a kernel's answer while its buffer is.
func full(int) int { return 0 }

// numbers are packets from first up to, but not including, end.
func numbers(first, end int) (packets []string) {
	for i := first; i < end; i++ {
		packets = append(packets, numbered(i, 20))
	}
	return packets
}

func TestBacklogLeavesFirst(t *testing.T) {
	s, k := faked(t)
	d, b := to(s, 1), NewBatch(64)
	k.answer = full
	add(b, d, numbers(0, 10)...)
	b.Flush()
	d.Send([]byte(numbered(10, 20)))
	require.EqualValues(t, 11, s.Stats().Delayed)
	require.Empty(t, k.packets())
	k.set(func() { k.answer = nil })
	add(b, d, numbers(11, 14)...)
	b.Flush()
	require.Equal(t, numbers(0, 14), k.packets()[1])
	stats := s.Stats()
	require.EqualValues(t, 14, stats.Sent)
	require.EqualValues(t, 11, stats.Delayed)
	require.Zero(t, stats.Full)
	require.Nil(t, s.backlog.drainer)
	s.backlog.done.Wait() // the goroutine has nothing more to do
}

func TestBacklogLeavesByItself(t *testing.T) {
	s, k := faked(t)
	refused := 3 // more often than the goroutine is woken at its start
	k.answer = func(n int) int {
		if refused--; refused >= 0 {
			return 0
		}
		return min(n, 100)
	}
	b := NewBatch(300)
	add(b, to(s, 1), numbers(0, 300)...)
	b.Flush()
	s.backlog.done.Wait()
	require.Equal(t, numbers(0, 300), k.packets()[1])
	require.Zero(t, s.backlog.packets.Load())

	refused = 1
	add(b, to(s, 1), numbers(300, 310)...)
	b.Flush()
	s.backlog.done.Wait()
	require.Equal(t, numbers(0, 310), k.packets()[1])
}

func TestBacklogDropsTheOldest(t *testing.T) {
	s, k := faked(t)
	k.answer = full
	d, b := to(s, 1), NewBatch(64)
	for i := range backlogPackets + 70 {
		add(b, d, numbered(i, 20))
	}
	b.Flush()
	require.EqualValues(t, 70, s.Stats().Full)
	d.Send(make([]byte, BufferSize+1)) // does not fit
	require.EqualValues(t, 71, s.Stats().Full)
	k.set(func() { k.answer = nil })
	d.Send([]byte(numbered(backlogPackets+70, 20)))
	require.Equal(t, numbers(70, backlogPackets+71), k.packets()[1])
}

func TestBacklogTakesTheRestOfARun(t *testing.T) {
	s, k := faked(t)
	singles := 0
	k.errno = func(m sent) unix.Errno {
		if m.segment > 0 {
			return unix.EIO
		}
		if singles++; singles > 2 {
			return unix.EAGAIN
		}
		return 0
	}
	b := NewBatch(64)
	add(b, to(s, 1), numbers(0, 5)...)
	add(b, to(s, 2), numbers(5, 8)...)
	b.Flush()
	require.Equal(t, numbers(0, 2), k.packets()[1])
	require.EqualValues(t, 6, s.Stats().Delayed)
	k.set(func() { k.errno = nil })
	to(s, 3).Send([]byte("after them"))
	require.Equal(t, numbers(0, 5), k.packets()[1])
	require.Equal(t, numbers(5, 8), k.packets()[2])
}

func TestBacklogGoesOnAfterABadPacket(t *testing.T) {
	s, k := faked(t)
	k.answer = full
	b := NewBatch(64)
	for i := range 20 {
		add(b, to(s, uint16(i%2)), numbered(i, 20))
	}
	b.Flush()
	k.set(func() {
		k.answer = nil
		k.errno = func(m sent) unix.Errno {
			if m.to.Port() == 1 {
				return unix.EPERM
			}
			return 0
		}
	})
	s.backlog.done.Wait()
	require.Len(t, k.packets()[0], 10)
	require.EqualValues(t, 10, s.Stats().Unreachable)
}

func TestCloseDropsTheBacklog(t *testing.T) {
	s, k := faked(t)
	k.answer = full
	d, b := to(s, 1), NewBatch(64)
	add(b, d, numbers(0, 10)...)
	b.Flush()
	require.NoError(t, s.Close())
	require.EqualValues(t, 10, s.Stats().Closed)
	d.Send([]byte("late"))
	require.EqualValues(t, 11, s.Stats().Closed)
	require.Empty(t, k.packets())
	require.Equal(t, int64(closing), s.handle.state.Load(), "somebody still uses the descriptor")
}

// TestWaiterSeesRoom has the goroutine of a backlog wait for the kernel's word
// rather than for its own timer.
func TestWaiterSeesRoom(t *testing.T) {
	s, _ := faked(t)
	w, err := newWaiter(s.handle.fd, unix.EPOLLOUT)
	require.NoError(t, err)
	defer w.close()
	calls := 0
	w.arm(time.Hour)
	require.NoError(t, w.wait(func(uintptr) bool {
		calls++
		if calls == 1 { // a packet that leaves makes room
			require.NoError(t, unix.Sendto(s.handle.fd, []byte("packet"), 0, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: int(s.Addr().Port())}))
		}
		return calls > 1
	}))
	require.False(t, w.expired())
}
