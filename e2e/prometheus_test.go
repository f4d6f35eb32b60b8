package e2e

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	logsv1 "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"kinwire/client"
	"kinwire/e2e/kinwire"
	"kinwire/e2e/prometheus"
	kin "kinwire/signaling/proto"
)

// emptyWithoutTrouble are the queries of boards that give nothing in this run,
// and why that is right.
var emptyWithoutTrouble = map[string]string{
	"kinwire-calls.json: Sound made up by clients: A": "the Go client plays nothing, so it makes no sound up",
	"kinwire-calls.json: Clients' jitter buffers: A":  "the Go client plays nothing, so it has no jitter buffer",
	"kinwire-calls.json: Clients' jitter buffers: B":  "the Go client plays nothing, so it has no jitter buffer",
	"kinwire-calls.json: annotation 0":                "the server was not started twice",
	"kinwire-node.json: annotation 0":                 "the server was not started twice",
	"kinwire-signaling.json: annotation 0":            "the server was not started twice",
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// farEnds receive what a server hands on: records by webhook and by OTLP.
type farEnds struct {
	hook, collector *httptest.Server
	mu              sync.Mutex
	records         map[string][]byte // by "webhook" and "otlp"
}

func newFarEnds(t *testing.T) *farEnds {
	f := &farEnds{records: map[string][]byte{}}
	verify, err := webhooks.NewWebhook(hookSecret)
	require.NoError(t, err)
	f.hook = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m struct {
			Type string
			Data json.RawMessage
		}
		if err := verify.Verify(body, r.Header); err != nil || json.Unmarshal(body, &m) != nil || m.Type != "call.ended" {
			t.Errorf("the webhook got %s: %v", body, err)
		}
		f.keep("webhook", m.Data)
	}))
	f.collector = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil || r.Header.Get("X-Scope") != "families" {
			t.Errorf("the collector got no gzip, or not its header: %v", err)
			return
		}
		raw, _ := io.ReadAll(z)
		var req logsv1.ExportLogsServiceRequest
		if err := proto.Unmarshal(raw, &req); err != nil {
			t.Error(err)
			return
		}
		f.keep("otlp", []byte(req.ResourceLogs[0].ScopeLogs[0].LogRecords[0].Body.GetStringValue()))
	}))
	t.Cleanup(f.hook.Close)
	t.Cleanup(f.collector.Close)
	return f
}

func (f *farEnds) keep(by string, record []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.records[by] = record
}

func (f *farEnds) got(by string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.records[by]
}

// scrape writes the example configuration, changed in nothing but address and
// times, and the token that it names.
func scrape(t *testing.T, s *kinwire.Server, token string) (config string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(alertsDir)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kinwire-token"), []byte(token), 0o600))
	config = filepath.Join(dir, "prometheus.yml")
	raw, err := os.ReadFile(config)
	require.NoError(t, err)
	text := string(raw)
	for _, change := range [][2]string{{"localhost:8080", strings.TrimPrefix(s.URL, "http://")}, {"_interval: 15s", "_interval: 500ms"}} {
		require.Contains(t, text, change[0])
		text = strings.ReplaceAll(text, change[0], change[1])
	}
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	return config
}

// TestPrometheusSeesACall has a real Prometheus scrape a real server through a
// real call, with nothing but what comes with Kinwire: every query of the boards
// gives data, no alert fires, and an exemplar leads to the call.
func TestPrometheusSeesACall(t *testing.T) {
	prometheus.Need(t)
	const token = "a-token-for-prometheus-alone"
	far := newFarEnds(t)
	s := kinwire.Start(t, kinwire.Options{
		Set: map[string]string{
			"metrics.export.webhook.url": far.hook.URL, "metrics.export.otlp.endpoint": far.collector.URL + "/v1/logs", "push.webhook.url": far.hook.URL + "/push",
		},
		Secrets: map[string]string{
			"operator.staff": "prometheus(calls):" + token, "push.webhook.secret": hookSecret,
			"metrics.export.webhook.secret": hookSecret, "metrics.export.otlp.headers": "X-Scope: families",
		},
	})
	began := time.Now()
	p := prometheus.Start(t, scrape(t, s, token))
	seen := func(expr string, least float64) {
		t.Helper()
		require.Eventually(t, func() bool {
			for _, one := range p.Query(t, expr) {
				for _, v := range one.Numbers() {
					if v >= least {
						return true
					}
				}
			}
			return false
		}, time.Minute, 200*time.Millisecond, "%s never was %v", expr, least)
	}
	seen(`up{job="kinwire"}`, 1)
	seen(`kinwire_calls_live`, 0) // from before the call, so that there is a step

	ctx := limit(t)
	mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
	ring(t, ctx, mia, leo, client.MediaOptions{}, client.MediaOptions{RelayOnly: true})
	mia.hears(t, leo, 60, audioVideo...)
	leo.hears(t, mia, 60, audioVideo...)
	told, err := client.Await(ctx, mia.events, func(q kin.MediaQuality) bool { return len(q.People) == 2 })
	require.NoError(t, err, "people in a call are told how their connections are")
	id := mia.call.ID()
	require.Equal(t, id, told.CallID)
	seen(`sum(kinwire_connections)`, 2)
	seen(`sum(increase(kinwire_stream_mos_count{view="server",direction="down"}[5s]))`, 8)
	checkOperatorsPages(t, s, id)
	hangup(t, ctx, mia, leo)
	seen(`kinwire_records_saved_total`, 1)
	seen(`min(kinwire_records_exported_total)`, 1)
	seen(`sum(increase(kinwire_call_mos_count[5s]))`, 1)
	seen(`min(count_over_time(kinwire_participants_left_total[1m]))`, 3) // it began with the first who left

	t.Run("every query of the boards gives data", func(t *testing.T) { everyQuery(t, p, began) })
	t.Run("an exemplar leads to the call", func(t *testing.T) {
		for _, metric := range []string{"kinwire_stream_mos_bucket", "kinwire_stream_rtt_seconds_bucket", "kinwire_call_mos_bucket", "kinwire_calls_ended_total"} {
			var ids []string
			for _, e := range p.Exemplars(t, metric, began) {
				ids = append(ids, e.Labels["call_id"])
			}
			require.Contains(t, ids, id, metric)
		}
		r := known(t, s, id) // and on to its record
		require.Len(t, r.Participants, 2)
	})
	t.Run("alerts are evaluated, and none fires", func(t *testing.T) { noAlert(t, p) })
	code, body, err := s.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	t.Run("promtool has nothing to say of /metrics", func(t *testing.T) {
		require.Empty(t, prometheus.Promtool(t, ".", string(body), "check", "metrics"))
	})
	t.Run("boards and alerts use what there is", func(t *testing.T) { checkNames(t, string(body)) })
	t.Run("the record has been handed on", func(t *testing.T) {
		code, stored, err := s.Get(t.Context(), "/v1/calls/"+id+"/record")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, code)
		for _, by := range []string{"webhook", "otlp"} {
			require.JSONEq(t, string(stored), string(far.got(by)), by)
		}
	})
}

func everyQuery(t *testing.T, p *prometheus.Server, began time.Time) {
	for what, expr := range expressions(t) {
		numbers := 0
		for _, one := range p.Range(t, expr, began) {
			numbers += len(one.Numbers())
		}
		if why, empty := emptyWithoutTrouble[what]; empty {
			require.Zero(t, numbers, "%s: has data now; it was said to be empty because %s", what, why)
			continue
		}
		if numbers == 0 {
			t.Errorf("%s: no data from %s", what, expr)
		}
	}
}

func noAlert(t *testing.T, p *prometheus.Server) {
	require.Eventually(t, func() bool {
		for _, r := range p.Rules(t) {
			if r.Health == "unknown" {
				return false
			}
		}
		return true
	}, time.Minute, 200*time.Millisecond)
	for _, r := range p.Rules(t) {
		require.Equal(t, []string{"ok", "inactive", ""}, []string{r.Health, r.State, r.Error}, r.Name)
	}
}

// checkOperatorsPages looks at the pages for debugging in the middle of a call.
func checkOperatorsPages(t *testing.T, s *kinwire.Server, callID string) {
	t.Helper()
	page := func(path string) []byte {
		t.Helper()
		res, err := http.Get(s.URL + path)
		require.NoError(t, err)
		_ = res.Body.Close()
		require.Equal(t, http.StatusUnauthorized, res.StatusCode, "%s without a token", path)
		code, body, err := s.Get(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, code, "%s: %s", path, body)
		return body
	}
	dump := page("/v1/ops/debug")
	var d struct {
		Rooms []struct {
			ID    string
			Peers []struct {
				State, Path, Remote string
				Up, Down            []struct{ Packets uint64 }
			}
		}
		Sessions []struct{ Attached bool }
		Queues   map[string]int
	}
	require.NoError(t, json.Unmarshal(dump, &d))
	require.Len(t, d.Rooms, 1)
	require.Equal(t, callID, d.Rooms[0].ID)
	require.Len(t, d.Rooms[0].Peers, 2)
	for i, path := range []string{"host/udp", "relay/"} {
		peer := d.Rooms[0].Peers[i]
		require.Equal(t, "connected", peer.State)
		require.Contains(t, peer.Path, path)
		require.Equal(t, "127.0.0.0/24", peer.Remote, "addresses are masked")
		require.Len(t, peer.Up, 2)
		require.Len(t, peer.Down, 2)
		require.NotZero(t, peer.Up[0].Packets)
	}
	require.Len(t, d.Sessions, 2)
	require.Contains(t, d.Queues, "records_to_be_saved")
	for _, never := range []string{"demo-", "Mia", "Leo", "127.0.0.1", s.Operator} {
		require.NotContains(t, string(dump), never)
	}
	require.Contains(t, string(page("/debug/pprof/goroutine?debug=1")), "goroutine profile")

	var n kin.NodeState
	require.NoError(t, json.Unmarshal(page("/v1/ops/node"), &n))
	require.Equal(t, []int{1, 2, 2}, []int{n.Calls, n.Peers, n.Sessions})
	require.NotZero(t, n.Relays)
	require.Greater(t, n.CPU, 0.0)
	require.Greater(t, n.Memory, n.Heap)
	require.NotZero(t, n.Files)
	planes := map[string]bool{}
	for _, socket := range n.Sockets {
		planes[socket.Plane+"/"+socket.Protocol] = true
	}
	for _, want := range []string{"http/tcp", "sfu/udp", "sfu/tcp", "turn/udp", "turn/tcp"} {
		require.True(t, planes[want], "%s is missing in %v", want, n.Sockets)
	}
	require.NotEmpty(t, n.Counters)
}
