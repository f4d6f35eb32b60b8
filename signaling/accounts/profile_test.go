package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

var usual = proto.Settings{Presence: proto.VisibleFriends, LastSeen: proto.VisibleFriends, OrderByTalk: true}

func TestAccount(t *testing.T) {
	h := newHouse(t)
	a, err := h.Account(t.Context(), "demo-mia")
	require.NoError(t, err)
	require.Equal(t, proto.Account{
		Person: proto.Person{ID: "demo-mia", Name: "Mia", Avatar: "🦊", Role: proto.RoleChild, Family: "Sharma"},
		Login:  "mia", Country: "IN", Settings: usual, Password: true,
	}, a)
	_, err = h.Account(t.Context(), "nobody")
	requireCode(t, proto.CodeNotFound, err)
}

func TestEdit(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora := h.parent(t, "Nora").Me
	c := h.child(t, nora.ID, "one")
	h.told.take()
	a, err := h.Edit(ctx, nora.ID, proto.AccountEdit{Name: " Nora  Rao", Avatar: "⛵"})
	require.NoError(t, err)
	require.Equal(t, proto.Person{ID: nora.ID, Name: "Nora Rao", Avatar: "⛵", Role: proto.RoleParent, Family: "Nora Rao"}, a.Person)
	require.Equal(t, []string{nora.ID}, h.told.take())
	child, err := h.Child(ctx, c.Person.ID)
	require.NoError(t, err)
	require.Equal(t, "Nora Rao", child.Person.Family, "the family is called by the parent")

	a, err = h.Edit(ctx, "demo-priya", proto.AccountEdit{Name: "Priya S.", Avatar: "🌻"})
	require.NoError(t, err)
	require.Equal(t, "Sharma", a.Person.Family, "a family with a name of its own keeps it")

	_, err = h.Edit(ctx, "demo-mia", proto.AccountEdit{Name: "Mia", Avatar: "🦊"})
	requireCode(t, proto.CodeNotAllowed, err, "parent")
	_, err = h.Edit(ctx, "nobody", proto.AccountEdit{Name: "Mia", Avatar: "🦊"})
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.Edit(ctx, nora.ID, proto.AccountEdit{Name: "", Avatar: "🦊"})
	requireCode(t, proto.CodeBadMessage, err)
	_, err = h.Edit(ctx, nora.ID, proto.AccountEdit{Name: "nora@home.example", Avatar: "🦊"})
	requireCode(t, proto.CodeTextRefused, err)
	_, err = h.Edit(ctx, nora.ID, proto.AccountEdit{Name: "Nora", Avatar: "N"})
	requireCode(t, proto.CodeBadMessage, err)
}

func TestSettings(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	got, err := h.Settings(ctx, "demo-mia")
	require.NoError(t, err)
	require.Equal(t, usual, got)
	h.told.take()
	for _, want := range []proto.Settings{
		{Presence: proto.VisibleNobody, LastSeen: proto.VisibleFamily, CallWaiting: true},
		{Presence: proto.VisibleFamily, LastSeen: proto.VisibleFriends, OrderByTalk: true},
	} {
		set, err := h.SetSettings(ctx, "demo-mia", want)
		require.NoError(t, err)
		require.Equal(t, want, set)
		got, err = h.Settings(ctx, "demo-mia")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, []string{"demo-mia"}, h.told.take())
	_, err = h.SetSettings(ctx, "demo-mia", proto.Settings{Presence: "all", LastSeen: proto.VisibleFamily})
	requireCode(t, proto.CodeBadMessage, err, "presence")
	_, err = h.SetSettings(ctx, "demo-mia", proto.Settings{Presence: proto.VisibleFamily})
	requireCode(t, proto.CodeBadMessage, err, "last_seen")
	_, err = h.SetSettings(ctx, "nobody", usual)
	requireCode(t, proto.CodeNotFound, err)
}

func TestMailbox(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.SignUpParent(t.Context(), nina))
	in, err := h.Confirm(t.Context(), proto.SignUpConfirm{Token: h.post.token(t, "confirm"), Password: nina.Password})
	require.NoError(t, err)
	address, language, err := h.Mailbox(t.Context(), in.Me.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"nina@home.example", "pl-PL"}, []string{address, language})
	_, _, err = h.Mailbox(t.Context(), "demo-mia")
	requireCode(t, proto.CodeNotFound, err, "child")
	_, _, err = h.Mailbox(t.Context(), "nobody")
	requireCode(t, proto.CodeNotFound, err)
}
