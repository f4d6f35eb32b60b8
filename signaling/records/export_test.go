package records_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// tContext is the context of a test of either kind.
func tContext(t any) context.Context {
	if with, ok := t.(interface{ Context() context.Context }); ok {
		return with.Context()
	}
	return context.Background()
}

func (h *house) export(t require.TestingT, format string, f proto.CallFilter) string {
	var out bytes.Buffer
	require.NoError(t, h.Export(tContext(t), format, f, &out))
	return out.String()
}

func TestExportOfNDJSONHasEveryDocument(t *testing.T) {
	h := newHouse(t)
	require.Empty(t, h.export(t, "ndjson", proto.CallFilter{}))
	var want []string
	for i := range 50 {
		at := began.Add(-time.Duration(i) * time.Minute)
		h.keep(t, fmt.Sprint("past-", i), at, "")
		want = append(want, fmt.Sprintf(`{"id":"past-%d","started_at":%d,"participants":[]}`, i, at.UnixMilli()))
	}
	h.live.begin("live", began)
	want = append([]string{fmt.Sprintf(`{"id":"live","live":true,"started_at":%d,"participants":[]}`, began.UnixMilli())}, want...)
	require.Equal(t, strings.Join(want, "\n")+"\n", h.export(t, "ndjson", proto.CallFilter{}))
	require.Equal(t, want[0]+"\n", h.export(t, "ndjson", proto.CallFilter{Live: "true"}))
	require.Equal(t, strings.Join(want[1:], "\n")+"\n", h.export(t, "ndjson", proto.CallFilter{Live: "false", Limit: 3, Cursor: "nonsense"}))
	require.Equal(t, strings.Join(want[1:4], "\n")+"\n", h.export(t, "ndjson", proto.CallFilter{Codec: "vp8", From: began.Add(-2 * time.Minute).UnixMilli()}))
}

// TestACallThatEndsWhileItIsExported is there once.
func TestACallThatEndsWhileItIsExported(t *testing.T) {
	h := newHouse(t)
	h.live.begin("call", began)
	h.live.begin("gone", began)
	h.live.looked = func() { h.live.end("gone"); h.keep(t, "call", began, "") }
	require.Equal(t, 1, strings.Count(h.export(t, "ndjson", proto.CallFilter{}), "\n"))
}

func TestExportRefusals(t *testing.T) {
	h := newHouse(t)
	var out bytes.Buffer
	refusedWith(t, proto.CodeBadMessage, h.Export(t.Context(), "xlsx", proto.CallFilter{}, &out))
	require.NoError(t, h.store.Close())
	require.Error(t, h.Export(t.Context(), "csv", proto.CallFilter{}, &out))
	require.Empty(t, out.String(), "nothing is written before the store has answered")
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errors.New("the reader has gone")
	}
	return len(p), nil
}

// TestExportStopsWithItsReader: nothing more is read for somebody who has gone.
func TestExportStopsWithItsReader(t *testing.T) {
	for format := range map[string]bool{"ndjson": true, "csv": true} {
		h := newHouse(t)
		for i := range 30 {
			h.keep(t, fmt.Sprint("c", i), began, "")
		}
		to := &full{left: 3}
		require.ErrorContains(t, h.Export(t.Context(), format, proto.CallFilter{}, to), "the reader has gone")
		require.Equal(t, -1, to.left)
	}
}

// read gives the lines of a CSV by the names of columns.
func read(t require.TestingT, text string) (lines []map[string]string) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		line := map[string]string{}
		for i, name := range rows[0] {
			line[name] = row[i]
		}
		require.Len(t, line, len(rows[0]), "every column has a name of its own")
		lines = append(lines, line)
	}
	return lines
}

const oneCall = `{"version":1,"id":"call-1","started_at":1772366400000,"ended_at":1772366490500,"duration_ms":90500,"talk_ms":80000,
"reason":"hangup","video":true,"score":3.25,"verdict":"The way up of =cmd was bad.","participants":[
 {"id":"p1","user":"pn_abc","device":{"model":"=HYPERLINK(\"x\")","os":"\t@os, \"11\"","app":"-1+1"},"joined_at":1772366400100,"joins":1,
  "path":{"type":"relay","protocol":"tls","remote":"203.0.113.0","changes":2,"server":{"rtt_ms":{"n":9,"min":1,"median":42.5,"p95":80,"max":99}}},
  "streams":[
   {"direction":"up","kind":"audio","from":"p1","mos":{"n":9,"min":2.5,"median":3.9,"p95":4,"max":4.1},"trouble":{"where":"uplink","why":"loss","share_ratio":0.25,"says":"x"},
    "server":{"codecs":["opus"],"duration_ms":80000,"active_ms":79000,"samples":80,"totals":{"packets":4000,"bytes":320000,"expected":4200,"lost":200,"loss_ratio":0.0476,"residual_loss_ratio":0.01,"bitrate_bps":32000,"fps":0},"jitter_ms":{"n":9,"min":1,"median":3.5,"p95":9,"max":12}}},
   {"direction":"down","kind":"camera","from":"p2","client":{"codecs":["VP8","H264"],"duration_ms":80000,"active_ms":80000,"samples":80,"totals":{"packets":1,"fps":29.5,"freezes":2,"frozen_ms":600.5},"largest":{"width":640,"height":360}}}]},
 {"id":"p2","user":"","device":{},"joined_at":1772366400100,"left_at":1772366490500,"reason":"hangup","joins":1,"path":{"changes":0},"streams":[]}]}`

func TestExportOfCSVHasALineAStream(t *testing.T) {
	h := newHouse(t)
	h.keep(t, "call-1", began, oneCall)
	h.keep(t, "call-0", began.Add(-time.Hour), "")
	text := h.export(t, "csv", proto.CallFilter{})
	require.True(t, strings.HasSuffix(text, "\r\n"), "RFC 4180")
	lines := read(t, text)
	require.Len(t, lines, 4, "two streams, a participant without, a call without")
	for name, want := range map[string]string{
		"call_id": "call-1", "live": "false", "started_at": "2026-03-01T12:00:00.000Z", "ended_at": "2026-03-01T12:01:30.500Z", "duration_ms": "90500", "talk_ms": "80000",
		"end_reason": "hangup", "video": "true", "call_mos": "3.25", "verdict": "The way up of =cmd was bad.", "participant": "p1", "user": "pn_abc",
		"device_model": `'=HYPERLINK("x")`, "device_os": `' @os, "11"`, "device_app": "'-1+1", "joined_at": "2026-03-01T12:00:00.100Z", "left_at": "", "joins": "1",
		"path_type": "relay", "path_protocol": "tls", "path_remote": "203.0.113.0", "path_changes": "2", "path_rtt_ms_median": "42.5", "path_rtt_ms_p95": "80", "path_client_rtt_ms_p95": "",
		"direction": "up", "kind": "audio", "from": "p1", "mos_min": "2.5", "mos_median": "3.9", "trouble_where": "uplink", "trouble_why": "loss", "trouble_share_ratio": "0.25",
		"server_codecs": "opus", "server_packets": "4000", "server_lost": "200", "server_loss_ratio": "0.0476", "server_residual_loss_ratio": "0.01", "server_bitrate_bps": "32000",
		"server_jitter_ms_median": "3.5", "server_jitter_ms_p95": "9", "server_rtt_ms_median": "", "client_codecs": "", "client_packets": "",
	} {
		require.Contains(t, lines[0], name)
		require.Equal(t, want, lines[0][name], name)
	}
	require.Equal(t, []string{"down", "camera", "p2", "VP8 H264", "360", "29.5", "2", "600.5", ""}, []string{
		lines[1]["direction"], lines[1]["kind"], lines[1]["from"], lines[1]["client_codecs"], lines[1]["client_largest_height_px"],
		lines[1]["client_fps"], lines[1]["client_freezes"], lines[1]["client_frozen_ms"], lines[1]["server_packets"],
	})
	require.Equal(t, []string{"p2", "", "2026-03-01T12:01:30.500Z"}, []string{lines[2]["participant"], lines[2]["kind"], lines[2]["left_at"]})
	require.Equal(t, []string{"call-0", "", ""}, []string{lines[3]["call_id"], lines[3]["participant"], lines[3]["kind"]})
}

// TestTheTableReadsARecordAsItIs: the names of fields here and those of the
// records themselves are the same. The golden record of package record has
// nearly every field.
func TestTheTableReadsARecordAsItIs(t *testing.T) {
	text, err := os.ReadFile("../../metrics/record/testdata/record.json")
	require.NoError(t, err)
	h := newHouse(t)
	h.keep(t, "golden", began, string(text))
	filled := map[string]bool{}
	for _, line := range read(t, h.export(t, "csv", proto.CallFilter{})) {
		for name, cell := range line {
			filled[name] = filled[name] || cell != ""
		}
	}
	for _, name := range []string{
		"call_id", "started_at", "ended_at", "end_reason", "participant", "user", "device_model", "joined_at", "left_reason", "joins", "path_type", "path_protocol",
		"path_remote", "path_rtt_ms_p95", "path_client_rtt_ms_median", "direction", "kind", "from", "server_codecs", "server_packets", "server_jitter_ms_p95",
		"client_codecs", "client_largest_height_px", "client_rtt_ms_median", "client_fps",
	} {
		require.True(t, filled[name], name)
	}
}

// TestNoCellIsAFormula: whatever a client calls its device.
func TestNoCellIsAFormula(t *testing.T) {
	h := newHouse(t)
	rapid.Check(t, func(rt *rapid.T) {
		evil := rapid.SampledFrom([]string{"=1+1", "+1", "-1", "@SUM(1)", " =1", "\t=1", "\r\n=1", "＝1", "－1", "x\n=1", "ok", "\u00a0=1", ""}).Draw(rt, "evil") +
			rapid.String().Draw(rt, "more")
		text, err := json.Marshal(map[string]any{"id": evil, "verdict": evil, "participants": []any{map[string]any{
			"id": evil, "user": evil, "device": map[string]string{"model": evil, "os": evil, "app": evil}, "path": map[string]any{"remote": evil},
			"streams": []any{map[string]any{"kind": evil, "from": evil, "server": map[string]any{"codecs": []string{evil}}}},
		}}})
		require.NoError(rt, err)
		h.keep(rt, "call", began, string(text))
		lines := read(rt, h.export(rt, "csv", proto.CallFilter{}))
		require.Len(rt, lines, 1)
		for name, cell := range lines[0] {
			first := strings.TrimSpace(cell)
			require.False(rt, first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]), "%s: %q", name, cell)
			require.NotContains(rt, cell, "\n")
		}
	})
}
