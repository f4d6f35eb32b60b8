package passkey

import (
	"log/slog"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"kinwire/signaling/proto"
)

// Limits.
const (
	// MaxKeys is how many passkeys a person may have.
	MaxKeys = 10
	// CeremonyTime is how long a ceremony may take.
	CeremonyTime = 5 * time.Minute

	maxName     = 64       // characters
	maxResponse = 64 << 10 // bytes of JSON
)

// Config says on which site the passkeys are good.
type Config struct {
	// RPID is the site's domain, without scheme and port. Passkeys are bound
	// to it: changing it makes all of them worthless.
	RPID string
	// RPName is what the authenticator shows; empty: the RPID.
	RPName string
	// Origins are from where ceremonies may come: https://RPID or of a name
	// below it, with the port where it is not the usual one;
	// http://localhost in development; android:apk-key-hash:… for an app.
	Origins []string
	// Log may be nil.
	Log *slog.Logger
}

// user is a person in the eyes of the WebAuthn library.
type user struct {
	id          string
	name        string
	credentials []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return []byte(u.id) }
func (u *user) WebAuthnName() string                       { return u.name }
func (u *user) WebAuthnDisplayName() string                { return u.name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func refuse(code proto.Code, message string) error {
	return &proto.Error{Code: code, Message: message}
}
