package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/client/impair"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a lab for a test, and skips it where there can be none.
func open(t *testing.T, o Options) *Lab {
	t.Helper()
	l, err := New(context.Background(), o)
	if errors.Is(err, ErrNeedsRoot) {
		if slices.Contains(strings.Split(os.Getenv("KINWIRE_TEST_REQUIRE"), ","), "netlab") {
			t.Fatalf("NOT TESTED: %v, and KINWIRE_TEST_REQUIRE names netlab", err)
		}
		t.Skip("NOT TESTED: " + err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func both(d impair.Direction) impair.Profile { return impair.Profile{Up: d, Down: d} }

func (l *Lab) host(t *testing.T, name string, d impair.Direction) *Host {
	t.Helper()
	h, err := l.Attach(name, both(d))
	require.NoError(t, err)
	return h
}

// echo sends back what comes to a port of the server's side.
func echo(t *testing.T, at net.IP) net.Addr {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: at})
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		b := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = c.WriteTo(b[:n], from)
		}
	})
	t.Cleanup(func() { _ = c.Close(); running.Wait() })
	return c.LocalAddr()
}

// ask sends a packet and waits for its echo.
func ask(t *testing.T, c net.Conn, within time.Duration) (time.Duration, error) {
	t.Helper()
	began := time.Now()
	if _, err := c.Write([]byte("hello")); err != nil {
		return 0, err
	}
	require.NoError(t, c.SetReadDeadline(began.Add(within)))
	_, err := c.Read(make([]byte, 64))
	return time.Since(began), err
}

func dial(t *testing.T, h *Host, to net.Addr) net.Conn {
	t.Helper()
	c, err := h.DialContext(t.Context(), to.Network(), to.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDelayOutageAndAnotherProfile(t *testing.T) {
	l := open(t, Options{})
	h := l.host(t, "leo", impair.Direction{Delay: 30 * time.Millisecond})
	c := dial(t, h, echo(t, l.ServerAddr().AsSlice()))
	for range 5 {
		took, err := ask(t, c, 10*time.Second)
		require.NoError(t, err)
		require.GreaterOrEqual(t, took, 60*time.Millisecond)
	}
	h.Outage(true)
	_, err := ask(t, c, 300*time.Millisecond)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.EqualValues(t, 1, h.Stats().Up.Outage)
	h.Outage(false)
	require.NoError(t, h.Set(both(impair.Direction{Delay: 100 * time.Millisecond})))
	took, err := ask(t, c, 10*time.Second)
	require.NoError(t, err)
	require.GreaterOrEqual(t, took, 200*time.Millisecond)
	require.EqualValues(t, 6, h.Stats().Down.Delivered)

	s := l.Stats()
	require.EqualValues(t, 12, s.Delivered)
	require.LessOrEqual(t, s.LateMean, s.LateMax)
	require.LessOrEqual(t, s.LateP99, s.LateMax)
	var bad *impair.RangeError
	require.ErrorAs(t, h.Set(both(impair.Direction{Loss: 2})), &bad)
	_, err = l.Attach("mia", both(impair.Direction{Loss: 2}))
	require.ErrorAs(t, err, &bad)
}

// TestPacketsComeOutAsTheModelSays sends numbered packets from one host to another
// through all that the model can do, and holds what arrives, and in which order,
// against what the lab says it did.
func TestPacketsComeOutAsTheModelSays(t *testing.T) {
	for name, d := range map[string]impair.Direction{
		"in order": {Loss: 0.1, Delay: 20 * time.Millisecond, Jitter: 10 * time.Millisecond},
		"jumbled":  {Delay: 20 * time.Millisecond, Reorder: 0.1, Duplicate: 0.1},
		"limited":  {RateBPS: 400_000, Queue: 100 * time.Millisecond, Burst: &impair.GilbertElliott{ToBad: 0.1, ToGood: 0.5, LossBad: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, Options{Seed: 3})
			from, err := l.Attach("from", impair.Profile{Up: d})
			require.NoError(t, err)
			to, err := l.Attach("to", impair.Profile{})
			require.NoError(t, err)
			in, err := to.ListenPacket(t.Context(), "udp4", to.Addr().String()+":0")
			require.NoError(t, err)
			defer in.Close()
			out := dial(t, from, in.LocalAddr())
			const n = 1000
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for i := range n {
				b := make([]byte, 100)
				binary.BigEndian.PutUint32(b, uint32(i))
				_, err := out.Write(b)
				require.NoError(t, err)
				<-tick.C
			}
			require.Eventually(t, func() bool { return from.Stats().Up.Packets >= n && l.Stats().Waiting == 0 }, 20*time.Second, time.Millisecond)
			c := from.Stats().Up
			var got []int
			require.NoError(t, in.SetReadDeadline(time.Now().Add(time.Second)))
			for b := make([]byte, 200); len(got) < int(c.Delivered+c.Duplicated); {
				size, _, err := in.ReadFrom(b)
				require.NoError(t, err, "%d of %+v came", len(got), c)
				require.Equal(t, 100, size)
				got = append(got, int(binary.BigEndian.Uint32(b)))
			}
			require.Less(t, c.Delivered, uint64(n)+1)
			require.Equal(t, d.Reorder == 0 && d.Duplicate == 0, slices.IsSorted(got), "%+v", c)
			slices.Sort(got)
			require.Len(t, slices.Compact(got), int(c.Delivered))
			if d.Reorder == 0 {
				require.Less(t, c.Delivered, uint64(n*95/100), "%+v", c)
			}
			if d.RateBPS > 0 {
				require.NotZero(t, c.Dropped)
			}
		})
	}
}

// TestStreamsAreHeldToTheRate: TCP, which sends as much as it can, in packets that
// fit.
func TestStreamsAreHeldToTheRate(t *testing.T) {
	longest := 0
	l := open(t, Options{Watch: func(p Passage) { longest = max(longest, len(p.Packet)) }})
	h := l.host(t, "leo", impair.Direction{RateBPS: 4_000_000})
	srv, err := net.Listen("tcp4", net.JoinHostPort(l.ServerAddr().String(), "0"))
	require.NoError(t, err)
	defer srv.Close()
	const size = 250_000 // 2 Mbit: half a second
	var running sync.WaitGroup
	running.Go(func() {
		c, err := srv.Accept()
		if err == nil {
			_, _ = c.Write(make([]byte, size))
			_ = c.Close()
		}
	})
	began := time.Now()
	c := dial(t, h, srv.Addr())
	n, err := io.Copy(io.Discard, c)
	require.NoError(t, err)
	require.EqualValues(t, size, n)
	require.Greater(t, time.Since(began), 490*time.Millisecond)
	running.Wait()
	require.NoError(t, l.Close())
	require.Equal(t, MTU, longest)
}

func TestMove(t *testing.T) {
	l := open(t, Options{IPv6: true})
	h := l.host(t, "leo", impair.Direction{})
	at4, at6 := echo(t, l.ServerAddr().AsSlice()), echo(t, l.Server().Addrs()[1].AsSlice())
	old := dial(t, h, at4)
	_, err := ask(t, old, 10*time.Second)
	require.NoError(t, err)
	before := h.Addrs()
	for range 2 {
		_, err = h.Move()
		require.NoError(t, err)
	}
	after := h.Addrs()
	require.Len(t, after, 2)
	for i := range after {
		require.NotEqual(t, before[i], after[i])
	}
	require.NotEqual(t, before[0].As4()[2], after[0].As4()[2], "another /24")
	_, err = ask(t, old, 300*time.Millisecond)
	require.Error(t, err, "a socket with the old address")
	for _, at := range []net.Addr{at4, at6} {
		c := dial(t, h, at)
		_, err = ask(t, c, 10*time.Second)
		require.NoError(t, err)
	}
	ifs, err := h.Net().Interfaces()
	require.NoError(t, err)
	var seen []string
	for _, i := range ifs {
		addrs, err := i.Addrs()
		require.NoError(t, err)
		for _, a := range addrs {
			seen = append(seen, a.String())
		}
	}
	require.Contains(t, seen, after[0].String()+"/32")
	require.NotContains(t, seen, before[0].String()+"/32")
	require.Contains(t, seen, "127.0.0.1/8")
	_, err = l.Server().Move()
	require.Error(t, err)
}

// TestOverrun: nobody reads a small socket.
func TestOverrun(t *testing.T) {
	l := open(t, Options{})
	h := l.host(t, "leo", impair.Direction{})
	var in *net.UDPConn
	require.NoError(t, h.Do(func() (err error) { in, err = net.ListenUDP("udp4", &net.UDPAddr{IP: h.Addr().AsSlice()}); return }))
	defer in.Close()
	require.NoError(t, in.SetReadBuffer(4096))
	c, err := net.Dial("udp4", in.LocalAddr().String())
	require.NoError(t, err)
	defer c.Close()
	require.Zero(t, h.Stats().Overrun)
	for range 100 {
		_, err := c.Write(make([]byte, 1000))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return h.Stats().Overrun > 50 }, 10*time.Second, 10*time.Millisecond)
	require.EqualValues(t, 100, h.Stats().Down.Delivered)
}

// benchmarks is where labs have their addresses.
var benchmarks = netip.MustParsePrefix("198.18.0.0/15")

// TestOtherAddressesOfTheMachine: a server need not know of the lab.
func TestOtherAddressesOfTheMachine(t *testing.T) {
	own := func() net.IP {
		all, err := net.InterfaceAddrs()
		require.NoError(t, err)
		for _, a := range all {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() && !benchmarks.Contains(netip.AddrFrom4([4]byte(n.IP.To4()))) {
				return n.IP
			}
		}
		t.Skip("NOT TESTED: this machine has no IPv4 address but loopback")
		return nil
	}() // before there is a lab, which has addresses too
	l := open(t, Options{})
	h := l.host(t, "leo", impair.Direction{Delay: 20 * time.Millisecond})
	took, err := ask(t, dial(t, h, echo(t, own)), 10*time.Second)
	require.NoError(t, err)
	require.GreaterOrEqual(t, took, 40*time.Millisecond)

	// Nobody answers for an address of the lab that no host has, nor for all at once.
	nobody := l.Stats().Nobody
	for _, to := range []string{l.block4().Addr().String(), "224.0.0.251"} {
		c := dial(t, h, &net.UDPAddr{IP: net.ParseIP(to), Port: 5353})
		_, err := c.Write([]byte("who?"))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return l.Stats().Nobody == nobody+2 }, 10*time.Second, time.Millisecond)
}

func TestCommandRunsInside(t *testing.T) {
	l := open(t, Options{})
	h := l.host(t, "leo", impair.Direction{})
	inside, err := h.Command("readlink", "/proc/self/ns/net").Output()
	require.NoError(t, err)
	var here, there string
	here, err = os.Readlink("/proc/self/ns/net")
	require.NoError(t, err)
	require.NoError(t, h.Do(func() (err error) { there, err = os.Readlink("/proc/thread-self/ns/net"); return }))
	require.Equal(t, there, strings.TrimSpace(string(inside)))
	require.NotEqual(t, here, there)
	at, err := l.Server().Command("readlink", "/proc/self/ns/net").Output()
	require.NoError(t, err)
	require.Equal(t, here, strings.TrimSpace(string(at)))
	require.ErrorIs(t, h.Do(func() error { return io.EOF }), io.EOF)
}
