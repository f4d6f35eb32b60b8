package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/audit"
	"kinwire/signaling/proto"
)

func auditEntry(i int) proto.AuditEntry {
	return proto.AuditEntry{At: toMillis(t0) + int64(i), Actor: "operator:ž", Action: "consent.granted",
		Subject: fmt.Sprint("cs_", i), Detail: "method=video_call scopes=calls"}
}

const logged = 10 // entries in the log of a tampering test

func testAuditLog(t *testing.T, s *Store) {
	ctx := t.Context()
	report, err := audit.Verify(ctx, s)
	require.NoError(t, err)
	require.Equal(t, audit.Report{}, report, "an empty log is sound")
	page, err := audit.New(s).Page(ctx, 0)
	require.NoError(t, err)
	require.Zero(t, page)

	entries := make([]proto.AuditEntry, 0, 260)
	for i := range cap(entries) {
		entries = append(entries, auditEntry(i))
	}
	require.NoError(t, s.Audit(ctx, entries[:100]...))
	require.NoError(t, s.Audit(ctx))
	require.NoError(t, s.Audit(ctx, entries[100:]...))
	report, err = audit.Verify(ctx, s)
	require.NoError(t, err)
	require.True(t, report.Sound())
	require.EqualValues(t, len(entries), report.Entries)

	stored, err := s.AuditAfter(ctx, 258, 100)
	require.NoError(t, err)
	require.Len(t, stored, 2)
	require.Equal(t, report.LastHash, stored[1].Hash)
	last := stored[1]
	require.EqualValues(t, 260, last.Seq)
	last.Seq, last.Hash = 0, ""
	require.Equal(t, entries[259], last)

	var seen []int64
	next := int64(0)
	for {
		page, err := audit.New(s).Page(ctx, next)
		require.NoError(t, err)
		for _, e := range page.Entries {
			seen = append(seen, e.Seq)
		}
		if next = page.Next; next == 0 {
			break
		}
	}
	require.Len(t, seen, len(entries))
	for i, seq := range seen {
		require.EqualValues(t, len(entries)-i, seq, "the newest first")
	}
}

// edit is one statement of somebody who can write the database.
type edit struct {
	query string
	args  []any
}

// shift renumbers the entries from seq on, in an order that keeps them apart.
func shift(from, by int) []edit {
	edits := []edit{{query: `UPDATE audit_head SET seq = seq + $1`, args: []any{by}}}
	for i := range logged - from + 1 {
		seq := from + i
		if by > 0 {
			seq = logged - i
		}
		edits = append(edits, edit{query: `UPDATE audit_log SET seq = $1 WHERE seq = $2`, args: []any{seq + by, seq}})
	}
	return edits
}

func drop(seq int) edit {
	return edit{query: `DELETE FROM audit_log WHERE seq = $1`, args: []any{seq}}
}

func copyOf(seq, as int) edit {
	return edit{query: `INSERT INTO audit_log (seq, at, actor, action, subject, detail, hash)
		SELECT CAST($1 AS BIGINT), at, actor, action, subject, detail, hash FROM audit_log WHERE seq = $2`, args: []any{as, seq}}
}

// forged is an entry whose hash is right for its place.
func forged(t *testing.T, s *Store, seq int64) edit {
	before, err := s.AuditAfter(t.Context(), seq-2, 1)
	require.NoError(t, err)
	require.Len(t, before, 1)
	e := auditEntry(99)
	e.Seq = seq
	return edit{query: `INSERT INTO audit_log (seq, at, actor, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		args: []any{e.Seq, e.At, e.Actor, e.Action, e.Subject, e.Detail, audit.Hash(before[0].Hash, e)}}
}

// rewritten changes entry seq and computes every hash after it anew.
func rewritten(t *testing.T, s *Store, seq int64) []edit {
	all, err := s.AuditAfter(t.Context(), 0, math.MaxInt32)
	require.NoError(t, err)
	prev := ""
	var edits []edit
	for _, e := range all {
		if e.Seq == seq {
			e.Detail = "method=none"
		}
		prev = audit.Hash(prev, e)
		edits = append(edits, edit{query: `UPDATE audit_log SET detail = $1, hash = $2 WHERE seq = $3`, args: []any{e.Detail, prev, e.Seq}})
	}
	return append(edits, edit{query: `UPDATE audit_head SET hash = $1`, args: []any{prev}})
}

func testAuditTampered(t *testing.T, s *Store) {
	set := func(column string, value any) []edit {
		return []edit{{query: `UPDATE audit_log SET ` + column + ` = $1 WHERE seq = 4`, args: []any{value}}}
	}
	headTo := func(seq int) edit {
		return edit{query: `UPDATE audit_head SET seq = $1, hash = (SELECT hash FROM audit_log WHERE seq = $2)`, args: []any{seq, seq}}
	}
	cases := map[string]struct {
		edits  func() []edit
		broken int64 // 0: the chain itself stays sound
	}{
		"nothing":                {func() []edit { return nil }, 0},
		"time changed":           {func() []edit { return set("at", 1) }, 4},
		"actor changed":          {func() []edit { return set("actor", "system") }, 4},
		"action changed":         {func() []edit { return set("action", "consent.refused") }, 4},
		"subject changed":        {func() []edit { return set("subject", "cs_9") }, 4},
		"detail changed":         {func() []edit { return set("detail", "") }, 4},
		"hash changed":           {func() []edit { return set("hash", "") }, 4},
		"dropped":                {func() []edit { return []edit{drop(4)} }, 4},
		"dropped and closed up":  {func() []edit { return append([]edit{drop(4)}, shift(5, -1)...) }, 4},
		"first dropped":          {func() []edit { return []edit{drop(1)} }, 1},
		"last dropped":           {func() []edit { return []edit{drop(10)} }, 10},
		"all dropped":            {func() []edit { return []edit{{query: `DELETE FROM audit_log`}} }, 1},
		"number changed":         {func() []edit { return set("seq", 40) }, 4},
		"inserted":               {func() []edit { return append(shift(5, 1), forged(t, s, 5)) }, 6},
		"inserted at the end":    {func() []edit { return []edit{forged(t, s, 11)} }, 11},
		"duplicated":             {func() []edit { return append(shift(5, 1), copyOf(4, 5)) }, 5},
		"last duplicated":        {func() []edit { return []edit{copyOf(10, 11)} }, 11},
		"duplicated, head moved": {func() []edit { return []edit{copyOf(10, 11), headTo(11)} }, 11},
		"head's hash changed":    {func() []edit { return []edit{{query: `UPDATE audit_head SET hash = 'x'`}} }, 10},
		"head moved back":        {func() []edit { return []edit{headTo(8)} }, 9},
		"swapped": {func() []edit {
			return []edit{
				{query: `UPDATE audit_log SET seq = 40 WHERE seq = 4`}, {query: `UPDATE audit_log SET seq = 4 WHERE seq = 5`},
				{query: `UPDATE audit_log SET seq = 5 WHERE seq = 40`},
			}
		}, 4},
		// These two need the hash that was written down.
		"cut off":           {func() []edit { return []edit{drop(10), headTo(9)} }, 0},
		"written anew from": {func() []edit { return rewritten(t, s, 4) }, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			refillAudit(t, s)
			before, err := audit.Verify(ctx, s)
			require.NoError(t, err)
			require.True(t, before.Sound())
			edits := c.edits()
			for _, e := range edits {
				_, err := s.write.ExecContext(ctx, e.query, e.args...)
				require.NoError(t, err, e.query)
			}

			report, err := audit.Verify(ctx, s)
			require.NoError(t, err)
			if c.broken == 0 {
				require.True(t, report.Sound(), "by itself it holds")
			} else {
				require.NotNil(t, report.Broken)
				require.Equal(t, c.broken, report.Broken.Seq, report.Broken.Why)
			}
			report, err = audit.Verify(ctx, s, before.LastHash)
			require.NoError(t, err)
			require.Equal(t, len(edits) == 0, report.Sound())
		})
	}
}

func refillAudit(t *testing.T, s *Store) {
	t.Helper()
	for _, query := range []string{`DELETE FROM audit_log`, `UPDATE audit_head SET seq = 0, hash = ''`} {
		_, err := s.write.ExecContext(t.Context(), query)
		require.NoError(t, err)
	}
	for i := range logged {
		require.NoError(t, s.Audit(t.Context(), auditEntry(i)))
	}
}

// testAuditWriters lets many write at once, some of whom change their minds,
// while somebody checks.
func testAuditWriters(t *testing.T, s *Store) {
	ctx := t.Context()
	const writers, each = 8, 12
	changedMind := errors.New("changed my mind")
	write := func(w, i int) error {
		err := s.tx(ctx, func(tx *sql.Tx) error {
			e := auditEntry(w*each + i)
			if err := appendAudit(ctx, tx, []proto.AuditEntry{e, e}[:1+i%2]); err != nil {
				return err
			}
			if i%3 == 2 {
				return changedMind
			}
			return nil
		})
		if i%3 == 2 && errors.Is(err, changedMind) {
			return nil
		}
		return err
	}
	errs := make(chan error, writers*each)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				errs <- write(w, i)
			}
		})
	}
	written := make(chan struct{})
	checked := make(chan audit.Report)
	go func() { checked <- verifyUntil(ctx, s, written) }()
	wg.Wait()
	close(written)
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.True(t, (<-checked).Sound(), "a log that grows is sound at every moment")

	report, err := audit.Verify(ctx, s)
	require.NoError(t, err)
	require.True(t, report.Sound(), "%+v", report.Broken)
	require.EqualValues(t, writers*each/6*(1+2+2+1), report.Entries, "no entry lost, and none of those taken back")
}

// verifyUntil checks again and again until done, and returns the first report
// that is not sound, or the last.
func verifyUntil(ctx context.Context, s *Store, done <-chan struct{}) audit.Report {
	for {
		report, err := audit.Verify(ctx, s)
		if err != nil {
			return audit.Report{Broken: &audit.Break{Why: err.Error()}}
		}
		if !report.Sound() {
			return report
		}
		select {
		case <-done:
			return report
		default:
		}
	}
}
