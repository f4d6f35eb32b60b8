package turn

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	pion "github.com/pion/turn/v4"
	"github.com/stretchr/testify/require"
)

// raw is a TURN client that can also do what no honest client does. Several
// share one socket, and so one 5-tuple, by share.
type raw struct {
	t              testing.TB
	conn           net.Conn
	user, password string
	realm          string
	nonce          stun.Nonce
}

func dial(t testing.TB, srv *Server, user, password string) *raw {
	t.Helper()
	conn, err := net.Dial("udp", srv.Addrs().UDP[0].String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &raw{t: t, conn: conn, user: user, password: password, realm: DefaultRealm}
}

// share gives a client with other credentials on the same 5-tuple.
func (c *raw) share(user, password string) *raw {
	return &raw{t: c.t, conn: c.conn, user: user, password: password, realm: c.realm, nonce: c.nonce}
}

type attr struct {
	t stun.AttrType
	v []byte
}

func (a attr) AddTo(m *stun.Message) error { m.Add(a.t, a.v); return nil }

type peerAttr netip.AddrPort

func (p peerAttr) AddTo(m *stun.Message) error {
	a := netip.AddrPort(p)
	return stun.XORMappedAddress{IP: a.Addr().AsSlice(), Port: int(a.Port())}.AddToAs(m, stun.AttrXORPeerAddress)
}

func peer(s string) peerAttr { return peerAttr(netip.MustParseAddrPort(s)) }

func lifetime(seconds uint32) attr {
	return attr{stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, seconds)}
}

func channel(number uint16) attr {
	return attr{stun.AttrChannelNumber, binary.BigEndian.AppendUint32(nil, uint32(number)<<16)}
}

func family(v byte) attr { return attr{stun.AttrRequestedAddressFamily, []byte{v, 0, 0, 0}} }

var udpTransport = attr{stun.AttrRequestedTransport, []byte{17, 0, 0, 0}}

// do sends one request, signed once a nonce is known, and gives the response.
// Requests are sent again like over a real network.
func (c *raw) do(method stun.Method, setters ...stun.Setter) *stun.Message {
	c.t.Helper()
	for range 3 {
		all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, setters...)
		if c.nonce != nil {
			all = append(all, stun.NewUsername(c.user), stun.NewRealm(c.realm), c.nonce,
				stun.NewLongTermIntegrity(c.user, c.realm, c.password))
		}
		req := stun.MustBuild(all...)
		res := c.exchange(req)
		if code(res) != stun.CodeUnauthorized && code(res) != stun.CodeStaleNonce || c.nonce != nil {
			return res
		}
		require.NoError(c.t, c.nonce.GetFrom(res))
	}
	c.t.Fatal("the server only asks for credentials")
	return nil
}

func (c *raw) exchange(req *stun.Message) *stun.Message {
	c.t.Helper()
	for range 10 {
		_, err := c.conn.Write(req.Raw)
		require.NoError(c.t, err)
		if res := c.read(func(m *stun.Message) bool { return m.TransactionID == req.TransactionID }, time.Second); res != nil {
			return res
		}
	}
	c.t.Fatalf("no answer to %s", req.Type)
	return nil
}

// read gives the next STUN message that wanted holds for, or nil when none
// comes in time.
func (c *raw) read(wanted func(*stun.Message) bool, patience time.Duration) *stun.Message {
	c.t.Helper()
	buf := make([]byte, 2048)
	require.NoError(c.t, c.conn.SetReadDeadline(time.Now().Add(patience)))
	for {
		n, err := c.conn.Read(buf)
		if err != nil {
			return nil
		}
		m := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
		if m.Decode() == nil && wanted(m) {
			return m
		}
	}
}

func (c *raw) allocate(setters ...stun.Setter) *stun.Message {
	c.t.Helper()
	return c.do(stun.MethodAllocate, append([]stun.Setter{udpTransport}, setters...)...)
}

// send is a Send indication.
func (c *raw) send(data string, to stun.Setter) {
	c.t.Helper()
	m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication),
		to, attr{stun.AttrData, []byte(data)})
	_, err := c.conn.Write(m.Raw)
	require.NoError(c.t, err)
}

// code gives a response's error code, or 0 for success.
func code(m *stun.Message) stun.ErrorCode {
	var e stun.ErrorCodeAttribute
	if m.Type.Class == stun.ClassSuccessResponse || e.GetFrom(m) != nil {
		return 0
	}
	return e.Code
}

func ok(t testing.TB, m *stun.Message) *stun.Message {
	t.Helper()
	require.Equal(t, stun.ClassSuccessResponse, m.Type.Class, "error %d", code(m))
	return m
}

func relayedOf(t testing.TB, m *stun.Message) netip.AddrPort {
	t.Helper()
	var a stun.XORMappedAddress
	require.NoError(t, a.GetFromAs(ok(t, m), stun.AttrXORRelayedAddress))
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

// join is an ordinary client, pion's, on conn.
func join(t testing.TB, conn net.PacketConn, server netip.AddrPort, user, password string) *pion.Client {
	t.Helper()
	c, err := pion.NewClient(&pion.ClientConfig{
		STUNServerAddr: server.String(), TURNServerAddr: server.String(),
		Username: user, Password: password, Realm: DefaultRealm, Conn: conn, LoggerFactory: silence{},
	})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(); conn.Close() })
	require.NoError(t, c.Listen())
	return c
}

// relayOn allocates; pion's client leaves timers running until it is closed.
func relayOn(t testing.TB, c *pion.Client) net.PacketConn {
	t.Helper()
	relayed, err := c.Allocate()
	require.NoError(t, err)
	t.Cleanup(func() { relayed.Close() })
	return relayed
}
