package metrics

import (
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/metrics/record"
)

// openMetrics is what a scraper gets that asks for exemplars.
func (s *set) openMetrics(t testing.TB) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	s.Handler().ServeHTTP(w, r)
	require.Contains(t, w.Header().Get("Content-Type"), "openmetrics")
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(body)
}

func TestExemplarsLeadToTheCall(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	s.call("01JC0FFEE")
	s.m.Interval(&record.Interval{CallID: "01JC0FFEE", Score: 3.3})
	s.CallEnded("01JC0FFEE", "hangup", after(60))
	text := s.openMetrics(t)
	leads := regexp.MustCompile(`(?m)^(kinwire_[a-z_]+)\{[^}]*\} [^#\n]+ # \{call_id="01JC0FFEE"\}`).FindAllStringSubmatch(text, -1)
	names := map[string]bool{}
	for _, l := range leads {
		names[l[1]] = true
	}
	for _, want := range []string{
		"kinwire_stream_mos_bucket", "kinwire_stream_rtt_seconds_bucket", "kinwire_stream_jitter_seconds_bucket", "kinwire_stream_loss_ratio_bucket",
		"kinwire_call_duration_seconds_bucket", "kinwire_calls_ended_total",
	} {
		require.True(t, names[want], "%s leads to no call:\n%s", want, text)
	}
	require.False(t, names["kinwire_stream_payload_bytes_per_second_bucket"])
	require.NotContains(t, s.scrape(t), "01JC0FFEE", "who did not ask for exemplars gets no id")
	require.NotContains(t, strings.ReplaceAll(text, `# {call_id="01JC0FFEE"}`, ""), "01JC0FFEE", "the id is no label of a series")
}

// A bucket gets the first value of each second, so that the newest bad call is
// found, and a full bucket costs little.
func TestABucketLeadsToOneCallASecond(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	now := began
	s.m.now = func() time.Time { return now }
	hear := func(callID string, score float64) {
		s.m.Interval(&record.Interval{CallID: callID, View: record.Server, Direction: record.Down, Score: score})
	}
	hear("c1", 4.3)
	hear("c2", 4.3)
	hear("c3", 2)
	text := s.openMetrics(t)
	require.Contains(t, text, `call_id="c1"`)
	require.NotContains(t, text, `call_id="c2"`)
	require.Contains(t, text, `call_id="c3"`, "another bucket, in the same second")
	now = now.Add(time.Second)
	hear("c2", 4.3)
	text = s.openMetrics(t)
	require.Contains(t, text, `call_id="c2"`)
	require.NotContains(t, text, `call_id="c1"`)
	require.Equal(t, "4", s.value(t, `kinwire_stream_mos_count{codec="opus",direction="down",kind="audio",view="server"}`), "every value counts")
}

func TestAnyCallIDIsTaken(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.String(), rapid.StringN(100, 140, -1), rapid.Custom(func(t *rapid.T) string {
			return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		})).Draw(t, "id")
		// None of these may panic, as the library does over what is not allowed.
		s.m.Interval(&record.Interval{CallID: id, Score: 3})
		s.m.ended(&record.Document{ID: id, Score: 3})
		lead := exemplar(id)
		if lead != nil && len([]rune(exemplarLabel+lead[exemplarLabel])) > prometheus.ExemplarMaxRunes {
			t.Fatalf("an exemplar of %q is too long", id)
		}
	})
	require.Nil(t, exemplar(strings.Repeat("ü", 122)))
	require.NotNil(t, exemplar(strings.Repeat("ü", 121)))
}

func TestScoresAndTroublesAreCounted(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	s.m.Interval(&record.Interval{CallID: "c1", View: record.Server, Direction: record.Down, Score: 3.3})
	s.m.Interval(&record.Interval{CallID: "c1", View: record.Server, Direction: record.Down, Score: -1}) // not known
	s.m.ended(&record.Document{
		ID: "c1", Reason: "lost", Score: 2.4, DurationMS: 2000,
		Events: []record.Event{{Event: record.EventMute}, {Event: record.EventMute}, {Event: "something else"}},
		Participants: []record.Participant{{Streams: []record.Stream{
			{Trouble: &record.Trouble{Where: "uplink", Why: "loss"}}, {Trouble: &record.Trouble{Where: "the moon", Why: "loss"}}, {},
		}}},
	})
	for series, want := range map[string]string{
		`kinwire_stream_mos_sum{codec="opus",direction="down",kind="audio",view="server"}`:   "3.3",
		`kinwire_stream_mos_count{codec="opus",direction="down",kind="audio",view="server"}`: "1",
		`kinwire_call_mos_sum`:                                     "2.4",
		`kinwire_calls_ended_total{reason="lost"}`:                 "1",
		`kinwire_calls_ended_total{reason="failed"}`:               "0",
		`kinwire_call_events_total{event="mute"}`:                  "2",
		`kinwire_call_events_total{event="other"}`:                 "1",
		`kinwire_stream_troubles_total{where="uplink",why="loss"}`: "1",
		`kinwire_stream_troubles_total{where="other",why="loss"}`:  "1",
		`kinwire_stream_troubles_total{where="device",why="load"}`: "0",
		`kinwire_records_lost_total{reason="queue_full"}`:          "0",
		`kinwire_connections{level="good"}`:                        "0",
	} {
		require.Equal(t, want, s.value(t, series), series)
	}
}

func TestTheListOfLiveCalls(t *testing.T) {
	s := newSet(t, Config{})
	s.shelf.fail = func(Row, int) error { return errDown }
	s.call("c1")
	s.CallStarted("c2", false, after(10))
	s.Event("c1", "a", record.EventMute, record.Event{Kind: "audio"}, after(20))
	s.Event("none", "a", record.EventMute, record.Event{}, after(20))
	live := s.Live()
	require.Equal(t, []string{"c2", "c1"}, []string{live[0].ID, live[1].ID}, "the newest first")
	require.True(t, live[1].Live)
	require.Equal(t, int64(60_000), live[1].DurationMS)
	require.Equal(t, 2, live[1].Participants)
	require.ElementsMatch(t, []string{"c1", "c2"}, s.LiveCalls())

	s.CallEnded("c1", "hangup", after(60))
	require.Equal(t, map[string]int{"records_to_be_saved": 1}, s.Waiting())
	live = s.Live()
	require.Equal(t, []string{"c2", "c1"}, []string{live[0].ID, live[1].ID}, "a record that waits is listed")
	require.False(t, live[1].Live)
	require.Equal(t, "hangup", live[1].Reason)
	require.Equal(t, after(60).UnixMilli(), live[1].EndedAt)
	require.Empty(t, s.Quality("c1"))

	s.shelf.mu.Lock()
	s.shelf.fail = nil
	s.shelf.mu.Unlock()
	s.close(t)
	require.Empty(t, s.Live())
	row, err := s.shelf.LoadRecord(t.Context(), "c1")
	require.NoError(t, err)
	mutes := 0
	for _, e := range document(t, row.Document).Events {
		if e.Event == record.EventMute {
			mutes++
			require.Equal(t, []any{int64(20_000), "a", "audio"}, []any{e.AtMS, e.Participant, e.Kind})
		}
	}
	require.Equal(t, 1, mutes)
}

func TestReadingsAreThoseOfAScrape(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	require.NoError(t, s.Source("plane", []Metric{
		{Name: "kinwire_plane_drops_total", Help: "Drops.", Labels: planeLabels}, {Name: "kinwire_plane_peers", Help: "Peers.", Kind: Gauge},
	}, func(emit Emit) {
		emit("kinwire_plane_peers", 3)
		emit("kinwire_plane_drops_total", 2, "unknown")
		emit("kinwire_plane_drops_total", 1, "queue")
		emit("kinwire_plane_drops_total", 5, "queue")
	}))
	require.Equal(t, []Reading{
		{Source: "plane", Metric: "kinwire_plane_drops_total", Kind: Counter, Labels: []string{"queue"}, Value: 6},
		{Source: "plane", Metric: "kinwire_plane_drops_total", Kind: Counter, Labels: []string{"unknown"}, Value: 2},
		{Source: "plane", Metric: "kinwire_plane_peers", Kind: Gauge, Labels: []string{}, Value: 3},
	}, s.Readings())
}
