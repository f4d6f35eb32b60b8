package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func testPeopleFacts(t *testing.T, s *Store) {
	ctx := t.Context()
	neighbours(t, s)
	for _, q := range []string{
		`INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by) VALUES
			('c1', 'p-cat', 'p-ana', 'email_plus', 'granted', '2', '', 0, 0, 0, 0, ''),
			('c2', 'p-cat', 'p-ana', 'email_plus', 'withdrawn', '3', '', 0, 0, 0, 0, ''),
			('c3', 'p-cat', NULL, 'video_call', 'review', '3', '', 0, 0, 0, 0, ''),
			('c4', 'p-ben', NULL, 'signed_form', 'review', '3', '', 0, 0, 0, 0, '')`,
		`INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES
			('c1', 'calls', 1, 0, ''), ('c1', 'photos', 0, 0, ''), ('c1', 'messages', 1, 0, ''), ('c2', 'location', 1, 0, '')`,
		`INSERT INTO talk_days (child_id, day, seconds) VALUES
			('p-ana', '2026-02-28', 1), ('p-ana', '2026-03-01', 2), ('p-ana', '2026-03-02', 3), ('p-ana', '2026-03-03', 4), ('p-ben', '2026-03-01', 5)`,
	} {
		_, err := s.write.ExecContext(ctx, q)
		require.NoError(t, err)
	}
	suspend(t, s, ben.ID)
	facts, err := s.PeopleFacts(ctx, []string{ana.ID, "nobody", cat.ID, ben.ID}, "2026-03-01", "2026-03-02")
	require.NoError(t, err)
	slices.SortFunc(facts, func(a, b proto.PersonFacts) int { return strings.Compare(a.Person.ID, b.Person.ID) })
	require.Len(t, facts, 3)
	slices.SortFunc(facts[0].Given, func(a, b proto.GivenScope) int { return strings.Compare(string(a.Scope), string(b.Scope)) })
	require.Equal(t, []proto.PersonFacts{
		{
			Person: ana, Active: true,
			Rules: proto.Rules{DailyMinutes: 90, TimeZone: "Europe/Prague", QuietHours: []proto.QuietHours{{Days: []int{1, 7}, From: "20:00", To: "07:00"}}},
			Given: []proto.GivenScope{{Scope: proto.ScopeCalls, NoticeVersion: "2"}, {Scope: proto.ScopeMessages, NoticeVersion: "2"}},
			Used:  map[string]int64{"2026-03-01": 2, "2026-03-02": 3},
		},
		{Person: ben, Rules: proto.Rules{ApproveFriends: true, Video: true, TimeZone: "UTC", QuietHours: []proto.QuietHours{}}},
		{Person: cat, Active: true, InReview: true},
	}, facts)
	facts, err = s.PeopleFacts(ctx, nil, "", "")
	require.NoError(t, err)
	require.Empty(t, facts)
	_, err = s.write.ExecContext(ctx, `UPDATE rules SET quiet_hours = 'x'`)
	require.NoError(t, err)
	_, err = s.PeopleFacts(ctx, []string{ana.ID}, "", "")
	require.Error(t, err, "rules that cannot be read are not no rules")
}

func testFriendRows(t *testing.T, s *Store) {
	ctx := t.Context()
	neighbours(t, s)
	ab := befriended(t, s, ana.ID, ben.ID, wholeRow)
	bc := befriended(t, s, ben.ID, cat.ID, proto.FriendRow{ID: "f_bc", State: proto.FriendApproved})
	rows, err := s.FriendRows(ctx, []string{cat.ID, ana.ID, "nobody", ben.ID})
	require.NoError(t, err)
	require.ElementsMatch(t, []proto.FriendRow{ab, bc}, rows)
	for _, ids := range [][]string{nil, {ana.ID}, {ana.ID, cat.ID}, {ana.ID, ana.ID}} {
		rows, err := s.FriendRows(ctx, ids)
		require.NoError(t, err)
		require.Empty(t, rows)
	}
}

func testGuards(t *testing.T, s *Store) {
	neighbours(t, s)
	guards := func(parent, child string) bool {
		yes, err := s.Guards(t.Context(), parent, child)
		require.NoError(t, err)
		return yes
	}
	require.True(t, guards(cat.ID, ana.ID))
	require.False(t, guards(ana.ID, cat.ID))
	require.False(t, guards(cat.ID, ben.ID))
	suspend(t, s, ana.ID)
	require.True(t, guards(cat.ID, ana.ID), "a parent still looks after a child who is suspended")
	suspend(t, s, cat.ID)
	require.False(t, guards(cat.ID, ana.ID))
}

// TestNoScan asks SQLite how it would answer what is asked all the time: by an
// index, and never by reading a table through.
func TestNoScan(t *testing.T) {
	s := openFile(t, t.TempDir()+"/plans.db")
	args := func(n int) []any { return make([]any, n) }
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"factPeople":     {factPeople(4), args(4)},
		"factConsents":   {factConsents(4), args(4)},
		"factTalk":       {factTalk(4), args(6)},
		"factTies":       {factTies(4), args(4)},
		"factGuards":     {factGuards, args(2)},
		"friendList":     {friendList, args(1)},
		"orderByTalk":    {orderByTalk, args(1)},
		"tieByID":        {tieByID, args(1)},
		"tiesPending":    {tiesPending, args(1)},
		"tiesOfChildren": {tiesOfChildren, args(1)},
		"childrenOf":     {childrenOf, args(1)},
		"tiesDue":        {tiesDue, args(2)},
		"introOpen":      {introOpen, args(1)},
		"codeOwner":      {codeOwner, args(2)},
		"blockedBy":      {blockedBy, args(1)},
		"blockOf":        {blockOf, args(2)},
	} {
		t.Run(name, func(t *testing.T) {
			steps := plan(t, s, q.query, q.args)
			require.NotEmpty(t, steps)
			for _, step := range steps {
				scan := strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW"
				require.False(t, scan, "%s: %v", step, steps)
				pending := strings.Contains(step, "friendships_pending")
				require.False(t, pending && name != "tiesDue", "goes through everything that is pending: %v", steps)
			}
		})
	}
	require.Contains(t, plan(t, s, `SELECT * FROM friendships WHERE state = 'x' OR via = 'x'`, nil)[0], "SCAN ", "what a scan looks like")
}

// plan is the steps of EXPLAIN QUERY PLAN.
func plan(t *testing.T, s *Store, query string, args []any) (steps []string) {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		steps = append(steps, detail)
	}
	require.NoError(t, rows.Err())
	return steps
}
