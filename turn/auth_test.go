package turn

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
)

func TestWrongCredentials(t *testing.T) {
	srv, media, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	foreignUser, foreignPassword, _ := NewCredentials([]byte("another secret"), time.Hour, nil).Issue("mia", "call-1")

	for _, tt := range []struct {
		name, user, password, realm, counted string
	}{
		{"wrong password", user, password + "x", DefaultRealm, "forged"},
		{"other secret", foreignUser, foreignPassword, DefaultRealm, "forged"},
		{"later expiry", "9" + user, password, DefaultRealm, "forged"},
		{"plain name", "mia", password, DefaultRealm, "malformed"},
		{"other realm", user, password, "elsewhere", "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := srv.Stats().AuthFailures[tt.counted]
			c := dial(t, srv, tt.user, tt.password)
			c.realm = tt.realm
			res := c.allocate()
			require.Equal(t, stun.CodeUnauthorized, code(res))
			require.True(t, res.Contains(stun.AttrNonce) && res.Contains(stun.AttrRealm))
			require.Equal(t, before+1, srv.Stats().AuthFailures[tt.counted])
		})
	}
	require.Empty(t, media.protos())
	require.Zero(t, srv.Stats().AllocationsTotal)
}

// TestExpiredCredentials: an expired credential makes nothing new, but the call
// that it began goes on.
func TestExpiredCredentials(t *testing.T) {
	var clock atomic.Int64
	clock.Store(1_800_000_000)
	creds := NewCredentials(testSecret, time.Minute, func() time.Time { return time.Unix(clock.Load(), 0) })
	srv, err := New(Config{UDP: []string{"127.0.0.1:0"}}, Deps{
		Credentials: creds, SFU: newSFU(t, sfuAddr), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	require.NoError(t, err)
	defer srv.Close()

	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	ok(t, c.allocate())
	clock.Add(60)
	require.Equal(t, stun.CodeUnauthorized, code(dial(t, srv, user, password).allocate()))
	require.Equal(t, uint64(1), srv.Stats().AuthFailures["expired"])

	ok(t, c.do(stun.MethodRefresh))
	ok(t, c.do(stun.MethodCreatePermission, peer(sfuAddr)))
	ok(t, c.do(stun.MethodRefresh, lifetime(0)))
	require.Equal(t, stun.CodeUnauthorized, code(c.allocate()), "once ended it is over")
}

// TestSecondUserOnSameFiveTuple: pion looks allocations up by 5-tuple, so without
// the binding a second rightful user could use, and end, the first one's.
func TestSecondUserOnSameFiveTuple(t *testing.T) {
	srv, media, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	first := dial(t, srv, user, password)
	relayed := relayedOf(t, first.allocate())

	user, password, _ = creds.Issue("leo", "call-1")
	second := first.share(user, password)
	require.Equal(t, stun.CodeWrongCredentials, code(second.do(stun.MethodRefresh)))
	require.Equal(t, stun.CodeWrongCredentials, code(second.do(stun.MethodRefresh, lifetime(0))))
	require.Equal(t, stun.CodeWrongCredentials, code(second.do(stun.MethodCreatePermission, peer(sfuAddr))))
	require.Equal(t, stun.CodeWrongCredentials, code(second.do(stun.MethodChannelBind, peer(sfuAddr), channel(0x4000))))
	require.Equal(t, stun.CodeAllocMismatch, code(second.allocate()))
	require.Equal(t, uint64(5), srv.Stats().AuthFailures["wrong_user"])

	// A Send indication bears no name (RFC 8656 section 11.1): what protects is
	// that the second user has got no permission, and no channel.
	second.send("from leo", peer(sfuAddr))
	_, err := second.conn.Write([]byte{0x40, 0, 0, 4, 'l', 'e', 'o', '!'})
	require.NoError(t, err)
	eventually(t, func() bool { return srv.Stats().Drops["no_path"] == 2 }, "both are dropped")
	require.Zero(t, srv.Stats().ToSFU)

	// Nor can another call of the same user take it over.
	user, password, _ = creds.Issue("mia", "call-2")
	require.Equal(t, stun.CodeWrongCredentials, code(first.share(user, password).do(stun.MethodRefresh)))

	// The first has noticed nothing.
	ok(t, first.do(stun.MethodRefresh))
	ok(t, first.do(stun.MethodChannelBind, peer(sfuAddr), channel(0x4001)))
	require.Equal(t, []string{"udp"}, media.protos())

	// The binding ends with the allocation, and the 5-tuple is free.
	ok(t, first.do(stun.MethodRefresh, lifetime(0)))
	requireEmpty(t, srv)
	require.NotEqual(t, relayed, relayedOf(t, second.allocate()))
	require.Equal(t, stun.CodeWrongCredentials, code(first.do(stun.MethodRefresh)))
}

// TestReallocateAtOnce: the end of an allocation does not take along the next one
// on the same 5-tuple.
func TestReallocateAtOnce(t *testing.T) {
	srv, _, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	for range 300 {
		ok(t, c.allocate())
		ok(t, c.do(stun.MethodRefresh, lifetime(0)))
	}
	ok(t, c.allocate())
	ok(t, c.do(stun.MethodCreatePermission, peer(sfuAddr)))
	require.Equal(t, 1, srv.Stats().Allocations)
}

func TestWithoutAllocation(t *testing.T) {
	srv, _, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	require.Equal(t, stun.CodeAllocMismatch, code(c.do(stun.MethodRefresh)))
	require.Equal(t, stun.CodeAllocMismatch, code(c.do(stun.MethodCreatePermission, peer(sfuAddr))))
	require.Equal(t, stun.CodeAllocMismatch, code(c.do(stun.MethodChannelBind, peer(sfuAddr), channel(0x4000))))
	c.send("to nobody", peer(sfuAddr))
	eventually(t, func() bool { return srv.Stats().Drops["no_path"] == 1 }, "dropped")
	require.Equal(t, uint64(3), srv.Stats().Refusals["no_allocation"])
}

func TestQuotas(t *testing.T) {
	srv, _, creds := start(t, Config{MaxAllocations: 3, MaxAllocationsPerUser: 2})
	try := func(user, call string) (*raw, stun.ErrorCode) {
		name, password, _ := creds.Issue(user, call)
		c := dial(t, srv, name, password)
		return c, code(c.allocate())
	}
	first, got := try("mia", "call-1")
	require.Zero(t, got)
	_, got = try("mia", "call-2")
	require.Zero(t, got)
	_, got = try("mia", "call-3")
	require.Equal(t, stun.CodeAllocQuotaReached, got, "a user's quota is over all calls")
	_, got = try("leo", "call-1")
	require.Zero(t, got)
	_, got = try("tomek", "call-1")
	require.Equal(t, stun.CodeAllocQuotaReached, got, "all are used up")
	require.Equal(t, uint64(2), srv.Stats().Refusals["quota"])

	ok(t, first.do(stun.MethodRefresh, lifetime(0)))
	_, got = try("tomek", "call-1")
	require.Zero(t, got)
	require.Equal(t, 3, srv.Stats().Allocations)
}

func TestSFURefusesToAttach(t *testing.T) {
	srv, media, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	media.refuse.Store(true)
	require.Equal(t, stun.CodeInsufficientCapacity, code(c.allocate()))
	requireEmpty(t, srv)
	media.refuse.Store(false)
	ok(t, c.allocate())
}

func TestDeniedPeers(t *testing.T) {
	srv, _, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	ok(t, c.allocate())
	for _, p := range []string{"127.0.0.2:7", "10.0.0.1:80", "169.254.169.254:80", "8.8.8.8:53", "192.168.0.1:7"} {
		require.Equal(t, stun.CodeForbidden, code(c.do(stun.MethodCreatePermission, peer(p))), p)
		require.Equal(t, stun.CodeForbidden, code(c.do(stun.MethodChannelBind, peer(p), channel(0x4000))), p)
	}
	require.Equal(t, stun.CodeForbidden,
		code(c.do(stun.MethodCreatePermission, peer(sfuAddr), peer("8.8.8.8:53"))), "all or none")
	require.Equal(t, stun.CodeForbidden,
		code(c.do(stun.MethodChannelBind, peer("127.0.0.1:8"), channel(0x4000))), "a channel is to a port")

	// A permission is to all ports of an address; packets still go to the SFU's only.
	ok(t, c.do(stun.MethodCreatePermission, peer(sfuAddr)))
	ok(t, c.do(stun.MethodCreatePermission, peer("127.0.0.1:0")))
	listener, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	c.send("to a port nobody opened", peer(listener.LocalAddr().String()))
	eventually(t, func() bool { return srv.Stats().Drops["peer_denied"] == 1 }, "counted")
	require.Zero(t, srv.Stats().ToSFU)
	c.send("to the SFU", peer(sfuAddr))
	eventually(t, func() bool { return srv.Stats().FromSFU == Flow{1, 10} }, "the echo")
}

// TestAllowedPeers reaches a real socket, and is answered, and by nobody else.
func TestAllowedPeers(t *testing.T) {
	srv, media, creds := start(t, Config{AllowedPeers: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	relayed := relayedOf(t, c.allocate())

	allowed, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	require.NoError(t, err)
	defer allowed.Close()
	to := peer(allowed.LocalAddr().String())
	r := srv.onlySocket().relayOf(addrPortOf(c.conn.LocalAddr()))
	r.mu.Lock()
	require.Nil(t, r.outside, "opened only when needed")
	r.mu.Unlock()

	ok(t, c.do(stun.MethodCreatePermission, to))
	c.send("hello", to)
	buf := make([]byte, 100)
	require.NoError(t, allowed.SetReadDeadline(time.Now().Add(20*time.Second)))
	n, from, err := allowed.ReadFromUDPAddrPort(buf)
	require.NoError(t, err)
	require.Equal(t, "hello", string(buf[:n]))
	require.NotEqual(t, relayed.Port(), from.Port(), "a real port, not a pseudo port")

	// Someone else finds the socket and gets nothing through it.
	stranger, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 3)})
	require.NoError(t, err)
	defer stranger.Close()
	real := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), from.Port())
	_, err = stranger.WriteToUDPAddrPort([]byte("let me in"), real)
	require.NoError(t, err)
	eventually(t, func() bool { return srv.Stats().Drops["peer_source"] == 1 }, "counted")

	_, err = allowed.WriteToUDPAddrPort([]byte("hello back"), from)
	require.NoError(t, err)
	data := c.read(func(m *stun.Message) bool { return m.Type.Method == stun.MethodData }, 20*time.Second)
	require.NotNil(t, data)
	v, err := data.Get(stun.AttrData)
	require.NoError(t, err)
	require.Equal(t, "hello back", string(v))
	eventually(t, func() bool { return srv.Stats().FromPeers == Flow{1, 10} }, "counted")
	eventually(t, func() bool { return srv.Stats().ToPeers == Flow{1, 5} }, "counted")
	require.Equal(t, stun.CodeForbidden, code(c.do(stun.MethodCreatePermission, peer("127.0.0.3:9"))))
	require.Len(t, media.protos(), 1)
}

func (srv *Server) onlySocket() (s *socket) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	for s = range srv.sockets {
	}
	return s
}

func TestAllowedPeersAreNotTheNeighbours(t *testing.T) {
	everything := newAllowedPeers([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")})
	for ip, want := range map[string]bool{
		"8.8.8.8": true, "2a00::1": true,
		"127.0.0.1": false, "10.1.2.3": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fd00::1": false, "ff02::1": false, "64:ff9b::7f00:1": false,
	} {
		require.Equal(t, want, everything.has(netip.MustParseAddr(ip)), ip)
	}
	named := newAllowedPeers([]netip.Prefix{
		netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("::ffff:192.168.7.0/120"),
	})
	for ip, want := range map[string]bool{
		"10.1.2.3": true, "10.2.0.1": false, "::1": true, "127.0.0.1": false, "192.168.7.9": true, "192.168.8.9": false,
	} {
		require.Equal(t, want, named.has(netip.MustParseAddr(ip)), ip)
	}
	require.False(t, newAllowedPeers(nil).has(netip.MustParseAddr("8.8.8.8")))
}

// TestPermissionsAreBounded: with an allowed network a client could otherwise
// pile up permissions and their timers.
func TestPermissionsAreBounded(t *testing.T) {
	srv, _, creds := start(t, Config{AllowedPeers: []netip.Prefix{netip.MustParsePrefix("127.1.0.0/16")}})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	ok(t, c.allocate())
	for i := range maxPeers {
		ok(t, c.do(stun.MethodCreatePermission, peer(fmt.Sprintf("127.1.0.%d:9", i+1))))
	}
	require.Equal(t, stun.CodeForbidden, code(c.do(stun.MethodCreatePermission, peer("127.1.1.1:9"))))
	ok(t, c.do(stun.MethodCreatePermission, peer("127.1.0.1:9")))
}
