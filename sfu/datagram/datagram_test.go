package datagram_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"kinwire/sfu/datagram"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

var loopback4 = netip.MustParseAddrPort("127.0.0.1:0")

// listen opens a socket with large buffers, so that loopback drops nothing.
func listen(t testing.TB, cfg datagram.Config) *datagram.Socket {
	t.Helper()
	return listenAt(t, loopback4, cfg)
}

func listenAt(t testing.TB, addr netip.AddrPort, cfg datagram.Config) *datagram.Socket {
	t.Helper()
	cfg.ReadBuffer, cfg.WriteBuffer = 4<<20, 4<<20
	s, err := datagram.Listen(addr, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// read copies packets from r until there are n.
func read(t require.TestingT, r *datagram.Reader, n int) (packets [][]byte) {
	for len(packets) < n {
		got, err := r.Read(patience)
		require.NoError(t, err)
		require.NotEmpty(t, got, "%d of %d packets came", len(packets), n)
		for _, d := range got {
			packets = append(packets, append([]byte(nil), d.Data...))
		}
	}
	require.Len(t, packets, n)
	return packets
}

// packet writes packet number seq of size bytes into p.
func packet(p []byte, seq uint32, size int) []byte {
	p = p[:size]
	for i := range p {
		p[i] = byte(int(seq)*31 + i)
	}
	if size >= 4 {
		binary.BigEndian.PutUint32(p, seq)
	}
	return p
}

// families are the addresses of loopback that this machine has.
func families(t *testing.T) []netip.AddrPort {
	t.Helper()
	out := []netip.AddrPort{loopback4}
	six := netip.MustParseAddrPort("[::1]:0")
	s, err := datagram.Listen(six, datagram.Config{})
	if err != nil {
		t.Logf("no IPv6 here: %v", err)
		return out
	}
	require.NoError(t, s.Close())
	return append(out, six)
}

func TestPacketsArriveWithTheirSender(t *testing.T) {
	for _, at := range families(t) {
		t.Run(at.Addr().String(), func(t *testing.T) {
			from, to := listenAt(t, at, datagram.Config{}), listenAt(t, at, datagram.Config{})
			require.NotZero(t, from.Addr().Port())
			require.Equal(t, at.Addr(), from.Addr().Addr())
			dest := from.To(to.Addr())
			require.Equal(t, to.Addr(), dest.Addr())
			dest.Send([]byte("one"))
			b := datagram.NewBatch(4)
			b.Add(dest, copy(b.Buffer(), "two"))
			require.Equal(t, 1, b.Len())
			b.Flush()
			require.Zero(t, b.Len())
			r := to.NewReader(8)
			var got []string
			for len(got) < 2 {
				ds, err := r.Read(patience)
				require.NoError(t, err)
				require.NotEmpty(t, ds)
				for _, d := range ds {
					require.Equal(t, from.Addr(), d.From)
					got = append(got, string(d.Data))
				}
			}
			require.Equal(t, []string{"one", "two"}, got)
			require.EqualValues(t, 2, from.Stats().Sent)
			require.EqualValues(t, 2, to.Stats().Received)
			require.EqualValues(t, 6, to.Stats().ReceivedBytes)
		})
	}
}

func TestMappedAddressesAreUnmapped(t *testing.T) {
	s := listenAt(t, netip.MustParseAddrPort("[::ffff:127.0.0.1]:0"), datagram.Config{})
	require.True(t, s.Addr().Addr().Is4())
	d := s.To(netip.AddrPortFrom(netip.AddrFrom16(s.Addr().Addr().As16()), s.Addr().Port()))
	require.Equal(t, s.Addr(), d.Addr())
	d.Send([]byte("to itself"))
	require.Equal(t, [][]byte{[]byte("to itself")}, read(t, s.NewReader(1), 1))
}

func TestListenRefuses(t *testing.T) {
	_, err := datagram.Listen(netip.AddrPort{}, datagram.Config{})
	require.ErrorIs(t, err, datagram.ErrAddress)
	taken := listen(t, datagram.Config{})
	_, err = datagram.Listen(taken.Addr(), datagram.Config{})
	require.ErrorContains(t, err, taken.Addr().String())
}

func TestDirectGetsPacketsAtOnce(t *testing.T) {
	var got []string
	d := datagram.Direct(func(p []byte) { got = append(got, string(p)) })
	require.False(t, d.Addr().IsValid())
	b := datagram.NewBatch(1)
	for _, p := range []string{"a", "b", "c"} {
		b.Add(d, copy(b.Buffer(), p))
		require.Zero(t, b.Len())
	}
	d.Send([]byte("d"))
	d.Send(nil)
	b.Add(d, 0)
	require.Equal(t, []string{"a", "b", "c", "d"}, got)
}

func TestAFullBatchFlushes(t *testing.T) {
	from, to := listen(t, datagram.Config{}), listen(t, datagram.Config{})
	dest, b := from.To(to.Addr()), datagram.NewBatch(3)
	for i := range 7 {
		p := b.Buffer()
		require.Len(t, p, datagram.BufferSize)
		require.Equal(t, datagram.BufferSize, cap(p))
		b.Add(dest, len(packet(p, uint32(i), 100)))
	}
	require.Equal(t, 1, b.Len())
	require.EqualValues(t, 6, from.Stats().Sent)
	b.Flush()
	for i, p := range read(t, to.NewReader(8), 7) {
		require.Equal(t, packet(make([]byte, 100), uint32(i), 100), p)
	}
}

// TestBatchIsAsManySends compares a Batch, over whatever sockets and readers,
// with sending each packet by itself: each receiver gets the same in the same
// order.
func TestBatchIsAsManySends(t *testing.T) {
	senders := []*datagram.Socket{listen(t, datagram.Config{}), listen(t, datagram.Config{})}
	var readers []*datagram.Reader
	var dests []*datagram.Dest // two for each receiver, from either sender
	for i := range 6 {
		s := listen(t, datagram.Config{GRO: i%2 == 0})
		readers = append(readers, s.NewReader(1+3*i))
		dests = append(dests, senders[0].To(s.Addr()), senders[1].To(s.Addr()))
	}
	seq := uint32(0)
	rapid.Check(t, func(t *rapid.T) {
		b := datagram.NewBatch(rapid.IntRange(1, 80).Draw(t, "batch"))
		sizes := rapid.SampledFrom([][]int{{1200}, {1200, 1200, 1200, 300}, {1, 4, 100, 1500}}).Draw(t, "sizes")
		want := make(map[int][][]byte) // by place in dests
		for range rapid.IntRange(0, 150).Draw(t, "packets") {
			to := rapid.IntRange(0, len(dests)-1).Draw(t, "to")
			if rapid.IntRange(0, 3).Draw(t, "any size") == 0 {
				sizes = append(sizes, rapid.IntRange(1, datagram.MaxPacket).Draw(t, "size"))
			}
			p := packet(b.Buffer(), seq, sizes[seq%uint32(len(sizes))])
			want[to] = append(want[to], append([]byte(nil), p...))
			b.Add(dests[to], len(p))
			seq++
			if rapid.IntRange(0, 30).Draw(t, "flush") == 0 {
				b.Flush()
			}
		}
		b.Flush()
		for i, r := range readers {
			one, two := want[2*i], want[2*i+1]
			for len(one)+len(two) > 0 {
				ds, err := r.Read(patience)
				require.NoError(t, err)
				require.NotEmpty(t, ds)
				for _, d := range ds {
					queue := &one
					if d.From == senders[1].Addr() {
						queue = &two
					}
					require.NotEmpty(t, *queue, "a packet too many")
					require.Equal(t, (*queue)[0], d.Data)
					*queue = (*queue)[1:]
				}
			}
		}
	})
	for _, r := range readers { // and nothing more came
		ds, err := r.Read(0)
		require.NoError(t, err)
		require.Empty(t, ds)
	}
}

func TestTooLargeIsDropped(t *testing.T) {
	for _, gro := range []bool{false, true} {
		t.Run(fmt.Sprintf("GRO %v", gro), func(t *testing.T) {
			from, to := listen(t, datagram.Config{}), listen(t, datagram.Config{GRO: gro})
			d := from.To(to.Addr())
			d.Send(make([]byte, datagram.MaxPacket+1))
			d.Send(make([]byte, datagram.MaxPacket))
			d.Send([]byte("good"))
			got := read(t, to.NewReader(4), 2)
			require.Len(t, got[0], datagram.MaxPacket)
			require.EqualValues(t, 1, to.Stats().Truncated)
			require.EqualValues(t, 2, to.Stats().Received)
		})
	}
}

func TestReadEndsWithItsWait(t *testing.T) {
	r := listen(t, datagram.Config{}).NewReader(4)
	for _, wait := range []time.Duration{0, 300 * time.Microsecond, 3 * time.Millisecond, 30 * time.Millisecond} {
		start := time.Now()
		got, err := r.Read(wait)
		took := time.Since(start)
		require.NoError(t, err)
		require.Empty(t, got)
		require.GreaterOrEqual(t, took, wait)
		require.Less(t, took, wait+2*time.Second)
	}
}

// TestReadForgetsOldWaits checks that a timer left over from a Read that got
// packets ends no later Read.
func TestReadForgetsOldWaits(t *testing.T) {
	s := listen(t, datagram.Config{})
	r, self := s.NewReader(4), s.To(s.Addr())
	got := make(chan int, 1)
	self.Send([]byte("first"))
	_, err := r.Read(time.Millisecond)
	require.NoError(t, err)
	go func() {
		ds, err := r.Read(time.Millisecond) // arms the timer, and perhaps lets it run out
		if err == nil && len(ds) == 0 {
			ds, err = r.Read(-1)
		}
		if err != nil {
			ds = nil
		}
		got <- len(ds)
	}()
	select {
	case <-got:
		require.Fail(t, "a Read without end ended")
	case <-time.After(50 * time.Millisecond): // nothing is to happen
	}
	self.Send([]byte("second"))
	require.Equal(t, 1, <-got)
	start := time.Now()
	_, err = r.Read(20 * time.Millisecond)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
}

func TestCloseEndsRead(t *testing.T) {
	for _, wait := range []time.Duration{-1, time.Hour} {
		s, err := datagram.Listen(loopback4, datagram.Config{})
		require.NoError(t, err)
		r, entered, ended := s.NewReader(4), s.To(s.Addr()), make(chan error, 1)
		entered.Send([]byte("start"))
		started := make(chan struct{})
		go func() {
			for {
				ds, err := r.Read(wait)
				if err != nil {
					ended <- err
					return
				}
				if len(ds) == 1 {
					close(started)
				}
			}
		}()
		<-started
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-ended, net.ErrClosed)
		require.NoError(t, s.Close())
		_, err = r.Read(0)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = s.NewReader(1).Read(-1)
		require.ErrorIs(t, err, net.ErrClosed)
		entered.Send([]byte("late"))
		require.EqualValues(t, 1, s.Stats().Closed)
	}
}

func TestAnyGoroutineSends(t *testing.T) {
	from, to := listen(t, datagram.Config{}), listen(t, datagram.Config{})
	dest, r := from.To(to.Addr()), to.NewReader(32)
	const goroutines, each = 4, 100
	for g := range goroutines {
		go func() {
			b := datagram.NewBatch(8)
			for i := range each {
				if i%2 == 0 {
					dest.Send(packet(make([]byte, 8), uint32(g<<16|i), 8))
					continue
				}
				b.Add(dest, len(packet(b.Buffer(), uint32(g<<16|i), 8)))
				b.Flush()
			}
		}()
	}
	next := make([]uint32, goroutines)
	for _, p := range read(t, r, goroutines*each) {
		n := binary.BigEndian.Uint32(p)
		require.Equal(t, next[n>>16], n&0xffff)
		next[n>>16]++
	}
}
