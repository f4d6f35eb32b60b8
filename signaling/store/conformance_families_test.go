package store

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

var (
	mum = proto.Person{ID: "p-mum", Name: "Mum", Avatar: "🌻", Role: proto.RoleParent, Family: "Mum"}
	dad = proto.Person{ID: "p-dad", Name: "Dad", Avatar: "⛵", Role: proto.RoleParent, Family: "Dad"}
)

func granted(t *testing.T, s *Store, id, guardianID string) {
	t.Helper()
	added, err := s.AddConsent(t.Context(), proto.ConsentRow{GuardianID: guardianID, Consent: proto.Consent{
		ID: id, Method: proto.MethodEmailPlus, State: proto.ConsentGranted, NoticeVersion: "v1", Scopes: []proto.Scope{proto.ScopeCalls},
	}}, 100)
	require.NoError(t, err)
	require.True(t, added)
}

// birth is how a child is made with the consent of its own name.
func birth(guardianID, childID string) (proto.AccountRow, proto.ChildBirth) {
	row := account(childID, "login-"+childID)
	row.Person.Role = proto.RoleChild
	return row, proto.ChildBirth{GuardianID: guardianID, ConsentID: "cs-" + childID, NoticeVersion: "v1", ApproveFriends: true}
}

func addChild(t *testing.T, s *Store, guardianID, childID string) (family []string) {
	t.Helper()
	granted(t, s, "cs-"+childID, guardianID)
	row, b := birth(guardianID, childID)
	family, refused, err := s.AddChild(t.Context(), row, b, did("child.made"))
	require.NoError(t, err)
	require.Empty(t, refused)
	return family
}

// kin are the people with whom somebody is family, in order.
func kin(t *testing.T, s *Store, userID string) []string {
	t.Helper()
	list, _, err := s.FriendList(t.Context(), userID)
	require.NoError(t, err)
	ids := []string{}
	for _, f := range list {
		require.True(t, f.Family)
		ids = append(ids, f.Person.ID)
	}
	slices.Sort(ids)
	return ids
}

func testAddChild(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, mum, dad)
	require.ElementsMatch(t, []string{"c1", mum.ID}, addChild(t, s, mum.ID, "c1"))
	require.ElementsMatch(t, []string{"c2", "c1", mum.ID}, addChild(t, s, mum.ID, "c2"))
	require.Equal(t, []string{"c2", mum.ID}, kin(t, s, "c1"))
	require.Equal(t, []string{"c1", "c2"}, kin(t, s, mum.ID))
	require.Empty(t, kin(t, s, dad.ID))

	want, b := birth(mum.ID, "c1")
	children, err := s.ChildAccounts(ctx, mum.ID)
	require.NoError(t, err)
	require.Len(t, children, 2)
	require.Equal(t, want, children[0])
	guardians, err := s.GuardianPeople(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, []proto.Person{mum}, guardians)
	var child string
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT child_id FROM consents WHERE id = $1`, b.ConsentID).Scan(&child))
	require.Equal(t, "c1", child)
	rules, found, err := s.ChildRules(ctx, "c1")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, proto.Rules{ApproveFriends: true, Video: true, TimeZone: "UTC", QuietHours: []proto.QuietHours{}}, rules)
	require.Equal(t, []string{"child.made", "child.made"}, actions(t, s))
}

// testNoChild: whatever is missing, nothing at all is left behind.
func testNoChild(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, mum, dad, ana)
	addChild(t, s, mum.ID, "c1")
	granted(t, s, "cs-dads", dad.ID)
	granted(t, s, "cs-anas", ana.ID)
	for _, state := range []string{"pending", "waiting", "review", "refused", "withdrawn", "expired"} {
		granted(t, s, "cs-"+state, mum.ID)
		_, err := s.write.ExecContext(ctx, `UPDATE consents SET state = $1 WHERE id = $2`, state, "cs-"+state)
		require.NoError(t, err)
	}
	granted(t, s, "cs-good", mum.ID)
	tables := []string{"people", "logins", "guardians", "rules", "friendships", "audit_log"}
	before := map[string]int{}
	for _, table := range tables {
		before[table] = count(t, s, table)
	}
	for _, c := range []struct {
		guardian, consent, notice, id, login string
		want                                 proto.Code
	}{
		{mum.ID, "cs-none", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-c1", "v1", "c9", "nine", proto.CodeNeedsConsent}, // used
		{mum.ID, "cs-dads", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-good", "v2", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-pending", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-waiting", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-review", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-refused", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-withdrawn", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-expired", "v1", "c9", "nine", proto.CodeNeedsConsent},
		{mum.ID, "cs-none", "v1", "c9", "login-c1", proto.CodeNeedsConsent}, // before the login is looked at
		{mum.ID, "cs-good", "v1", "c9", "login-c1", proto.CodeTaken},
		{mum.ID, "cs-good", "v1", "c1", "nine", proto.CodeTaken},
		{ana.ID, "cs-anas", "v1", "c9", "nine", proto.CodeNotAllowed},
		{"nobody", "cs-good", "v1", "c9", "nine", proto.CodeNotAllowed},
	} {
		row, b := birth(c.guardian, c.id)
		row.Login, b.ConsentID, b.NoticeVersion = c.login, c.consent, c.notice
		family, refused, err := s.AddChild(ctx, row, b, did("child.made"))
		require.NoError(t, err, c)
		require.Equal(t, c.want, refused, c)
		require.Empty(t, family)
		for _, table := range tables {
			require.Equal(t, before[table], count(t, s, table), "%v: %s", c, table)
		}
	}
	suspend(t, s, mum.ID)
	row, b := birth(mum.ID, "c9")
	b.ConsentID = "cs-good"
	_, refused, err := s.AddChild(ctx, row, b)
	require.NoError(t, err)
	require.Equal(t, proto.CodeNotAllowed, refused)
}

// testChildrenAtOnce: one consent makes one child, and two children of one
// parent that are made at once know each other.
func testChildrenAtOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, mum)
	granted(t, s, "cs-one", mum.ID)
	one := func(id string) func() (proto.Code, error) {
		return func() (proto.Code, error) {
			row, b := birth(mum.ID, id)
			b.ConsentID = "cs-one"
			_, refused, err := s.AddChild(ctx, row, b)
			return refused, err
		}
	}
	require.Equal(t, []proto.Code{"", proto.CodeNeedsConsent, proto.CodeNeedsConsent}, together(t, one("c1"), one("c2"), one("c3")))
	require.Len(t, kin(t, s, mum.ID), 1)

	own := func(id string) func() (proto.Code, error) {
		granted(t, s, "cs-"+id, mum.ID)
		return func() (proto.Code, error) {
			row, b := birth(mum.ID, id)
			_, refused, err := s.AddChild(ctx, row, b)
			return refused, err
		}
	}
	require.Equal(t, []proto.Code{"", "", ""}, together(t, own("d1"), own("d2"), own("d3")))
	for _, id := range []string{"d1", "d2", "d3"} {
		require.Len(t, kin(t, s, id), 4, "the parent and three siblings")
	}
}

func testEditChild(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, mum, dad)
	addChild(t, s, mum.ID, "c1")
	want, _, err := s.Account(ctx, "c1")
	require.NoError(t, err)
	want.Person.Name, want.Person.Avatar, want.Country, want.BirthDate, want.Gender = "Leo", "🚀", "PL", "2014-01-01", ""
	change := want
	change.Login, change.Password, change.Person.Family = "x", "x", "x" // not to be changed so
	for guardian, ok := range map[string]bool{mum.ID: true, dad.ID: false, "c1": false} {
		found, err := s.EditChild(ctx, guardian, change, did("child.edited"))
		require.NoError(t, err)
		require.Equal(t, ok, found, guardian)
	}
	got, _, err := s.Account(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, []string{"child.made", "child.edited"}, actions(t, s))
}

func invite(t *testing.T, s *Store, token, childID string) proto.GuardianInvite {
	t.Helper()
	require.NoError(t, s.AddTicket(t.Context(), proto.TicketGuardian, token, childID, mum.ID, t0.Add(time.Minute)))
	return proto.GuardianInvite{ChildID: childID, InviterID: mum.ID}
}

func testAddGuardian(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, mum, dad, ana, cat)
	addChild(t, s, mum.ID, "c1")
	addChild(t, s, dad.ID, "c2")
	inv := invite(t, s, "g1", "c1")
	refuse := func(want proto.Code, token string, inv proto.GuardianInvite, guardianID string, now time.Time) {
		t.Helper()
		_, refused, err := s.AddGuardian(ctx, token, inv, guardianID, now, did("guardian.added"))
		require.NoError(t, err)
		require.Equal(t, want, refused)
	}
	refuse(proto.CodeUnauthenticated, "g2", inv, dad.ID, t0)
	refuse(proto.CodeUnauthenticated, "g1", inv, dad.ID, t0.Add(time.Minute))
	refuse(proto.CodeUnauthenticated, "g1", proto.GuardianInvite{ChildID: "c1", InviterID: dad.ID}, dad.ID, t0)
	refuse(proto.CodeNotAllowed, "g1", inv, ana.ID, t0)
	refuse(proto.CodeTaken, "g1", inv, mum.ID, t0)
	require.Equal(t, []string{"child.made", "child.made"}, actions(t, s))

	family, refused, err := s.AddGuardian(ctx, "g1", inv, dad.ID, t0.Add(time.Second), did("guardian.added"))
	require.NoError(t, err)
	require.Empty(t, refused)
	require.ElementsMatch(t, []string{"c1", "c2", mum.ID, dad.ID}, family)
	require.Equal(t, []string{"c2", dad.ID, mum.ID}, kin(t, s, "c1"))
	require.Equal(t, []string{"c1", "c2", mum.ID}, kin(t, s, dad.ID))
	require.Equal(t, []string{"c1", dad.ID}, kin(t, s, mum.ID))
	require.Equal(t, []string{"c1", dad.ID}, kin(t, s, "c2"))
	guardians, err := s.GuardianPeople(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, []proto.Person{mum, dad}, guardians, "the longest-standing first")
	require.Equal(t, []string{"child.made", "child.made", "guardian.added"}, actions(t, s))
	refuse(proto.CodeUnauthenticated, "g1", inv, dad.ID, t0)

	inv = invite(t, s, "g3", "c1")
	suspend(t, s, mum.ID)
	refuse(proto.CodeUnauthenticated, "g3", inv, cat.ID, t0)
}

// testGuardiansAtOnce: a code makes one parent, and two who become parents of
// one child at once know each other.
func testGuardiansAtOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	people := []proto.Person{mum}
	for _, id := range []string{"q1", "q2", "q3", "q4", "q5"} {
		people = append(people, proto.Person{ID: id, Name: id, Role: proto.RoleParent})
	}
	add(t, s, people...)
	addChild(t, s, mum.ID, "c1")
	join := func(token, id string, inv proto.GuardianInvite) func() (proto.Code, error) {
		return func() (proto.Code, error) {
			_, refused, err := s.AddGuardian(ctx, token, inv, id, t0)
			return refused, err
		}
	}
	inv := invite(t, s, "g", "c1")
	require.Equal(t, []proto.Code{"", proto.CodeUnauthenticated, proto.CodeUnauthenticated},
		together(t, join("g", "q1", inv), join("g", "q2", inv), join("g", "q3", inv)))
	invite(t, s, "h", "c1")
	invite(t, s, "i", "c1")
	require.Equal(t, []proto.Code{"", ""}, together(t, join("h", "q4", inv), join("i", "q5", inv)))
	require.Len(t, kin(t, s, "c1"), 4)
	for _, id := range []string{mum.ID, "q4", "q5"} {
		require.Len(t, kin(t, s, id), 4, "%s: the child and three other parents", id)
	}
}

func testDemo(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, mum, ana, ben)
	guardian, _, err := s.Account(ctx, mum.ID)
	require.NoError(t, err)
	child, _, err := s.Account(ctx, ana.ID)
	require.NoError(t, err)
	guardian.Country, child.Country, child.BirthDate = "PL", "PL", "2016-01-01"
	guardian.CreatedAt, child.CreatedAt = t0, t0
	family := proto.DemoFamily{
		Guardian: guardian, Child: child, Scopes: []proto.Scope{proto.ScopeCalls, proto.ScopePhotos},
		Birth: proto.ChildBirth{GuardianID: mum.ID, ConsentID: "cs", NoticeVersion: "v1", ApproveFriends: true},
	}
	for _, notice := range []string{"v1", "v1", "v2"} {
		family.Birth.NoticeVersion = notice
		require.NoError(t, s.SettleDemo(ctx, family, did("consent.granted")))
		require.NoError(t, s.BefriendDemo(ctx, []string{mum.ID, ana.ID, ben.ID}, t0))
	}
	got, _, err := s.Account(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, child, got)
	consents, err := s.Consents(ctx, proto.ConsentFind{ChildID: ana.ID})
	require.NoError(t, err)
	require.Len(t, consents, 1)
	require.Equal(t, "v2", consents[0].NoticeVersion)
	require.ElementsMatch(t, family.Scopes, consents[0].Scopes)
	require.Equal(t, []int{1, 1, 3}, []int{count(t, s, "guardians"), count(t, s, "rules"), count(t, s, "friendships")})
	require.Equal(t, []string{"consent.granted"}, actions(t, s))
	list, _, err := s.FriendList(ctx, mum.ID)
	require.NoError(t, err)
	for _, f := range list {
		require.Equal(t, f.Person.ID == ana.ID, f.Family, "only within a family")
	}
}
