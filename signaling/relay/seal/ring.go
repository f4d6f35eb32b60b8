package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
)

const (
	version   = 1
	saltSize  = 16
	nonceSize = 12
	tagSize   = 16
	purpose   = "kinwire relay seal 1"
)

// ErrNotSealed is returned for what cannot be opened because it is not what was
// sealed, or not by this ring, or not for this place.
var ErrNotSealed = errors.New("not sealed by a key of this ring for this place")

// Ring is a key ring in use. Its methods may be called from any goroutine.
type Ring struct {
	source Source
	keys   atomic.Pointer[keys]
}

// keys is a ring as it was read. It does not change.
type keys struct {
	first key
	byID  map[string]key
}

type key struct {
	id     string
	secret [keySize]byte
}

// Open reads a ring for the first time. It fails where there is no key in it.
func Open(ctx context.Context, source Source) (*Ring, error) {
	r := &Ring{source: source}
	if err := r.Reload(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Reload reads the ring again. When that fails, everything stays as it was.
func (r *Ring) Reload(ctx context.Context) error {
	text, err := r.source.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the key ring: %w", err)
	}
	k, err := parse(text)
	clear(text)
	if err != nil {
		return fmt.Errorf("read the key ring from %s: %w", r.source, err)
	}
	r.keys.Store(k)
	return nil
}

// Sealing is the name of the key that seals now.
func (r *Ring) Sealing() string { return r.keys.Load().first.id }

// Seal encrypts body. It opens only with the same aad.
func (r *Ring) Seal(aad, body []byte) ([]byte, error) {
	k := r.keys.Load().first
	out := make([]byte, 0, 2+len(k.id)+saltSize+nonceSize+len(body)+tagSize)
	out = append(out, version, byte(len(k.id)))
	out = append(out, k.id...)
	head := len(out)
	out = out[:head+saltSize+nonceSize]
	rand.Read(out[head:]) // never fails: see its documentation
	gcm, err := k.cipher(out[head : head+saltSize])
	if err != nil {
		return nil, err
	}
	return gcm.Seal(out, out[head+saltSize:], body, bound(out[:head], aad)), nil
}

// Open decrypts what Seal made. The error is ErrNotSealed where it does not
// open, whatever the reason.
func (r *Ring) Open(aad, sealed []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != version {
		return nil, fmt.Errorf("%w: it does not begin with the version %d", ErrNotSealed, version)
	}
	head := 2 + int(sealed[1])
	if len(sealed) < head+saltSize+nonceSize+tagSize {
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrNotSealed, len(sealed))
	}
	k, ok := r.keys.Load().byID[string(sealed[2:head])]
	if !ok {
		return nil, fmt.Errorf("%w: its key %q is not in the ring", ErrNotSealed, sealed[2:head])
	}
	nonce := head + saltSize
	gcm, err := k.cipher(sealed[head:nonce])
	if err != nil {
		return nil, err
	}
	body, err := gcm.Open(nil, sealed[nonce:nonce+nonceSize], sealed[nonce+nonceSize:], bound(sealed[:head], aad))
	if err != nil {
		return nil, ErrNotSealed
	}
	return body, nil
}

// cipher is that of one body.
func (k *key) cipher(salt []byte) (cipher.AEAD, error) {
	secret, err := hkdf.Key(sha256.New, k.secret[:], salt, purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	clear(secret)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return cipher.NewGCM(block)
}

// bound is all that is authenticated beside the body. The head tells its own
// length, so no two pairs give the same.
func bound(head, aad []byte) []byte {
	both := make([]byte, 0, len(head)+len(aad))
	return append(append(both, head...), aad...)
}
