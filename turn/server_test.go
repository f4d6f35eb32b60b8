package turn

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	pion "github.com/pion/turn/v4"
	"github.com/stretchr/testify/require"
)

// transportsUnderTest dial the server in every way there is.
var transportsUnderTest = map[string]func(t *testing.T, srv *Server) (net.PacketConn, netip.AddrPort){
	"udp": func(t *testing.T, srv *Server) (net.PacketConn, netip.AddrPort) {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		require.NoError(t, err)
		return conn, srv.Addrs().UDP[0]
	},
	"tcp": func(t *testing.T, srv *Server) (net.PacketConn, netip.AddrPort) {
		conn, err := net.Dial("tcp", srv.Addrs().TCP[0].String())
		require.NoError(t, err)
		return pion.NewSTUNConn(conn), srv.Addrs().TCP[0]
	},
	"tls": func(t *testing.T, srv *Server) (net.PacketConn, netip.AddrPort) {
		conn, err := tls.Dial("tcp", srv.Addrs().TLS[0].String(), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		return pion.NewSTUNConn(conn), srv.Addrs().TLS[0]
	},
}

func everywhere(t *testing.T) Config {
	cert, key := writeCertificate(t, t.TempDir(), "first")
	one := []string{"127.0.0.1:0"}
	return Config{UDP: one, TCP: one, TLS: one, CertFile: cert, KeyFile: key}
}

// TestRelayedEcho sends enough packets of all lengths for pion's client to go
// from indications to a channel, and expects every one back unchanged.
func TestRelayedEcho(t *testing.T) {
	for name, connect := range transportsUnderTest {
		t.Run(name, func(t *testing.T) {
			srv, media, creds := start(t, everywhere(t))
			conn, server := connect(t, srv)
			user, password, _ := creds.Issue("mia", "call-1")
			client := join(t, conn, server, user, password)
			relayed := relayOn(t, client)

			require.Equal(t, []string{name}, media.protos())
			require.Equal(t, addrPortOf(conn.LocalAddr()), media.clientOf(addrPortOf(relayed.LocalAddr())), "the record names the client's own network")
			require.Equal(t, 1, srv.Stats().AllocationsBy[name])
			require.Equal(t, netip.MustParseAddr("127.0.0.1"), addrPortOf(relayed.LocalAddr()).Addr())

			to := net.UDPAddrFromAddrPort(media.addrs[0])
			buf := make([]byte, 2000)
			var sent uint64
			for i := range 300 {
				data := make([]byte, 5+i*7%1200) // pion's stream client waits for more after 4 bytes or less
				data[0] = byte(i)
				_, err := relayed.WriteTo(data, to)
				require.NoError(t, err)
				require.NoError(t, relayed.SetReadDeadline(time.Now().Add(20*time.Second)))
				n, from, err := relayed.ReadFrom(buf)
				require.NoError(t, err, "packet %d", i)
				require.Equal(t, data, buf[:n])
				require.Equal(t, media.addrs[0], addrPortOf(from))
				sent += uint64(len(data))
			}
			all := Flow{300, sent}
			eventually(t, func() bool { st := srv.Stats(); return st.FromSFU == all && st.ToSFU == all },
				"a packet is counted once it is sent, which may be after its echo")
			require.Zero(t, srv.Stats().ToPeers)

			require.NoError(t, relayed.Close())
			eventually(t, func() bool { return srv.Stats().Allocations == 0 }, "the allocation ends")
			require.Empty(t, media.protos())
			requireEmpty(t, srv)
		})
	}
}

// requireEmpty checks that nothing is left of any allocation.
func requireEmpty(t *testing.T, srv *Server) {
	t.Helper()
	srv.mu.Lock()
	defer srv.mu.Unlock()
	require.Zero(t, srv.live)
	require.Empty(t, srv.users)
	srv.ports.mu.Lock()
	defer srv.ports.mu.Unlock()
	require.Empty(t, srv.ports.used)
	for s := range srv.sockets {
		require.False(t, s.busy())
	}
}

func TestStreamEndsWithItsAllocation(t *testing.T) {
	srv, media, creds := start(t, Config{TCP: []string{"127.0.0.1:0"}})
	conn, server := transportsUnderTest["tcp"](t, srv)
	user, password, _ := creds.Issue("mia", "call-1")
	client := join(t, conn, server, user, password)
	relayOn(t, client)
	require.Equal(t, 1, srv.Stats().Streams)

	conn.Close() // without a word
	eventually(t, func() bool { return srv.Stats().Allocations == 0 && srv.Stats().Streams == 0 }, "both end")
	require.Empty(t, media.protos())
}

func TestCloseWithLiveAllocations(t *testing.T) {
	srv, media, creds := start(t, everywhere(t))
	for _, connect := range transportsUnderTest {
		conn, server := connect(t, srv)
		user, password, _ := creds.Issue("mia", "call-1")
		client := join(t, conn, server, user, password)
		relayOn(t, client)
	}
	require.Len(t, media.protos(), 3)
	require.NoError(t, srv.Close())
	require.Empty(t, media.protos())
	st := srv.Stats()
	require.Zero(t, st.Allocations)
	require.Zero(t, st.Streams)
	require.Equal(t, uint64(3), st.AllocationsTotal)
	require.NoError(t, srv.Close(), "closing again is fine")
}

func TestBindingRequest(t *testing.T) {
	srv, _, _ := start(t, Config{})
	c := dial(t, srv, "", "")
	res := ok(t, c.exchange(stun.MustBuild(stun.TransactionID, stun.BindingRequest)))
	var mapped stun.XORMappedAddress
	require.NoError(t, mapped.GetFrom(res))
	require.Equal(t, c.conn.LocalAddr().String(), fmt.Sprintf("%s:%d", mapped.IP, mapped.Port))
}

func TestFamilies(t *testing.T) {
	srv, media, creds := start(t, Config{PublicAddresses: []string{"127.0.0.1", "::1"}})
	user, password, _ := creds.Issue("mia", "call-1")

	six := dial(t, srv, user, password)
	relayed := relayedOf(t, six.allocate(family(2)))
	require.Equal(t, netip.MustParseAddr("::1"), relayed.Addr())
	require.Equal(t, stun.CodePeerAddrFamilyMismatch, code(six.do(stun.MethodCreatePermission, peer(sfuAddr))))
	ok(t, six.do(stun.MethodCreatePermission, peer("[::1]:7")))
	six.send("over six", peer("[::1]:7"))
	data := six.read(func(m *stun.Message) bool { return m.Type.Method == stun.MethodData }, 20*time.Second)
	require.NotNil(t, data, "the echo comes back")

	four := dial(t, srv, user, password)
	require.True(t, relayedOf(t, four.allocate(family(1))).Addr().Is4())
	require.True(t, relayedOf(t, dial(t, srv, user, password).allocate()).Addr().Is4(), "IPv4 is the default")
	require.Len(t, media.protos(), 3)

	only4, _, creds := start(t, Config{PublicAddresses: []string{"127.0.0.1"}})
	user, password, _ = creds.Issue("mia", "call-1")
	require.Equal(t, stun.CodeAddrFamilyNotSupported, code(dial(t, only4, user, password).allocate(family(2))))
	require.Equal(t, uint64(1), only4.Stats().Refusals["family"])
}

func TestKindsOfRelayNotGiven(t *testing.T) {
	srv, _, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	for want, setters := range map[stun.ErrorCode][]stun.Setter{
		stun.CodeUnsupportedTransProto: {attr{stun.AttrRequestedTransport, []byte{6, 0, 0, 0}}},
		stun.CodeInsufficientCapacity:  {udpTransport, attr{stun.AttrEvenPort, []byte{0x80}}},
		stun.CodeUnknownAttribute:      {udpTransport, attr{stun.AttrDontFragment, nil}},
	} {
		require.Equal(t, want, code(c.do(stun.MethodAllocate, setters...)))
	}
	require.Zero(t, srv.Stats().Allocations)
	requireEmpty(t, srv)
}

func TestURLs(t *testing.T) {
	cfg := everywhere(t)
	srv, _, _ := start(t, cfg)
	a := srv.Addrs()
	require.Equal(t, []string{
		fmt.Sprintf("turn:127.0.0.1:%d?transport=udp", a.UDP[0].Port()),
		fmt.Sprintf("turn:127.0.0.1:%d?transport=tcp", a.TCP[0].Port()),
		fmt.Sprintf("turns:127.0.0.1:%d?transport=tcp", a.TLS[0].Port()),
	}, srv.URLs())

	cfg.PublicAddresses = []string{"2001:db8::7"}
	cfg.CertFile, cfg.KeyFile = "", ""
	srv, _, _ = start(t, cfg)
	require.Equal(t, []string{
		fmt.Sprintf("turn:[2001:db8::7]:%d?transport=udp", srv.Addrs().UDP[0].Port()),
		fmt.Sprintf("turn:[2001:db8::7]:%d?transport=tcp", srv.Addrs().TCP[0].Port()),
	}, srv.URLs(), "no TLS without a certificate")

	cfg.PublicAddresses = []string{"turn.example.org", "198.51.100.7"}
	srv, _, creds := start(t, cfg)
	require.Contains(t, srv.URLs()[0], "turn:turn.example.org:")
	user, password, _ := creds.Issue("mia", "call-1")
	require.Equal(t, "198.51.100.7", relayedOf(t, dial(t, srv, user, password).allocate()).Addr().String())
}

// TestEveryAddress listens as the default configuration does: what is given out
// is an address that can be used, and clients of both families are served.
func TestEveryAddress(t *testing.T) {
	srv, _, creds := start(t, Config{UDP: []string{":0"}})
	port := srv.Addrs().UDP[0].Port()
	host, _, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(srv.URLs()[0], "turn:"), "?transport=udp"))
	require.NoError(t, err)
	require.False(t, netip.MustParseAddr(host).IsUnspecified())

	for _, client := range []string{"127.0.0.1", "::1"} {
		conn, err := net.Dial("udp", net.JoinHostPort(client, fmt.Sprint(port)))
		if err != nil && client == "::1" {
			t.Log("no IPv6 on this machine:", err)
			continue
		}
		require.NoError(t, err)
		defer conn.Close()
		user, password, _ := creds.Issue("mia", "call-1")
		c := &raw{t: t, conn: conn, user: user, password: password, realm: DefaultRealm}
		require.Equal(t, host, relayedOf(t, c.allocate()).Addr().String())
		ok(t, c.do(stun.MethodRefresh, lifetime(0)))
	}
}

func TestConfigErrors(t *testing.T) {
	for field, cfg := range map[string]Config{
		"udp_listen":               {UDP: []string{"nowhere"}},
		"public_addresses":         {PublicAddresses: []string{"1.2.3.4:5"}},
		"max_allocations":          {MaxAllocations: -1},
		"max_allocations_per_user": {MaxAllocationsPerUser: -1},
		"cert_file, key_file":      {CertFile: "x"},
		"allowed_peers":            {AllowedPeers: []netip.Prefix{{}}},
	} {
		_, err := New(cfg, Deps{Credentials: NewCredentials(nil, 0, nil), SFU: newSFU(t)})
		var bad *ConfigError
		require.ErrorAs(t, err, &bad, field)
		require.Equal(t, field, bad.Field)
		require.NotEmpty(t, bad.Allowed)
	}
	_, err := New(Config{}, Deps{SFU: newSFU(t)})
	require.ErrorIs(t, err, ErrNoCredentials)
	_, err = New(Config{}, Deps{Credentials: NewCredentials(nil, 0, nil)})
	require.ErrorIs(t, err, ErrNoSFU)
}

// TestListenFails checks that a server that cannot have all its ports leaves
// none behind (goleak would see its readers).
func TestListenFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = New(Config{UDP: []string{"127.0.0.1:0"}, TCP: []string{taken.Addr().String()}},
		Deps{Credentials: NewCredentials(nil, 0, nil), SFU: newSFU(t)})
	require.ErrorContains(t, err, taken.Addr().String())
}

// TestPseudoRange: relayed addresses keep out of the range in which the kernel
// gives ports to sockets that ask for any.
func TestPseudoRange(t *testing.T) {
	for in, want := range map[string][2]int{
		"32768\t60999\n": {16384, 32767},
		"":               {16384, 32767},
		"nonsense":       {16384, 32767},
		"10000 65000":    {1024, 9999},
		"2000 40000":     {40001, 65535},
		"1024 65535":     {16384, 32767}, // nothing is left
		"20000 10":       {16384, 32767},
	} {
		low, high := pseudoRange(in)
		require.Equal(t, want, [2]int{low, high}, in)
	}
}

func TestPortSpace(t *testing.T) {
	s := &portSpace{low: 100, size: 3, used: map[uint16]struct{}{}}
	isReal := func(p uint16) bool { return p == 101 }
	a, ok := s.take(isReal)
	require.True(t, ok)
	b, ok := s.take(isReal)
	require.True(t, ok)
	require.ElementsMatch(t, []uint16{100, 102}, []uint16{a, b})
	_, ok = s.take(isReal)
	require.False(t, ok)
	s.release(a)
	c, ok := s.take(isReal)
	require.True(t, ok)
	require.Equal(t, a, c)
}
