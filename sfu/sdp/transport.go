package sdp

import (
	"fmt"
	"slices"
	"strings"
)

// Fingerprint is the hash of a certificate (RFC 8122 section 5).
type Fingerprint struct {
	Hash  string // "sha-256", in lower case
	Value string // bytes in upper case hex, parted by colons
}

// hashes are the functions that the server can check a certificate with, and
// how many bytes they give. Weaker ones are left out on purpose.
var hashes = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

// maxFingerprints bounds the a=fingerprint lines of one level.
const maxFingerprints = 16

// parseFingerprint reads the value of a=fingerprint. ok is false when the hash
// is not one the server knows, or the value not one of this hash.
func parseFingerprint(value string) (f Fingerprint, ok bool) {
	hash, bytes := cut(value, ' ')
	f = Fingerprint{Hash: strings.ToLower(hash), Value: strings.ToUpper(strings.Trim(bytes, " "))}
	return f, f.valid()
}

func (f Fingerprint) valid() bool {
	n := hashes[f.Hash]
	if n == 0 || len(f.Value) != 3*n-1 {
		return false
	}
	for i := range len(f.Value) {
		colon := i%3 == 2
		if colon != (f.Value[i] == ':') || (!colon && classes[f.Value[i]]&classHex == 0) {
			return false
		}
	}
	return true
}

// setups are the DTLS roles that a client may offer to a server that is
// passive (RFC 8842 section 5); without the attribute the offerer is active
// (RFC 4145 section 4).
var setups = []string{"actpass", "active"}

// parseTransport reads what belongs to the bundle's transport from the section
// that stands for it; what the section does not have is inherited from the
// session.
func (o *Offer) parseTransport(d *description, tagged *media) error {
	inherit := func(key string) string {
		if v, ok := find(tagged.attrs, key); ok {
			return v
		}
		v, _ := find(d.attrs, key)
		return v
	}
	if o.Ufrag = inherit("ice-ufrag"); !isUfrag(o.Ufrag) {
		return fmt.Errorf("%w: its a=ice-ufrag is %.40q, 4 to 256 letters, digits, + and / are allowed", ErrOffer, o.Ufrag)
	}
	if o.Pwd = inherit("ice-pwd"); !isPwd(o.Pwd) {
		return fmt.Errorf("%w: its a=ice-pwd has %d characters, 22 to 256 letters, digits, + and / are allowed", ErrOffer, len(o.Pwd))
	}
	if has(d.attrs, "ice-lite") {
		return fmt.Errorf("%w: it says a=ice-lite, but the server is ICE-lite: a client with full ICE is allowed", ErrOffer)
	}
	if o.Setup = inherit("setup"); o.Setup == "" {
		o.Setup = "active"
	}
	if !slices.Contains(setups, o.Setup) {
		return fmt.Errorf("%w: its a=setup is %.20q, and the server is passive: %s are allowed", ErrOffer, o.Setup, strings.Join(setups, ", "))
	}
	return o.parseFingerprints(d, tagged)
}

// parseFingerprints takes the fingerprints of the section, or those of the
// session when it has none of its own (RFC 8122 section 5).
func (o *Offer) parseFingerprints(d *description, tagged *media) error {
	level := tagged.attrs
	if !has(level, "fingerprint") {
		level = d.attrs
	}
	given := 0
	for _, a := range level {
		if a.key != "fingerprint" {
			continue
		}
		if given++; given > maxFingerprints {
			return fmt.Errorf("%w: it has more than %d fingerprints", ErrOffer, maxFingerprints)
		}
		if f, ok := parseFingerprint(a.value); ok {
			o.Fingerprints = append(o.Fingerprints, f)
		}
	}
	if len(o.Fingerprints) == 0 {
		return fmt.Errorf("%w: of its %d fingerprints none is a whole one of sha-256, sha-384 or sha-512", ErrOffer, given)
	}
	return nil
}
