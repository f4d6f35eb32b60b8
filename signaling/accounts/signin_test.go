package accounts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

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
	_, err := h.ParentByEmail(t.Context(), "oidc@home.example", "No Password")
	require.NoError(t, err)
	_, want := h.Login(t.Context(), "mia", "wrong", device)
	requireCode(t, proto.CodeUnauthenticated, want)
	for name, c := range map[string][2]string{
		"unknown":             {"nobody", "kinwire-demo"},
		"unknown e-mail":      {"nobody@home.example", "kinwire-demo"},
		"empty":               {"", "kinwire-demo"},
		"no password":         {"mia", ""},
		"without a password":  {"oidc@home.example", "anything at all"},
		"without, none given": {"oidc@home.example", ""},
		"too long a name":     {strings.Repeat("m", 257), "kinwire-demo"},
		"too long a secret":   {"mia", strings.Repeat("k", 1025)},
		"an id":               {"demo-mia", "kinwire-demo"},
		"SQL":                 {"mia' --", "kinwire-demo"},
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

func TestSuspendedIsTold(t *testing.T) {
	h := newHouse(t)
	h.suspend(t, "demo-mia")
	_, err := h.Login(t.Context(), "mia", "kinwire-demo", device)
	requireCode(t, proto.CodeSuspended, err)
	_, err = h.Login(t.Context(), "mia", "wrong", device)
	requireCode(t, proto.CodeUnauthenticated, err, "wrong")
	_, err = h.OpenFor(t.Context(), "demo-mia", device)
	requireCode(t, proto.CodeSuspended, err)
	_, err = h.Person(t.Context(), "demo-mia")
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.Account(t.Context(), "demo-mia")
	requireCode(t, proto.CodeSuspended, err)
}

func TestOpenFor(t *testing.T) {
	h := newHouse(t)
	s, err := h.OpenFor(t.Context(), "demo-leo", proto.Device{Model: strings.Repeat("ж", 100)})
	require.NoError(t, err)
	require.Equal(t, h.now.Add(time.Hour), s.ExpiresAt)
	all, err := h.Sessions(t.Context(), "demo-leo", s.Token)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("ж", 64), all.Sessions[0].Device.Model, "cut where a device says too much")
	_, err = h.OpenFor(t.Context(), "nobody", device)
	requireCode(t, proto.CodeNotFound, err)
}

func TestOpenStaff(t *testing.T) {
	h := newHouse(t)
	s, err := h.OpenStaff(t.Context(), "operator:ola")
	require.NoError(t, err)
	require.Equal(t, proto.RoleStaff, s.Person.Role)
	require.Equal(t, h.now.Add(time.Hour), s.ExpiresAt)
	p, err := h.Authenticate(t.Context(), s.Token)
	require.NoError(t, err)
	require.Equal(t, s.Person, p)
	again, err := h.OpenStaff(t.Context(), "operator:ola")
	require.NoError(t, err)
	require.Equal(t, s.Person, again.Person)
	other, err := h.OpenStaff(t.Context(), "operator:ben")
	require.NoError(t, err)
	require.NotEqual(t, s.Person.ID, other.Person.ID)
	require.NotContains(t, s.Person.ID, "ola")

	marks, err := h.Marks(t.Context(), s.Person.ID)
	require.NoError(t, err)
	require.Empty(t, marks)
	_, err = h.ChangePassword(t.Context(), s.Person.ID, s.Token, proto.PasswordChange{New: "a good password"})
	requireCode(t, proto.CodeNotAllowed, err)
}

func TestLoginTicket(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	ticket, err := h.MakeLoginTicket(ctx, "demo-priya")
	require.NoError(t, err)
	in, err := h.LoginTicket(ctx, proto.TokenIn{Token: ticket, Device: &device})
	require.NoError(t, err)
	require.Equal(t, "demo-priya", in.Me.ID)
	require.Equal(t, h.now.Add(time.Hour).UnixMilli(), in.ExpiresAt)
	_, err = h.LoginTicket(ctx, proto.TokenIn{Token: ticket})
	requireCode(t, proto.CodeUnauthenticated, err)

	ticket, err = h.MakeLoginTicket(ctx, "demo-priya")
	require.NoError(t, err)
	require.Equal(t, 1, race(t, proto.CodeUnauthenticated, func() error {
		_, err := h.LoginTicket(ctx, proto.TokenIn{Token: ticket})
		return err
	}))

	ticket, err = h.MakeLoginTicket(ctx, "demo-priya")
	require.NoError(t, err)
	h.now = h.now.Add(time.Minute)
	_, err = h.LoginTicket(ctx, proto.TokenIn{Token: ticket})
	requireCode(t, proto.CodeUnauthenticated, err)
}

func TestStoreFailureIsNoRefusal(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.store.Close())
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"login":        func() error { _, err := h.Login(ctx, "mia", "kinwire-demo", device); return err },
		"authenticate": func() error { _, err := h.Authenticate(ctx, "x"); return err },
		"person":       func() error { _, err := h.Person(ctx, "demo-mia"); return err },
		"logout":       func() error { return h.Logout(ctx, "x") },
		"sign-up": func() error {
			return h.SignUpParent(ctx, proto.SignUpParent{Email: "a@b.org", Name: "A", Avatar: "🦊"})
		},
		"confirm": func() error {
			_, err := h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: "x"})
			return err
		},
		"forgot":      func() error { return h.Forgot(ctx, "a@b.org") },
		"reset":       func() error { _, _, err := h.Reset(ctx, proto.PasswordReset{Token: "x"}); return err },
		"code":        func() error { _, err := h.LoginCode(ctx, proto.LoginCode{Code: "ABCD2345"}); return err },
		"ticket":      func() error { _, err := h.LoginTicket(ctx, proto.TokenIn{Token: "x"}); return err },
		"account":     func() error { _, err := h.Account(ctx, "demo-mia"); return err },
		"children":    func() error { _, err := h.Children(ctx, "demo-priya"); return err },
		"new child":   func() error { _, err := h.NewChild(ctx, "demo-priya", ana("x")); return err },
		"guardian":    func() error { _, err := h.AddGuardian(ctx, "demo-priya", "ABCD2345"); return err },
		"sessions":    func() error { _, err := h.Sessions(ctx, "demo-mia", ""); return err },
		"push":        func() error { return h.SetPush(ctx, "x", "y") },
		"seen":        func() error { return h.Seen(ctx, "demo-mia", "") },
		"marks":       func() error { _, err := h.Marks(ctx, "demo-mia"); return err },
		"oidc":        func() error { _, err := h.ParentByEmail(ctx, "a@b.org", "A"); return err },
		"open staff":  func() error { _, err := h.OpenStaff(ctx, "operator:ola"); return err },
		"demo":        func() error { _, err := h.SeedDemo(ctx); return err },
		"sweep":       func() error { return h.Sweep(ctx) },
		"child":       func() error { _, err := h.Child(ctx, "demo-mia"); return err },
		"child code":  func() error { _, err := h.ChildCode(ctx, "demo-priya", "demo-mia"); return err },
		"end session": func() error { _, err := h.EndSession(ctx, "demo-mia", "x"); return err },
	} {
		err := call()
		require.Error(t, err, name)
		var e *proto.Error
		require.NotErrorAs(t, err, &e, name)
	}
}
