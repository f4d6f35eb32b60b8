package oidc_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/accounts"
	"kinwire/signaling/oidc"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is the service on a real store, with the real accounts, behind a real
// HTTP server.
type house struct {
	*oidc.Service
	store    *store.Store
	accounts *accounts.Service
	url      string // of the server

	mu     sync.Mutex
	clock  time.Time // stands still until later; begins with the real one, which the provider has
	log    bytes.Buffer
	asked  int   // how often for an account by e-mail address
	refuse error // what the accounts say then; nil: what they do say
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
}

func (h *house) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// ParentByEmail goes on to the accounts.
func (h *house) ParentByEmail(ctx context.Context, email, name string) (string, error) {
	h.mu.Lock()
	h.asked++
	refuse := h.refuse
	h.mu.Unlock()
	if refuse != nil {
		return "", refuse
	}
	return h.accounts.ParentByEmail(ctx, email, name)
}

// MakeLoginTicket goes on to the accounts.
func (h *house) MakeLoginTicket(ctx context.Context, userID string) (string, error) {
	return h.accounts.MakeLoginTicket(ctx, userID)
}

// newHouse serves on a port that it is told of before the providers are
// started, because they have to know where they may send browsers back to.
func newHouse(t *testing.T, providers func(public string) []oidc.ProviderConfig) *house {
	t.Helper()
	h := &house{clock: time.Now()}
	var err error
	h.store, err = storetest.Open(t, filepath.Join(t.TempDir(), "kinwire.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.accounts = accounts.New(h.store, h.now, accounts.Config{SessionLifetime: time.Hour}, accounts.Deps{})
	r := chi.NewRouter()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	h.url = server.URL
	h.Service, err = oidc.New(t.Context(), h.store, h.now, oidc.Config{
		PublicURL: h.url + "/", Providers: providers(h.url), Log: slog.New(slog.NewTextHandler(h, nil)),
	}, oidc.Deps{Accounts: h})
	require.NoError(t, err)
	h.Routes(r)
	return h
}

func callbacks(public string, ids ...string) (all []string) {
	for _, id := range ids {
		all = append(all, public+"/v1/login/oidc/"+id+"/callback")
	}
	return all
}

// withProvider is a house with one real provider, "one", and the same a second
// time as "two".
func withProvider(t *testing.T, p realProvider) *house {
	t.Helper()
	return newHouse(t, func(public string) []oidc.ProviderConfig {
		p.Redirects = callbacks(public, "one", "two")
		issuer := p.start(t)
		return []oidc.ProviderConfig{
			{ID: "one", Name: "One", Issuer: issuer, ClientID: "kinwire", ClientSecret: p.Secret},
			{ID: "two", Name: "Two", Issuer: issuer, ClientID: "kinwire", ClientSecret: p.Secret},
		}
	})
}

var confidential = realProvider{Secret: "a secret & more", Method: "client_secret_basic"}

func (h *house) startURL(provider string) string { return h.url + "/v1/login/oidc/" + provider }

// back begins a log-in and goes through the provider as who; it stops before
// the address that leads back is visited.
func (h *house) back(b *browser, provider, who string) string {
	b.t.Helper()
	to, _ := b.visit(h.startURL(provider), nil)
	return b.answers(to, who)
}

// end visits the address that leads back and returns what stands after #.
func (h *house) end(b *browser, back string) string {
	b.t.Helper()
	to, _ := b.visit(back, nil)
	fragment, ok := strings.CutPrefix(to, h.url+"/#")
	require.True(b.t, ok, to)
	return fragment
}

func (h *house) signIn(b *browser, provider, who string) string {
	b.t.Helper()
	return h.end(b, h.back(b, provider, who))
}

// requireSession wants a ticket that opens the account with that address, and
// returns who it is.
func (h *house) requireSession(t *testing.T, login, fragment string) proto.Person {
	t.Helper()
	q, err := url.ParseQuery(fragment)
	require.NoError(t, err)
	require.Len(t, q, 1, fragment)
	in, err := h.accounts.LoginTicket(t.Context(), proto.TokenIn{Token: q.Get("ticket")})
	require.NoError(t, err, "%s; log: %s", fragment, h.logged())
	a, err := h.accounts.Account(t.Context(), in.Me.ID)
	require.NoError(t, err)
	require.Equal(t, login, a.Login)
	return in.Me
}
