// Package keytest makes keys for tests with a pretended authenticator.
package keytest

import (
	"crypto/ecdsa"
	"crypto/x509"

	"github.com/descope/virtualwebauthn"
)

// New makes a credential. The authenticator that is pretended writes the
// coordinates of a public key without leading zeros, which a real one must not
// (RFC 9053, section 7.1.1), and which is refused: one key in 128 has some, and
// is not given out.
func New(keyType virtualwebauthn.KeyType) virtualwebauthn.Credential {
	for {
		c := virtualwebauthn.NewCredential(keyType)
		key, err := x509.ParsePKCS8PrivateKey(c.Key.Data)
		if err != nil {
			panic(err) // the package has just made it
		}
		ec, ok := key.(*ecdsa.PrivateKey)
		if !ok {
			return c
		}
		// 4, X, Y (SEC 1, section 2.3.3).
		if point, err := ec.PublicKey.Bytes(); err == nil && point[1] != 0 && point[33] != 0 {
			return c
		}
	}
}
