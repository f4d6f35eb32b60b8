package srtp

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"strings"
)

// The ways in which packets, keys and names are refused.
var (
	// ErrShort says that a packet is shorter than its header and tag.
	ErrShort = errors.New("srtp: packet is shorter than its header and tag")
	// ErrAuth says that a packet was not sealed with the peer's key.
	ErrAuth = errors.New("srtp: packet is not authentic")
	// ErrReplayed says that a packet was opened before, or is too old to tell.
	ErrReplayed = errors.New("srtp: packet is replayed or too old")
	// ErrStreams says that an authentic peer uses more SSRCs than it may.
	ErrStreams = errors.New("srtp: peer uses too many SSRCs")
	// ErrExhausted says that the key has sealed all the RTCP packets it may.
	ErrExhausted = errors.New("srtp: the key is used up")
	// ErrProfile says that a protection profile is not known.
	ErrProfile = errors.New("srtp: unknown protection profile")
	// ErrKeys says that keying material is not of the profile's size.
	ErrKeys = errors.New("srtp: keying material of the wrong size")
	// ErrLimit says that an Opener's window or number of streams is not allowed.
	ErrLimit = errors.New("srtp: limit not allowed")
)

// Profile is a DTLS-SRTP protection profile by its registered number.
type Profile uint16

// The profiles that are supported (RFC 5764 section 4.1.2, RFC 7714 section
// 14.2).
const (
	AES128CMSHA180 Profile = 0x0001
	AEADAES128GCM  Profile = 0x0007
	AEADAES256GCM  Profile = 0x0008
)

// parameters are what a profile stands for. Sizes are in bytes.
type parameters struct {
	name      string
	key, salt int // of the master key and salt, and of the session's
	auth      int // of the session's authentication key
	tag       int
	session   func(block cipher.Block, salt, auth []byte) (session, error)
}

// known is indexed by the profile's number; numbers that are not supported
// have no name.
var known = [...]parameters{
	AES128CMSHA180: {"aes128_cm_sha1_80", 16, 14, 20, cmTag, newCM},
	AEADAES128GCM:  {"aead_aes_128_gcm", 16, 12, 0, gcmTag, newGCM},
	AEADAES256GCM:  {"aead_aes_256_gcm", 32, 12, 0, gcmTag, newGCM},
}

// parameters are all zero for a profile that is not known.
func (p Profile) parameters() (q parameters) {
	if int(p) < len(known) {
		q = known[p]
	}
	return q
}

// String is the profile's name in the configuration.
func (p Profile) String() string {
	if name := p.parameters().name; name != "" {
		return name
	}
	return fmt.Sprintf("srtp profile %#04x", uint16(p))
}

// MaterialSize is how many bytes to export from DTLS (RFC 5764 section 4.2),
// 0 for a profile that is not known.
func (p Profile) MaterialSize() int {
	q := p.parameters()
	return 2 * (q.key + q.salt)
}

// Overhead is by how many bytes sealing lengthens an RTP packet; an RTCP
// packet grows by four more.
func (p Profile) Overhead() int { return p.parameters().tag }

// ParseProfile gives the profile with the given name.
func ParseProfile(name string) (Profile, error) {
	var names []string
	for p, q := range known {
		switch q.name {
		case "":
		case name:
			return Profile(p), nil
		default:
			names = append(names, q.name)
		}
	}
	return 0, fmt.Errorf("%w: given %q; allowed: %s", ErrProfile, name, strings.Join(names, ", "))
}

// Keys are the master key and salt of one direction.
type Keys struct{ Key, Salt []byte }

// Split takes the secret that DTLS exported apart. client are the keys for
// what the DTLS client sends, server for what the server does. They point
// into material.
func Split(p Profile, material []byte) (client, server Keys, err error) {
	q := p.parameters()
	switch {
	case q.name == "":
		return client, server, fmt.Errorf("%w: given %#04x", ErrProfile, uint16(p))
	case len(material) != p.MaterialSize():
		return client, server, fmt.Errorf("%w: given %d bytes from DTLS; %v takes %d", ErrKeys, len(material), p, p.MaterialSize())
	}
	keys, salts := material[:2*q.key], material[2*q.key:]
	client = Keys{Key: keys[:q.key:q.key], Salt: salts[:q.salt:q.salt]}
	server = Keys{Key: keys[q.key:], Salt: salts[q.salt:]}
	return client, server, nil
}
