package ice

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// ErrCredentials is what every complaint about credentials wraps.
var ErrCredentials = errors.New("ICE credentials not allowed")

// Credentials are one side's short-term credentials: the ufrag, which travels
// in the clear and finds the peer, and the password, which keys the integrity
// of checks and never travels outside the signaling.
type Credentials struct{ Ufrag, Pwd string }

// The lengths that RFC 8839 section 5.4 allows.
const (
	minUfrag = 4
	minPwd   = 22
	maxChars = 256 // of either
)

// The lengths of our own, six bits of chance a character. RFC 8445 section 5.3
// asks for 24 bits in the ufrag and 128 in the password. Ours must also never
// fall on another peer's ufrag, which is how peers are told apart.
const (
	ownUfrag = 12
	ownPwd   = 24
)

// iceChars are the characters that RFC 8839 section 5.4 allows: 64, so that six
// random bits make one without favouring any.
const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// NewCredentials makes credentials of our own.
func NewCredentials() Credentials {
	var b [ownUfrag + ownPwd]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	for i, v := range b {
		b[i] = iceChars[v%byte(len(iceChars))]
	}
	return Credentials{Ufrag: string(b[:ownUfrag]), Pwd: string(b[ownUfrag:])}
}

// Check says whether credentials that a peer gave are such as RFC 8839 section
// 5.4 allows. The error holds nothing of the password but its length.
func (c Credentials) Check() error {
	if n := len(c.Ufrag); n < minUfrag || n > maxChars {
		return fmt.Errorf("%w: ufrag of %d characters, allowed are %d to %d", ErrCredentials, n, minUfrag, maxChars)
	}
	if n := len(c.Pwd); n < minPwd || n > maxChars {
		return fmt.Errorf("%w: password of %d characters, allowed are %d to %d", ErrCredentials, n, minPwd, maxChars)
	}
	if i := notICE(c.Ufrag); i >= 0 {
		return fmt.Errorf("%w: ufrag with %q at position %d, allowed are letters, digits, + and /", ErrCredentials, c.Ufrag[i], i)
	}
	if i := notICE(c.Pwd); i >= 0 {
		return fmt.Errorf("%w: password with another character at position %d than letters, digits, + and /", ErrCredentials, i)
	}
	return nil
}

// notICE gives the position of the first character that is not allowed, or -1.
func notICE(s string) int {
	for i := range len(s) {
		if !isICEChar(s[i]) {
			return i
		}
	}
	return -1
}

func isICEChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}
