package turn

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/pion/stun/v3"
)

// request is the STUN message that a socket's reader is at, as far as the
// callbacks from pion need it. It belongs to the reading goroutine, and is used
// again for the next message.
type request struct {
	msg    stun.Message
	client netip.AddrPort
	addr   *net.UDPAddr     // client as pion has it; made for this request alone
	relay  *relay           // the client's live allocation, if any
	peers  []netip.AddrPort // XOR-PEER-ADDRESS, in order

	key     []byte // the long-term key that the user name calls for
	proven  bool   // message integrity was right under key
	created bool   // this request made relay

	// refuse is the error code to answer with when pion answers with an error;
	// pion's own is mostly 400, or 508.
	refuse stun.ErrorCode
}

// verdict is what is to become of a message before pion sees it.
type verdict int

const (
	pass      verdict = iota // for pion
	ignore                   // nothing to do, nothing wrong
	bad                      // to be counted and forgotten
	unrelated                // an indication without an allocation
	unfounded                // a request that needs an allocation, without one
)

// needs tells for each message that pion handles whether it makes sense only
// where there is an allocation. pion leaves such requests without an answer.
var needs = map[stun.MessageType]struct{ allocation bool }{
	stun.NewType(stun.MethodBinding, stun.ClassRequest):          {false},
	stun.NewType(stun.MethodAllocate, stun.ClassRequest):         {false},
	stun.NewType(stun.MethodRefresh, stun.ClassRequest):          {false}, // see authenticate
	stun.NewType(stun.MethodCreatePermission, stun.ClassRequest): {true},
	stun.NewType(stun.MethodChannelBind, stun.ClassRequest):      {true},
	stun.NewType(stun.MethodSend, stun.ClassIndication):          {true},
}

// bindingIndication keeps a NAT's mapping alive and asks for nothing (RFC 8445
// section 11).
var bindingIndication = stun.NewType(stun.MethodBinding, stun.ClassIndication)

// read makes q the request for raw, which came from client, whose live
// allocation is r (or nil). It copies raw.
func (q *request) read(raw []byte, client netip.AddrPort, r *relay) verdict {
	q.client, q.relay = client, r
	q.key, q.proven, q.created, q.refuse = nil, false, false, 0
	q.msg.Raw = append(q.msg.Raw[:0], raw...)
	if err := q.msg.Decode(); err != nil || !q.readPeers() {
		return bad
	}
	if q.msg.Type == bindingIndication {
		return ignore
	}
	need, known := needs[q.msg.Type]
	switch {
	case !known:
		return bad
	case !need.allocation || r != nil:
		return pass
	case q.msg.Type.Class == stun.ClassIndication:
		return unrelated
	default:
		return unfounded
	}
}

// readPeers reads all XOR-PEER-ADDRESS attributes and reports whether they are
// sound. It is strict about their length because pion/stun is not: it looks at
// the first two bytes of an empty one, which may lie past the end of the message
// and of memory.
func (q *request) readPeers() bool {
	q.peers = q.peers[:0]
	for _, a := range q.msg.Attributes {
		if a.Type != stun.AttrXORPeerAddress {
			continue
		}
		peer, ok := xorAddress(a.Value, q.msg.TransactionID)
		if !ok {
			return false
		}
		q.peers = append(q.peers, peer)
	}
	return true
}

// xorAddress decodes the value of an XOR-MAPPED-ADDRESS-like attribute (RFC 8489
// section 14.2). It accepts exactly 8 bytes for IPv4 and 20 for IPv6. Unlike
// everywhere else an IPv4-mapped address is not unmapped but refused: nobody has
// a reason to send one, except to get round a list of addresses.
func xorAddress(v []byte, id [stun.TransactionIDSize]byte) (netip.AddrPort, bool) {
	if len(v) < 4 || v[0] != 0 {
		return netip.AddrPort{}, false
	}
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], stunCookie)
	copy(mask[4:], id[:])
	port := binary.BigEndian.Uint16(v[2:]) ^ stunCookie>>16

	var ip [16]byte
	for i := range copy(ip[:], v[4:]) {
		ip[i] ^= mask[i]
	}
	switch {
	case v[1] == 1 && len(v) == 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[:4])), port), true
	case v[1] == 2 && len(v) == 20 && !netip.AddrFrom16(ip).Is4In6():
		return netip.AddrPortFrom(netip.AddrFrom16(ip), port), true
	}
	return netip.AddrPort{}, false
}

// first gives the first byte of attribute t, or 0 when it is absent or empty.
func (q *request) first(t stun.AttrType) byte {
	if a, ok := q.msg.Attributes.Get(t); ok && len(a.Value) > 0 {
		return a.Value[0]
	}
	return 0
}

// refusal builds the error response with code. It is signed when the requester
// has proven who it is (a MAC is nothing to give away to others), and bears
// realm and nonce with 401, as RFC 8489 section 9.2.4 wants.
func (q *request) refusal(code stun.ErrorCode, realm string) []byte {
	setters := []stun.Setter{
		stun.NewTransactionIDSetter(q.msg.TransactionID),
		stun.NewType(q.msg.Type.Method, stun.ClassErrorResponse),
		code,
	}
	if code == stun.CodeUnauthorized {
		var nonce stun.Nonce
		if nonce.GetFrom(&q.msg) == nil { // pion has found it good, or we would not be asked
			setters = append(setters, nonce, stun.NewRealm(realm))
		}
	}
	if q.proven {
		setters = append(setters, stun.MessageIntegrity(q.key))
	}
	m, err := stun.Build(setters...)
	if err != nil {
		return nil // no setter above fails: lengths are bounded by those of the request
	}
	return m.Raw
}

// isResponse tells a STUN response from the other things a socket sends, Data
// indications and ChannelData (RFC 8489 section 5).
func isResponse(p []byte) bool { return len(p) >= stunHeader && p[0]>>6 == 0 && p[0]&1 == 1 }

// isError tells an error response from a success response.
func isError(p []byte) bool { return p[1]&0x10 != 0 }
