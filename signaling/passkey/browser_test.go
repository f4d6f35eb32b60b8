package passkey_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/signaling/passkey"
	"kinwire/signaling/proto"
)

// TestInChromium: a real browser takes the options as they are, and what it
// answers goes back as it is.
func TestInChromium(t *testing.T) {
	page := browser.Chromium(t, browser.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	site := strings.Replace(browser.Serve(t, "<title>Kinwire</title>"), "127.0.0.1", "localhost", 1)
	require.NoError(t, page.Open(ctx, site))
	require.NoError(t, browser.Authenticator(ctx, page))
	h := newHouse(t)
	s, err := passkey.New(h.store, func() time.Time { return h.now }, passkey.Config{RPID: "localhost", Origins: []string{site}})
	require.NoError(t, err)

	do := func(method, read string, options any) (response any, err error) {
		err = page.Eval(ctx, fmt.Sprintf(`navigator.credentials.%s({publicKey: PublicKeyCredential.%s(%s)}).then(c => c.toJSON())`,
			method, read, text(t, options)), &response)
		return response, err
	}
	begun, err := s.Begin(ctx, cat)
	require.NoError(t, err)
	response, err := do("create", "parseCreationOptionsFromJSON", begun.Options)
	require.NoError(t, err)
	_, err = s.Add(ctx, cat.ID, proto.PasskeyNew{Ticket: begun.Ticket, Name: "My phone", Response: response})
	require.NoError(t, err)

	begun, err = s.Begin(ctx, cat)
	require.NoError(t, err)
	_, err = do("create", "parseCreationOptionsFromJSON", begun.Options)
	require.ErrorContains(t, err, "InvalidStateError", "this phone has one already")

	for range 2 { // the counter of this phone goes up
		begun, err := s.BeginLogin(ctx)
		require.NoError(t, err)
		response, err := do("get", "parseRequestOptionsFromJSON", begun.Options)
		require.NoError(t, err)
		userID, err := s.Login(ctx, proto.PasskeyLogin{Ticket: begun.Ticket, Response: response})
		require.NoError(t, err)
		require.Equal(t, cat.ID, userID)
	}
}
