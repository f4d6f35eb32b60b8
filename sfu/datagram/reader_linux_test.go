package datagram_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/datagram"
)

func TestARunArrivesAsOneTrain(t *testing.T) {
	for _, at := range families(t) {
		from, to := listenAt(t, at, datagram.Config{}), listenAt(t, at, datagram.Config{GRO: true})
		plain := listenAt(t, at, datagram.Config{})
		b := datagram.NewBatch(64)
		dest, other := from.To(to.Addr()), from.To(plain.Addr())
		for i := range 10 {
			b.Add(dest, len(packet(b.Buffer(), uint32(i), 1000-i/9)))
			b.Add(other, len(packet(b.Buffer(), uint32(i), 1000)))
		}
		b.Flush()
		require.EqualValues(t, 2, from.Stats().Runs)
		require.EqualValues(t, 1, from.Stats().SendCalls)
		r := to.NewReader(2)
		ds, err := r.Read(patience)
		require.NoError(t, err)
		if to.Stats().Trains == 0 {
			t.Skip("this kernel does not hand over trains")
		}
		require.Len(t, ds, 10)
		for i, d := range ds {
			require.Equal(t, packet(make([]byte, 1000), uint32(i), 1000-i/9), d.Data)
			require.Equal(t, from.Addr(), d.From)
			require.Equal(t, len(d.Data), cap(d.Data), "growing a packet would overwrite the next")
		}
		require.EqualValues(t, 1, to.Stats().ReadCalls)
		require.EqualValues(t, 10, to.Stats().Received)
		require.EqualValues(t, 9999, to.Stats().ReceivedBytes)
		require.Len(t, read(t, plain.NewReader(4), 10), 10)
	}
}

func TestUnreachableIsCounted(t *testing.T) {
	s := listen(t, datagram.Config{})
	b := datagram.NewBatch(8)
	good := s.To(s.Addr())
	for _, at := range families(t)[1:] { // IPv6 from a socket of IPv4
		b.Add(good, copy(b.Buffer(), "one"))
		b.Add(s.To(at), copy(b.Buffer(), "lost"))
		b.Add(good, copy(b.Buffer(), "two"))
		b.Add(good, copy(b.Buffer(), "three"))
		b.Flush()
		require.EqualValues(t, 1, s.Stats().Unreachable)
		require.Len(t, read(t, s.NewReader(4), 3), 3)
	}
	good.Send(make([]byte, 65508))
	require.EqualValues(t, 1, s.Stats().TooLong)
}

func TestReusePortSpreads(t *testing.T) {
	one := listen(t, datagram.Config{ReusePort: true})
	two := listenAt(t, one.Addr(), datagram.Config{ReusePort: true})
	require.Equal(t, one.Addr(), two.Addr())
	// The kernel chooses by the sender's port: that 64 of them all go to one
	// of two sockets does not happen.
	const senders = 64
	for range senders {
		from := listen(t, datagram.Config{})
		from.To(one.Addr()).Send([]byte("packet"))
	}
	total := 0
	for _, s := range []*datagram.Socket{one, two} {
		ds, err := s.NewReader(senders).Read(patience)
		require.NoError(t, err)
		require.NotEmpty(t, ds)
		total += len(ds)
	}
	require.Equal(t, senders, total)
}

func TestCloseLeavesNoDescriptor(t *testing.T) {
	count := func() int {
		open, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(open)
	}
	use := func() {
		s, err := datagram.Listen(loopback4, datagram.Config{GRO: true})
		require.NoError(t, err)
		s.To(s.Addr()).Send([]byte("packet"))
		for range 3 {
			_, err = s.NewReader(1).Read(0)
			require.NoError(t, err)
		}
		require.NoError(t, s.Close())
	}
	use() // Go's poller has descriptors of its own
	before := count()
	for range 10 {
		use()
	}
	require.Equal(t, before, count())
}
