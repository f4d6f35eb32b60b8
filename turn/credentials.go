package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// DefaultCredentialLifetime is used when NewCredentials is given no lifetime.
const DefaultCredentialLifetime = 12 * time.Hour

// ErrUsername is what a user name that was not made by Credentials gives.
var ErrUsername = errors.New(`turn: user name is not of the form "expiry:pseudonym"`)

// Credentials issues and checks time-limited TURN credentials.
//
// They have the form that the draft "A REST API For Access To TURN Services"
// made customary and other TURN servers share: the user name is
// "expiry:pseudonym", where expiry is in Unix seconds, and the password is
// base64(HMAC-SHA1(secret, user name)). SHA-1 is kept so that a coturn with the
// same secret takes the same credentials; in HMAC its known collisions do not
// matter. Nothing is stored: whoever knows the secret can check a credential,
// also after a restart and on another node.
//
// The pseudonym is 16 bytes, base64url: the user's tag under a mask, then the
// call's tag. Both tags are HMACs, so that nobody on the way learns who is
// calling; the mask hangs on the call and the expiry, so that two calls of one
// user cannot be told to be of the same user either. The server takes the mask
// off to count allocations by user.
type Credentials struct {
	secret   []byte
	lifetime atomic.Int64 // nanoseconds
	now      func() time.Time
}

// userTag stands for one user wherever the server needs to tell users apart.
type userTag [8]byte

// identity is what a well-formed user name says. It is a claim: only message
// integrity under the password that belongs to it proves it.
type identity struct {
	user     userTag
	expires  time.Time
	password string
}

// NewCredentials gives Credentials under secret, each valid for lifetime (12
// hours when 0 or less). An empty secret is replaced by a random one, which ends
// with the process. now may be nil for the real clock.
func NewCredentials(secret []byte, lifetime time.Duration, now func() time.Time) *Credentials {
	secret = append([]byte(nil), secret...)
	if len(secret) == 0 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // never fails: it ends the program instead
	}
	if now == nil {
		now = time.Now
	}
	c := &Credentials{secret: secret, now: now}
	c.SetLifetime(lifetime)
	return c
}

// Issue gives a user name and password for userID in callID, and the time from
// which they make no new allocation. The user name carries neither id.
func (c *Credentials) Issue(userID, callID string) (username, password string, expires time.Time) {
	unix := c.now().Add(time.Duration(c.lifetime.Load())).Unix()
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(unix))

	user := c.tag("user", []byte(userID))
	call := c.tag("call", stamp[:], []byte(userID), []byte(callID))
	mask := c.tag("mask", call[:])
	var pseudonym [16]byte
	subtle.XORBytes(pseudonym[:8], user[:], mask[:])
	copy(pseudonym[8:], call[:])

	username = formatUsername(unix, pseudonym)
	return username, c.password(username), time.Unix(unix, 0)
}

// identify reads a user name, made by Issue or forged, and gives the password
// that proves it. The error is ErrUsername.
func (c *Credentials) identify(username string) (identity, error) {
	unix, pseudonym, err := parseUsername(username)
	if err != nil {
		return identity{}, err
	}
	id := identity{expires: time.Unix(unix, 0), password: c.password(username)}
	mask := c.tag("mask", pseudonym[8:])
	subtle.XORBytes(id.user[:], pseudonym[:8], mask[:])
	return id, nil
}

// expired reports whether a credential with this expiry has ended.
func (c *Credentials) expired(expires time.Time) bool { return !c.now().Before(expires) }

func (c *Credentials) password(username string) string {
	mac := hmac.New(sha1.New, c.secret)
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// tag is a short HMAC over parts, each with its length before it so that no two
// lists of parts look alike; label keeps the uses of one secret apart.
func (c *Credentials) tag(label string, parts ...[]byte) (t userTag) {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write([]byte("kinwire turn " + label))
	var length [4]byte
	for _, p := range parts {
		binary.BigEndian.PutUint32(length[:], uint32(len(p)))
		mac.Write(length[:])
		mac.Write(p)
	}
	copy(t[:], mac.Sum(nil))
	return t
}

func formatUsername(unix int64, pseudonym [16]byte) string {
	return strconv.FormatInt(unix, 10) + ":" + base64.RawURLEncoding.EncodeToString(pseudonym[:])
}

// parseUsername takes "expiry:pseudonym" apart. It accepts one spelling of each
// value only, so that one credential cannot pass under two names.
func parseUsername(s string) (unix int64, pseudonym [16]byte, err error) {
	digits, encoded, ok := strings.Cut(s, ":")
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(len(pseudonym)) {
		return 0, pseudonym, ErrUsername
	}
	unix, err = strconv.ParseInt(digits, 10, 64)
	if err != nil || unix <= 0 || strconv.FormatInt(unix, 10) != digits {
		return 0, pseudonym, ErrUsername
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != len(pseudonym) {
		return 0, pseudonym, ErrUsername
	}
	copy(pseudonym[:], raw)
	return unix, pseudonym, nil
}
