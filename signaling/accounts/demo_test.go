package accounts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/accounts"
	"kinwire/signaling/proto"
)

func TestSeedDemoAgain(t *testing.T) {
	h := newHouse(t)
	before := len(h.audit(t))
	logins, err := h.SeedDemo(t.Context())
	require.NoError(t, err)
	require.Len(t, logins, 4)
	require.Len(t, h.audit(t), before, "nothing is decided a second time")
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

func TestDemoFamiliesAreReal(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	require.Equal(t, []string{"demo-leo", "demo-priya*", "demo-tomek"}, h.friends(t, "demo-mia"))
	require.Equal(t, []string{"demo-leo*", "demo-mia", "demo-priya"}, h.friends(t, "demo-tomek"))
	for parent, child := range map[string]string{"demo-priya": "demo-mia", "demo-tomek": "demo-leo"} {
		list, err := h.Children(ctx, parent)
		require.NoError(t, err)
		require.Len(t, list.Children, 1)
		require.Equal(t, child, list.Children[0].Person.ID)
		require.NotEmpty(t, list.Children[0].BirthDate)
		rules, found, err := h.store.ChildRules(ctx, child)
		require.NoError(t, err)
		require.True(t, found)
		require.True(t, rules.ApproveFriends)
		consents, err := h.store.Consents(ctx, proto.ConsentFind{ChildID: child})
		require.NoError(t, err)
		require.Len(t, consents, 1)
		require.Equal(t, []any{proto.MethodDemo, proto.ConsentGranted, notice}, []any{consents[0].Method, consents[0].State, consents[0].NoticeVersion})
		require.Len(t, consents[0].Scopes, 5)
	}
	granted := 0
	for _, e := range h.audit(t) {
		require.Equal(t, "consent.granted", e.Action)
		granted++
	}
	require.Equal(t, 2, granted)
}

// TestDemoKeepsWhatSomebodyDid: a later start gives back nothing that was
// taken away, but lets a consent that holds follow the notice.
func TestDemoKeepsWhatSomebodyDid(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	_, err := h.store.ChangeFriendship(ctx, "demo-mia", "demo-leo", func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row := tie.Row
		row.State = proto.FriendEnded
		return row, nil, nil
	})
	require.NoError(t, err)
	was, err := h.store.Consents(ctx, proto.ConsentFind{ChildID: "demo-mia"})
	require.NoError(t, err)
	is := was[0]
	is.State = proto.ConsentWithdrawn
	moved, err := h.store.MoveConsent(ctx, proto.ConsentMove{Was: was[0], Is: is, By: "demo-priya", At: h.now.UnixMilli()})
	require.NoError(t, err)
	require.True(t, moved)
	require.NoError(t, h.SetChildPassword(ctx, "demo-priya", "demo-mia", "🦊🚀🐱🌻"))
	c, err := h.EditChild(ctx, "demo-priya", "demo-mia", edit())
	require.NoError(t, err)

	_, err = h.service("2026-2").SeedDemo(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"demo-priya*", "demo-tomek"}, h.friends(t, "demo-mia"))
	_, err = h.Login(ctx, "mia", "🦊🚀🐱🌻", device)
	require.NoError(t, err)
	again, err := h.Child(ctx, "demo-mia")
	require.NoError(t, err)
	require.Equal(t, c, again)
	for child, want := range map[string][2]string{"demo-mia": {"withdrawn", notice}, "demo-leo": {"granted", "2026-2"}} {
		list, err := h.store.Consents(ctx, proto.ConsentFind{ChildID: child})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, want, [2]string{string(list[0].State), list[0].NoticeVersion}, child)
	}
}

// TestDemoRepairsAnOlderDatabase: one from before there were families, with
// people and logins and nothing else.
func TestDemoRepairsAnOlderDatabase(t *testing.T) {
	h := emptyHouse(t)
	ctx := t.Context()
	elsewhere := newHouse(t)
	for _, login := range []string{"priya", "mia", "tomek", "leo"} {
		a, found, err := elsewhere.store.AccountByLogin(ctx, login)
		require.NoError(t, err)
		require.True(t, found)
		added, err := h.store.AddPerson(ctx, a.Person, login, a.Password)
		require.NoError(t, err)
		require.True(t, added)
	}
	require.NoError(t, h.store.BefriendDemo(ctx, []string{"demo-mia", "demo-priya", "demo-leo"}, h.now))
	_, err := h.SeedDemo(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"demo-leo", "demo-priya*", "demo-tomek"}, h.friends(t, "demo-mia"))
	mia, err := h.Child(ctx, "demo-mia")
	require.NoError(t, err)
	want, err := elsewhere.Child(ctx, "demo-mia")
	require.NoError(t, err)
	require.Equal(t, want, mia)
	_, err = h.Login(ctx, "mia", "kinwire-demo", device)
	require.NoError(t, err)
}

func TestSeedDemoTakesNobodysLogin(t *testing.T) {
	h := emptyHouse(t)
	added, err := h.store.AddPerson(t.Context(), proto.Person{ID: "someone", Name: "Mia", Role: proto.RoleChild}, "mia", "x")
	require.NoError(t, err)
	require.True(t, added)
	_, err = accounts.New(h.store, time.Now, accounts.Config{SessionLifetime: time.Hour}, accounts.Deps{}).SeedDemo(t.Context())
	require.ErrorContains(t, err, `the login "mia"`)
}
