package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	saltBytes = 16
	keyBytes  = 32

	// The most that a stored hash may ask for. A hash comes from our own
	// database, so this only keeps a damaged one from hurting the server.
	maxMemoryKiB   = 1 << 20 // 1 GiB
	maxIterations  = 64
	maxParallelism = 64
	maxSaltOrKey   = 64
)

// hasher hashes passwords, at most one per processor at a time.
type hasher struct {
	cost  Argon2
	slots chan struct{}
}

func newHasher(cost Argon2) *hasher {
	return &hasher{cost: cost, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// hash makes a PHC string with a fresh salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	p := phc{cost: h.cost, salt: make([]byte, saltBytes)}
	rand.Read(p.salt)
	var err error
	if p.key, err = h.derive(ctx, p, password, keyBytes); err != nil {
		return "", err
	}
	return p.String(), nil
}

// verify says whether password belongs to the PHC string. The comparison
// takes the same time wherever the two differ.
func (h *hasher) verify(ctx context.Context, encoded, password string) (bool, error) {
	p, err := parsePHC(encoded)
	if err != nil {
		return false, err
	}
	key, err := h.derive(ctx, p, password, len(p.key))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, p.key) == 1, nil
}

func (h *hasher) derive(ctx context.Context, p phc, password string, size int) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
	return argon2.IDKey([]byte(password), p.salt, p.cost.Iterations, p.cost.MemoryKiB, p.cost.Parallelism, uint32(size)), nil
}

// phc is an argon2id hash as its PHC string holds it.
type phc struct {
	cost      Argon2
	salt, key []byte
}

var b64 = base64.RawStdEncoding.Strict()

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.MemoryKiB, p.cost.Iterations, p.cost.Parallelism,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

// parsePHC reads what String writes, and nothing else. Its errors never hold
// the hash.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, fmt.Errorf("read a password hash: it is not of the form $argon2id$v=%d$…$salt$key", argon2.Version)
	}
	var p phc
	var m, t, l uint32
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &l); err != nil {
		return phc{}, fmt.Errorf("read a password hash: its parameters are not m=,t=,p=: %w", err)
	}
	if m < 8 || m > maxMemoryKiB || t < 1 || t > maxIterations || l < 1 || l > maxParallelism {
		return phc{}, fmt.Errorf("read a password hash: m=%d,t=%d,p=%d; allowed are 8 to %d, 1 to %d, 1 to %d",
			m, t, l, maxMemoryKiB, maxIterations, maxParallelism)
	}
	p.cost = Argon2{MemoryKiB: m, Iterations: t, Parallelism: uint8(l)}
	var err error
	if p.salt, err = decode("salt", parts[4]); err != nil {
		return phc{}, err
	}
	if p.key, err = decode("key", parts[5]); err != nil {
		return phc{}, err
	}
	// One form for each hash: no leading zeros, no trailing text.
	if p.String() != s {
		return phc{}, fmt.Errorf("read a password hash: it is not in canonical form")
	}
	return p, nil
}

func decode(what, s string) ([]byte, error) {
	b, err := b64.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("read a password hash: its %s is not base64", what)
	}
	if len(b) < 8 || len(b) > maxSaltOrKey {
		return nil, fmt.Errorf("read a password hash: its %s has %d bytes; allowed are 8 to %d", what, len(b), maxSaltOrKey)
	}
	return b, nil
}
