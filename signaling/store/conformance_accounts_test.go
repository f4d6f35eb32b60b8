package store

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// count is how many rows a table has.
func count(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	require.NoError(t, s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

func actions(t *testing.T, s *Store) []string {
	t.Helper()
	entries, err := s.AuditAfter(t.Context(), 0, 100)
	require.NoError(t, err)
	list := make([]string, 0, len(entries))
	for _, e := range entries {
		list = append(list, e.Action)
	}
	return list
}

func did(action string) proto.AuditEntry {
	return proto.AuditEntry{At: t0.UnixMilli(), Actor: "test", Action: action, Subject: "x"}
}

// together runs all of do at once and returns what each said.
func together(t *testing.T, do ...func() (proto.Code, error)) (said []proto.Code) {
	t.Helper()
	said, errs := make([]proto.Code, len(do)), make([]error, len(do))
	var wg sync.WaitGroup
	for i, one := range do {
		wg.Go(func() { said[i], errs[i] = one() })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	slices.Sort(said)
	return said
}

func account(id, login string) proto.AccountRow {
	return proto.AccountRow{
		Person: proto.Person{ID: id, Name: "Zoë 👩‍🚀", Avatar: "🦊", Role: proto.RoleTeen, Family: ""}, Active: true,
		Login: login, Password: "hash", Country: "TW", BirthDate: "2010-02-28", Gender: proto.GenderOther, Language: "zh-Hant", CreatedAt: t0,
	}
}

func testAccounts(t *testing.T, s *Store) {
	ctx := t.Context()
	want := account("u_1", "zoë@home.example")
	require.NoError(t, s.AddTicket(ctx, "signup", "t1", "", "data", t0.Add(time.Hour)))
	for _, wrong := range [][2]string{{"signup", "t2"}, {"reset", "t1"}, {"signup", ""}} {
		refused, err := s.AddAccount(ctx, want, wrong[0], wrong[1])
		require.NoError(t, err)
		require.Equal(t, proto.CodeUnauthenticated, refused)
	}
	require.Zero(t, count(t, s, "people"))
	refused, err := s.AddAccount(ctx, want, "signup", "t1")
	require.NoError(t, err)
	require.Empty(t, refused)
	for _, find := range []func() (proto.AccountRow, bool, error){
		func() (proto.AccountRow, bool, error) { return s.Account(ctx, "u_1") },
		func() (proto.AccountRow, bool, error) { return s.AccountByLogin(ctx, "zoë@home.example") },
	} {
		got, found, err := find()
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, got)
	}

	// Taken, by login or id: nothing is changed and the ticket stays.
	require.NoError(t, s.AddTicket(ctx, "signup", "t2", "", "", t0.Add(time.Hour)))
	for _, a := range []proto.AccountRow{account("u_2", "zoë@home.example"), account("u_1", "other@home.example")} {
		refused, err = s.AddAccount(ctx, a, "signup", "t2")
		require.NoError(t, err)
		require.Equal(t, proto.CodeTaken, refused)
	}
	require.Equal(t, 1, count(t, s, "people"))
	_, _, found, err := s.SeeTicket(ctx, "signup", "t2", t0)
	require.NoError(t, err)
	require.True(t, found)
	late := account("u_3", "late@home.example")
	late.CreatedAt = t0.Add(time.Hour)
	refused, err = s.AddAccount(ctx, late, "signup", "t2")
	require.NoError(t, err)
	require.Equal(t, proto.CodeUnauthenticated, refused, "it has run out")

	// Without a login: the operator's person.
	staff := account("u_4", "")
	staff.Password = ""
	refused, err = s.AddAccount(ctx, staff, "", "")
	require.NoError(t, err)
	require.Empty(t, refused)
	got, found, err := s.Account(ctx, "u_4")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, staff, got)
	_, found, err = s.Account(ctx, "nobody")
	require.NoError(t, err)
	require.False(t, found)
}

// testAccountMadeOnce: of those who come with one ticket at once, or with one
// address, one gets the account.
func testAccountMadeOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	require.NoError(t, s.AddTicket(ctx, "signup", "t", "", "", t0.Add(time.Hour)))
	ticket := func(id string) func() (proto.Code, error) {
		return func() (proto.Code, error) { return s.AddAccount(ctx, account(id, id+"@home.example"), "signup", "t") }
	}
	require.Equal(t, []proto.Code{"", proto.CodeUnauthenticated, proto.CodeUnauthenticated}, together(t, ticket("u_1"), ticket("u_2"), ticket("u_3")))
	login := func(id string) func() (proto.Code, error) {
		return func() (proto.Code, error) { return s.AddAccount(ctx, account(id, "same@home.example"), "", "") }
	}
	require.Equal(t, []proto.Code{"", proto.CodeTaken, proto.CodeTaken}, together(t, login("u_4"), login("u_5"), login("u_6")))
	require.Equal(t, []int{2, 2}, []int{count(t, s, "people"), count(t, s, "logins")})
}

func testTicketsReplaced(t *testing.T, s *Store) {
	ctx := t.Context()
	require.NoError(t, s.ReplaceTicket(ctx, "child", "old", "u_1", "a", t0.Add(time.Minute)))
	require.NoError(t, s.ReplaceTicket(ctx, "child", "others", "u_2", "b", t0.Add(time.Minute)))
	require.NoError(t, s.ReplaceTicket(ctx, "reset", "kind", "u_1", "c", t0.Add(time.Hour)))
	require.NoError(t, s.ReplaceTicket(ctx, "child", "new", "u_1", "d", t0.Add(time.Minute)))
	see := func(kind, token string, now time.Time) string {
		personID, data, found, err := s.SeeTicket(ctx, kind, token, now)
		require.NoError(t, err)
		require.Equal(t, found, personID != "")
		return personID + data
	}
	require.Equal(t, []string{"", "u_2b", "u_1c", "u_1d"},
		[]string{see("child", "old", t0), see("child", "others", t0), see("reset", "kind", t0), see("child", "new", t0)})
	require.Equal(t, "u_1d", see("child", "new", t0.Add(time.Minute-1)), "to see it is not to take it")
	require.Empty(t, see("child", "new", t0.Add(time.Minute)))

	add(t, s, ana)
	require.NoError(t, s.AddSession(ctx, "h", ana.ID, proto.Device{}, t0, t0.Add(time.Minute)))
	require.NoError(t, s.SweepLogins(ctx, t0.Add(time.Minute)))
	require.Equal(t, []int{1, 0}, []int{count(t, s, "tickets"), count(t, s, "sessions")})
	require.Equal(t, "u_1c", see("reset", "kind", t0))
}

func testPasswords(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, cat)
	sessions := func(hashes ...string) {
		for _, h := range hashes {
			require.NoError(t, s.AddSession(ctx, h, cat.ID, proto.Device{}, t0, t0.Add(time.Hour)))
		}
	}
	password := func() string {
		a, _, err := s.Account(ctx, cat.ID)
		require.NoError(t, err)
		return a.Password
	}
	sessions("h1", "h2", "h3")
	require.NoError(t, s.AddSession(ctx, "ana", ana.ID, proto.Device{}, t0, t0.Add(time.Hour)))

	require.NoError(t, s.AddTicket(ctx, "reset", "r1", cat.ID, "", t0.Add(time.Hour)))
	require.NoError(t, s.SetPassword(ctx, cat.ID, "p1"))
	require.Equal(t, "p1", password())
	require.Equal(t, 4, count(t, s, "sessions"))
	require.Zero(t, count(t, s, "tickets"), "the e-mail is worth nothing any more")

	require.NoError(t, s.AddTicket(ctx, "reset", "r2", cat.ID, "", t0.Add(time.Hour)))
	ended, err := s.ReplacePassword(ctx, cat.ID, "p2", "h2")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"h1", "h3"}, ended)
	require.Equal(t, "p2", password())
	require.Zero(t, count(t, s, "tickets"))

	for _, when := range []time.Time{t0.Add(time.Hour), t0} {
		require.NoError(t, s.AddTicket(ctx, "reset", "r3", cat.ID, "", t0.Add(time.Hour)))
		userID, ended, found, err := s.ResetPassword(ctx, "r3", "p3", when)
		require.NoError(t, err)
		require.Equal(t, when.Equal(t0), found)
		if !found {
			require.Equal(t, "p2", password())
			continue
		}
		require.Equal(t, cat.ID, userID)
		require.Equal(t, []string{"h2"}, ended)
		require.Equal(t, "p3", password())
	}
	_, _, found, err := s.ResetPassword(ctx, "r3", "p4", t0)
	require.NoError(t, err)
	require.False(t, found, "once")
	a, _, err := s.Account(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, "hash-"+ana.ID, a.Password)
	_, found, err = s.SessionPerson(ctx, "ana", t0)
	require.NoError(t, err)
	require.True(t, found, "nobody else is touched")
}

func testLoginSessions(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	d := proto.Device{Model: "Tablet 9", OS: "17.2", App: "kin 1.0"}
	at := func(i int) time.Time { return t0.Add(time.Duration(i) * time.Minute) }
	for i, h := range []string{"h0", "h1", "h2"} {
		require.NoError(t, s.AddSession(ctx, h, ana.ID, d, at(i), at(60)))
	}
	require.NoError(t, s.AddSession(ctx, "ben", ben.ID, d, at(0), at(60)))
	require.NoError(t, s.Seen(ctx, ana.ID, "h0", at(5)))
	list, err := s.LoginSessions(ctx, ana.ID, "h1", at(10))
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, proto.LoginSession{ID: list[0].ID, Device: d, CreatedAt: at(1).UnixMilli(), LastSeenAt: at(1).UnixMilli(), Current: true}, list[0])
	require.Equal(t, []int64{at(5).UnixMilli(), at(2).UnixMilli()}, []int64{list[1].LastSeenAt, list[2].LastSeenAt})
	none, err := s.LoginSessions(ctx, ana.ID, "", at(60))
	require.NoError(t, err)
	require.Equal(t, []proto.LoginSession{}, none)

	_, found, err := s.EndSession(ctx, ben.ID, list[0].ID)
	require.NoError(t, err)
	require.False(t, found, "another's")
	hash, found, err := s.EndSession(ctx, ana.ID, list[0].ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "h1", hash)
	ended, err := s.EndSessions(ctx, ana.ID, "h2")
	require.NoError(t, err)
	require.Equal(t, []string{"h0"}, ended)
	require.Equal(t, 2, count(t, s, "sessions"))
}

func testPush(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	for h, p := range map[string]string{"a1": ana.ID, "a2": ana.ID, "b1": ben.ID} {
		require.NoError(t, s.AddSession(ctx, h, p, proto.Device{}, t0, t0.Add(time.Hour)))
	}
	set := func(hash, handle string) bool {
		found, err := s.SetPushHandle(ctx, hash, handle)
		require.NoError(t, err)
		return found
	}
	handles := func(p string, now time.Time) []string {
		list, err := s.PushHandles(ctx, p, now)
		require.NoError(t, err)
		return list
	}
	require.True(t, set("a1", "x"))
	require.True(t, set("a2", "y"))
	require.False(t, set("none", "z"))
	require.Equal(t, []string{"x", "y"}, handles(ana.ID, t0))
	require.True(t, set("b1", "x"))
	require.Equal(t, []string{"y"}, handles(ana.ID, t0))
	require.Equal(t, []string{"x"}, handles(ben.ID, t0))
	require.Empty(t, handles(ben.ID, t0.Add(time.Hour)))
	require.True(t, set("a2", ""))
	require.True(t, set("a1", ""), "several may have none")
	require.Empty(t, handles(ana.ID, t0))
	suspend(t, s, ben.ID)
	require.Empty(t, handles(ben.ID, t0))
}

func testProfiles(t *testing.T, s *Store) {
	ctx := t.Context()
	parent := proto.Person{ID: "p-dan", Name: "Dan", Avatar: "🐻", Role: proto.RoleParent, Family: "Dan"}
	child := proto.Person{ID: "p-eve", Name: "Eve", Avatar: "🐥", Role: proto.RoleChild, Family: "Dan"}
	add(t, s, parent, child, ben, cat)
	_, err := s.write.ExecContext(ctx, `INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, 0), ($1, $3, 0)`, parent.ID, child.ID, ben.ID)
	require.NoError(t, err)
	family := func(id string) string {
		p, found, err := s.Person(ctx, id)
		require.NoError(t, err)
		require.True(t, found)
		return p.Name + "/" + p.Family
	}
	require.NoError(t, s.EditPerson(ctx, parent.ID, "Daniel", "🐼"))
	require.Equal(t, []string{"Daniel/Daniel", "Eve/Daniel", "Ben/O'Neil", "Cat/O'Neil"},
		[]string{family(parent.ID), family(child.ID), family(ben.ID), family(cat.ID)})
	require.NoError(t, s.EditPerson(ctx, child.ID, "Evi", "🐥"))
	require.Equal(t, "Evi/Daniel", family(child.ID))

	_, found, err := s.Settings(ctx, ben.ID)
	require.NoError(t, err)
	require.False(t, found)
	for _, want := range []proto.Settings{
		{Presence: proto.VisibleNobody, LastSeen: proto.VisibleFamily, CallWaiting: true},
		{Presence: proto.VisibleFriends, LastSeen: proto.VisibleNobody, OrderByTalk: true},
	} {
		require.NoError(t, s.SetSettings(ctx, ben.ID, want))
		got, found, err := s.Settings(ctx, ben.ID)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, got)
	}
	require.Error(t, s.SetSettings(ctx, "nobody", proto.Settings{}), "foreign keys hold")

	_, err = s.write.ExecContext(ctx, `INSERT INTO suspensions (mark, person_id, report_id, since, until) VALUES ('m', 'x', '', 0, $1)`, toMillis(t0))
	require.NoError(t, err)
	for mark, when := range map[string]time.Time{"m": t0, "n": t0.Add(-1)} {
		marked, err := s.Marked(ctx, mark, when)
		require.NoError(t, err)
		require.False(t, marked, mark)
	}
	marked, err := s.Marked(ctx, "m", t0.Add(-time.Millisecond))
	require.NoError(t, err)
	require.True(t, marked)
}
