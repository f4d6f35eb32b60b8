package accounts_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/accounts"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is the service on a real store with the demo families, and a clock
// that the test moves.
type house struct {
	*accounts.Service
	store *store.Store
	now   time.Time
	file  string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), file: filepath.Join(t.TempDir(), "kinwire.db")}
	var err error
	h.store, err = store.Open(t.Context(), store.Config{Driver: "sqlite", DSN: h.file}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.Service = accounts.New(h.store, func() time.Time { return h.now }, accounts.Config{
		SessionLifetime: time.Hour,
		Argon2:          accounts.Argon2{MemoryKiB: 64, Iterations: 1, Parallelism: 1},
	})
	_, err = h.SeedDemo(t.Context())
	require.NoError(t, err)
	return h
}

func requireCode(t *testing.T, code proto.Code, err error) {
	t.Helper()
	var e *proto.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code)
}

var device = proto.Device{Model: "Tablet", OS: "17", App: "1.0"}

func TestLoginSession(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	s, err := h.Login(ctx, " Mia ", "kinwire-demo", device)
	require.NoError(t, err)
	require.Equal(t, proto.Person{ID: "demo-mia", Name: "Mia", Avatar: "🦊", Role: proto.RoleChild, Family: "Sharma"}, s.Person)
	require.Equal(t, h.now.Add(time.Hour), s.ExpiresAt)
	require.LessOrEqual(t, len(s.Token), 256, "fits into hello")
	require.GreaterOrEqual(t, len(s.Token), 40)

	p, err := h.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.Equal(t, s.Person, p)

	other, err := h.Login(ctx, "mia", "kinwire-demo", proto.Device{})
	require.NoError(t, err)
	require.NotEqual(t, s.Token, other.Token)

	require.NoError(t, h.Logout(ctx, s.Token))
	require.NoError(t, h.Logout(ctx, s.Token))
	_, err = h.Authenticate(ctx, s.Token)
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Authenticate(ctx, other.Token)
	require.NoError(t, err, "the other device stays signed in")

	h.now = h.now.Add(time.Hour)
	_, err = h.Authenticate(ctx, other.Token)
	requireCode(t, proto.CodeUnauthenticated, err)
}

func TestTokenIsNotStored(t *testing.T) {
	h := newHouse(t)
	s, err := h.Login(t.Context(), "mia", "kinwire-demo", device)
	require.NoError(t, err)
	// The token itself must not open a session when taken for its hash.
	_, found, err := h.store.SessionPerson(t.Context(), s.Token, h.now)
	require.NoError(t, err)
	require.False(t, found)
	_, err = h.Authenticate(t.Context(), strings.TrimPrefix(s.Token, "kws_"))
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Authenticate(t.Context(), "")
	requireCode(t, proto.CodeUnauthenticated, err)
}

func TestWrongLoginsLookAlike(t *testing.T) {
	h := newHouse(t)
	_, want := h.Login(t.Context(), "mia", "wrong", device)
	requireCode(t, proto.CodeUnauthenticated, want)
	for name, c := range map[string][2]string{
		"unknown":           {"nobody", "kinwire-demo"},
		"empty":             {"", "kinwire-demo"},
		"no password":       {"mia", ""},
		"too long a name":   {strings.Repeat("m", 65), "kinwire-demo"},
		"too long a secret": {"mia", strings.Repeat("k", 257)},
		"an id":             {"demo-mia", "kinwire-demo"},
		"SQL":               {"mia' --", "kinwire-demo"},
	} {
		_, err := h.Login(t.Context(), c[0], c[1], device)
		require.Equal(t, want, err, name)
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	for _, login := range []string{"mia", "nobody"} {
		t.Run(login, func(t *testing.T) {
			h := newHouse(t)
			var err error
			tries := 0
			for ; tries < 100; tries++ {
				_, err = h.Login(t.Context(), login, fmt.Sprint("guess", tries), device)
				var e *proto.Error
				require.ErrorAs(t, err, &e)
				if e.Code == proto.CodeRateLimited {
					break
				}
			}
			require.Equal(t, 8, tries, "the same for a login that exists and one that does not")
			require.ErrorContains(t, err, "try again in 15 seconds")
			_, err = h.Login(t.Context(), strings.ToUpper(login), "kinwire-demo", device)
			requireCode(t, proto.CodeRateLimited, err)
			_, err = h.Login(t.Context(), "leo", "kinwire-demo", device)
			require.NoError(t, err, "others are not held up")
		})
	}
	h := newHouse(t)
	for range 8 {
		_, err := h.Login(t.Context(), "mia", "guess", device)
		requireCode(t, proto.CodeUnauthenticated, err)
	}
	h.now = h.now.Add(15 * time.Second)
	_, err := h.Login(t.Context(), "mia", "kinwire-demo", device)
	require.NoError(t, err, "slowed, not locked out")
}

func TestPeople(t *testing.T) {
	h := newHouse(t)
	people, err := h.People(t.Context(), "demo-mia")
	require.NoError(t, err)
	names := make([]string, 0, len(people))
	for _, p := range people {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"Leo", "Priya", "Tomek"}, names)

	p, err := h.Person(t.Context(), "demo-leo")
	require.NoError(t, err)
	require.Equal(t, "Leo", p.Name)
	_, err = h.Person(t.Context(), "nobody")
	requireCode(t, proto.CodeNotFound, err)
}

func TestSeedDemoAgain(t *testing.T) {
	h := newHouse(t)
	logins, err := h.SeedDemo(t.Context())
	require.NoError(t, err)
	require.Len(t, logins, 4)
	families := map[string][]string{}
	for _, l := range logins {
		families[l.Family] = append(families[l.Family], l.Role)
		s, err := h.Login(t.Context(), l.Login, l.Password, device)
		require.NoError(t, err)
		require.Equal(t, []string{l.Name, l.Avatar, l.Family, l.Role},
			[]string{s.Person.Name, s.Person.Avatar, s.Person.Family, string(s.Person.Role)})
	}
	require.Equal(t, map[string][]string{"Sharma": {"parent", "child"}, "Nowak": {"parent", "child"}}, families)
}

func TestSeedDemoTakesNobodysLogin(t *testing.T) {
	st, err := store.Open(t.Context(), store.Config{Driver: "sqlite", DSN: filepath.Join(t.TempDir(), "k.db")}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	added, err := st.AddPerson(t.Context(), proto.Person{ID: "someone", Name: "Mia", Role: proto.RoleChild}, "mia", "x")
	require.NoError(t, err)
	require.True(t, added)
	_, err = accounts.New(st, time.Now, accounts.Config{SessionLifetime: time.Hour}).SeedDemo(t.Context())
	require.ErrorContains(t, err, `the login "mia"`)
}

func TestStoreFailureIsNoRefusal(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.store.Close())
	for name, call := range map[string]func() error{
		"login":        func() error { _, err := h.Login(t.Context(), "mia", "kinwire-demo", device); return err },
		"authenticate": func() error { _, err := h.Authenticate(t.Context(), "x"); return err },
		"person":       func() error { _, err := h.Person(t.Context(), "demo-mia"); return err },
		"people":       func() error { _, err := h.People(t.Context(), "demo-mia"); return err },
		"logout":       func() error { return h.Logout(t.Context(), "x") },
	} {
		err := call()
		require.Error(t, err, name)
		var e *proto.Error
		require.NotErrorAs(t, err, &e, name)
	}
}
