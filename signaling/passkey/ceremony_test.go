package passkey

import (
	"encoding/json"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/passkey/keytest"
	"kinwire/signaling/proto"
)

// FuzzResponse: whatever a browser sends is read or refused, and what is read
// does not pass for the answer to a challenge that it does not answer.
func FuzzResponse(f *testing.F) {
	site := virtualwebauthn.RelyingParty{ID: "kinwire.example", Origin: "https://kinwire.example"}
	auth := virtualwebauthn.NewAuthenticator()
	key := keytest.New(virtualwebauthn.KeyTypeEC2)
	f.Add(virtualwebauthn.CreateAttestationResponse(site, auth, key, virtualwebauthn.AttestationOptions{Challenge: []byte("another challenge of 32 bytes...")}))
	f.Add(virtualwebauthn.CreateAssertionResponse(site, auth, key, virtualwebauthn.AssertionOptions{Challenge: []byte("another challenge of 32 bytes...")}))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`)
	f.Add(`null`)
	lib, err := webauthn.New(&webauthn.Config{RPID: site.ID, RPDisplayName: "Kinwire", RPOrigins: []string{site.Origin}})
	if err != nil {
		f.Fatal(err)
	}
	challenge := protocol.URLEncodedBase64("the challenge that was given out")
	someone := &user{id: "u_a"}
	made := webauthn.SessionData{Challenge: challenge.String(), UserID: []byte("u_a"), CredParams: webauthn.CredentialParametersDefault()}
	opened := webauthn.SessionData{Challenge: challenge.String()}
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		if c, err := parseNew(v); err == nil {
			_, err = lib.CreateCredential(someone, made, c)
			require.Error(t, err)
		} else {
			require.ErrorAs(t, err, new(*proto.Error))
		}
		if c, err := parseLogin(v); err == nil {
			_, _, err = lib.ValidatePasskeyLogin(func(id, _ []byte) (webauthn.User, error) {
				return &user{id: "u_a", credentials: []webauthn.Credential{{ID: id, PublicKey: key.Key.AttestationData()}}}, nil
			}, opened, c)
			require.Error(t, err)
		} else {
			require.ErrorAs(t, err, new(*proto.Error))
		}
	})
}
