package script_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/client/rehearse/script"
)

var names = []string{"mia", "leo", "leo-phone"}

func TestParse(t *testing.T) {
	for line, want := range map[string]script.Expr{
		"setup_ms < 800":                      {Metric: "setup_ms", Op: "<", Value: script.Value{Number: 800, Unit: "ms"}},
		"setup_ms<0.8s":                       {Metric: "setup_ms", Op: "<", Value: script.Value{Number: 800, Unit: "ms"}},
		"leo audio.mos p5 > 3.6":              {Who: "leo", Metric: "audio.mos", Agg: "p5", Op: ">", Value: script.Value{Number: 3.6, Unit: "MOS"}},
		"audio.loss max <= 5%":                {Metric: "audio.loss", Agg: "max", Op: "<=", Value: script.Value{Number: 0.05, Unit: "ratio"}},
		"leo-phone freeze_ratio < 0.02":       {Who: "leo-phone", Metric: "freeze_ratio", Op: "<", Value: script.Value{Number: 0.02, Unit: "ratio"}},
		"mia bitrate_down_bps p95 < 1.5 Mbps": {Who: "mia", Metric: "bitrate_down_bps", Agg: "p95", Op: "<", Value: script.Value{Number: 1.5e6, Unit: "bit/s"}},
		"bitrate_up_bps p33 >= 64kbps":        {Metric: "bitrate_up_bps", Agg: "p33", Op: ">=", Value: script.Value{Number: 64000, Unit: "bit/s"}},
		"freezes == 0":                        {Metric: "freezes", Op: "==", Value: script.Value{Unit: "count"}},
		"no_message_lost":                     {Metric: "no_message_lost", Op: "==", Value: script.Value{Number: 1, Unit: "yes/no"}},
		"no_message_lost == no":               {Metric: "no_message_lost", Op: "==", Value: script.Value{Unit: "yes/no"}},
		"mia path == relay/udp":               {Who: "mia", Metric: "path", Op: "==", Value: script.Value{Text: "relay/udp", IsText: true, Unit: "text"}},
		`leo state == "in call"`:              {Who: "leo", Metric: "state", Op: "==", Value: script.Value{Text: "in call", IsText: true, Unit: "text"}},
		"leo state == in call":                {Who: "leo", Metric: "state", Op: "==", Value: script.Value{Text: "in call", IsText: true, Unit: "text"}},
		"record.end_reason == declined":       {Metric: "record", Path: []string{"end_reason"}, Op: "==", Value: script.Value{Text: "declined", IsText: true, Unit: "text"}},
		"record.participants == 2":            {Metric: "record", Path: []string{"participants"}, Op: "==", Value: script.Value{Number: 2}},
		"record.talk_ms < 3s":                 {Metric: "record", Path: []string{"talk_ms"}, Op: "<", Value: script.Value{Number: 3000, Unit: "ms"}},
		"record.score > 3.1":                  {Metric: "record", Path: []string{"score"}, Op: ">", Value: script.Value{Number: 3.1, Unit: "MOS"}},
		"record.video":                        {Metric: "record", Path: []string{"video"}, Op: "==", Value: script.Value{Text: "yes", IsText: true, Unit: "yes/no"}},
		"mia record.streams.down.audio.client.loss_ratio.p95 < 1%": {Who: "mia", Metric: "record", Path: []string{"streams", "down", "audio", "client", "loss_ratio", "p95"}, Op: "<", Value: script.Value{Number: 0.01, Unit: "ratio"}},
	} {
		got, err := script.Parse(line, names)
		require.NoError(t, err, line)
		require.Equal(t, want, got, line)
	}
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                              "given nothing",
		"< 3":                           "no metric is named",
		"leo":                           "no metric is named",
		"setup_ms":                      "has no operator",
		"setup_ms <":                    "ends on <; allowed: a value",
		"setup_ms < 800 < 900":          "two operators",
		"setup_ms = 800":                `given "="; allowed: < <= > >= == !=`,
		"setup_ms ! 800":                `given "!"`,
		"setup_ms < 800 kbps":           `given "800 kbps"; allowed: a number, with or without its unit (ms, s)`,
		"setup_ms < fast":               `setup_ms <: given "fast"`,
		"setup_ms < 0x10":               `given "0x10"`,
		"setup_ms < nan":                `given "nan"`,
		"setup_ms < 1e999":              `given "1e999"`,
		"setup_ms max < 3":              `given "max" after setup_ms, which is one value`,
		"leo setup_ms < 3":              "setup_ms is one value for the whole call; allowed: without leo",
		"audio.mos > 3":                 "say which value is meant: min, max, mean",
		"audio.mos p0 > 3":              `no such aggregate: "p0"`,
		"audio.mos p100 > 3":            `no such aggregate: "p100"`,
		"audio.mos meen > 3":            "did you mean mean?",
		"audio.mos p5 p6 > 3":           `given "p5 p6" after audio.mos`,
		"audio.mso p5 > 3":              `no such metric: "audio.mso"; did you mean audio.mos?`,
		"fps min > 3":                   `did you mean video.fps?`,
		"lio audio.mos p5 > 3":          `no such participant: "lio"; did you mean leo?`,
		"freezes < 2%":                  `given "2%"; allowed: a number without a unit`,
		"path < relay/udp":              "which is no number; allowed: == and !=",
		"path == realy/udp":             "did you mean relay/udp?",
		"record.end_reason == declind":  "did you mean declined?",
		"record. == 2":                  "the names of a call record's fields",
		"no_message_lost > yes":         "allowed: == and !=",
		"no_message_lost == perhaps":    "allowed: yes, no",
		`path == "relay/udp`:            "a quote is opened and not closed",
		`"path" == x`:                   "given a quoted text before the operator",
		`path == "relay/udp" x`:         `given "x" after the value`,
		"wibble > 3":                    "kincall reference lists them",
		strings.Repeat("x", 600) + "<3": "given 602 letters; allowed: up to 500",
	} {
		_, err := script.Parse(line, names)
		require.ErrorContains(t, err, want, line)
	}
}

// Whatever is allowed is read the same however it is spaced.
func TestParseMindsNoSpaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(script.Metrics()).Draw(t, "metric")
		line := []string{m.Name}
		if m.Sort == "sampled" {
			line = append(line, rapid.SampledFrom([]string{"min", "max", "mean", "median", "p1", "p50", "p99", "last"}).Draw(t, "aggregate"))
		}
		if m.Per == "participant" && rapid.Bool().Draw(t, "named") {
			line = append([]string{rapid.SampledFrom(names).Draw(t, "who")}, line...)
		}
		op, value := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op"), "12.5"
		if m.Unit == "text" || m.Unit == "yes/no" {
			op, value = "==", map[string]string{"text": "busy", "yes/no": "yes"}[m.Unit]
			if m.Name == "path" || m.Name == "state" || strings.HasPrefix(m.Name, "codec") {
				value = map[string]string{"path": "host/udp", "state": "away", "codec.audio": "opus", "codec.video": "vp8"}[m.Name]
			}
		}
		left := strings.Join(line, " ")
		a, err := script.Parse(left+" "+op+" "+value, names)
		require.NoError(t, err)
		b, err := script.Parse("  "+strings.ReplaceAll(left, " ", "\t ")+op+value+" ", names)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"setup_ms < 800", "leo audio.mos p5 > 3.6", `record.a.b == "x y"`, "no_message_lost", "<", `"`, "record.x<1e5", "p5 p5 p5=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := script.Parse(line, names)
		if err != nil {
			require.NotEmpty(t, err.Error())
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, e.Metric)
		require.NotEmpty(t, e.Op)
		require.False(t, e.Value.Number != e.Value.Number, "no NaN from a script")
	})
}
