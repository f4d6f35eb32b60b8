package friends_test

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/friends"
	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// yard is the service on a real store with the real policy, and a clock that
// the test moves.
//
//	mum, pop   parents of Ana      dad   parent of Ben
//	cat        a child of gran     teo, uma   look after themselves
//	olga       of the staff
type yard struct {
	*friends.Service
	t     *testing.T
	st    *store.Store
	db    *sql.DB
	mu    sync.Mutex // for now and told, where Run runs beside the test
	now   time.Time
	told  []string // "relations ana ben", "family mum"
	codes map[string]string
}

func (y *yard) Relations(ids ...string) { y.note("relations", ids) }
func (y *yard) Family(ids ...string)    { y.note("family", ids) }

func (y *yard) note(what string, ids []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	ids = slices.Sorted(slices.Values(ids))
	y.told = append(y.told, what+" "+strings.Join(ids, " "))
}

func (y *yard) clock() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.now
}

func (y *yard) later(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.now = y.now.Add(d)
}

// heard is what was told since it was last asked.
func (y *yard) heard() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	told := y.told
	y.told = nil
	return told
}

var people = []proto.Person{
	{ID: "ana", Name: "Ana", Role: proto.RoleChild}, {ID: "ben", Name: "Ben", Role: proto.RoleChild}, {ID: "cat", Name: "Cat", Role: proto.RoleChild},
	{ID: "mum", Name: "Mum", Role: proto.RoleParent}, {ID: "pop", Name: "Pop", Role: proto.RoleParent}, {ID: "dad", Name: "Dad", Role: proto.RoleParent},
	{ID: "gran", Name: "Gran", Role: proto.RoleParent}, {ID: "teo", Name: "Teo", Role: proto.RoleTeen}, {ID: "uma", Name: "Uma", Role: proto.RoleAdult},
	{ID: "olga", Name: "Olga", Role: proto.RoleStaff},
}

func newYard(t *testing.T) *yard {
	t.Helper()
	file := filepath.Join(t.TempDir(), "yard.db")
	st, err := storetest.Open(t, file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	y := &yard{t: t, st: st, db: db, now: time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC), codes: map[string]string{}}
	y.Service = friends.New(st, y.clock, friends.Config{
		RequestLifetime: 30 * 24 * time.Hour, DeclineCooldown: 30 * 24 * time.Hour, RemindInterval: 24 * time.Hour,
		TalkHalfLife: 14 * 24 * time.Hour, MaxIntroductions: 3, PublicURL: "https://kin.example",
	}, friends.Deps{
		Policy: policy.New(st, y.clock, policy.Config{NoticeVersion: "2"}), Changes: y, Log: slog.New(slog.DiscardHandler),
	})
	for _, p := range people {
		y.do(`INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $2, '🦊', $3, '')`, p.ID, p.Name, string(p.Role))
	}
	for child, parents := range map[string][]string{"ana": {"mum", "pop"}, "ben": {"dad"}, "cat": {"gran"}} {
		y.do(`INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
			VALUES ($1, 1, 1, 0, 'UTC', '[]', 0, '')`, child)
		y.do(`INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by)
			VALUES ('cs_' || $1, $2, $1, 'email_plus', 'granted', '2', '', 0, 0, 0, 0, '')`, child, parents[0])
		y.do(`INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES ('cs_' || $1, 'messages', 1, 0, '')`, child)
		for _, parent := range parents {
			y.do(`INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, 0)`, parent, child)
			y.tie(child, parent, proto.FriendRow{State: proto.FriendApproved, Family: true})
		}
	}
	for _, p := range people {
		code, err := y.Code(t.Context(), p.ID)
		require.NoError(t, err)
		y.codes[p.ID] = code.Code
	}
	return y
}

func (y *yard) do(query string, args ...any) {
	y.t.Helper()
	_, err := y.db.ExecContext(y.t.Context(), query, args...)
	require.NoError(y.t, err)
}

func (y *yard) tie(a, b string, row proto.FriendRow) {
	y.t.Helper()
	found, err := y.st.ChangeFriendship(y.t.Context(), a, b, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row.IDs, row.ID = tie.Row.IDs, "f_"+a+b
		return row, nil, nil
	})
	require.NoError(y.t, err)
	require.True(y.t, found)
}

func (y *yard) friends(pairs ...[2]string) {
	for _, p := range pairs {
		y.tie(p[0], p[1], proto.FriendRow{State: proto.FriendApproved})
	}
}

func (y *yard) ask(who, whom string) proto.FriendRequest {
	y.t.Helper()
	r, err := y.Ask(y.t.Context(), who, y.codes[whom])
	require.NoError(y.t, err)
	return r
}

func (y *yard) decide(parent, child, req string, yes bool) {
	y.t.Helper()
	require.NoError(y.t, y.Decide(y.t.Context(), parent, req, proto.Decide{ChildID: child, Approve: yes}))
}

// are says whether two people are friends, as both of them see it.
func (y *yard) are(a, b string) bool {
	y.t.Helper()
	has := func(a, b string) bool {
		list, err := y.List(y.t.Context(), a)
		require.NoError(y.t, err)
		return slices.ContainsFunc(list.Friends, func(f proto.Friend) bool { return f.Person.ID == b })
	}
	require.Equal(y.t, has(a, b), has(b, a))
	return has(a, b)
}

func (y *yard) requests(who string) []proto.FriendRequest {
	y.t.Helper()
	list, err := y.List(y.t.Context(), who)
	require.NoError(y.t, err)
	return list.Requests
}

func (y *yard) approvals(who string) []proto.Approval {
	y.t.Helper()
	list, err := y.Approvals(y.t.Context(), who)
	require.NoError(y.t, err)
	return list.Approvals
}

func (y *yard) audit() []string {
	y.t.Helper()
	rows, err := y.db.QueryContext(y.t.Context(), `SELECT actor, action, subject, detail FROM audit_log ORDER BY seq`)
	require.NoError(y.t, err)
	defer func() { require.NoError(y.t, rows.Close()) }()
	var log []string
	for rows.Next() {
		var actor, action, subject, detail string
		require.NoError(y.t, rows.Scan(&actor, &action, &subject, &detail))
		if strings.HasPrefix(subject, "f_") {
			subject = "f"
		}
		log = append(log, strings.Join([]string{actor, action, subject, detail}, " "))
	}
	require.NoError(y.t, rows.Err())
	return log
}

func (y *yard) code(code proto.Code, err error) *proto.Error {
	y.t.Helper()
	var e *proto.Error
	require.ErrorAs(y.t, err, &e)
	require.Equal(y.t, code, e.Code, e.Message)
	return e
}
