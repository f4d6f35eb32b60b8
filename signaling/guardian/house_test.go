package guardian_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/guardian"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is the service on a real store with one family, and a clock that the
// test moves. Mia's parents are Priya and Raj; Leo is a friend of hers, and
// Tomek is Leo's parent.
type house struct {
	*guardian.Service
	store *store.Store
	db    *sql.DB // a second way into the same file, to set things up and to look
	told  *told
	now   time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), told: &told{}}
	file := filepath.Join(t.TempDir(), "kinwire.db")
	var err error
	h.store, err = storetest.Open(t, file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.db, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=synchronous(0)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	h.Service = h.again()
	for _, p := range [][2]string{{"priya", "parent"}, {"raj", "parent"}, {"tomek", "parent"}, {"mia", "child"}, {"leo", "child"}} {
		h.person(t, p[0], p[1])
	}
	h.sql(t, `INSERT INTO guardians (guardian_id, child_id, since) VALUES ('priya', 'mia', 0), ('raj', 'mia', 0), ('tomek', 'leo', 0)`)
	h.friends(t, "mia", "priya", true)
	h.friends(t, "mia", "leo", false)
	return h
}

// again is the service after a restart.
func (h *house) again() *guardian.Service {
	return guardian.New(h.store, func() time.Time { return h.now }, guardian.Deps{Changes: h.told, Friends: h.told, Log: slog.New(slog.DiscardHandler)})
}

func (h *house) sql(t require.TestingT, query string, args ...any) {
	_, err := h.db.Exec(query, args...)
	require.NoError(t, err)
}

func (h *house) person(t require.TestingT, id, role string) {
	h.sql(t, `INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '🦊', $2, '')`, id, role)
	if role == "child" {
		h.sql(t, `INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
			VALUES ($1, 1, 1, 0, 'UTC', '[]', 0, '')`, id)
	}
}

func (h *house) friends(t require.TestingT, a, b string, family bool) {
	h.sql(t, `INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
			asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
		VALUES ('f_' || $1 || $2, $1, $2, 'friends', $3, 1, 1, '', '', $1, '', '', 0, 0, 0, 0, 0)`, min(a, b), max(a, b), family)
}

// counted is all that was counted for a child, by day.
func (h *house) counted(t require.TestingT, childID string) map[string]time.Duration {
	rows, err := h.db.Query(`SELECT day, seconds, rest_ms FROM talk_days WHERE child_id = $1`, childID)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	days := map[string]time.Duration{}
	for rows.Next() {
		var day string
		var seconds, rest int64
		require.NoError(t, rows.Scan(&day, &seconds, &rest))
		require.Less(t, rest, int64(1000))
		days[day] = time.Duration(seconds)*time.Second + time.Duration(rest)*time.Millisecond
	}
	require.NoError(t, rows.Err())
	return days
}

// audit returns the audit log as texts.
func (h *house) audit(t *testing.T) (log []string) {
	t.Helper()
	rows, err := h.db.Query(`SELECT actor || ' ' || action || ' ' || subject || ' ' || detail FROM audit_log ORDER BY seq`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		log = append(log, line)
	}
	require.NoError(t, rows.Err())
	return log
}

// told remembers whom it was called with.
type told struct {
	mu        sync.Mutex
	relations []string
	family    []string
	approving []string
	err       error // what RulesChanged answers
}

func (c *told) RulesChanged(_ context.Context, actorID, childID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.approving = append(c.approving, actorID+" "+childID)
	return c.err
}

func (c *told) Relations(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.relations = append(c.relations, ids...)
}

func (c *told) Family(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.family = append(c.family, ids...)
}

func requireCode(t *testing.T, code proto.Code, err error) *proto.Error {
	t.Helper()
	var e *proto.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code)
	return e
}

func requireFault(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	var e *proto.Error
	require.False(t, errors.As(err, &e), "a fault of the server is nothing that the client did: %v", err)
}

// gone is a context that has ended.
func gone(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
