package signaling

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
)

// secret is the SHA-256 of a token: tables hold no token that works.
type secret [sha256.Size]byte

func hashed(token string) secret { return sha256.Sum256([]byte(token)) }

// newToken makes a token of 256 random bits.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newID makes the name of a session, of 96 random bits.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// resumeTable finds the session of a resume token. Its lock is innermost.
type resumeTable struct {
	mu       sync.Mutex
	sessions map[secret]*session
}

func (t *resumeTable) add(key secret, s *session) {
	t.mu.Lock()
	t.sessions[key] = s
	t.mu.Unlock()
}

func (t *resumeTable) find(key secret) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions[key]
}

func (t *resumeTable) remove(keys ...secret) {
	t.mu.Lock()
	for _, k := range keys {
		delete(t.sessions, k)
	}
	t.mu.Unlock()
}
