package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// testEvidence is what reports reveal.
func testEvidence(t *testing.T, s *Store) {
	ctx := t.Context()
	setUp(t, s, `DELETE FROM reports`)
	someone(t, s, "child", "ev-me", "ev-you")
	sealed := []byte("\x01\x00\xffsealed")
	reveal := func(id string) proto.CaseReport {
		c := report(id, "ev-me", "ev-you", t0.Add(time.Second))
		added, err := s.AddReport(ctx, c, sealed, t0, 1000)
		require.NoError(t, err)
		require.True(t, added)
		return c
	}
	shown := func(id string, now time.Time) (string, int64) {
		got, until, err := s.ReportEvidence(ctx, id, now, entry("report.evidence_seen", id))
		require.NoError(t, err)
		return string(got), until
	}
	decide := func(c proto.CaseReport, until time.Time) {
		_, done, err := s.DecideReport(ctx, decided(c, proto.DecisionWarn, "ann"), until, nil)
		require.NoError(t, err)
		require.True(t, done)
	}
	kept, dismissed, plain := reveal("ev-kept"), reveal("ev-dismissed"), file(t, s, report("ev-plain", "ev-me", "ev-you", t0.Add(time.Second)))
	for _, id := range []string{"ev-kept", "ev-dismissed"} {
		got, until := shown(id, t0.AddDate(10, 0, 0))
		require.Equal(t, string(sealed), got, "as long as it is open")
		require.Zero(t, until)
	}
	for _, id := range []string{"ev-plain", "ev-none"} {
		got, _ := shown(id, t0)
		require.Empty(t, got)
		require.NotContains(t, entriesAbout(t, s, id), "report.evidence_seen", "there was nothing to see")
	}
	end := t0.Add(time.Hour)
	decide(kept, end)
	decide(plain, end)
	decide(dismissed, time.Time{})
	got, until := shown("ev-kept", end.Add(-time.Millisecond))
	require.Equal(t, string(sealed), got)
	require.Equal(t, toMillis(end), until)
	got, _ = shown("ev-dismissed", t0)
	require.Empty(t, got)
	got, _ = shown("ev-kept", end)
	require.Empty(t, got, "before the sweep, too")
	require.Equal(t, []string{"report.evidence_seen", "report.evidence_seen"}, entriesAbout(t, s, "ev-kept"))
	require.Equal(t, []string{"report.evidence_seen"}, entriesAbout(t, s, "ev-dismissed"))

	n, err := s.SweepEvidence(ctx, end.Add(-time.Millisecond))
	require.NoError(t, err)
	require.Zero(t, n)
	for _, want := range []int64{1, 0} {
		n, err = s.SweepEvidence(ctx, end)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	var left int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM reports WHERE length(evidence) > 0`).Scan(&left))
	require.Zero(t, left)
	_, found, err := s.Case(ctx, "ev-kept")
	require.NoError(t, err)
	require.True(t, found, "the report stays")
}

// testEvidenceUndone: a decision that is taken back leaves the evidence.
func testEvidenceUndone(t *testing.T, s *Store) {
	ctx := t.Context()
	someone(t, s, "child", "eu-me")
	someone(t, s, "staff", "eu-staff")
	c := report("eu-1", "eu-me", "eu-staff", t0.Add(time.Second))
	_, err := s.AddReport(ctx, c, []byte("sealed"), t0, 1000)
	require.NoError(t, err)
	p := suspension("eu-staff", c.ID, t0.Add(time.Hour))
	_, done, err := s.DecideReport(ctx, decided(c, proto.DecisionSuspend, "ann"), time.Time{}, &p)
	require.NoError(t, err)
	require.False(t, done, "the staff's")
	got, until, err := s.ReportEvidence(ctx, "eu-1", t0)
	require.NoError(t, err)
	require.Equal(t, "sealed", string(got))
	require.Zero(t, until)
}

func testWasInConversation(t *testing.T, s *Store) {
	someone(t, s, "child", "wi-me", "wi-past", "wi-other")
	conversation(t, s, "wi", "wi-me", "wi-past")
	conversation(t, s, "wi2", "wi-other")
	setUp(t, s, `UPDATE chat_members SET state = 'out' WHERE conversation_id = 'wi' AND person_id = 'wi-past'`)
	for person, want := range map[string]bool{"wi-me": true, "wi-past": true, "wi-other": false, "nobody": false} {
		was, err := s.WasInConversation(t.Context(), "wi", person)
		require.NoError(t, err)
		require.Equal(t, want, was, person)
	}
	was, err := s.WasInConversation(t.Context(), "none", "wi-me")
	require.NoError(t, err)
	require.False(t, was)
}
