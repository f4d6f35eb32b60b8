package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// recordCases are about what is looked for in call records, and by which names
// people stand in them.
var recordCases = map[string]func(t *testing.T, s *Store){
	"CallRows":             testCallRows,
	"CallRowsFiltered":     testCallRowsFiltered,
	"CallPatterns":         testCallPatterns,
	"Pseudonyms":           testPseudonyms,
	"PseudonymsAtOnce":     testPseudonymsAtOnce,
	"PseudonymsAreLogged":  testPseudonymsAreLogged,
	"PseudonymsGo":         testPseudonymsGo,
	"RecordsOutlivePeople": testRecordsOutlivePeople,
}

func rich(id string, started time.Time) Record {
	return Record{
		CallID: id, StartedAt: started, EndedAt: started.Add(90 * time.Second), Reason: "hangup", Participants: 2, Video: true, TalkMS: 80_000,
		Codecs: []string{"opus", "VP8"}, Paths: []string{"host/udp", "relay/tls"}, Score: 4.1234, Verdict: "Mia's way up lost 7 % of 'it'.",
		Document: json.RawMessage(`{"version": 1}`),
	}
}

func ids(rows []proto.CallRow) (list []string) {
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return list
}

// testCallRows: what is saved comes back, the newest first, page by page; calls
// of the same millisecond have an order too.
func testCallRows(t *testing.T, s *Store) {
	ctx := t.Context()
	var want []string
	for i := range 25 {
		r := rich(fmt.Sprintf("call-%02d", i), t0.Add(time.Duration(i/5)*time.Second))
		require.NoError(t, s.SaveRecord(ctx, r))
		want = append(want, r.CallID)
	}
	slices.Reverse(want)
	var got []string
	after, id := int64(0), ""
	for {
		page, err := s.CallRows(ctx, proto.CallFilter{Limit: 4}, after, id, len(got)%8 == 0)
		require.NoError(t, err)
		for _, row := range page {
			require.Equal(t, len(got)%8 == 0, row.Document != nil)
		}
		got = append(got, ids(page)...)
		if len(page) < 4 {
			break
		}
		last := page[len(page)-1]
		after, id = last.StartedAt, last.ID
	}
	require.Equal(t, want, got)
	page, err := s.CallRows(ctx, proto.CallFilter{Limit: 1}, 0, "", true)
	require.NoError(t, err)
	at := t0.Add(4 * time.Second).UnixMilli()
	require.Equal(t, proto.CallRow{CallSummary: proto.CallSummary{
		ID: "call-24", StartedAt: at, EndedAt: at + 90_000, DurationMS: 90_000, TalkMS: 80_000, Reason: "hangup", Video: true, Participants: 2,
		Codecs: []string{"opus", "VP8"}, Paths: []string{"host/udp", "relay/tls"}, Score: 4.123, Verdict: "Mia's way up lost 7 % of 'it'.",
	}, Document: json.RawMessage(`{"version": 1}`)}, page[0])

	// Saved again, it is found by what it is now.
	again := rich("call-24", t0)
	again.Codecs, again.Score, again.Video = nil, 0, false
	require.NoError(t, s.SaveRecord(ctx, again))
	page, err = s.CallRows(ctx, proto.CallFilter{Limit: 30, Codec: "opus"}, 0, "", false)
	require.NoError(t, err)
	require.NotContains(t, ids(page), "call-24")
	got2, err := s.Record(ctx, "call-24")
	require.NoError(t, err)
	require.False(t, got2.Video)
	require.Zero(t, got2.Score)
	require.Empty(t, got2.Codecs)
}

// testCallRowsFiltered holds the statement to the same filter in plain Go, on
// calls of every kind.
func testCallRowsFiltered(t *testing.T, s *Store) {
	ctx := t.Context()
	var all []Record
	reasons, codecs, paths := []string{"hangup", "missed", "lost"}, []string{"opus", "VP8", "H264", "PCMU"}, []string{"host/udp", "host/tcp", "relay/udp", "relay/tls"}
	for i := range 60 {
		r := rich(fmt.Sprintf("c%02d", i), t0.Add(time.Duration(i%20)*time.Minute))
		r.Reason, r.Score = reasons[i%3], float64(i%6)*0.875
		r.Codecs, r.Paths = codecs[:i%5], paths[i%4:]
		all = append(all, r)
		require.NoError(t, s.SaveRecord(ctx, r))
	}
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.CallID, a.CallID))
	})
	minute := rapid.Int64Range(0, 21)
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string, list ...string) string { return rapid.SampledFrom(append(list, "", "")).Draw(t, name) }
		score := rapid.SampledFrom([]float64{0, 0, 0.875, 1.75, 3, 5})
		f := proto.CallFilter{
			Reason: some("reason", "hangup", "lost", "declined"), Codec: some("codec", "opus", "vp8", "h264", "264", "_"),
			Path: some("path", "host", "relay", "relay/tls", "host/tcp", "udp", "%"), ScoreBelow: score.Draw(t, "below"), ScoreMin: score.Draw(t, "min"),
			Limit: rapid.IntRange(1, 70).Draw(t, "limit"),
		}
		if rapid.Bool().Draw(t, "between") {
			f.From = t0.UnixMilli() + minute.Draw(t, "from")*60_000
			f.To = t0.UnixMilli() + minute.Draw(t, "to")*60_000
		}
		var want []string
		for _, r := range all {
			if letsThrough(f, r) && len(want) < f.Limit {
				want = append(want, r.CallID)
			}
		}
		got, err := s.CallRows(ctx, f, 0, "", false)
		if err != nil || !slices.Equal(want, ids(got)) {
			t.Fatalf("%+v: %v, want %v (%v)", f, ids(got), want, err)
		}
	})
}

func letsThrough(f proto.CallFilter, r Record) bool {
	at := r.StartedAt.UnixMilli()
	return at >= f.From && (f.To == 0 || at < f.To) &&
		(f.Reason == "" || r.Reason == f.Reason) &&
		(f.Codec == "" || slices.ContainsFunc(r.Codecs, func(c string) bool { return strings.EqualFold(c, f.Codec) })) &&
		(f.Path == "" || slices.ContainsFunc(r.Paths, func(p string) bool { return p == f.Path || strings.HasPrefix(p, f.Path+"/") })) &&
		(f.ScoreMin == 0 || r.Score >= f.ScoreMin) && (f.ScoreBelow == 0 || (r.Score > 0 && r.Score < f.ScoreBelow))
}

// testCallPatterns: what LIKE would read as a pattern is read as it is.
func testCallPatterns(t *testing.T, s *Store) {
	ctx := t.Context()
	for i, codec := range []string{"a_b", "axb", "a%", "a!", "abc"} {
		r := rich(fmt.Sprint("c", i), t0)
		r.Codecs = []string{codec}
		require.NoError(t, s.SaveRecord(ctx, r))
	}
	for codec, want := range map[string][]string{"a_b": {"c0"}, "axb": {"c1"}, "a%": {"c2"}, "a!": {"c3"}, "ab": nil, "'": nil} {
		got, err := s.CallRows(ctx, proto.CallFilter{Codec: codec, Limit: 9}, 0, "", false)
		require.NoError(t, err)
		require.Equal(t, want, ids(got), codec)
	}
}

func testPseudonyms(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	a, err := s.Pseudonym(ctx, ana.ID)
	require.NoError(t, err)
	require.Regexp(t, `^pn_[a-z2-7]{26}$`, a)
	again, err := s.Pseudonym(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, a, again, "it stays")
	b, err := s.Pseudonym(ctx, ben.ID)
	require.NoError(t, err)
	require.NotEqual(t, a, b)
	_, err = s.Pseudonym(ctx, "nobody")
	require.Error(t, err)
}

func testPseudonymsAtOnce(t *testing.T, s *Store) {
	add(t, s, ana)
	type result struct {
		name string
		err  error
	}
	results := make(chan result, 8)
	for range cap(results) {
		go func() {
			name, err := s.Pseudonym(t.Context(), ana.ID)
			results <- result{name, err}
		}()
	}
	first := <-results
	for range cap(results) - 1 {
		r := <-results
		require.NoError(t, r.err)
		require.Equal(t, first.name, r.name)
	}
}

// testPseudonymsAreLogged: who asked is in the log, with or without an answer;
// where that cannot be written, there is no answer.
func testPseudonymsAreLogged(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	suspend(t, s, ana.ID)
	name, err := s.Pseudonym(ctx, ana.ID)
	require.NoError(t, err)
	asked := func(subject string) func(bool) proto.AuditEntry {
		return func(found bool) proto.AuditEntry {
			e := entry("pseudonym.resolved", subject)
			e.Detail = fmt.Sprint("found=", found)
			return e
		}
	}
	p, found, err := s.PersonOfPseudonym(ctx, name, asked(name))
	require.NoError(t, err)
	require.True(t, found, "of somebody suspended too")
	require.Equal(t, ana, p)
	_, found, err = s.PersonOfPseudonym(ctx, "pn_x", asked("pn_x"))
	require.NoError(t, err)
	require.False(t, found)
	log, err := s.AuditAfter(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 2)
	require.Equal(t, []string{name, "found=true", "pn_x", "found=false"}, []string{log[0].Subject, log[0].Detail, log[1].Subject, log[1].Detail})

	_, err = s.write.ExecContext(ctx, `DELETE FROM audit_head`)
	require.NoError(t, err)
	p, found, err = s.PersonOfPseudonym(ctx, name, asked(name))
	require.Error(t, err)
	require.False(t, found)
	require.Empty(t, p)
}

func testPseudonymsGo(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	name, err := s.Pseudonym(ctx, ana.ID)
	require.NoError(t, err)
	require.NoError(t, s.SaveRecord(ctx, rich("c", t0)))
	_, err = s.DeleteRecordsBefore(ctx, t0.Add(time.Hour))
	require.NoError(t, err)
	again, err := s.Pseudonym(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, name, again, "old records go, the name stays")
	_, err = s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, ana.ID)
	require.NoError(t, err)
	_, found, err := s.PersonOfPseudonym(ctx, name, func(bool) proto.AuditEntry { return entry("pseudonym.resolved", name) })
	require.NoError(t, err)
	require.False(t, found)
	var n int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM pseudonyms`).Scan(&n))
	require.Zero(t, n)
}

// testRecordsOutlivePeople: a record holds nobody's id, so nobody's deletion
// touches it.
func testRecordsOutlivePeople(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	require.NoError(t, s.SaveRecord(ctx, rich("c", t0)))
	_, err := s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, ana.ID)
	require.NoError(t, err)
	rows, err := s.CallRows(ctx, proto.CallFilter{Limit: 5}, 0, "", false)
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, ids(rows))
}
