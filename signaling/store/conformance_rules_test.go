package store

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// setUp sets something up for which nobody has a method.
func setUp(t *testing.T, s *Store, query string, args ...any) {
	t.Helper()
	_, err := s.write.ExecContext(t.Context(), query, args...)
	require.NoError(t, err)
}

// childOf adds a child with rules and those who look after it.
func childOf(t *testing.T, s *Store, child string, guardians ...string) {
	t.Helper()
	setUp(t, s, `INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '🦊', 'child', '')`, child)
	setUp(t, s, `INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
		VALUES ($1, 1, 1, 0, 'UTC', '[]', 0, '')`, child)
	for _, g := range guardians {
		setUp(t, s, `INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '🌻', 'parent', '') ON CONFLICT (id) DO NOTHING`, g)
		setUp(t, s, `INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, 0)`, g, child)
	}
}

func pairUp(t *testing.T, s *Store, a, b, state string, inFamily bool) {
	t.Helper()
	setUp(t, s, `INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
			asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
		VALUES ($1, $2, $3, $4, $5, 1, 1, '', '', $2, '', '', 0, 0, 0, 0, 0)`,
		"f_"+a+b, min(a, b), max(a, b), state, zeroOne(inFamily))
}

func auditLines(t *testing.T, s *Store) []string {
	t.Helper()
	log, err := texts(s.read.QueryContext(t.Context(), `SELECT action || ' ' || subject FROM audit_log ORDER BY seq`))
	require.NoError(t, err)
	return log
}

// testRules is the room of guardian: rules and time in calls.
func testRules(t *testing.T, s *Store) {
	t.Run("Change", func(t *testing.T) { testRulesChange(t, s) })
	t.Run("ChangesQueue", func(t *testing.T) { testRulesQueue(t, s) })
	t.Run("Talk", func(t *testing.T) { testTalk(t, s) })
	t.Run("TalksAtOnce", func(t *testing.T) { testTalksAtOnce(t, s) })
	t.Run("Sweep", func(t *testing.T) { testTalkSweep(t, s) })
	t.Run("Family", func(t *testing.T) { testAreFamily(t, s) })
}

func testRulesChange(t *testing.T, s *Store) {
	ctx := t.Context()
	childOf(t, s, "r-child", "r-mum", "r-dad")
	childOf(t, s, "r-other", "r-stranger")
	_, found, err := s.ChildRules(ctx, "r-mum")
	require.NoError(t, err)
	require.False(t, found)
	ids, err := s.ChildGuardians(ctx, "r-child")
	require.NoError(t, err)
	require.Equal(t, []string{"r-dad", "r-mum"}, ids)

	entry := proto.AuditEntry{At: toMillis(t0), Actor: "r-mum", Action: "rules.changed", Subject: "r-child"}
	want := proto.Rules{Video: true, DailyMinutes: 30, TimeZone: "Asia/Taipei", QuietHours: []proto.QuietHours{{Days: []int{1, 7}, From: "20:00", To: "07:00"}}}
	change := func(old proto.Rules) (proto.Rules, []proto.AuditEntry) {
		require.Equal(t, proto.Rules{ApproveFriends: true, Video: true, TimeZone: "UTC", QuietHours: []proto.QuietHours{}}, old)
		return want, []proto.AuditEntry{entry}
	}
	never := func(proto.Rules) (proto.Rules, []proto.AuditEntry) {
		t.Error("asked, although it is not for this person to decide")
		return want, []proto.AuditEntry{entry}
	}
	for _, c := range [][2]string{{"r-stranger", "r-child"}, {"r-mum", "r-other"}, {"r-mum", "r-mum"}, {"r-mum", "nobody"}} {
		found, err := s.ChangeRules(ctx, c[0], c[1], t0, never)
		require.NoError(t, err)
		require.False(t, found, c)
	}
	found, err = s.ChangeRules(ctx, "r-mum", "r-child", t0, change)
	require.NoError(t, err)
	require.True(t, found)
	got, found, err := s.ChildRules(ctx, "r-child")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, want, got)
	require.Equal(t, []string{"rules.changed r-child"}, auditLines(t, s))
	var by string
	var at int64
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT changed_by, changed_at FROM rules WHERE child_id = 'r-child'`).Scan(&by, &at))
	require.Equal(t, "r-mum", by)
	require.Equal(t, t0, fromMillis(at))

	// No entry, no change.
	_, err = s.ChangeRules(ctx, "r-dad", "r-child", t0, func(proto.Rules) (proto.Rules, []proto.AuditEntry) { return proto.Rules{}, nil })
	require.NoError(t, err)
	got, _, err = s.ChildRules(ctx, "r-child")
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Len(t, auditLines(t, s), 1)
}

func testRulesQueue(t *testing.T, s *Store) {
	childOf(t, s, "rq-child", "rq-mum")
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		wg.Go(func() {
			_, err := s.ChangeRules(t.Context(), "rq-mum", "rq-child", t0, func(old proto.Rules) (proto.Rules, []proto.AuditEntry) {
				old.DailyMinutes++
				return old, []proto.AuditEntry{{Action: "rules.changed", Subject: "rq-child"}}
			})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	got, _, err := s.ChildRules(t.Context(), "rq-child")
	require.NoError(t, err)
	require.Equal(t, cap(errs), got.DailyMinutes, "none saw rules that another was changing")
}

func testTalk(t *testing.T, s *Store) {
	ctx := t.Context()
	childOf(t, s, "t-child", "t-mum")
	at := func(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))).UTC() }
	// Each step: what is counted, what the store says was counted before, and
	// what is added.
	steps := []struct {
		from, to float64
		before   [][2]time.Time
		add      time.Duration
		seconds  int64
	}{
		{10, 20, nil, 9700 * time.Millisecond, 9},
		{30, 40, nil, 300 * time.Millisecond, 10},
		{20, 22, [][2]time.Time{{at(10), at(20)}}, 999 * time.Millisecond, 10},
		{15, 35, [][2]time.Time{{at(10), at(22)}, {at(30), at(40)}}, time.Millisecond, 11},
		{12, 13, [][2]time.Time{{at(10), at(40)}}, 0, 11},
		{40.001, 50, nil, 10 * time.Hour, 36011},
		{0, 100, [][2]time.Time{{at(10), at(40)}, {at(40.001), at(50)}}, 0, 36011},
	}
	for i, step := range steps {
		err := s.CountTalk(ctx, "t-child", at(step.from), at(step.to), func(zone string, counted [][2]time.Time) (map[string]time.Duration, error) {
			require.Equal(t, "UTC", zone)
			require.Equal(t, step.before, counted, "step %d", i)
			return map[string]time.Duration{"2026-03-01": step.add, "2026-03-02": time.Second}, nil
		})
		require.NoError(t, err)
		got, err := s.TalkSeconds(ctx, "t-child", "2026-03-01")
		require.NoError(t, err)
		require.Equal(t, step.seconds, got, "step %d", i)
	}
	got, err := s.TalkSeconds(ctx, "t-child", "2026-03-02")
	require.NoError(t, err)
	require.EqualValues(t, len(steps), got)
	got, err = s.TalkSeconds(ctx, "t-child", "2026-03-03")
	require.NoError(t, err)
	require.Zero(t, got)

	never := func(string, [][2]time.Time) (map[string]time.Duration, error) {
		t.Error("asked about somebody who is no child")
		return nil, nil
	}
	require.NoError(t, s.CountTalk(ctx, "t-mum", at(0), at(1), never))
	require.NoError(t, s.CountTalk(ctx, "nobody", at(0), at(1), never))

	// A count that fails leaves nothing behind.
	err = s.CountTalk(ctx, "t-child", at(200), at(300), func(string, [][2]time.Time) (map[string]time.Duration, error) {
		return nil, ErrNotFound
	})
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, s.CountTalk(ctx, "t-child", at(200), at(300), func(_ string, counted [][2]time.Time) (map[string]time.Duration, error) {
		require.Empty(t, counted)
		return nil, nil
	}))
}

// testTalksAtOnce: pairs of one call part at the same time.
func testTalksAtOnce(t *testing.T, s *Store) {
	childOf(t, s, "ta-child", "ta-mum")
	var wg sync.WaitGroup
	errs := make(chan error, 16)
	for i := range cap(errs) {
		wg.Go(func() {
			from, to := t0.Add(time.Duration(i)*time.Second), t0.Add(time.Duration(i+5)*time.Second)
			errs <- s.CountTalk(t.Context(), "ta-child", from, to, func(_ string, counted [][2]time.Time) (map[string]time.Duration, error) {
				add := to.Sub(from)
				for _, c := range counted {
					add -= time.Duration(min(toMillis(to), toMillis(c[1]))-max(toMillis(from), toMillis(c[0]))) * time.Millisecond
				}
				return map[string]time.Duration{"2026-03-01": add}, nil
			})
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	got, err := s.TalkSeconds(t.Context(), "ta-child", "2026-03-01")
	require.NoError(t, err)
	require.EqualValues(t, cap(errs)+4, got)
}

func testTalkSweep(t *testing.T, s *Store) {
	ctx := t.Context()
	setUp(t, s, `DELETE FROM talk_days`)
	setUp(t, s, `DELETE FROM talk_spans`)
	childOf(t, s, "ts-child", "ts-mum")
	for i := range 3 {
		day := t0.AddDate(0, 0, i)
		require.NoError(t, s.CountTalk(ctx, "ts-child", day, day.Add(time.Hour), func(string, [][2]time.Time) (map[string]time.Duration, error) {
			return map[string]time.Duration{day.Format(time.DateOnly): time.Hour}, nil
		}))
	}
	n, err := s.SweepTalk(ctx, "2026-03-02", t0.AddDate(0, 0, 1).Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 2, n, "a day and a span; what ended at that very moment stays")
	days, err := texts(s.read.QueryContext(ctx, `SELECT day FROM talk_days ORDER BY day`))
	require.NoError(t, err)
	require.Equal(t, []string{"2026-03-02", "2026-03-03"}, days)
	setUp(t, s, `DELETE FROM people WHERE id = 'ts-child'`)
	for _, table := range []string{"talk_days", "talk_spans"} {
		var n int
		require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n))
		require.Zero(t, n, table)
	}
}

func testAreFamily(t *testing.T, s *Store) {
	childOf(t, s, "fa-child", "fa-mum")
	childOf(t, s, "fa-friend", "fa-other")
	pairUp(t, s, "fa-child", "fa-mum", "friends", true)
	pairUp(t, s, "fa-friend", "fa-child", "friends", false)
	for _, c := range []struct {
		a, b string
		want bool
	}{{"fa-child", "fa-mum", true}, {"fa-child", "fa-friend", false}, {"fa-child", "fa-other", false}, {"fa-child", "nobody", false}} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			got, err := s.AreFamily(t.Context(), pair[0], pair[1])
			require.NoError(t, err)
			require.Equal(t, c.want, got, fmt.Sprint(slices.Sorted(slices.Values(pair[:]))))
		}
	}
}
