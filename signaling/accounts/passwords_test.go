package accounts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestForgotAndReset(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora := h.parent(t, "Nora")
	require.NoError(t, h.Forgot(ctx, " NORA@home.example "))
	token := h.post.token(t, "reset")

	_, _, err := h.Reset(ctx, proto.PasswordReset{Token: token, Password: "short"})
	requireCode(t, proto.CodeBadMessage, err, "5 characters")
	in, ended, err := h.Reset(ctx, proto.PasswordReset{Token: token, Password: "another password"})
	require.NoError(t, err)
	require.Equal(t, nora.Me, in.Me)
	require.Len(t, ended, 1)
	require.Len(t, ended[0], 64)
	_, err = h.Authenticate(ctx, nora.Token)
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Authenticate(ctx, in.Token)
	require.NoError(t, err)
	_, err = h.Login(ctx, "nora@home.example", "a good password", device)
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Login(ctx, "nora@home.example", "another password", device)
	require.NoError(t, err)

	_, _, err = h.Reset(ctx, proto.PasswordReset{Token: token, Password: "a third password"})
	requireCode(t, proto.CodeUnauthenticated, err, "link")
}

func TestResetTickets(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora := h.parent(t, "Nora")
	forgot := func() string {
		h.now = h.now.Add(30 * time.Minute) // for the budget of e-mails
		require.NoError(t, h.Forgot(ctx, "nora@home.example"))
		return h.post.token(t, "reset")
	}
	refused := func(token string) {
		t.Helper()
		_, _, err := h.Reset(ctx, proto.PasswordReset{Token: token, Password: "another password"})
		requireCode(t, proto.CodeUnauthenticated, err, "link")
	}
	first := forgot()
	second := forgot()
	refused(first) // a newer e-mail makes it worthless
	require.Equal(t, 1, race(t, proto.CodeUnauthenticated, func() error {
		_, _, err := h.Reset(ctx, proto.PasswordReset{Token: second, Password: "another password"})
		return err
	}))

	third := forgot()
	h.now = h.now.Add(time.Hour)
	refused(third)
	refused("")

	fourth := forgot()
	_, err := h.ChangePassword(ctx, nora.Me.ID, "", proto.PasswordChange{Old: "another password", New: "a third password"})
	require.NoError(t, err)
	refused(fourth) // the password has changed since

	fifth := forgot()
	h.suspend(t, nora.Me.ID)
	_, _, err = h.Reset(ctx, proto.PasswordReset{Token: fifth, Password: "another password"})
	requireCode(t, proto.CodeSuspended, err)
	h.now = h.now.Add(30 * time.Minute)
	require.NoError(t, h.Forgot(ctx, "nora@home.example"))
	require.Contains(t, h.post.last(t).Text, "suspended")
}

func TestForgotTellsNobodyWhoIsThere(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Forgot(t.Context(), "nobody@home.example"))
	require.Contains(t, h.post.last(t).Text, "no account")
	requireCode(t, proto.CodeBadMessage, h.Forgot(t.Context(), "mia"), "email")
}

// TestForgotSpeaksTheirLanguage: the language of the sign-up is kept.
func TestForgotSpeaksTheirLanguage(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.SignUpParent(t.Context(), nina))
	_, err := h.Confirm(t.Context(), proto.SignUpConfirm{Password: nina.Password, Token: h.post.token(t, "confirm")})
	require.NoError(t, err)
	require.NoError(t, h.Forgot(t.Context(), nina.Email))
	require.Contains(t, h.post.last(t).Subject, "Nowe hasło")
}

func TestChangePassword(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora := h.parent(t, "Nora")
	other, err := h.Login(ctx, "nora@home.example", "a good password", device)
	require.NoError(t, err)

	_, err = h.ChangePassword(ctx, nora.Me.ID, nora.Token, proto.PasswordChange{Old: "wrong", New: "another password"})
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.ChangePassword(ctx, nora.Me.ID, nora.Token, proto.PasswordChange{New: "another password"})
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.ChangePassword(ctx, nora.Me.ID, nora.Token, proto.PasswordChange{Old: "a good password", New: "short"})
	requireCode(t, proto.CodeBadMessage, err)

	ended, err := h.ChangePassword(ctx, nora.Me.ID, nora.Token, proto.PasswordChange{Old: "a good password", New: "another password"})
	require.NoError(t, err)
	require.Len(t, ended, 1)
	_, err = h.Authenticate(ctx, nora.Token)
	require.NoError(t, err, "the device that asks stays signed in")
	_, err = h.Authenticate(ctx, other.Token)
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Login(ctx, "nora@home.example", "another password", device)
	require.NoError(t, err)

	_, err = h.ChangePassword(ctx, "demo-mia", "", proto.PasswordChange{Old: "kinwire-demo", New: "another password"})
	requireCode(t, proto.CodeNotAllowed, err, "parent")
	_, err = h.ChangePassword(ctx, "nobody", "", proto.PasswordChange{New: "another password"})
	requireCode(t, proto.CodeNotFound, err)
}

// TestOldPasswordGuessesAreSlowed: a stolen session does not guess the password
// any faster than a stranger does.
func TestOldPasswordGuessesAreSlowed(t *testing.T) {
	h := newHouse(t)
	nora := h.parent(t, "Nora")
	for range 8 {
		_, err := h.ChangePassword(t.Context(), nora.Me.ID, nora.Token, proto.PasswordChange{Old: "guess", New: "another password"})
		requireCode(t, proto.CodeUnauthenticated, err)
	}
	_, err := h.ChangePassword(t.Context(), nora.Me.ID, nora.Token, proto.PasswordChange{Old: "a good password", New: "another password"})
	requireCode(t, proto.CodeRateLimited, err)
	_, err = h.Login(t.Context(), "nora@home.example", "a good password", device)
	requireCode(t, proto.CodeRateLimited, err)
}

func TestFirstPassword(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id, err := h.ParentByEmail(ctx, "uma@home.example", "Uma")
	require.NoError(t, err)
	_, err = h.ChangePassword(ctx, id, "", proto.PasswordChange{Old: "x", New: "another password"})
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.ChangePassword(ctx, id, "", proto.PasswordChange{New: "another password"})
	require.NoError(t, err)
	_, err = h.Login(ctx, "uma@home.example", "another password", device)
	require.NoError(t, err)
}
