package passkey_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/passkey"
	"kinwire/signaling/passkey/keytest"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	cat = proto.Person{ID: "u_cat", Name: "Cat", Avatar: "🐱", Role: proto.RoleParent, Family: "O'Neil"}
	dan = proto.Person{ID: "u_dan", Name: "Dan", Avatar: "🐶", Role: proto.RoleParent, Family: "O'Neil"}
)

const rpID, origin = "kinwire.example", "https://kinwire.example"

// house is the service on a real store with two parents, and a clock that the
// test moves.
type house struct {
	*passkey.Service
	store *store.Store
	now   time.Time
	log   bytes.Buffer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	h.store, err = storetest.Open(t, filepath.Join(t.TempDir(), "kinwire.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	for _, p := range []proto.Person{cat, dan} {
		added, err := h.store.AddPerson(t.Context(), p, p.ID+"@example.org", "")
		require.NoError(t, err)
		require.True(t, added)
	}
	h.Service, err = passkey.New(h.store, func() time.Time { return h.now }, passkey.Config{
		RPID: rpID, RPName: "Kinwire", Origins: []string{origin, "https://app." + rpID, "android:apk-key-hash:" + strings.Repeat("A", 43)},
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	require.NoError(t, err)
	return h
}

func requireCode(t *testing.T, code proto.Code, err error, says ...any) {
	t.Helper()
	var e *proto.Error
	require.ErrorAs(t, err, &e, says...)
	require.Equal(t, code, e.Code, says...)
}

// phone is an authenticator in a browser on a site.
type phone struct {
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newPhone(p proto.Person) *phone {
	return &phone{
		site: virtualwebauthn.RelyingParty{ID: rpID, Name: "Kinwire", Origin: origin},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(p.ID)}),
		key:  keytest.New(virtualwebauthn.KeyTypeEC2),
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func parsed(t *testing.T, s string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(s), &v))
	return v
}

// makes answers the options of a ceremony in which a key is made.
func (p *phone) makes(t *testing.T, c proto.Ceremony) proto.PasskeyNew {
	t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(text(t, c.Options))
	require.NoError(t, err)
	return proto.PasskeyNew{Ticket: c.Ticket, Name: " My phone ", Response: parsed(t, virtualwebauthn.CreateAttestationResponse(p.site, p.auth, p.key, *options))}
}

// signs answers the options of a log-in.
func (p *phone) signs(t *testing.T, c proto.Ceremony) proto.PasskeyLogin {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(text(t, c.Options))
	require.NoError(t, err)
	return proto.PasskeyLogin{Ticket: c.Ticket, Response: parsed(t, virtualwebauthn.CreateAssertionResponse(p.site, p.auth, p.key, *options))}
}

func (h *house) begin(t *testing.T, p proto.Person) proto.Ceremony {
	t.Helper()
	c, err := h.Begin(t.Context(), p)
	require.NoError(t, err)
	return c
}

func (h *house) beginLogin(t *testing.T) proto.Ceremony {
	t.Helper()
	c, err := h.BeginLogin(t.Context())
	require.NoError(t, err)
	return c
}

// with gives p a passkey on a new phone.
func (h *house) with(t *testing.T, p proto.Person) (*phone, proto.Passkey) {
	t.Helper()
	ph := newPhone(p)
	key, err := h.Add(t.Context(), p.ID, ph.makes(t, h.begin(t, p)))
	require.NoError(t, err)
	return ph, key
}
