package store

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/audit"
	"kinwire/signaling/proto"
)

// consent is one of cat's, by video call, that waits for an operator.
func consent(id string) proto.ConsentRow {
	at := toMillis(t0)
	return proto.ConsentRow{GuardianID: cat.ID, Reference: "x_" + id, Consent: proto.Consent{
		ID: id, Method: proto.MethodVideoCall, State: proto.ConsentReview, NoticeVersion: "1",
		Scopes: []proto.Scope{proto.ScopeCalls, proto.ScopePhotos}, RequestedAt: at, ExpiresAt: at + 1000,
	}}
}

// grantedFor is a step that grants c at a time.
func grantedFor(c proto.ConsentRow, at int64) proto.ConsentMove {
	m := proto.ConsentMove{Was: c, Is: c, By: "operator:olga", At: at, Replaced: proto.AuditEntry{Action: "consent.replaced"}}
	m.Is.State, m.Is.ExpiresAt, m.Is.DecidedAt, m.Is.DecidedBy, m.Is.Note = proto.ConsentGranted, 0, at, "operator:olga", "seen"
	return m
}

func guard(t *testing.T, s *Store, guardianID, childID string) {
	t.Helper()
	_, err := s.write.ExecContext(t.Context(),
		`INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, 0)`, guardianID, childID)
	require.NoError(t, err)
}

func addConsent(t *testing.T, s *Store, c proto.ConsentRow) {
	t.Helper()
	added, err := s.AddConsent(t.Context(), c, 100, proto.AuditEntry{Action: "consent.requested", Subject: c.ID})
	require.NoError(t, err)
	require.True(t, added)
}

// consentIDs are those of what find finds.
func consentIDs(t *testing.T, s *Store, find proto.ConsentFind) []string {
	t.Helper()
	rows, err := s.Consents(t.Context(), find)
	require.NoError(t, err)
	var ids []string
	for _, c := range rows {
		ids = append(ids, c.ID)
	}
	return ids
}

func testConsents(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben, cat)
	guard(t, s, cat.ID, ana.ID)
	a, b, c := consent("cs_a"), consent("cs_b"), consent("cs_c")
	b.RequestedAt, b.NextAt, b.ExpiresAt = a.RequestedAt+1, a.ExpiresAt-1, a.ExpiresAt+1
	b.State, b.Scopes = proto.ConsentWaiting, []proto.Scope{proto.ScopeLocation}
	c.GuardianID, c.ChildID, c.RequestedAt = ben.ID, ana.ID, a.RequestedAt-1
	c.State, c.DecidedAt, c.DecidedBy, c.EndedAt, c.EndedBy, c.Note = proto.ConsentExpired, 2, "u", 3, "v", "ž"
	for _, row := range []proto.ConsentRow{a, b, c} {
		addConsent(t, s, row)
	}

	rows, err := s.Consents(ctx, proto.ConsentFind{})
	require.NoError(t, err)
	for i := range rows {
		slices.Sort(rows[i].Scopes)
	}
	require.Equal(t, []proto.ConsentRow{b, a, c}, rows, "all there is, the newest first")

	for _, k := range []struct {
		find proto.ConsentFind
		want []string
	}{
		{proto.ConsentFind{ID: b.ID}, []string{"cs_b"}},
		{proto.ConsentFind{Reference: "x_cs_c"}, []string{"cs_c"}},
		{proto.ConsentFind{ChildID: ana.ID}, []string{"cs_c"}},
		{proto.ConsentFind{Family: cat.ID}, []string{"cs_b", "cs_a", "cs_c"}},
		{proto.ConsentFind{Family: ben.ID}, []string{"cs_c"}},
		{proto.ConsentFind{State: proto.ConsentReview}, []string{"cs_a"}},
		{proto.ConsentFind{Open: true}, []string{"cs_b", "cs_a"}},
		{proto.ConsentFind{Open: true, Limit: 1}, []string{"cs_b"}},
		{proto.ConsentFind{Limit: 1}, []string{"cs_b"}},
		{proto.ConsentFind{ID: a.ID, Family: cat.ID, State: proto.ConsentReview, Open: true, Limit: 9}, []string{"cs_a"}},
		{proto.ConsentFind{ID: a.ID, Family: ben.ID}, nil},
		{proto.ConsentFind{ID: "' OR 1=1 --"}, nil},
	} {
		require.Equal(t, k.want, consentIDs(t, s, k.find), "%+v", k.find)
	}

	guardians, err := s.ConsentGuardians(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, []string{cat.ID}, guardians)
	suspend(t, s, cat.ID)
	guardians, err = s.ConsentGuardians(ctx, ana.ID)
	require.NoError(t, err)
	require.Empty(t, guardians, "who is suspended decides nothing")
	guardians, err = s.ConsentGuardians(ctx, ben.ID)
	require.NoError(t, err)
	require.Empty(t, guardians)

	nobody := consent("cs_d")
	nobody.GuardianID = "nobody"
	_, err = s.AddConsent(ctx, nobody, 100)
	require.Error(t, err)
	_, err = s.AddConsent(ctx, a, 100)
	require.Error(t, err, "an id is never given twice")
}

func testConsentLimit(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, cat, ben)
	const starts, most = 24, 5
	results := make(chan bool, starts)
	errs := make(chan error, starts)
	var wg sync.WaitGroup
	for i := range starts {
		wg.Go(func() {
			added, err := s.AddConsent(ctx, consent(fmt.Sprint("cs_", i)), most, proto.AuditEntry{Action: "consent.requested"})
			results <- added
			errs <- err
		})
	}
	wg.Wait()
	close(results)
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	added := 0
	for ok := range results {
		if ok {
			added++
		}
	}
	require.Equal(t, most, added)
	require.Len(t, consentIDs(t, s, proto.ConsentFind{Family: cat.ID}), most)
	seq, _, err := s.AuditHead(ctx)
	require.NoError(t, err)
	require.EqualValues(t, most, seq, "what was not added is not in the log")
	other := consent("cs_other")
	other.GuardianID = ben.ID
	ok, err := s.AddConsent(ctx, other, most)
	require.NoError(t, err)
	require.True(t, ok)
}

func testConsentMoves(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, cat)
	c := consent("cs_a")
	c.State, c.NextAt = proto.ConsentPending, 7
	addConsent(t, s, c)

	for name, change := range map[string]func(*proto.ConsentRow){
		"another state": func(c *proto.ConsentRow) { c.State = proto.ConsentWaiting },
		"another time":  func(c *proto.ConsentRow) { c.NextAt = 8 },
		"a child":       func(c *proto.ConsentRow) { c.ChildID = ana.ID },
		"another":       func(c *proto.ConsentRow) { c.ID = "cs_b" },
	} {
		m := grantedFor(c, 100)
		change(&m.Was)
		moved, err := s.MoveConsent(ctx, m, proto.AuditEntry{Action: "consent.granted"})
		require.NoError(t, err)
		require.False(t, moved, name)
	}
	require.Equal(t, []string{"cs_a"}, consentIDs(t, s, proto.ConsentFind{State: proto.ConsentPending}))
	seq, _, err := s.AuditHead(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, seq)

	// Evidence comes in with a step and goes with the next.
	evidence := proto.ConsentEvidence{MediaType: "image/png", Body: "aGk=", StoredAt: 5}
	m := proto.ConsentMove{Was: c, Is: c, Store: &evidence}
	m.Is.State, m.Is.NextAt = proto.ConsentReview, 0
	move(t, s, m)
	got, found, err := s.ConsentEvidence(ctx, c.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, evidence, got)

	m = grantedFor(m.Is, 100)
	move(t, s, m)
	_, found, err = s.ConsentEvidence(ctx, c.ID)
	require.NoError(t, err)
	require.False(t, found)
	rows, err := s.Consents(ctx, proto.ConsentFind{ID: c.ID})
	require.NoError(t, err)
	slices.Sort(rows[0].Scopes)
	require.Equal(t, []proto.ConsentRow{m.Is}, rows)

	w := proto.ConsentMove{Was: m.Is, Is: m.Is, By: cat.ID, At: 200}
	w.Is.State, w.Is.EndedAt, w.Is.EndedBy = proto.ConsentWithdrawn, 200, cat.ID
	move(t, s, w)
	require.Equal(t, []string{"calls 0 200 p-cat", "photos 0 200 p-cat"}, scopeRows(t, s, c.ID))
}

// move takes a step that must happen.
func move(t *testing.T, s *Store, m proto.ConsentMove) {
	t.Helper()
	moved, err := s.MoveConsent(t.Context(), m, proto.AuditEntry{Action: "consent.moved", Subject: m.Was.ID})
	require.NoError(t, err)
	require.True(t, moved)
}

func scopeRows(t *testing.T, s *Store, consentID string) []string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(),
		`SELECT scope, given, changed_at, changed_by FROM consent_scopes WHERE consent_id = $1 ORDER BY scope`, consentID)
	require.NoError(t, err)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var scope, by string
		var given, at int64
		require.NoError(t, rows.Scan(&scope, &given, &at, &by))
		lines = append(lines, fmt.Sprint(scope, " ", given, " ", at, " ", by))
	}
	require.NoError(t, rows.Err())
	return lines
}

// testConsentIsLoggedOrNot: a decision that cannot be written to the audit
// log is none.
func testConsentIsLoggedOrNot(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, cat)
	c := consent("cs_a")
	addConsent(t, s, c)
	granted := consent("cs_b")
	addConsent(t, s, granted)
	m := grantedFor(granted, 100)
	move(t, s, m)
	_, err := s.write.ExecContext(ctx, `DELETE FROM audit_head`)
	require.NoError(t, err)

	entry := proto.AuditEntry{Action: "x"}
	_, err = s.MoveConsent(ctx, grantedFor(c, 100), entry)
	require.Error(t, err)
	_, err = s.AddConsent(ctx, consent("cs_c"), 100, entry)
	require.Error(t, err)
	_, err = s.SetConsentScopes(ctx, proto.ScopesMove{ID: granted.ID, By: cat.ID, At: 9}, entry)
	require.Error(t, err)
	require.Equal(t, []string{"cs_a"}, consentIDs(t, s, proto.ConsentFind{Open: true}))
	require.Equal(t, []string{"cs_b"}, consentIDs(t, s, proto.ConsentFind{State: proto.ConsentGranted}))
	require.Equal(t, fmt.Sprintf("[calls 1 %[1]d p-cat photos 1 %[1]d p-cat]", toMillis(t0)), fmt.Sprint(scopeRows(t, s, granted.ID)))
}

func testConsentScopes(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, cat)
	c := consent("cs_a")
	addConsent(t, s, c)
	addConsent(t, s, consent("cs_b"))
	m := proto.ScopesMove{ID: c.ID, Scopes: []proto.Scope{proto.ScopePhotos, proto.ScopeMessages}, By: ana.ID, At: 50}
	set, err := s.SetConsentScopes(ctx, m)
	require.NoError(t, err)
	require.False(t, set, "it is not granted yet")
	move(t, s, grantedFor(c, 100))
	set, err = s.SetConsentScopes(ctx, m, proto.AuditEntry{Action: "consent.scopes"})
	require.NoError(t, err)
	require.True(t, set)
	first := toMillis(t0)
	require.Equal(t, []string{"calls 0 50 p-ana", "messages 1 50 p-ana", fmt.Sprintf("photos 1 %d p-cat", first)}, scopeRows(t, s, c.ID),
		"what does not change stays whose it is")
	require.Equal(t, []string{fmt.Sprintf("calls 1 %d p-cat", first), fmt.Sprintf("photos 1 %d p-cat", first)}, scopeRows(t, s, "cs_b"))

	set, err = s.SetConsentScopes(ctx, proto.ScopesMove{ID: c.ID, By: cat.ID, At: 60})
	require.NoError(t, err)
	require.True(t, set)
	rows, err := s.Consents(ctx, proto.ConsentFind{ID: c.ID})
	require.NoError(t, err)
	require.Empty(t, rows[0].Scopes)
}

// testConsentReplaced: of all consents for one child, granted one after the
// other or at once, the last alone stays granted.
func testConsentReplaced(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben, cat)
	other := consent("cs_other")
	other.ChildID = ben.ID
	unbound := consent("cs_unbound")
	const many = 12
	var moves []proto.ConsentMove
	for i := range many {
		c := consent(fmt.Sprint("cs_", i))
		c.ChildID = ana.ID
		addConsent(t, s, c)
		moves = append(moves, grantedFor(c, 100))
	}
	for _, c := range []proto.ConsentRow{other, unbound} {
		addConsent(t, s, c)
		move(t, s, grantedFor(c, 90))
	}
	move(t, s, moves[0])
	move(t, s, moves[1])
	require.Equal(t, []string{"cs_1"}, consentIDs(t, s, proto.ConsentFind{ChildID: ana.ID, State: proto.ConsentGranted}))

	errs := make(chan error, 2*many)
	var wg sync.WaitGroup
	for _, m := range slices.Concat(moves[2:], moves[2:]) {
		wg.Go(func() {
			_, err := s.MoveConsent(ctx, m, proto.AuditEntry{Action: "consent.granted", Subject: m.Was.ID})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, consentIDs(t, s, proto.ConsentFind{ChildID: ana.ID, State: proto.ConsentGranted}), 1)
	require.Len(t, consentIDs(t, s, proto.ConsentFind{ChildID: ana.ID, State: proto.ConsentExpired}), many-1)
	require.Len(t, consentIDs(t, s, proto.ConsentFind{State: proto.ConsentGranted}), 3, "others' are left alone")

	report, err := audit.Verify(ctx, s)
	require.NoError(t, err)
	require.True(t, report.Sound())
	entries, err := s.AuditAfter(ctx, 0, 1000)
	require.NoError(t, err)
	counts := map[string]int{}
	for _, e := range entries {
		counts[e.Action+" "+e.Subject]++
	}
	for i := range many {
		require.LessOrEqual(t, counts[fmt.Sprint("consent.granted cs_", i)], 1, "each is granted once, whoever tries")
		require.LessOrEqual(t, counts[fmt.Sprint("consent.replaced cs_", i)], 1)
	}
}
