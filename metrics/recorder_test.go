package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/metrics/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)

func after(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }

// shelf is a Store in memory; fail, if set, may refuse a save.
type shelf struct {
	mu   sync.Mutex
	rows map[string]Row
	fail func(r Row, attempt int) error
	seen map[string]int
}

func (s *shelf) SaveRecord(ctx context.Context, r Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen, s.rows = map[string]int{}, map[string]Row{}
	}
	s.seen[r.CallID]++
	if s.fail != nil {
		if err := s.fail(r, s.seen[r.CallID]); err != nil {
			return err
		}
	}
	s.rows[r.CallID] = r
	return nil
}

func (s *shelf) LoadRecord(_ context.Context, callID string) (Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.rows[callID]; ok {
		return r, nil
	}
	return Row{}, fmt.Errorf("shelf: %w", ErrNotFound)
}

func (s *shelf) attempts(callID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[callID]
}

type set struct {
	*Recorder
	shelf *shelf
	reg   *prometheus.Registry
	log   *bytes.Buffer
}

func newSet(t testing.TB, cfg Config, exports ...Export) *set {
	t.Helper()
	s := &set{shelf: &shelf{}, reg: prometheus.NewPedanticRegistry(), log: &bytes.Buffer{}}
	r, err := New(cfg, Deps{
		Store: s.shelf, Exports: exports, Registry: s.reg, Now: func() time.Time { return after(60) },
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})),
	})
	require.NoError(t, err)
	s.Recorder = r
	return s
}

func (s *set) close(t testing.TB) {
	t.Helper()
	require.NoError(t, s.Close(context.Background()))
}

// value of a metric as /metrics has it, e.g. `kinwire_calls_live`.
func (s *set) value(t testing.TB, series string) string {
	t.Helper()
	for line := range strings.Lines(s.scrape(t)) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func (s *set) scrape(t testing.TB) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, w.Code)
	return w.Body.String()
}

// call has two people in a call and a few samples of their audio.
func (s *set) call(id string) {
	s.CallStarted(id, true, began)
	s.ParticipantJoined(id, "a", "user-priya", Device{Model: "Pixel"}, after(1))
	s.ParticipantJoined(id, "b", "user-mia", Device{}, after(2))
	for i := range uint64(5) {
		at := after(3 + float64(i))
		s.ServerSample(id, "a", LinkSample{
			Path: Path{Type: "relay", Protocol: "tcp"}, Remote: netip.MustParseAddrPort("203.0.113.77:5000"), RTT: 40 * time.Millisecond,
			Streams: []StreamSample{{ID: "1", Direction: "up", Kind: "audio", Codec: "opus", Started: after(2), Packets: 50 * (i + 1), Bytes: 5000 * (i + 1),
				Expected: 52 * (i + 1), Lost: 2 * (i + 1), Jitter: 3 * time.Millisecond}},
		}, at)
		s.ClientSample(id, "b", ClientSample{LocalType: "host", Protocol: "udp", Streams: []ClientStream{
			{MID: "3", Direction: "recv", From: "a", Kind: "audio", Codec: "opus", Packets: 50 * (i + 1), Bytes: 5000 * (i + 1)},
		}}, at)
	}
}

func document(t *testing.T, raw json.RawMessage) record.Document {
	t.Helper()
	var d record.Document
	require.NoError(t, json.Unmarshal(raw, &d))
	return d
}

func TestACallLeavesARecordALineAndMetrics(t *testing.T) {
	s := newSet(t, Config{})
	ctx := context.Background()
	s.call("c1")
	require.Equal(t, "1", s.value(t, "kinwire_calls_live"))
	require.Equal(t, "2", s.value(t, "kinwire_participants_live"))

	raw, err := s.Record(ctx, "c1")
	require.NoError(t, err)
	d := document(t, raw)
	require.True(t, d.Live)
	require.Equal(t, int64(60_000), d.DurationMS)
	require.Zero(t, d.EndedAt)

	s.ParticipantLeft("c1", "b", "hangup", after(60))
	s.CallEnded("c1", "hangup", after(61))
	raw, err = s.Record(ctx, "c1") // whether it waits still or is stored
	require.NoError(t, err)
	d = document(t, raw)
	require.False(t, d.Live)
	require.Equal(t, after(61).UnixMilli(), d.EndedAt)
	require.Equal(t, 250.0/260, float64(d.Participants[0].Streams[0].Server.Totals.Packets)/float64(d.Participants[0].Streams[0].Server.Totals.Expected))

	s.close(t)
	row, err := s.shelf.LoadRecord(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, Row{
		CallID: "c1", StartedAt: began, EndedAt: after(61), Reason: "hangup", Participants: 2, Video: true, DurationMS: 61_000, TalkMS: 58_000,
		Codecs: []string{"opus"}, Paths: []string{"host/udp", "relay/tcp"}, Score: d.Score, Verdict: d.Verdict, Document: raw,
	}, row)
	require.Greater(t, d.Score, 1.0)

	var line map[string]any
	require.NoError(t, json.Unmarshal(s.log.Bytes(), &line))
	require.Equal(t, d.Score, line["mos"])
	delete(line, "mos")
	rest, err := json.Marshal(line)
	require.NoError(t, err)
	require.JSONEq(t, `{"level":"INFO","msg":"call ended","call":"c1","duration_ms":61000,"talk_ms":58000,"reason":"hangup","video":true,"participants":2,
		"up_audio":{"loss_p95":0.0384615,"rtt_ms":40,"jitter_ms":3,"bitrate_bps":40000},
		"down_audio":{"loss_p95":0,"jitter_ms":0,"bitrate_bps":40000}}`, string(rest))

	for series, want := range map[string]string{
		`kinwire_calls_live`:                         "0",
		`kinwire_participants_live`:                  "0",
		`kinwire_calls_ended_total{reason="hangup"}`: "1",
		`kinwire_call_duration_seconds_sum`:          "61",
		`kinwire_participants_left_total{path="relay",protocol="tcp",reason="hangup"}`:                            "1",
		`kinwire_participants_left_total{path="host",protocol="udp",reason="hangup"}`:                             "1",
		`kinwire_link_rtt_seconds_count{path="relay",protocol="tcp"}`:                                             "5",
		`kinwire_link_rtt_seconds_sum{path="relay",protocol="tcp"}`:                                               "0.2",
		`kinwire_stream_jitter_seconds_sum{codec="opus",direction="up",kind="audio",view="server"}`:               "0.015",
		`kinwire_stream_payload_bytes_per_second_sum{codec="opus",direction="up",kind="audio",view="server"}`:     "25000",
		`kinwire_stream_payload_bytes_per_second_count{codec="opus",direction="down",kind="audio",view="client"}`: "4",
		`kinwire_call_mos_count`:                  "1",
		`kinwire_call_events_total{event="join"}`: "2",
		`kinwire_records_saved_total`:             "1",
		`kinwire_records_pending`:                 "0",
	} {
		require.Equal(t, want, s.value(t, series), series)
	}
	require.NotEmpty(t, s.value(t, "go_goroutines"))
	require.NotEmpty(t, s.value(t, "process_open_fds"))
}

func TestNobodyIsNamedInLogOrMetrics(t *testing.T) {
	s := newSet(t, Config{})
	s.call("c1")
	s.CallEnded("c1", "hangup", after(60))
	raw, err := s.Record(context.Background(), "c1")
	require.NoError(t, err)
	s.close(t)
	scraped := s.scrape(t)
	for _, secret := range []string{"priya", "mia", "203.0.113", "Pixel"} {
		require.NotContains(t, s.log.String(), secret)
		require.NotContains(t, scraped, secret)
	}
	require.NotContains(t, scraped, "c1")
	require.NotContains(t, string(raw), "203.0.113.77")
	require.Contains(t, string(raw), "203.0.113.0/24")
}

func TestUnknownCallsAndLateEvents(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	s.ServerSample("none", "a", LinkSample{}, began)
	s.ClientSample("none", "a", ClientSample{}, began)
	s.ParticipantJoined("none", "a", "u", Device{}, began)
	s.CallEnded("none", "hangup", began)
	_, err := s.Record(context.Background(), "none")
	require.ErrorIs(t, err, ErrNotFound)
	require.Equal(t, "1", s.value(t, `kinwire_samples_dropped_total{reason="unknown_call",view="server"}`))
	require.Equal(t, "1", s.value(t, `kinwire_samples_dropped_total{reason="unknown_call",view="client"}`))

	s.call("c1")
	s.CallStarted("c1", false, after(5)) // already live: goes on
	s.CallEnded("c1", "lost", after(60))
	s.CallEnded("c1", "hangup", after(70))
	s.ParticipantLeft("c1", "a", "hangup", after(70))
	require.Equal(t, "1", s.value(t, `kinwire_calls_ended_total{reason="lost"}`))
	require.Equal(t, "0", s.value(t, `kinwire_calls_ended_total{reason="hangup"}`))
	require.Equal(t, "0", s.value(t, "kinwire_participants_live"))
}

func TestCloseEndsWhatIsLive(t *testing.T) {
	s := newSet(t, Config{})
	s.call("c1")
	s.close(t)
	row, err := s.shelf.LoadRecord(context.Background(), "c1")
	require.NoError(t, err)
	require.Equal(t, "shutdown", row.Reason)
	s.CallStarted("c2", true, after(70))
	require.Equal(t, "0", s.value(t, "kinwire_calls_live"))
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		cfg Config
		d   Deps
	}{
		"Deps.Store":  {Config{}, Deps{}},
		"Queue":       {Config{Queue: -1}, Deps{Store: &shelf{}}},
		"SaveTimeout": {Config{SaveTimeout: -1}, Deps{Store: &shelf{}}},
		"BackoffMax":  {Config{BackoffMin: time.Minute, BackoffMax: time.Second}, Deps{Store: &shelf{}}},
	} {
		_, err := New(c.cfg, c.d)
		var bad *ConfigError
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, name, bad.Field)
	}
	reg := prometheus.NewRegistry()
	r, err := New(Config{}, Deps{Store: &shelf{}, Registry: reg})
	require.NoError(t, err)
	_, err = New(Config{}, Deps{Store: &shelf{}, Registry: reg})
	require.Error(t, err, "two recorders cannot share a registry")
	require.NoError(t, r.Close(context.Background()))
}

func TestEverythingAtOnce(t *testing.T) {
	s := newSet(t, Config{})
	var wg sync.WaitGroup
	for n := range 4 {
		id := fmt.Sprintf("c%d", n%2)
		wg.Go(func() {
			for range 30 {
				s.call(id)
				s.ParticipantLeft(id, "a", "hangup", after(50))
				s.CallEnded(id, "hangup", after(60))
			}
		})
		wg.Go(func() {
			for range 100 {
				if _, err := s.Record(context.Background(), id); err != nil && !errors.Is(err, ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 10 {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
			if w.Code != 200 {
				t.Errorf("scrape: %d %s", w.Code, w.Body)
			}
		}
	})
	wg.Wait()
	require.Equal(t, "0", s.value(t, "kinwire_calls_live"))
	require.Equal(t, "0", s.value(t, "kinwire_participants_live"))
	s.close(t)
}

// BenchmarkServerSample is one second of a call of 16: each sends audio and
// video and receives those of the 15 others.
func BenchmarkServerSample(b *testing.B) {
	const people = 16
	s := newSet(b, Config{})
	defer s.close(b)
	s.CallStarted("c", true, began)
	names := make([]string, people)
	for i := range names {
		names[i] = fmt.Sprintf("participant-%02d", i)
		s.ParticipantJoined("c", names[i], "u", Device{}, began)
	}
	samples := make([]LinkSample, people)
	for i := range samples {
		samples[i] = LinkSample{Path: Path{Type: "host", Protocol: "udp"}, Remote: netip.MustParseAddrPort("203.0.113.77:5000"), RTT: 20 * time.Millisecond}
		for j := range names {
			for _, kind := range []string{"audio", "video"} {
				direction := map[bool]string{true: "up", false: "down"}[i == j]
				samples[i].Streams = append(samples[i].Streams, StreamSample{
					ID: kind + direction + names[j], Direction: direction, Kind: kind, Codec: "vp8", From: names[j], Jitter: time.Millisecond, RTT: 20 * time.Millisecond})
			}
		}
	}
	at := began
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Second)
		for i := range samples {
			for j := range samples[i].Streams {
				st := &samples[i].Streams[j]
				st.Packets, st.Bytes, st.Frames = st.Packets+100, st.Bytes+100_000, st.Frames+30
			}
			s.ServerSample("c", names[i], samples[i], at)
		}
	}
	b.StopTimer()
	began := time.Now()
	s.CallEnded("c", "hangup", at)
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/end")
}
