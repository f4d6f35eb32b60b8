package script_test

import (
	"errors"
	"math"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

const callRecord = `{"id":"c1","reason":"hangup","video":true,"talk_ms":8100,"score":3.02,"participants":[
 {"id":"p1","user":"pn_a","path":{"type":"host","protocol":"udp"},"streams":[
   {"direction":"up","kind":"audio","from":"p1"},
   {"direction":"down","kind":"audio","from":"p2","client":{"totals":{"lost":12,"loss_ratio":0.04}}}]},
 {"id":"p2","user":"pn_b"}]}`

// result is a run in which leo's network was gone from 10 to 15 s.
func result() *rehearse.Result {
	r := &rehearse.Result{
		Script: rehearse.Script{Participants: []rehearse.Participant{{Name: "mia"}, {Name: "leo"}, {Name: "leo-phone"}}},
		Took:   31 * time.Second, Record: []byte(callRecord),
		Scalars: map[string]map[string]float64{
			"":    {"setup_ms": 1240, "messages_sent": 40, "messages_lost": 2},
			"mia": {"freeze_ratio": 0.0007, "freezes": 1},
			"leo": {"freeze_ratio": 0.131, "freezes": 3},
		},
		Texts: map[string]map[string]string{"mia": {"participant_id": "p1", "path": "host/udp"}, "leo": {"participant_id": "p2", "path": "relay/TLS"}},
		Events: []rehearse.Event{
			{At: 9500 * time.Millisecond, Participant: "leo", Kind: "step", Text: "outage for 5s"},
			{At: 11 * time.Second, Participant: "mia", Kind: "step", Text: "mute video"},
			{At: time.Second, Participant: "leo-phone", Kind: "state", Text: "ringing"},
			{At: 3 * time.Second, Participant: "leo-phone", Kind: "state", Text: "ended"},
		},
	}
	for s := 1; s <= 30; s++ {
		mos, at := 4.2, time.Duration(s)*time.Second
		if s >= 10 && s < 15 {
			mos = 2 - float64(s)/100
		}
		r.Samples = append(r.Samples,
			rehearse.Sample{At: at, Participant: "leo", Values: map[string]float64{"audio.mos": mos}},
			rehearse.Sample{At: at, Participant: "mia", Values: map[string]float64{"audio.mos": 4.3, "rtt_ms": 20}})
	}
	return r
}

func judge(t *testing.T, line string, r *rehearse.Result) rehearse.Check {
	t.Helper()
	var names []string
	for _, p := range r.Script.Participants {
		names = append(names, p.Name)
	}
	e, err := script.Parse(line, names)
	require.NoError(t, err)
	return script.Eval(rehearse.Expectation{Line: 3, Text: line, Expr: e}, r)
}

func TestEvalHolds(t *testing.T) {
	for line, measured := range map[string]string{
		"setup_ms < 2s":                       "setup_ms = 1240 ms",
		"setup_ms == 1240":                    "setup_ms = 1240 ms",
		"mia audio.mos p5 > 4":                "mia audio.mos p5 = 4.30",
		"leo audio.mos median > 4":            "leo audio.mos median = 4.20",
		"leo audio.mos last >= 4.2":           "leo audio.mos last = 4.20",
		"audio.mos mean > 3":                  "mia audio.mos mean = 4.30; leo audio.mos mean = 3.81",
		"freezes <= 3":                        "mia freezes = 1; leo freezes = 3",
		"mia freeze_ratio < 0.1%":             "mia freeze_ratio = 0.07 %",
		"mia path == host/udp":                "mia path = host/udp",
		"leo path == relay/tls":               "leo path = relay/TLS",
		"leo path != host/udp":                "leo path = relay/TLS",
		"no_message_lost == no":               "no_message_lost = no",
		"record.end_reason == hangup":         "record.end_reason = hangup",
		"record.reason != lost":               "record.reason = hangup",
		"record.video":                        "record.video = yes",
		"record.video == true":                "record.video = yes",
		"record.participants == 2":            "record.participants = 2",
		"record.participants.1.user == pn_b":  "record.participants.1.user = pn_b",
		"record.participants.p2.user == pn_b": "record.participants.p2.user = pn_b",
		"record.talk_ms > 8s":                 "record.talk_ms = 8100 ms",
		"mia record.path.type == host":        "mia record.path.type = host",
		"mia record.streams.down.audio.client.totals.loss_ratio < 5%": "mia record.streams.down.audio.client.totals.loss_ratio = 4 %",
		"leo record.id == p2": "leo record.id = p2",
	} {
		c := judge(t, line, result())
		require.True(t, c.OK, "%s: %s", line, c.Why)
		require.Equal(t, measured, c.Measured, line)
		require.Empty(t, c.Why)
	}
}

func TestEvalFailsInWords(t *testing.T) {
	early := result()
	early.Err = errors.New("the server ended")
	noRecord := result()
	noRecord.Record = nil
	for _, c := range []struct {
		line string
		r    *rehearse.Result
		why  string
	}{
		{"setup_ms < 800", result(), "setup_ms was 1240 ms and must be below 800 ms, 440 ms (55 %) too much."},
		{"leo audio.mos p5 > 3.6", result(), "leo audio.mos p5 was 1.87 and must be above 3.60, 1.73 too little. " +
			"It was worst at 14 s, with 1.86, 3 s after “mia: mute video”. 5 of 30 values were on that side, from 10 s to 14 s."},
		{"audio.mos min >= 4", result(), "leo audio.mos min was 1.86 and must be at least 4.00, 2.14 too little. " +
			"It was worst at 14 s, with 1.86, 3 s after “mia: mute video”. 5 of 30 values were on that side, from 10 s to 14 s."},
		{"mia rtt_ms max < 10ms", result(), "mia rtt_ms max was 20 ms and must be below 10 ms, 10 ms (100 %) too much. " +
			"It was worst at 1 s, with 20 ms. All 30 values were on that side, from 1 s to 30 s."},
		{"mia audio.mos max > 4.3", result(), "mia audio.mos max was 4.30 and must be above 4.30. " +
			"It was worst at 1 s, with 4.30. All 30 values were on that side, from 1 s to 30 s."},
		{"leo freezes == 0", result(), "leo freezes was 3 and must be 0, 3 too much."},
		{"freeze_ratio < 2%", result(), "leo freeze_ratio was 13.1 % and must be below 2 %, 11.1 % too much."},
		{"setup_ms != 1240", result(), "setup_ms was 1240 ms and must be other than 1240 ms."},
		{"setup_ms < 1239.9999", result(), "setup_ms was 1240 ms and must be below 1239.9999 ms."},
		{"mia path == relay/udp", result(), "mia path was host/udp and must be relay/udp."},
		{"no_message_lost", result(), "2 of 40 messages did not come to everybody they were for, each once and whole."},
		{"record.end_reason == declined", result(), "record.end_reason was hangup and must be declined."},
		{"record.score > 3.1", result(), "record.score was 3.02 and must be above 3.10, 0.08 too little."},
		{"record.vidoe", result(), "record.vidoe is not in the call record: the record has no field vidoe; it has id, participants, reason, score, talk_ms, video."},
		{"record.participants.5.id == p1", result(), "record.participants.5.id is not in the call record: record.participants is a list of 2, none of which has the place or the value 5."},
		{"record.id.x == 1", result(), "record.id.x is not in the call record: record.id is a single value."},
		{"record.participants.0.path == x", result(), "record.participants.0.path is no single value: it holds the fields protocol, type."},
		{"record.id > 3", result(), "record.id was c1, which is no number, and must be above 3."},
		{"record.id == c2", noRecord, "record.id cannot be looked up: there is no call record (it needs the operator's token, and a call that the server took)."},
		{"leo-phone record.id == x", result(), "leo-phone record.id cannot be looked up: leo-phone was in no call."},
		{"leo-phone audio.mos min > 1", result(), "leo-phone audio.mos min was never measured: the last that was seen of leo-phone is “ended”."},
		{"mia video.fps min > 1", early, "mia video.fps min was never measured: nothing was seen of mia; the run ended early, after 31 s (the server ended)."},
		{"mia codec.video == vp8", result(), "mia codec.video was never measured: nothing was seen of mia."},
		{"ring_ms < 1s", result(), "ring_ms was never measured: leo-phone was last “ended”."},
	} {
		got := judge(t, c.line, c.r)
		require.False(t, got.OK, c.line)
		require.Equal(t, c.why, got.Why, c.line)
		require.NotEmpty(t, got.Measured)
		require.Equal(t, 3, got.Line)
	}
}

func TestEvalOfNobody(t *testing.T) {
	r := &rehearse.Result{Script: rehearse.Script{Participants: []rehearse.Participant{{Name: "mia"}}}}
	c := judge(t, "audio.mos min > 1", r)
	require.False(t, c.OK)
	require.Equal(t, "nobody was measured: nothing was seen of anybody.", c.Why)
	c = judge(t, "no_message_lost", r)
	require.False(t, c.OK, "no messages at all are not messages that came")
}

func TestJudge(t *testing.T) {
	r := result()
	r.Script.Expect = []rehearse.Expectation{{Line: 1, Text: "setup_ms < 2s"}, {Line: 2, Text: "setup_ms < 1s"}, {Line: 3, Text: "nonsense <"}}
	script.Judge(r)
	require.Equal(t, []bool{true, false, false}, []bool{r.Checks[0].OK, r.Checks[1].OK, r.Checks[2].OK})
	require.Contains(t, r.Checks[2].Why, "cannot be read")
	require.False(t, r.Passed())
}

// An aggregate lies among the values, and a percentile grows with its
// percentage; one above another in all values is above it in every aggregate.
func TestAggregatesAreInOrder(t *testing.T) {
	aggregates := []string{"min", "p1", "p5", "p25", "median", "p75", "p95", "p99", "max"}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 60).Draw(t, "values")
		lift := rapid.Float64Range(0, 1e3).Draw(t, "lift")
		at := func(values []float64, agg string) float64 {
			// The value itself is found by holding it against limits: the text says it
			// only rounded.
			low, high := math.Inf(-1), math.Inf(1)
			limits := append([]float64(nil), values...)
			sort.Float64s(limits)
			for _, l := range limits {
				e := script.Expr{Who: "mia", Metric: "rtt_ms", Agg: agg, Op: ">=", Value: script.Value{Number: l, Unit: "ms"}}
				if holds(e, values) {
					low = l
				}
				e.Op = "<="
				if holds(e, values) && math.IsInf(high, 1) {
					high = l
				}
			}
			require.False(t, math.IsInf(low, 0), "not below the smallest")
			require.False(t, math.IsInf(high, 0), "not above the largest")
			return (low + high) / 2
		}
		before := math.Inf(-1)
		for _, agg := range aggregates {
			v := at(values, agg)
			require.GreaterOrEqual(t, v, before, agg)
			before = v
		}
		require.Equal(t, values[len(values)-1], at(values, "last"))
		higher := make([]float64, len(values))
		for i, v := range values {
			higher[i] = v + lift
		}
		for _, agg := range append(aggregates, "mean", "last") {
			limit := rapid.Float64Range(-1e6, 1e6).Draw(t, "limit")
			e := script.Expr{Who: "mia", Metric: "rtt_ms", Agg: agg, Op: ">=", Value: script.Value{Number: limit, Unit: "ms"}}
			if holds(e, values) {
				e.Value.Number -= 1e-6 // rounding
				require.True(t, holds(e, higher), agg)
			}
		}
	})
}

// Of each operator and its opposite exactly one holds; and who fails says why.
func TestOperatorsAreOpposites(t *testing.T) {
	opposite := map[string]string{"<": ">=", ">": "<=", "==": "!="}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 20).Draw(t, "values")
		op := rapid.SampledFrom([]string{"<", ">", "=="}).Draw(t, "op")
		e := script.Expr{Who: "mia", Metric: "rtt_ms", Agg: "mean", Op: op, Value: script.Value{Number: rapid.Float64Range(0, 100).Draw(t, "limit"), Unit: "ms"}}
		first := holds(e, values)
		e.Op = opposite[op]
		require.NotEqual(t, first, holds(e, values))
	})
}

func TestNaNNeverHolds(t *testing.T) {
	r := result()
	r.Scalars[""]["setup_ms"] = math.NaN()
	for _, op := range []string{"<", "<=", ">", ">=", "==", "!="} {
		require.False(t, judge(t, "setup_ms "+op+" 5", r).OK, op)
	}
}

func holds(e script.Expr, values []float64) bool {
	r := &rehearse.Result{Script: rehearse.Script{Participants: []rehearse.Participant{{Name: "mia"}}}}
	for i, v := range values {
		r.Samples = append(r.Samples, rehearse.Sample{At: time.Duration(i) * time.Second, Participant: "mia", Values: map[string]float64{"rtt_ms": v}})
	}
	c := script.Eval(rehearse.Expectation{Expr: e}, r)
	if !c.OK && !strings.Contains(c.Why, "must be") {
		panic("a failure without a reason: " + c.Why)
	}
	return c.OK
}

func TestReference(t *testing.T) {
	ref := script.Reference()
	for _, a := range script.Actions() {
		require.Contains(t, ref, "| `"+a.Name+"` |")
	}
	for _, m := range script.Metrics() {
		require.Contains(t, ref, "| `"+m.Name+"` |")
	}
}

func TestFormat(t *testing.T) {
	for want, got := range map[string]string{
		"812 ms": script.Format(812.4, "ms"), "12.4 s": script.Format(12_400, "ms"), "3.2 ms": script.Format(3.21, "ms"),
		"0.07 %": script.Format(0.0007, "ratio"), "13.1 %": script.Format(0.1312, "ratio"), "1.25 Mbps": script.Format(1.25e6, "bit/s"),
		"64 kbps": script.Format(64_000, "bit/s"), "30 fps": script.Format(30, "fps"), "4.20": script.Format(4.2, "MOS"), "yes": script.Format(1, "yes/no"),
		"0 ms": script.Format(-0.01, "ms"),
	} {
		require.Equal(t, want, got)
	}
}
