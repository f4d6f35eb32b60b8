package turn

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
)

// shortPeer is a Send indication that ends in an XOR-PEER-ADDRESS of n bytes.
func shortPeer(n int) []byte {
	m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication),
		attr{stun.AttrData, []byte("data")})
	m.Add(stun.AttrXORPeerAddress, make([]byte, n))
	return m.Raw
}

// TestShortPeerAddress: pion/stun reads two bytes of an XOR-PEER-ADDRESS however
// short it is, and where the message fills its memory that is a panic. No such
// message may come as far as pion.
func TestShortPeerAddress(t *testing.T) {
	raw := slices.Clip(shortPeer(0))
	require.Panics(t, func() {
		m := stun.Message{Raw: raw}
		require.NoError(t, m.Decode())
		_ = new(stun.XORMappedAddress).GetFromAs(&m, stun.AttrXORPeerAddress)
	}, "if this no longer panics pion/stun has been mended, and readPeers may trust it")

	srv, _, creds := start(t, Config{})
	user, password, _ := creds.Issue("mia", "call-1")
	c := dial(t, srv, user, password)
	ok(t, c.allocate())
	for n := range 8 {
		_, err := c.conn.Write(shortPeer(n))
		require.NoError(t, err)
	}
	eventually(t, func() bool { return srv.Stats().Drops["bad_message"] == 8 }, "all are thrown away")
	ok(t, c.do(stun.MethodRefresh))
}

func TestXORAddress(t *testing.T) {
	id := stun.NewTransactionID()
	for _, s := range []string{"127.0.0.1:7", "[2001:db8::1]:65535", "0.0.0.0:0"} {
		m := stun.MustBuild(stun.NewTransactionIDSetter(id), stun.BindingRequest, peer(s))
		v, err := m.Get(stun.AttrXORPeerAddress)
		require.NoError(t, err)
		got, ok := xorAddress(v, id)
		require.True(t, ok)
		require.Equal(t, netip.MustParseAddrPort(s), got)
		_, ok = xorAddress(v[:len(v)-1], id)
		require.False(t, ok)
		_, ok = xorAddress(append(slices.Clone(v), 0), id)
		require.False(t, ok)
	}
	// IPv4-mapped IPv6, which pion/stun would not send either.
	v := make([]byte, 20)
	v[1] = 2
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], stunCookie)
	copy(mask[4:], id[:])
	for i, b := range netip.MustParseAddr("::ffff:127.0.0.1").As16() {
		v[4+i] = b ^ mask[i]
	}
	_, ok := xorAddress(v, id)
	require.False(t, ok)
}

func FuzzRequest(f *testing.F) {
	f.Add(stunMessage(0), true)
	f.Add(stunMessage(40), false)
	for n := range 9 {
		f.Add(shortPeer(n), true)
	}
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodCreatePermission, stun.ClassRequest),
		peer(sfuAddr), peer("[::1]:7")).Raw, false)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), udpTransport,
		family(2), lifetime(600), stun.NewNonce("nonce"), stun.NewRealm("realm")).Raw, false)
	var q request
	live := &relay{}
	client := netip.MustParseAddrPort("127.0.0.1:4000")
	f.Fuzz(func(t *testing.T, raw []byte, allocated bool) {
		var r *relay
		if allocated {
			r = live
		}
		if got := q.read(raw, client, r); got != pass && got != unfounded {
			return
		}
		// What pion will read of it does not panic, even without a byte to spare.
		m := stun.Message{Raw: slices.Clip(slices.Clone(raw))}
		require.NoError(t, m.Decode())
		for range q.peers {
			_ = new(stun.XORMappedAddress).GetFromAs(&m, stun.AttrXORPeerAddress)
		}
		_ = stun.MessageIntegrity("key").Check(&m)
		q.first(stun.AttrRequestedTransport)
		require.NotEmpty(t, q.refusal(stun.CodeUnauthorized, DefaultRealm))
	})
}

func FuzzFramer(f *testing.F) {
	f.Add(append(stunMessage(0), channelMessage(0x4000, []byte("hello"))...))
	for _, b := range hostile {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fr := framer{r: &sliceReader{slices.Clone(b)}}
		buf := make([]byte, inboundMTU)
		var got []byte
		for {
			n, err := fr.next(buf)
			if err != nil {
				break
			}
			require.Positive(t, n, "a message of no bytes would be read for ever")
			require.Less(t, n, inboundMTU)
			got = append(got, buf[:n]...)
		}
		require.True(t, bytes.HasPrefix(b, got), "nothing is lost, added or moved")
	})
}

func FuzzChannelData(f *testing.F) {
	f.Add(channelMessage(0x4000, []byte("hello")))
	f.Add([]byte{0x40, 0, 0, 1})
	f.Add([]byte{0x40})
	f.Fuzz(func(t *testing.T, b []byte) {
		number, data, ok := splitChannelData(b)
		if !ok {
			return
		}
		require.True(t, number>>14 == 1)
		require.LessOrEqual(t, channelHeader+len(data), len(b))
	})
}

func FuzzPseudoRange(f *testing.F) {
	f.Add("32768\t60999\n")
	f.Add("1 65535")
	f.Fuzz(func(t *testing.T, s string) {
		low, high := pseudoRange(s)
		require.True(t, 1024 <= low && low < high && high <= 65535)
	})
}
