package ice

import (
	"github.com/pion/stun/v3"
)

// responseSize is room for a response without growing: header, address of
// IPv6, integrity and fingerprint make 76 bytes, and the integrity is worked
// out behind the message.
const responseSize = 96

// unauthenticated says how to answer a request that we do not know to be the
// peer's (RFC 8489 section 9.1.3).
var unauthenticated = map[error]stun.ErrorCode{
	ErrIncomplete: stun.CodeBadRequest,
	ErrUsername:   stun.CodeUnauthorized,
	ErrIntegrity:  stun.CodeUnauthorized,
}

// accept answers a good check with the address it came from.
func (a *Agent) accept(g *generation, p Path) []byte {
	addr := p.Remote.Addr().Unmap()
	a.begin(stun.BindingSuccess)
	mapped := stun.XORMappedAddress{IP: addr.AsSlice(), Port: int(p.Remote.Port())}
	must(mapped.AddTo(&a.response))
	return a.seal(g)
}

// refuse answers the peer's request with an error, and with the attributes
// that were not understood, if any.
func (a *Agent) refuse(g *generation, code stun.ErrorCode, unknown []byte) []byte {
	a.begin(stun.BindingError)
	must(code.AddTo(&a.response))
	if len(unknown) > 0 {
		// Not by stun.UnknownAttributes, which writes four bytes each.
		a.response.Add(stun.AttrUnknownAttributes, unknown)
	}
	return a.seal(g)
}

// reject answers a request that may be anybody's: without integrity, and not
// at all if the answer were larger than the request, since its sender may be
// somebody else than it says.
func (a *Agent) reject(code stun.ErrorCode, size int) []byte {
	a.begin(stun.BindingError)
	must(code.AddTo(&a.response))
	must(stun.Fingerprint.AddTo(&a.response))
	if len(a.response.Raw) > size {
		return nil
	}
	return a.response.Raw
}

// begin makes a.response an empty response to a.request, in memory of its own.
func (a *Agent) begin(t stun.MessageType) {
	a.response = stun.Message{
		Raw:           make([]byte, headerSize, responseSize),
		TransactionID: a.request.TransactionID,
		Attributes:    a.response.Attributes[:0],
	}
	a.response.SetType(t)
	a.response.WriteHeader()
}

func (a *Agent) seal(g *generation) []byte {
	must(g.key.AddTo(&a.response))
	must(stun.Fingerprint.AddTo(&a.response))
	return a.response.Raw
}

// must is for what fails only on values that it is not called with: addresses
// of neither 4 nor 16 bytes, codes without a text, a wrong order.
func must(err error) {
	if err != nil {
		panic("ice: building a STUN response: " + err.Error())
	}
}
