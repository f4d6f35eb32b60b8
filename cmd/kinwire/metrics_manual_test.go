package main

import (
	"cmp"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
	"kinwire/metrics"
	"kinwire/metrics/label"
)

var updateManual = flag.Bool("update-metrics", false, "write docs/metrics.md anew")

// whole builds every plane, with everything that has metrics switched on.
func whole(t *testing.T, more string) *planes {
	t.Helper()
	dir := t.TempDir()
	file := dir + "/kinwire.yaml"
	require.NoError(t, os.WriteFile(file, []byte(`
data_dir: `+dir+`
demo: {enabled: true}
sfu: {udp_port: 0, tcp_port: 0, bind_addresses: [127.0.0.1], include_loopback: true}
turn: {udp_listen: ["127.0.0.1:0"], tcp_listen: [], tls_listen: []}
push: {webhook: {url: "http://127.0.0.1:9/push", secret: 0123456789abcdef01234567}}
`+more), 0o600))
	cfg, err := configs.Load(configs.Options{File: file})
	require.NoError(t, err)
	p, err := build(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return p
}

const exports = `metrics: {export: {webhook: {url: "http://127.0.0.1:9/hook", secret: 0123456789abcdef01234567}, otlp: {endpoint: "http://127.0.0.1:9/v1/logs"}}}`

// aCall makes every series of calls appear.
func aCall(rec *metrics.Recorder) {
	at := time.Now()
	rec.CallStarted("c", true, at)
	rec.ParticipantJoined("c", "a", "pn_a", metrics.Device{}, at)
	for i := range uint64(3) {
		rec.ServerSample("c", "a", metrics.LinkSample{
			Path: metrics.Path{Type: "host", Protocol: "udp"}, Remote: netip.MustParseAddrPort("127.0.0.1:9"), RTT: time.Millisecond,
			Streams: []metrics.StreamSample{{ID: "1", Direction: "up", Kind: "audio", Codec: "opus", Started: at, Packets: 50 * i, Bytes: 4000 * i}},
		}, at.Add(time.Duration(i+1)*time.Second))
	}
	rec.CallEnded("c", "hangup", at.Add(4*time.Second))
}

// A metric as a scrape shows it.
type shown struct {
	name, typ, help string
	labels          map[string]map[string]bool // values by name
}

var seriesLine = regexp.MustCompile(`^([a-z_0-9]+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? `)
var labelPair = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

func readScrape(text string) []*shown {
	all := map[string]*shown{}
	var now *shown
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
		switch {
		case strings.HasPrefix(line, "# HELP "):
			now = &shown{name: fields[2], help: fields[3], labels: map[string]map[string]bool{}}
			all[now.name] = now
		case strings.HasPrefix(line, "# TYPE "):
			now.typ = fields[3]
		default:
			if m := seriesLine.FindStringSubmatch(line); m != nil {
				for _, l := range labelPair.FindAllStringSubmatch(m[2], -1) {
					if now.labels[l[1]] == nil {
						now.labels[l[1]] = map[string]bool{}
					}
					now.labels[l[1]][l[2]] = true
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *shown) int { return cmp.Compare(a.name, b.name) })
}

// unlisted are labels of which a scrape does not show every value: those that
// come with calls.
var unlisted = map[string]label.List{
	"view": label.Views, "direction": label.Directions, "kind": label.Kinds, "codec": label.Codecs, "path": label.PathTypes, "protocol": label.Protocols, "reason": label.Reasons,
}

func (s *shown) describe() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.labels)) {
		values := slices.Sorted(maps.Keys(s.labels[name]))
		list, known := unlisted[name]
		byCall := strings.HasPrefix(s.name, "kinwire_stream_") || strings.HasPrefix(s.name, "kinwire_link_") || strings.HasPrefix(s.name, "kinwire_participants_left")
		if known && byCall {
			values = nil
			for i := range list.Len() {
				values = append(values, list.At(i))
			}
		}
		if name == "le" {
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s", name, strings.Join(values, ", ")))
	}
	return strings.Join(out, "; ")
}

const manualHead = `# Metrics

Generated from a running server by ` + "`go test ./cmd/kinwire -run TestMetricsManual -update-metrics`" + `; a test keeps it fresh.

` + "`GET /metrics`" + ` with the bearer token of an operator in the role calls, as Prometheus' text, or as OpenMetrics with exemplars
(` + "`call_id`" + `) for whoever asks for that. Units are in the names: seconds, bytes, ratio (0 to 1). Every label takes its values from the list here,
and from nothing else; what fits none is "other". No metric has a person, a call, an address or free text as a label. The
Go runtime's and the process's own (` + "`go_…`, `process_…`" + `) are there too. What the figures of calls mean is in [record.md](record.md), what to do
about them in [operate.md](operate.md#monitoring).

| metric | type | labels | meaning |
|---|---|---|---|
`

// TestMetricsManual: docs/metrics.md has every metric with its type, labels,
// their values, and meaning.
func TestMetricsManual(t *testing.T) {
	p := whole(t, exports)
	aCall(p.recorder)
	text := scraped(t, p.recorder)
	var doc strings.Builder
	doc.WriteString(manualHead)
	count := 0
	for _, s := range readScrape(text) {
		if !strings.HasPrefix(s.name, "kinwire_") {
			continue
		}
		count++
		fmt.Fprintf(&doc, "| `%s` | %s | %s | %s |\n", s.name, s.typ, s.describe(), s.help)
	}
	require.Greater(t, count, 85)
	require.NoError(t, p.close(closing(t)))
	if *updateManual {
		require.NoError(t, os.WriteFile("../../docs/metrics.md", []byte(doc.String()), 0o644))
	}
	have, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	require.Equal(t, doc.String(), string(have), "if this is meant: go test ./cmd/kinwire -run TestMetricsManual -update-metrics")
}
