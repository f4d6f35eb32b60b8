package turn

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
)

// bareRelay gives a relay without pion reading it.
func bareRelay(t testing.TB) (*relay, *sfu) {
	t.Helper()
	srv, media, _ := start(t, Config{})
	require.True(t, srv.admit(userTag{1}))
	r := newRelay(srv, srv.onlySocket(), netip.MustParseAddrPort("127.0.0.1:4000"), netip.MustParseAddrPort("127.0.0.1:20000"))
	r.user = userTag{1}
	srv.count.allocations("udp", 1)
	require.NoError(t, media.Attach(r.relayed, r.client, "udp", r.deliver))
	r.sock.remember(r)
	t.Cleanup(func() {
		r.Close()
		_, _, err := r.ReadFrom(make([]byte, 10)) // as pion's reader would
		require.ErrorIs(t, err, net.ErrClosed)
	})
	return r, media
}

func TestDropOldest(t *testing.T) {
	r, media := bareRelay(t)
	const extra = 10
	for i := range queuePackets + extra {
		require.True(t, media.send(fmt.Append(nil, i), media.addrs[0], r.relayed))
	}
	require.Equal(t, uint64(extra), r.srv.Stats().Drops["queue_full"])
	buf := make([]byte, 10)
	for i := extra; i < queuePackets+extra; i++ {
		n, from, err := r.ReadFrom(buf)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), string(buf[:n]), "the newest are kept, in order")
		require.Equal(t, media.addrs[0], addrPortOf(from))
	}
	require.NoError(t, r.SetReadDeadline(time.Now().Add(-time.Second)))
	_, _, err := r.ReadFrom(buf)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestDeliverDoesNotKeepTheBuffer(t *testing.T) {
	r, media := bareRelay(t)
	p := []byte("first")
	r.deliver(p, media.addrs[0])
	copy(p, "xxxxx")
	buf := make([]byte, maxPayload)
	n, _, err := r.ReadFrom(buf)
	require.NoError(t, err)
	require.Equal(t, "first", string(buf[:n]))

	r.deliver(make([]byte, maxPayload+1), media.addrs[0])
	require.Equal(t, uint64(1), r.srv.Stats().Drops["oversize"])
	r.deliver(make([]byte, maxPayload), media.addrs[0])
	n, _, err = r.ReadFrom(buf)
	require.NoError(t, err)
	require.Equal(t, maxPayload, n)
}

func TestReadDeadline(t *testing.T) {
	r, media := bareRelay(t)
	buf := make([]byte, 10)
	read := func() error { _, _, err := r.ReadFrom(buf); return err }

	require.NoError(t, r.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	var timeout net.Error
	err := read()
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
	require.ErrorIs(t, read(), os.ErrDeadlineExceeded, "it stays passed")

	require.NoError(t, r.SetReadDeadline(time.Now().Add(time.Hour)))
	r.deliver([]byte("x"), media.addrs[0])
	require.NoError(t, read(), "a later one makes it readable again")

	result := make(chan error, 1)
	go func() { result <- read() }()
	require.NoError(t, r.SetDeadline(time.Now().Add(-time.Second)))
	require.ErrorIs(t, <-result, os.ErrDeadlineExceeded, "a reader that waits is woken")
	_, err = r.WriteTo(buf, net.UDPAddrFromAddrPort(media.addrs[0]))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	require.NoError(t, r.SetDeadline(time.Time{}))
	go func() { result <- read() }()
	r.deliver([]byte("x"), media.addrs[0])
	require.NoError(t, <-result)
	_, err = r.WriteTo(buf, net.UDPAddrFromAddrPort(media.addrs[0]))
	require.NoError(t, err)
}

func TestCloseWakesReaders(t *testing.T) {
	r, media := bareRelay(t)
	const readers = 3
	results := make(chan error, readers)
	for range readers {
		go func() { _, _, err := r.ReadFrom(make([]byte, 10)); results <- err }()
	}
	require.NoError(t, r.Close())
	for range readers {
		require.ErrorIs(t, <-results, net.ErrClosed)
	}
	require.NoError(t, r.Close())
	_, err := r.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(media.addrs[0]))
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, r.SetDeadline(time.Time{}), net.ErrClosed)
	require.False(t, media.send([]byte("x"), media.addrs[0], r.relayed), "detached")
	r.deliver([]byte("late"), media.addrs[0])
	require.Equal(t, uint64(1), r.srv.Stats().Drops["closed"])
	requireEmpty(t, r.srv)
}

// TestManyReaders: one token in wake may stand for several packets.
func TestManyReaders(t *testing.T) {
	r, media := bareRelay(t)
	var read sync.WaitGroup
	for range 50 {
		read.Go(func() {
			_, _, err := r.ReadFrom(make([]byte, 10))
			require.NoError(t, err)
		})
	}
	for range 50 {
		r.deliver([]byte("x"), media.addrs[0])
	}
	read.Wait()
}

func TestWriteToStrangeAddress(t *testing.T) {
	r, _ := bareRelay(t)
	_, err := r.WriteTo([]byte("x"), &net.UnixAddr{Name: "/x"})
	var bad *net.AddrError
	require.ErrorAs(t, err, &bad)
}

// TestChannelData: both ways, on a channel, without padding over UDP.
func TestChannelData(t *testing.T) {
	srv, media, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	relayed := relayedOf(t, c.allocate())
	ok(t, c.do(stun.MethodChannelBind, peer(sfuAddr), channel(0x4abc)))

	msg := append([]byte{0x4a, 0xbc, 0, 5}, "hello"...)
	_, err := c.conn.Write(msg)
	require.NoError(t, err)
	buf := make([]byte, 2000)
	require.NoError(t, c.conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	n, err := c.conn.Read(buf)
	require.NoError(t, err)
	require.Equal(t, msg, buf[:n])

	for _, bad := range [][]byte{
		{0x4a, 0xbd, 0, 0}, // never bound
		{0x4a, 0xbc, 0, 1}, // shorter than it says
		{0x4a, 0xbc},
		{0x80, 1, 2, 3},
	} {
		_, err = c.conn.Write(bad)
		require.NoError(t, err)
	}
	eventually(t, func() bool {
		d := srv.Stats().Drops
		return d["no_path"] == 1 && d["bad_message"] == 3
	}, "counted by reason")

	// The channel ends with the allocation, and with it what it led to.
	ok(t, c.do(stun.MethodRefresh, lifetime(0)))
	require.False(t, media.send([]byte("x"), media.addrs[0], relayed))
	_, err = c.conn.Write(msg)
	require.NoError(t, err)
	eventually(t, func() bool { return srv.Stats().Drops["no_path"] == 2 }, "dropped")
}

// TestExpiry: an allocation that is not refreshed ends, one that is does not.
func TestExpiry(t *testing.T) {
	srv, media, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	kept := dial(t, srv, user, password)
	ok(t, kept.allocate())
	lost := dial(t, srv, user, password)
	granted := ok(t, lost.allocate(lifetime(2)))
	v, err := granted.Get(stun.AttrLifetime)
	require.NoError(t, err)
	require.Equal(t, uint32(2), binary.BigEndian.Uint32(v))
	ok(t, kept.do(stun.MethodRefresh, lifetime(600)))

	eventually(t, func() bool { return srv.Stats().Allocations == 1 }, "the one that is not refreshed ends")
	require.Len(t, media.protos(), 1)
	require.Equal(t, stun.CodeAllocMismatch, code(lost.do(stun.MethodCreatePermission, peer(sfuAddr))))
	ok(t, kept.do(stun.MethodCreatePermission, peer(sfuAddr)))
	eventually(t, func() bool { return code(lost.allocate()) == 0 }, "the 5-tuple is free again")
}

// TestExpireWaitsForRequest: while a request is handled an allocation does not
// end under it, and a refresh that was handled meanwhile keeps it.
func TestExpireWaitsForRequest(t *testing.T) {
	r, _ := bareRelay(t)
	s := r.sock
	s.handling.Lock()
	s.expireIn(r, 0)
	s.expireIn(r, time.Hour)
	s.handling.Unlock()
	s.expire(r)
	s.handling.Lock() // the first timer may be looking at it too
	require.False(t, r.ending)
	s.handling.Unlock()
	require.False(t, isClosed(r.done))

	s.handling.Lock()
	s.expireIn(r, 0)
	s.handling.Unlock()
	<-r.done
	s.handling.Lock()
	require.True(t, r.ending)
	s.handling.Unlock()
}
