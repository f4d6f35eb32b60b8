package link

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func openTransport(t *testing.T) *Transport {
	tr, err := Open(Config{
		BindAddresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, IPv4: true, IncludeLoopback: true,
		SRTPProfiles: []string{"aead_aes_128_gcm"}, SetUp: time.Minute, Disconnected: time.Minute, Failed: time.Minute, TCPQueue: 64,
	}, discard, time.Now)
	require.NoError(t, err)
	return tr
}

func dial(t *testing.T, tr *Transport) net.Conn {
	c, err := net.Dial("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(tr.TCPPort())).String())
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// check is a connectivity check for a link.
func check(t *testing.T, l *Link, pwd string) []byte {
	local := l.agent.Local()
	if pwd == "" {
		pwd = local.Pwd
	}
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(local.Ufrag+":peer"),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0, 0, 0, 1}}, stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)},
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	require.NoError(t, err)
	return m.Raw
}

// TestTCPBeginsWithACheck opens connections that say something else, or
// nothing of use, first: they are closed, and nothing remains of them.
func TestTCPBeginsWithACheck(t *testing.T) {
	defer goleak.VerifyNone(t)
	tr := openTransport(t)
	l, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	for name, first := range map[string][]byte{
		"media":            framed(keyFrame(t, 7)),
		"HTTP":             []byte("GET / HTTP/1.1\r\n\r\n"),
		"too long a frame": {0xff, 0xff},
		"half a frame":     {0, 20, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, tr)
			_, err := c.Write(first)
			require.NoError(t, err)
			if name == "half a frame" {
				require.NoError(t, c.(*net.TCPConn).CloseWrite())
			}
			_, err = c.Read(make([]byte, 1))
			require.Error(t, err, "the server closes")
			require.NoError(t, c.Close())
		})
	}
	require.Eventually(t, func() bool {
		tr.tcp.mu.Lock()
		defer tr.tcp.mu.Unlock()
		return tr.tcp.unproven == 0 && len(tr.tcp.open) == 0
	}, time.Minute, time.Millisecond)

	c := dial(t, tr)
	_, err = c.Write(framed(check(t, l, "")))
	require.NoError(t, err)
	head := make([]byte, 2)
	_, err = c.Read(head)
	require.NoError(t, err)
	answer := make([]byte, binary.BigEndian.Uint16(head))
	_, err = c.Read(answer)
	require.NoError(t, err)
	require.True(t, stun.IsMessage(answer))
	path, ok := l.Path()
	require.True(t, ok)
	require.Equal(t, "tcp", path.Protocol)

	require.NoError(t, l.Close())
	_, err = c.Read(head)
	require.Error(t, err, "with the link its connection goes")
	path, ok = l.Path()
	require.True(t, ok, "how it was reached can still be told")
	require.Equal(t, "tcp", path.Protocol)
	require.NoError(t, c.Close())
	require.NoError(t, tr.Close())
}

// TestALinkWithoutAPathIsDisconnected: what was connected does not go back to
// connecting when its last path goes, so that the others are told.
func TestALinkWithoutAPathIsDisconnected(t *testing.T) {
	b := newBench(t)
	l := b.guest(7).link
	review := func() State {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told = Failed // nobody is to be told here
		l.review(time.Now())
		return l.state
	}
	w := l.out.Load()
	l.ways[w.path] = w
	l.mu.Lock()
	l.state = Connected
	l.mu.Unlock()
	l.out.Store(nil)
	require.Equal(t, Disconnected, review())
	require.NoError(t, l.Close())
}

// TestOnlyCheckedPathsAreAPeers sends checks with a wrong password and for
// nobody: neither gives a path.
func TestOnlyCheckedPathsAreAPeers(t *testing.T) {
	defer goleak.VerifyNone(t)
	tr := openTransport(t)
	l, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	gone, err := tr.NewLink(quiet{})
	require.NoError(t, err)
	late := check(t, gone, "")
	require.NoError(t, gone.Close())
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(tr.Addresses()[0]))
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	before := tr.Stats().Stranger
	for _, b := range [][]byte{late, check(t, l, "not the password at all")} {
		_, err = c.Write(b)
		require.NoError(t, err)
	}
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	answer := make([]byte, 1500)
	n, err := c.Read(answer) // of the second
	require.NoError(t, err)
	m := &stun.Message{Raw: answer[:n]}
	require.NoError(t, m.Decode())
	require.Equal(t, stun.BindingError, m.Type)
	require.Equal(t, before+1, tr.Stats().Stranger)
	_, ok := l.Path()
	require.False(t, ok)
	require.NoError(t, l.Close())
	require.NoError(t, tr.Close())
}
