package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestChildSignsInByCode(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c, err := h.ChildCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	require.Len(t, c.Code, 8)
	require.Equal(t, home+"/#code="+c.Code, c.URL)
	require.Equal(t, h.now.Add(10*time.Minute).UnixMilli(), c.ExpiresAt)

	in, err := h.LoginCode(ctx, proto.LoginCode{Code: strings.ToLower(c.Code[:4]) + " " + c.Code[4:], Device: &device})
	require.NoError(t, err)
	require.Equal(t, "demo-mia", in.Me.ID)
	_, err = h.Authenticate(ctx, in.Token)
	require.NoError(t, err)
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: c.Code})
	requireCode(t, proto.CodeUnauthenticated, err, "code")
}

func TestCodesRunOutAndAreReplaced(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	old, err := h.ChildCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	leos, err := h.ChildCode(ctx, "demo-tomek", "demo-leo")
	require.NoError(t, err)
	fresh, err := h.ChildCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: old.Code})
	requireCode(t, proto.CodeUnauthenticated, err)
	require.Equal(t, 1, race(t, proto.CodeUnauthenticated, func() error {
		_, err := h.LoginCode(ctx, proto.LoginCode{Code: fresh.Code})
		return err
	}))
	h.now = h.now.Add(10 * time.Minute)
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: leos.Code})
	requireCode(t, proto.CodeUnauthenticated, err)
}

func TestWhoseChildACodeIsFor(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	for _, c := range [][2]string{
		{"demo-tomek", "demo-mia"}, {"demo-mia", "demo-mia"}, {"demo-priya", "demo-tomek"}, {"demo-priya", "demo-priya"}, {"demo-priya", "nobody"}, {"", ""},
	} {
		_, err := h.ChildCode(ctx, c[0], c[1])
		requireCode(t, proto.CodeNotFound, err)
		_, err = h.GuardianCode(ctx, c[0], c[1])
		requireCode(t, proto.CodeNotFound, err)
	}
	// A code is good for what it was made for and for nothing else.
	guardians, err := h.GuardianCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: guardians.Code})
	requireCode(t, proto.CodeUnauthenticated, err)
	childs, err := h.ChildCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	_, err = h.AddGuardian(ctx, "demo-tomek", childs.Code)
	requireCode(t, proto.CodeUnauthenticated, err)

	h.suspend(t, "demo-mia")
	_, err = h.ChildCode(ctx, "demo-priya", "demo-mia")
	requireCode(t, proto.CodeSuspended, err)
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: childs.Code})
	requireCode(t, proto.CodeSuspended, err)
}

func TestGuessingCodesIsSlowed(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c, err := h.ChildCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	wrong := c.Code[:2] + map[bool]string{true: "222222", false: "333333"}[c.Code[2:] != "222222"]
	for range 8 {
		_, err := h.LoginCode(ctx, proto.LoginCode{Code: wrong})
		requireCode(t, proto.CodeUnauthenticated, err)
	}
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: c.Code})
	requireCode(t, proto.CodeRateLimited, err, "15 seconds")
	h.now = h.now.Add(15 * time.Second)
	_, err = h.LoginCode(ctx, proto.LoginCode{Code: c.Code})
	require.NoError(t, err, "a refused try did not use the code up")

	for _, nonsense := range []string{"", "short", "much too long for a code", "ABCD\x00EFG", "ÄÖÜ2"} {
		for range 10 {
			_, err := h.LoginCode(ctx, proto.LoginCode{Code: nonsense})
			requireCode(t, proto.CodeUnauthenticated, err)
		}
	}
}

func TestGuessingGuardianCodesIsSlowed(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c, err := h.GuardianCode(ctx, "demo-priya", "demo-mia")
	require.NoError(t, err)
	for range 8 {
		_, err := h.AddGuardian(ctx, "demo-tomek", "22222222")
		requireCode(t, proto.CodeUnauthenticated, err)
	}
	_, err = h.AddGuardian(ctx, "demo-tomek", c.Code)
	requireCode(t, proto.CodeRateLimited, err)
	other := h.parent(t, "Other")
	_, err = h.AddGuardian(ctx, other.Me.ID, c.Code)
	require.NoError(t, err, "others are not held up")
}
