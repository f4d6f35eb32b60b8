package policy_test

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// town is a handful of families on a real store, with a clock that the test
// moves.
//
//	mum, pop   parents of Ana and Sib
//	dad        parent of Ben
//	aunt       parent of Eve, whom nobody else knows
//	teo        a teen, uma a grown-up without children here
//	olga       of the staff
//
// Every child has a parent's consent to calls, messages and photos under today's
// notice, "2".
type town struct {
	*policy.Service
	t   *testing.T
	st  *store.Store
	db  *sql.DB
	now time.Time
}

var townsfolk = []proto.Person{
	{ID: "ana", Name: "Ana", Role: proto.RoleChild},
	{ID: "sib", Name: "Sib", Role: proto.RoleChild},
	{ID: "ben", Name: "Ben", Role: proto.RoleChild},
	{ID: "eve", Name: "Eve", Role: proto.RoleChild},
	{ID: "mum", Name: "Mum", Role: proto.RoleParent},
	{ID: "pop", Name: "Pop", Role: proto.RoleParent},
	{ID: "dad", Name: "Dad", Role: proto.RoleParent},
	{ID: "aunt", Name: "Aunt", Role: proto.RoleParent},
	{ID: "teo", Name: "Teo", Role: proto.RoleTeen},
	{ID: "uma", Name: "Uma", Role: proto.RoleAdult},
	{ID: "olga", Name: "Olga", Role: proto.RoleStaff},
}

var parents = map[string][]string{"ana": {"mum", "pop"}, "sib": {"mum", "pop"}, "ben": {"dad"}, "eve": {"aunt"}}

func newTown(t *testing.T) *town {
	t.Helper()
	file := filepath.Join(t.TempDir(), "town.db")
	st, err := storetest.Open(t, file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	// A Wednesday, noon in Warsaw.
	w := &town{t: t, st: st, db: db, now: time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC)}
	w.Service = policy.New(st, func() time.Time { return w.now }, policy.Config{NoticeVersion: "2"})
	tx, err := db.Begin()
	require.NoError(t, err)
	do := func(query string, args ...any) {
		_, err := tx.Exec(query, args...)
		require.NoError(t, err, query)
	}
	for _, p := range townsfolk {
		do(`INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $2, '🦊', $3, '')`, p.ID, p.Name, string(p.Role))
	}
	for child, all := range parents {
		do(`INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
			VALUES ($1, 1, 1, 0, 'Europe/Warsaw', '[]', 0, '')`, child)
		do(`INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by)
			VALUES ('cs_' || $1, $2, $1, 'email_plus', 'granted', '2', '', 0, 0, 0, 0, '')`, child, all[0])
		for _, scope := range []proto.Scope{proto.ScopeCalls, proto.ScopeMessages, proto.ScopePhotos} {
			do(`INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES ('cs_' || $1, $2, 1, 0, '')`, child, string(scope))
		}
		for _, parent := range all {
			do(`INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, 0)`, parent, child)
		}
	}
	require.NoError(t, tx.Commit())
	for _, pair := range [][2]string{{"ana", "mum"}, {"ana", "pop"}, {"ana", "sib"}, {"mum", "sib"}, {"pop", "sib"}, {"mum", "pop"}, {"ben", "dad"}, {"aunt", "eve"}} {
		w.tie(pair[0], pair[1], proto.FriendRow{State: proto.FriendApproved, Family: true})
	}
	return w
}

func (w *town) do(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), query, args...)
	require.NoError(w.t, err)
}

// tie puts row between a, whose fields come first, and b.
func (w *town) tie(a, b string, row proto.FriendRow) {
	w.t.Helper()
	found, err := w.st.ChangeFriendship(w.t.Context(), a, b, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row.IDs, row.ID = tie.Row.IDs, "f_"+a+b
		if row.IDs[0] != a {
			row.Yes[0], row.Yes[1] = row.Yes[1], row.Yes[0]
			row.ParentYes[0], row.ParentYes[1] = row.ParentYes[1], row.ParentYes[0]
			row.BlockedBy[0], row.BlockedBy[1] = row.BlockedBy[1], row.BlockedBy[0]
		}
		if row.ExpiresAt == 0 {
			row.ExpiresAt = w.now.Add(time.Hour).UnixMilli()
		}
		return row, nil, nil
	})
	require.NoError(w.t, err)
	require.True(w.t, found)
}

func (w *town) friends(pairs ...[2]string) {
	for _, p := range pairs {
		w.tie(p[0], p[1], proto.FriendRow{State: proto.FriendApproved})
	}
}

func (w *town) refused(err error) *proto.Error {
	w.t.Helper()
	var e *proto.Error
	require.ErrorAs(w.t, err, &e)
	return e
}
