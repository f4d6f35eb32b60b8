package ice

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/pion/stun/v3"
)

// Why a message was no good check. They hold nothing of the message, so that
// a flood of bad ones costs little.
var (
	ErrMalformed   = errors.New("not a STUN binding message")
	ErrFingerprint = errors.New("STUN fingerprint does not match")
	ErrIncomplete  = errors.New("connectivity check lacks USERNAME or MESSAGE-INTEGRITY")
	ErrUsername    = errors.New("connectivity check is for other credentials")
	ErrIntegrity   = errors.New("connectivity check is not keyed with our password")
	ErrUnknown     = errors.New("connectivity check holds attributes that we must understand and do not")
	ErrRole        = errors.New("connectivity check of a controlled agent, which a lite agent is itself")
	ErrFailed      = errors.New("connectivity check for an agent that has failed")
	ErrNoAddress   = errors.New("connectivity check from no address")
)

// Result is what came of a message.
type Result struct {
	Response []byte // to send back where the message came from, if not empty; the caller's own
	Valid    bool   // the check held: its path is a path of this peer's now
	Selected bool   // the selected path is another one than before
}

// Check looks at a STUN message that came in on p. Besides a good check, an
// error may have a response too: it tells the peer what was wrong. Responses
// and indications are none of our business and come to nothing, without error.
func (a *Agent) Check(b []byte, p Path, now time.Time) (Result, error) {
	a.settle(now)
	attributes, err := a.read(b)
	switch {
	case err != nil:
		return Result{}, err
	case a.request.Type != stun.BindingRequest:
		return Result{}, nil
	case a.failed:
		return Result{}, ErrFailed
	case !p.Remote.IsValid():
		return Result{}, ErrNoAddress
	}
	g, err := a.authenticate(attributes)
	if err != nil {
		return Result{Response: a.reject(unauthenticated[err], len(b))}, err
	}
	if unknown := notUnderstood(attributes); len(unknown) > 0 {
		return Result{Response: a.refuse(g, stun.CodeUnknownAttribute, unknown)}, ErrUnknown
	}
	if _, found := attributes.Get(stun.AttrICEControlled); found {
		return Result{Response: a.refuse(g, stun.CodeRoleConflict, nil)}, ErrRole
	}
	_, nominated := attributes.Get(stun.AttrUseCandidate)
	return Result{
		Response: a.accept(g, p),
		Valid:    true,
		Selected: a.proved(g, p, nominated, now),
	}, nil
}

// read decodes b into a.request and gives those of its attributes that
// MESSAGE-INTEGRITY covers, itself included. Of what stands behind it, only
// FINGERPRINT counts (RFC 8489 section 14.5): anybody on the way could have put
// it there.
func (a *Agent) read(b []byte) (stun.Attributes, error) {
	// A copy is decoded, since checking the integrity writes into the message.
	if !wellFormed(b) || stun.Decode(b, &a.request) != nil || a.request.Type.Method != stun.MethodBinding {
		return nil, ErrMalformed
	}
	all := a.request.Attributes
	if i := index(all, stun.AttrFingerprint); i >= 0 {
		if i != len(all)-1 || stun.Fingerprint.Check(&a.request) != nil {
			return nil, ErrFingerprint
		}
		all = all[:i]
	}
	if i := index(all, stun.AttrMessageIntegrity); i >= 0 {
		all = all[:i+1]
	}
	return all, nil
}

func index(attributes stun.Attributes, t stun.AttrType) int {
	return slices.IndexFunc(attributes, func(a stun.RawAttribute) bool { return a.Type == t })
}

// authenticate finds the credentials that a.request was made with (RFC 8489
// section 9.1.3).
func (a *Agent) authenticate(attributes stun.Attributes) (*generation, error) {
	name, named := attributes.Get(stun.AttrUsername)
	if _, keyed := attributes.Get(stun.AttrMessageIntegrity); !named || !keyed {
		return nil, ErrIncomplete
	}
	local, remote, ok := splitUsername(name.Value)
	if !ok {
		return nil, ErrUsername
	}
	for _, g := range [...]*generation{a.current, a.previous} {
		switch {
		case g == nil || g.local.Ufrag != string(local):
		case g.remote.Ufrag != "" && g.remote.Ufrag != string(remote):
		case g.key.Check(&a.request) != nil:
			return nil, ErrIntegrity
		default:
			return g, nil
		}
	}
	return nil, ErrUsername
}

// understood are the attributes below comprehensionOptional that may stand in a
// binding request: those that mean something to us, and those of RFC 8489 that
// mean nothing there but are known and hence ignored (section 6.3).
var understood = [...]stun.AttrType{
	stun.AttrUsername, stun.AttrMessageIntegrity, stun.AttrPriority, stun.AttrUseCandidate,
	stun.AttrMappedAddress, stun.AttrXORMappedAddress, stun.AttrErrorCode, stun.AttrUnknownAttributes,
	stun.AttrRealm, stun.AttrNonce,
}

// comprehensionOptional is the first of the attributes that may be ignored by
// who does not know them (RFC 8489 section 14).
const comprehensionOptional = 0x8000

// notUnderstood lists the attributes that bar us from answering, as the value
// of UNKNOWN-ATTRIBUTES (RFC 8489 section 14.13): two bytes each. That is half
// of what each took in the request.
func notUnderstood(attributes stun.Attributes) (unknown []byte) {
	for _, at := range attributes {
		if at.Type < comprehensionOptional && !slices.Contains(understood[:], at.Type) {
			unknown = binary.BigEndian.AppendUint16(unknown, at.Type.Value())
		}
	}
	return unknown
}
