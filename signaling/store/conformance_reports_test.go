package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// testReports is the room of reports: cases, suspensions, what an operator
// sees.
func testReports(t *testing.T, s *Store) {
	t.Run("Subject", func(t *testing.T) { testReportSubject(t, s) })
	t.Run("Add", func(t *testing.T) { testReportAdd(t, s) })
	t.Run("Decide", func(t *testing.T) { testReportDecide(t, s) })
	t.Run("DecideAtOnce", func(t *testing.T) { testReportDecideAtOnce(t, s) })
	t.Run("DecideAndSuspend", func(t *testing.T) { testReportSuspends(t, s) })
	t.Run("Suspend", func(t *testing.T) { testSuspend(t, s) })
	t.Run("UserStates", func(t *testing.T) { testUserStates(t, s) })
	t.Run("LookUp", func(t *testing.T) { testLookUp(t, s) })
	t.Run("Recipients", func(t *testing.T) { testRecipients(t, s) })
	t.Run("Sweep", func(t *testing.T) { testReportSweep(t, s) })
	t.Run("Evidence", func(t *testing.T) { testEvidence(t, s) })
	t.Run("EvidenceUndone", func(t *testing.T) { testEvidenceUndone(t, s) })
	t.Run("WasInConversation", func(t *testing.T) { testWasInConversation(t, s) })
}

// someone adds people with a role and a login that is their id at a host.
func someone(t *testing.T, s *Store, role string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		setUp(t, s, `INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '🦊', $2, '')`, id, role)
		setUp(t, s, `INSERT INTO logins (login, person_id, password) VALUES ($1, $2, 'x')`, id+"@example.org", id)
	}
}

func report(id, by, about string, at time.Time) proto.CaseReport {
	return proto.CaseReport{ID: id, Kind: proto.ReportSpam, Text: "text of " + id, CallID: "c", At: toMillis(at), State: proto.ReportOpen,
		Reporter: proto.UserState{Person: proto.Person{ID: by}}, About: proto.UserState{Person: proto.Person{ID: about}}}
}

func file(t *testing.T, s *Store, c proto.CaseReport) proto.CaseReport {
	t.Helper()
	added, err := s.AddReport(t.Context(), c, nil, t0, 1000, entry("report.filed", c.ID))
	require.NoError(t, err)
	require.True(t, added)
	return c
}

func entry(action, subject string) proto.AuditEntry {
	return proto.AuditEntry{At: toMillis(t0), Actor: "operator:ann", Action: action, Subject: subject}
}

func decided(c proto.CaseReport, d proto.Decision, by string) proto.CaseReport {
	c.State, c.Decision, c.DecidedBy, c.DecidedAt, c.Note = proto.ReportDecided, d, by, toMillis(t0.Add(time.Hour)), "note of "+by
	return c
}

func suspension(person, report string, until time.Time) proto.Suspension {
	return proto.Suspension{PersonID: person, ReportID: report, Operator: "ann", Note: "why", Marks: []string{"m1-" + person, "m2-" + person}, Since: t0, Until: until}
}

// entriesAbout returns the actions of the audit log about somebody.
func entriesAbout(t *testing.T, s *Store, subject string) []string {
	t.Helper()
	all, err := texts(s.read.QueryContext(t.Context(), `SELECT action FROM audit_log WHERE subject = $1 ORDER BY seq`, subject))
	require.NoError(t, err)
	return all
}

func testReportSubject(t *testing.T, s *Store) {
	someone(t, s, "child", "rs_me", "rs_friend", "rs_past", "rs_blocked", "rs_called", "rs_other", "rsxcalled")
	pairUp(t, s, "rs_me", "rs_friend", "friends", false)
	pairUp(t, s, "rs_past", "rs_me", "ended", false)
	pairUp(t, s, "rs_other", "rs_friend", "friends", false)
	setUp(t, s, `INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('rs_me', 'rs_blocked', 0), ('rs_other', 'rs_me', 0)`)
	setUp(t, s, `INSERT INTO history (person_id, call_id, with_ids, outgoing, video, at, seconds, reason, expires_at)
		VALUES ('rs_me', 'c', 'rs_friend rs_called', 0, 0, 0, 0, '', 0), ('rs_friend', 'c', 'rs_other', 0, 0, 0, 0, '', 0)`)
	for given, want := range map[string]string{
		"rs_friend": "rs_friend", "rs_past": "rs_past", "rs_blocked": "rs_blocked", "rs_called": "rs_called",
		"f_rs_mers_friend": "rs_friend", "f_rs_pastrs_me": "rs_past",
		"rs_me": "", "rs_other": "", "rsxcalled": "", "RS_CALLED": "", "nobody": "", "": "", "f_rs_otherrs_friend": "", "rs_friend rs_called": "",
	} {
		got, known, err := s.ReportSubject(t.Context(), "rs_me", given)
		require.NoError(t, err)
		require.Equal(t, want, got, given)
		require.Equal(t, want != "", known, given)
	}
}

func testReportAdd(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "child", "ra-me", "ra-you")
	errs := make(chan error, 12)
	var wg sync.WaitGroup
	for i := range cap(errs) {
		wg.Go(func() {
			id := fmt.Sprintf("ra-%02d", i)
			_, err := s.AddReport(ctx, report(id, "ra-me", "ra-you", t0.Add(time.Duration(i)*time.Second)), nil, t0.Add(-time.Hour), 5, entry("report.filed", "ra-log"))
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	mine, err := s.ReportsBy(ctx, "ra-me", 100)
	require.NoError(t, err)
	require.Len(t, mine, 5, "no more than most, however many come at once")
	require.Len(t, entriesAbout(t, s, "ra-log"), 5)
	added, err := s.AddReport(ctx, report("ra-later", "ra-me", "ra-you", t0.Add(time.Hour)), nil, t0.Add(time.Minute), 5)
	require.NoError(t, err)
	require.True(t, added, "those before since do not count")

	setUp(t, s, `INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('ra-me', 'ra-you', 0)`)
	mine, err = s.ReportsBy(ctx, "ra-me", 2)
	require.NoError(t, err)
	require.Len(t, mine, 2)
	require.Equal(t, proto.Report{ID: "ra-later", About: proto.NameOf{ID: "ra-you", Name: "ra-you", Avatar: "🦊"}, Kind: proto.ReportSpam,
		At: toMillis(t0.Add(time.Hour)), State: proto.ReportOpen, Blocked: true}, mine[0])
	mine, err = s.ReportsBy(ctx, "ra-you", 2)
	require.NoError(t, err)
	require.Empty(t, mine)

	// Reports outlive those whom they are about.
	setUp(t, s, `DELETE FROM people WHERE id IN ('ra-me', 'ra-you')`)
	mine, err = s.ReportsBy(ctx, "ra-me", 100)
	require.NoError(t, err)
	require.Len(t, mine, 6)
	require.Equal(t, proto.NameOf{ID: "ra-you"}, mine[0].About)
}

func testReportDecide(t *testing.T, s *Store) {
	ctx := t.Context()
	setUp(t, s, `DELETE FROM reports`)
	someone(t, s, "child", "rd-me", "rd-you")
	old := file(t, s, report("rd-1", "rd-me", "rd-you", t0.Add(time.Second)))
	open := file(t, s, report("rd-2", "rd-me", "rd-you", t0.Add(2*time.Second)))
	open3 := file(t, s, report("rd-3", "rd-me", "rd-you", t0.Add(3*time.Second)))
	got, found, err := s.Case(ctx, "rd-1")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, old, got)
	_, found, err = s.Case(ctx, "rd-9")
	require.NoError(t, err)
	require.False(t, found)

	want := decided(old, proto.DecisionWarn, "ann")
	ended, done, err := s.DecideReport(ctx, want, time.Time{}, nil, entry("report.decided", "rd-1"))
	require.NoError(t, err)
	require.True(t, done)
	require.Empty(t, ended)
	for _, id := range []string{"rd-1", "rd-9"} {
		c := decided(old, proto.DecisionDismiss, "bob")
		c.ID = id
		_, done, err = s.DecideReport(ctx, c, time.Time{}, nil, entry("report.decided", "rd-1"))
		require.NoError(t, err)
		require.False(t, done, id)
	}
	require.Equal(t, []string{"report.filed", "report.decided"}, entriesAbout(t, s, "rd-1"))
	for state, list := range map[proto.ReportState][]proto.CaseReport{
		"": {open, open3, want}, proto.ReportOpen: {open, open3}, proto.ReportDecided: {want}, "other": nil,
	} {
		cases, err := s.Cases(ctx, state, 100)
		require.NoError(t, err)
		require.Equal(t, list, cases, state)
	}
	cases, err := s.Cases(ctx, "", 2)
	require.NoError(t, err)
	require.Equal(t, []proto.CaseReport{open, open3}, cases)
}

func testReportDecideAtOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "child", "ro-me", "ro-you")
	for round := range 5 {
		c := file(t, s, report(fmt.Sprint("ro-", round), "ro-me", "ro-you", t0.Add(time.Second)))
		won := make(chan string, 6)
		errs := make(chan error, cap(won))
		var wg sync.WaitGroup
		for i := range cap(won) {
			wg.Go(func() {
				by := fmt.Sprint("op", i)
				var shut *proto.Suspension
				if i%2 == 0 {
					p := suspension("ro-you", c.ID, t0.Add(time.Hour))
					shut = &p
				}
				_, done, err := s.DecideReport(ctx, decided(c, proto.DecisionWarn, by), time.Time{}, shut, entry("report.decided", c.ID))
				if done {
					won <- by
				}
				errs <- err
			})
		}
		wg.Wait()
		close(won)
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		require.Len(t, won, 1)
		got, _, err := s.Case(ctx, c.ID)
		require.NoError(t, err)
		require.Equal(t, <-won, got.DecidedBy)
		require.Equal(t, []string{"report.filed", "report.decided"}, entriesAbout(t, s, c.ID))
	}
}

func testReportSuspends(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "child", "rx-me", "rx-you")
	someone(t, s, "staff", "rx-staff")
	for i := range 3 {
		require.NoError(t, s.AddSession(ctx, fmt.Sprint("rx-h", i), "rx-you", proto.Device{}, t0, t0.Add(time.Hour)))
	}
	c := file(t, s, report("rx-1", "rx-me", "rx-you", t0.Add(time.Second)))
	p := suspension("rx-you", c.ID, t0.Add(time.Hour))
	ended, done, err := s.DecideReport(ctx, decided(c, proto.DecisionSuspend, "ann"), time.Time{}, &p, entry("report.decided", c.ID), entry("person.suspended", "rx-you"))
	require.NoError(t, err)
	require.True(t, done)
	require.ElementsMatch(t, []string{"rx-h0", "rx-h1", "rx-h2"}, ended)
	_, found, err := s.Person(ctx, "rx-you")
	require.NoError(t, err)
	require.False(t, found)
	require.Equal(t, []string{"person.suspended"}, entriesAbout(t, s, "rx-you"))

	// Who cannot be suspended leaves the report open, and no entry.
	for _, who := range []string{"rx-staff", "nobody"} {
		c := file(t, s, report("rx-"+who, "rx-me", who, t0.Add(time.Second)))
		p := suspension(who, c.ID, t0.Add(time.Hour))
		_, done, err := s.DecideReport(ctx, decided(c, proto.DecisionSuspend, "ann"), time.Time{}, &p, entry("report.decided", c.ID))
		require.NoError(t, err)
		require.False(t, done)
		got, _, err := s.Case(ctx, c.ID)
		require.NoError(t, err)
		require.Equal(t, c, got)
		require.Equal(t, []string{"report.filed"}, entriesAbout(t, s, c.ID))
	}
	marks, err := texts(s.read.QueryContext(ctx, `SELECT mark FROM suspensions WHERE person_id LIKE 'rx-%' ORDER BY mark`))
	require.NoError(t, err)
	require.Equal(t, []string{"m1-rx-you", "m2-rx-you"}, marks)
}

func testSuspend(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "adult", "su-you")
	someone(t, s, "staff", "su-staff")
	require.NoError(t, s.AddSession(ctx, "su-h", "su-you", proto.Device{}, t0, t0.Add(time.Hour)))
	for _, who := range []string{"su-staff", "nobody"} {
		_, done, err := s.SuspendPerson(ctx, suspension(who, "", t0.Add(time.Hour)), entry("person.suspended", who))
		require.NoError(t, err)
		require.False(t, done)
		done, err = s.RestorePerson(ctx, suspension(who, "", t0.Add(time.Hour)), entry("person.restored", who))
		require.NoError(t, err)
		require.False(t, done)
		require.Empty(t, entriesAbout(t, s, who))
	}
	p := suspension("su-you", "", t0.Add(time.Hour))
	ended, done, err := s.SuspendPerson(ctx, p, entry("person.suspended", "su-you"))
	require.NoError(t, err)
	require.True(t, done)
	require.Equal(t, []string{"su-h"}, ended)
	_, done, err = s.SuspendPerson(ctx, p, entry("person.suspended", "su-you"))
	require.NoError(t, err)
	require.False(t, done, "shut already")
	state := func() proto.UserState {
		states, err := s.UserStates(ctx, t0, "su-you")
		require.NoError(t, err)
		require.Len(t, states, 1)
		return states[0]
	}
	require.Equal(t, []any{"suspended", toMillis(p.Until), "why"}, []any{state().State, state().SuspendedTil, state().Note})

	p.Note = "a mistake"
	done, err = s.RestorePerson(ctx, p, entry("person.restored", "su-you"))
	require.NoError(t, err)
	require.True(t, done)
	done, err = s.RestorePerson(ctx, p, entry("person.restored", "su-you"))
	require.NoError(t, err)
	require.False(t, done)
	require.Equal(t, []any{"active", int64(0), "a mistake"}, []any{state().State, state().SuspendedTil, state().Note})
	var n int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM suspensions WHERE person_id = 'su-you'`).Scan(&n))
	require.Zero(t, n)
	require.Equal(t, []string{"person.suspended", "person.restored"}, entriesAbout(t, s, "su-you"))
}

func testUserStates(t *testing.T, s *Store) {
	ctx := t.Context()
	childOf(t, s, "us-child", "us-mum", "us-dad")
	childOf(t, s, "us-baby", "us-mum")
	someone(t, s, "teen", "us-teen")
	setUp(t, s, `UPDATE people SET country = 'TW', birth_date = '2012-03-02', created_at = 5, last_seen_at = 6 WHERE id = 'us-child'`)
	pairUp(t, s, "us-child", "us-mum", "friends", true)
	pairUp(t, s, "us-teen", "us-child", "friends", false)
	pairUp(t, s, "us-child", "us-baby", "pending", false)
	setUp(t, s, `INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('us-teen', 'us-child', 0), ('us-child', 'us-dad', 0)`)
	for i, d := range []proto.Decision{proto.DecisionWarn, proto.DecisionDismiss, proto.DecisionWarn} {
		c := file(t, s, report(fmt.Sprint("us-", i), "us-teen", "us-child", t0.Add(time.Second)))
		_, _, err := s.DecideReport(ctx, decided(c, d, "ann"), time.Time{}, nil)
		require.NoError(t, err)
	}
	got, err := s.UserStates(ctx, t0, "us-mum", "nobody", "us-child")
	require.NoError(t, err)
	byID := map[string]proto.UserState{}
	for _, u := range got {
		byID[u.Person.ID] = u
	}
	require.Equal(t, map[string]proto.UserState{
		"us-child": {Person: proto.Person{ID: "us-child", Name: "us-child", Avatar: "🦊", Role: proto.RoleChild}, State: "active", Country: "TW",
			Age: 13, CreatedAt: 5, LastSeenAt: 6, Guardians: []string{"us-dad", "us-mum"}, Children: []string{}, Friends: 2, Blocks: 1, Reports: 3, Warnings: 2},
		"us-mum": {Person: proto.Person{ID: "us-mum", Name: "us-mum", Avatar: "🌻", Role: proto.RoleParent}, State: "active",
			Guardians: []string{}, Children: []string{"us-baby", "us-child"}, Friends: 1},
	}, byID)
	got, err = s.UserStates(ctx, t0.AddDate(0, 0, 1), "us-child")
	require.NoError(t, err)
	require.Equal(t, 14, got[0].Age, "on the birthday")
	got, err = s.UserStates(ctx, t0)
	require.NoError(t, err)
	require.Empty(t, got)
}

func testLookUp(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "adult", "lu-you", "lu-other")
	setUp(t, s, `UPDATE logins SET login = 'lu-you' WHERE person_id = 'lu-other'`) // a user name that is another's id
	setUp(t, s, `UPDATE logins SET login = 'lu@example.org' WHERE person_id = 'lu-you'`)
	for find, want := range map[string]string{"lu-you": "lu-you", "LU-YOU": "lu-other", "Lu@Example.org": "lu-you", "nobody": "", "": "", "%": ""} {
		got, err := s.LookUpPerson(ctx, find, func(id string) proto.AuditEntry {
			require.Equal(t, want, id, find)
			return entry("person.looked_up", "lu:"+find)
		})
		require.NoError(t, err)
		require.Equal(t, want, got, find)
		require.Equal(t, []string{"person.looked_up"}, entriesAbout(t, s, "lu:"+find))
	}
}

func testRecipients(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "parent", "rc-mum", "rc-dad")
	someone(t, s, "child", "rc-child")
	someone(t, s, "staff", "rc-staff")
	someone(t, s, "adult", "rc-none")
	setUp(t, s, `UPDATE logins SET login = 'rc-none' WHERE person_id = 'rc-none'`)
	setUp(t, s, `UPDATE people SET language = 'hi' WHERE id = 'rc-mum'`)
	setUp(t, s, `UPDATE people SET state = 'suspended' WHERE id = 'rc-dad'`)
	got, err := s.Recipients(ctx, "rc-mum", "rc-child", "rc-dad", "rc-staff", "rc-none", "nobody")
	require.NoError(t, err)
	require.Equal(t, []proto.Recipient{{ID: "rc-dad", Email: "rc-dad@example.org"}, {ID: "rc-mum", Email: "rc-mum@example.org", Language: "hi"}}, got)
	got, err = s.Recipients(ctx)
	require.NoError(t, err)
	require.Empty(t, got)
}

func testReportSweep(t *testing.T, s *Store) {
	ctx := t.Context()
	for _, table := range []string{"reports", "suspensions", "suspension_notes"} {
		setUp(t, s, `DELETE FROM `+table)
	}
	someone(t, s, "adult", "sw-1", "sw-2")
	for i, who := range []string{"sw-1", "sw-2"} {
		_, done, err := s.SuspendPerson(ctx, suspension(who, "", t0.Add(time.Duration(i)*time.Hour)))
		require.NoError(t, err)
		require.True(t, done)
	}
	n, err := s.SweepSuspensions(ctx, t0)
	require.NoError(t, err)
	require.EqualValues(t, 3, n, "two marks and a note")
	left, err := texts(s.read.QueryContext(ctx, `SELECT DISTINCT person_id FROM suspensions`))
	require.NoError(t, err)
	require.Equal(t, []string{"sw-2"}, left)

	for i := range 3 {
		c := file(t, s, report(fmt.Sprint("sw-", i), "sw-1", "sw-2", t0.Add(time.Second)))
		if i == 2 {
			continue
		}
		c = decided(c, proto.DecisionWarn, "ann")
		c.DecidedAt = toMillis(t0.Add(time.Duration(i) * time.Hour))
		_, _, err := s.DecideReport(ctx, c, time.Time{}, nil)
		require.NoError(t, err)
	}
	n, err = s.SweepReports(ctx, t0.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 1, n, "what was decided at that very moment stays, and what is open")
}
