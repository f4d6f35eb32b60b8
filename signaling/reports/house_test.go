package reports_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
	"kinwire/signaling/reports"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const record = 8760 * time.Hour

// house is the service on a real store, with a clock that the test moves.
//
// Mia is Priya's and Raj's child, Leo is Tomek's and speaks with Mia. Zoe is a
// child whom nobody knows, Ivo an adult without children, Sam the staff's.
type house struct {
	*reports.Service
	t     *testing.T
	store *store.Store
	db    *sql.DB // a second way into the same file, to set things up and to look
	now   time.Time
	cfg   reports.Config

	mu        sync.Mutex
	relations []string
	family    []string
	ended     map[string][]string
	mails     []proto.Mail
	blockErr  error // what blocking answers
	onBlock   func()
	mailErr   error
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ended: map[string][]string{},
		cfg: reports.Config{Record: record, TellParents: reports.TellBoth}}
	file := filepath.Join(t.TempDir(), "kinwire.db")
	var err error
	h.store, err = storetest.Open(t, file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.db, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=synchronous(0)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	h.Service = h.again()
	for _, p := range []struct{ id, role, login, language, born string }{
		{"priya", "parent", "priya@example.org", "hi-IN", ""}, {"raj", "parent", "raj@example.org", "", ""},
		{"tomek", "parent", "tomek@example.org", "pl", ""}, {"mia", "child", "mia", "", "2015-03-02"},
		{"leo", "child", "leo", "", "2015-03-01"}, {"zoe", "child", "zoe", "", ""},
		{"ivo", "adult", "ivo@example.org", "zh-TW", "1990-01-01"}, {"sam", "staff", "sam@kinwire", "", ""},
	} {
		h.sql(`INSERT INTO people (id, name, avatar, role, family, country, birth_date, language, created_at, last_seen_at)
			VALUES ($1, $2, '🦊', $3, '', 'PL', $4, $5, 7, 9)`, p.id, "Name-of-"+p.id, p.role, p.born, p.language)
		h.sql(`INSERT INTO logins (login, person_id, password) VALUES ($1, $2, 'x')`, p.login, p.id)
	}
	h.sql(`INSERT INTO guardians (guardian_id, child_id, since) VALUES ('priya', 'mia', 0), ('raj', 'mia', 0), ('tomek', 'leo', 0)`)
	h.pair("mia", "priya", "friends", true)
	h.pair("mia", "raj", "friends", true)
	h.pair("leo", "tomek", "friends", true)
	h.pair("mia", "leo", "friends", false)
	return h
}

// again is the service after a restart.
func (h *house) again() *reports.Service {
	s, err := reports.New(reports.Stores{Reports: h.store, Evidence: h.store, Suspensions: h.store, People: h.store}, func() time.Time { return h.now }, h.cfg,
		reports.Deps{Policy: h, Blocker: h, Logins: h, Marks: h, Changes: h, Mail: h, Log: slog.New(slog.DiscardHandler)})
	require.NoError(h.t, err)
	return s
}

func (h *house) sql(query string, args ...any) {
	h.t.Helper()
	_, err := h.db.Exec(query, args...)
	require.NoError(h.t, err)
}

func (h *house) pair(a, b, state string, family bool) {
	h.sql(`INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
			asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
		VALUES ('f_' || $1 || $2, $1, $2, $4, $3, 1, 1, '', '', $1, '', '', 0, 0, 0, 0, 0)`, min(a, b), max(a, b), family, state)
}

func (h *house) called(person, with string) {
	h.sql(`INSERT INTO history (person_id, call_id, with_ids, outgoing, video, at, seconds, reason, expires_at)
		VALUES ($1, $2, $2, 0, 0, 0, 0, 'hangup', 0)`, person, with)
}

// list returns a column of texts.
func (h *house) list(query string, args ...any) []string {
	h.t.Helper()
	rows, err := h.db.Query(query, args...)
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, rows.Close()) }()
	all := []string{}
	for rows.Next() {
		var one string
		require.NoError(h.t, rows.Scan(&one))
		all = append(all, one)
	}
	require.NoError(h.t, rows.Err())
	return all
}

func (h *house) audit() []string {
	return h.list(`SELECT actor || ' ' || action || ' ' || subject || ' ' || detail FROM audit_log ORDER BY seq`)
}

// The neighbours.

func (h *house) Guards(_ context.Context, parentID, childID string) error {
	if len(h.list(`SELECT child_id FROM guardians WHERE guardian_id = $1 AND child_id = $2`, parentID, childID)) == 0 {
		return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such child"}
	}
	return nil
}

func (h *house) Block(_ context.Context, _, personID, otherID string) error {
	if h.onBlock != nil {
		h.onBlock()
	}
	if h.blockErr != nil {
		return h.blockErr
	}
	h.sql(`INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`, personID, otherID)
	return nil
}

func (h *house) Marks(_ context.Context, userID string) ([]string, error) {
	return []string{"mark2-" + userID, "mark1-" + userID, "mark2-" + userID}, nil
}

func (h *house) EndLogins(userID string, hashes []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended[userID] = append(h.ended[userID], hashes...)
}

func (h *house) Relations(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.relations = append(h.relations, ids...)
}

func (h *house) Family(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.family = append(h.family, ids...)
}

func (h *house) Send(_ context.Context, to, subject, text string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = append(h.mails, proto.Mail{To: to, Subject: subject, Text: text})
	return h.mailErr
}

// letters returns who got which letter, and forgets them.
func (h *house) letters() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := []string{}
	for _, m := range h.mails {
		name, _, _ := strings.Cut(m.To, "@")
		got = append(got, name+": "+strings.TrimPrefix(strings.TrimPrefix(m.Subject, "Kinwire: "), "Kinwire："))
	}
	h.mails = nil
	return got
}

// file has Mia report Leo.
func (h *house) file(text string) string {
	h.t.Helper()
	r, err := h.File(h.t.Context(), "mia", proto.ReportNew{About: "leo", Kind: proto.ReportBullying, Text: text})
	require.NoError(h.t, err)
	return r.ID
}

func (h *house) signIn(person string, n int) {
	for i := range n {
		require.NoError(h.t, h.store.AddSession(h.t.Context(), fmt.Sprint("hash-", person, i), person, proto.Device{}, h.now, h.now.Add(time.Hour)))
	}
}

func requireCode(t *testing.T, code proto.Code, err error) *proto.Error {
	t.Helper()
	var e *proto.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	return e
}

func requireFault(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	var e *proto.Error
	require.False(t, errors.As(err, &e), "a fault of the server is nothing that the client did: %v", err)
}
