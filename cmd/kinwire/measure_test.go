package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
	"kinwire/metrics"
	"kinwire/metrics/export"
	"kinwire/signaling/proto"
)

// closing is a context for taking planes down.
func closing(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// names is a store of pseudonyms that counts how often it is asked.
type names struct {
	asked int
	err   error
}

func (n *names) Pseudonym(_ context.Context, personID string) (string, error) {
	n.asked++
	return "pn_" + personID, n.err
}

func TestPseudonymsAreRemembered(t *testing.T) {
	st := &names{}
	p := newPseudonyms(st, slog.New(slog.DiscardHandler))
	require.Equal(t, "pn_mia", p.of("mia"))
	require.Equal(t, "pn_mia", p.of("mia"))
	require.Equal(t, 1, st.asked)
	for i := range mostPseudonyms {
		p.of(fmt.Sprint(i))
	}
	require.LessOrEqual(t, len(p.known), mostPseudonyms)

	var log strings.Builder
	p = newPseudonyms(&names{err: errors.New("the database is away")}, slog.New(slog.NewTextHandler(&log, nil)))
	require.Empty(t, p.of("demo-mia"), "a record would rather name nobody than somebody")
	require.Contains(t, log.String(), "the database is away")
	require.NotContains(t, log.String(), "demo-mia")
}

func TestARecordHasPseudonyms(t *testing.T) {
	p := whole(t, "")
	defer func() { require.NoError(t, p.close(closing(t))) }()
	o := callObserver{rec: p.recorder, sfu: p.sfu, names: p.names, now: time.Now}
	at := time.Now()
	o.CallStarted("c", false, at)
	o.ParticipantJoined("c", "a", "demo-mia", proto.Device{}, at)
	o.CallEvent("c", "a", "mute", "audio", "", at.Add(time.Second))
	o.CallEnded("c", proto.ReasonHangup, at.Add(2*time.Second))
	doc, err := records{p.recorder}.Record(t.Context(), "c")
	require.NoError(t, err)
	require.NotContains(t, string(doc), "demo-mia")
	require.Regexp(t, `"user":"pn_[a-z2-7]{26}"`, string(doc))
	require.Contains(t, string(doc), `"event":"mute","participant":"a","kind":"audio"`)
}

// voice keeps what people in calls are told.
type voice struct {
	mu   sync.Mutex
	told []proto.MediaQuality
}

func (v *voice) Tell(_, typ string, data any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if typ == proto.TypeMediaQuality {
		v.told = append(v.told, data.(proto.MediaQuality))
	}
}

// TestPeopleAreToldOfTheirConnections: at a change, not more often than every two
// seconds, and not when nothing has changed.
func TestPeopleAreToldOfTheirConnections(t *testing.T) {
	now := time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
	rec, err := metrics.New(metrics.Config{}, metrics.Deps{Store: noRecords{}, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer func() { require.NoError(t, rec.Close(context.Background())) }()
	v := &voice{}
	s := newSampler(nil, rec, v, time.Second)
	rec.CallStarted("c", false, now)
	rec.ParticipantJoined("c", "a", "pn_a", metrics.Device{}, now)
	rec.ParticipantJoined("c", "b", "pn_b", metrics.Device{}, now)
	began := now
	var sent, lost uint64
	second := func(loss uint64) {
		now = now.Add(time.Second)
		sent, lost = sent+50, lost+loss
		rec.ServerSample("c", "a", metrics.LinkSample{Path: metrics.Path{Type: "host", Protocol: "udp"}, RTT: 20 * time.Millisecond, Streams: []metrics.StreamSample{
			{ID: "1", Direction: "up", Kind: "audio", Codec: "opus", Started: began, Packets: sent - lost, Bytes: 100 * (sent - lost), Expected: sent, Lost: lost},
		}}, now)
		s.tellCalls(now)
	}
	for range 20 {
		second(0)
	}
	require.Len(t, v.told, 1, "all is well, and goes on so: %+v", v.told)
	require.Equal(t, "c", v.told[0].CallID)
	require.Equal(t, proto.LevelGood, v.told[0].People[0].Level)
	for range 20 {
		second(20)
	}
	last := v.told[len(v.told)-1].People[0]
	require.Equal(t, "a", last.ParticipantID)
	require.Contains(t, []string{proto.LevelPoor, proto.LevelLost}, last.Level)
	require.Equal(t, []string{"uplink", "loss"}, []string{last.Where, last.Why})
	require.LessOrEqual(t, len(v.told), 11, "not more often than every two seconds")

	rec.CallEnded("c", "hangup", now)
	s.tellCalls(now)
	require.Empty(t, s.told, "of a call that is over nothing is kept")
}

func TestTheSamplersIntervalChangesWhileItRuns(t *testing.T) {
	p := whole(t, "")
	defer func() { require.NoError(t, p.close(closing(t))) }()
	s := newSampler(p.sfu, p.recorder, &voice{}, time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.run(ctx) })
	p.recorder.CallStarted("c", false, time.Now())
	s.setInterval(time.Millisecond)
	// It has looked when it remembers the call.
	require.Eventually(t, func() bool {
		s.setInterval(time.Millisecond)
		return s.looks.Load() > 3
	}, 10*time.Second, time.Millisecond)
	stop()
	running.Wait()
}

// answers is an exporter that gives one error.
type answers struct{ err error }

func (a answers) Export(context.Context, export.Record) error { return a.err }

func TestWhatAnExportersErrorMeans(t *testing.T) {
	try := func(err error) error { return exporting{answers{err}}.Export(t.Context(), metrics.Row{}) }
	require.NoError(t, try(nil))
	require.ErrorIs(t, try(&export.Error{Final: true}), metrics.ErrRefused)
	require.NotErrorIs(t, try(&export.Error{}), metrics.ErrRefused)
	var later *metrics.RetryError
	require.ErrorAs(t, try(&export.Error{After: time.Minute}), &later)
	require.Equal(t, time.Minute, later.After)
}

func TestExportersAreMadeOfTheConfiguration(t *testing.T) {
	e, err := newExporters(configs.Export{})
	require.NoError(t, err)
	require.Empty(t, e.list)
	_, err = newExporters(configs.Export{OTLP: configs.OTLP{Endpoint: "https://user:password@collector.example"}})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "password")
}

func TestPagesForOperatorsAreWhole(t *testing.T) {
	p := whole(t, "")
	defer func() { require.NoError(t, p.close(closing(t))) }()
	w := httptest.NewRecorder()
	debugHandler(p, p.families.changes.hub).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/ops/debug", nil))
	var d debugDump
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &d))
	require.NotEmpty(t, d.Metrics)
	require.Contains(t, d.Metrics["kinwire_sfu_datagrams_lost_total"], "full")
	require.Equal(t, 0, d.Queues["records_to_be_saved"])

	for path, want := range map[string]int{"/debug/pprof/": 200, "/debug/pprof/heap": 200, "/debug/pprof/symbol": 200, "/debug/pprof/cmdline": 404, "/debug/pprof/nothing": 404} {
		w := httptest.NewRecorder()
		pprofHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, want, w.Code, path)
	}

	n := newNode(p, &configs.Config{}, time.UnixMilli(7), func() proto.NodeConfig { return proto.NodeConfig{Reloads: 3} }).State()
	require.Equal(t, int64(7), n.StartedAt)
	require.Equal(t, int64(3), n.Config.Reloads)
	require.Empty(t, n.Drops, "nothing was dropped")
	counted := map[string]bool{}
	for _, c := range n.Counters {
		counted[c.Plane+" "+c.Name] = true
	}
	for _, want := range []string{"sfu packets_received", "turn relayed_packets/to_sfu", "relay messages_accepted", "signaling pushes/sent"} {
		require.True(t, counted[want], "%s is missing in %v", want, n.Counters)
	}
}
