package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/report"
)

func html(t testing.TB, results ...*rehearse.Result) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, results))
	return b.String()
}

func TestHTMLTellsWhyAtTheTop(t *testing.T) {
	text := html(t, all(t)...)
	if dir := os.Getenv("KINCALL_REPORT_DIR"); dir != "" { // to look at
		require.NoError(t, os.WriteFile(dir+"/report.html", []byte(text), 0o600))
	}
	require.Contains(t, text, "<h1>3 scripts: 1 failed, 1 not played to its end, 1 passed</h1>")
	top, rest, found := strings.Cut(text, "<article")
	require.True(t, found)
	for _, why := range []string{
		"priya freeze_ratio was 16.1 % and must be below 2 %, 14.1 % too much.",
		"mia audio.mos p5 was 1.00 and must be above 3.60, 2.60 too little. It was worst at 7 s, with 1.00, right after “mia: outage for 5s”.",
		"networks of their own need root or CAP_NET_ADMIN",
	} {
		require.Contains(t, strings.ReplaceAll(top, "&#39;", "'"), why)
	}
	require.Contains(t, rest, "The uplink of mia lost everything for 5 s")
	require.Equal(t, 3, strings.Count(rest, "<svg"))
	require.True(t, strings.Contains(html(t, passed(t)), "<h1>The script passed</h1>"))
	require.True(t, strings.Contains(html(t, passed(t), passed(t)), "<h1>All 2 scripts passed</h1>"))
	require.True(t, strings.Contains(html(t), "<h1>Nothing was played</h1>"))
}

// The page loads nothing and runs nothing.
func TestHTMLIsSelfContained(t *testing.T) {
	text := html(t, all(t)...)
	require.Empty(t, regexp.MustCompile(`(?i)<script|\son[a-z]+=|\ssrc=|\sstyle=|@import|url\(|<link|<iframe|<object`).FindAllString(text, -1))
	require.False(t, strings.Contains(regexp.MustCompile(`<p class="meta[^\n]*`).ReplaceAllString(text, ""), "//"), "no address but of the server, which is text")
	style := text[strings.Index(text, "<style>")+len("<style>") : strings.Index(text, "</style>")]
	sum := sha256.Sum256([]byte(style))
	hash := strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")
	require.True(t, strings.Contains(text, `content="default-src 'none'; style-src 'sha256-`+hash+`'"`))
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		require.Regexp(t, `^#s\d+$`, link[1])
	}
}

// Whatever a script or a server says stays text.
func TestHTMLLetsNothingIn(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>' }}{{ </title></style></svg>`
	r := fake(t)
	r.Script.Name, r.Script.Says, r.Script.File, r.Server = evil, evil, evil, "javascript:"+evil
	r.Err = errors.New(evil)
	r.Script.Participants[0].Name, r.Script.Participants[0].Net.Name = evil, evil
	r.Scalars[evil] = map[string]float64{"freezes": 1}
	r.Texts[evil] = map[string]string{"path": evil}
	r.Texts[""] = map[string]string{"error": evil}
	r.Record = []byte(`{"verdict":` + string(must(json.Marshal(evil))) + `,"reason":` + string(must(json.Marshal(evil))) + `}`)
	r.LogLines = []string{evil}
	r.Samples = append(r.Samples, rehearse.Sample{At: time.Second, Participant: evil, Values: map[string]float64{"audio.mos": 3, evil: 1}})
	for _, kind := range []string{"step", "state", "error", evil} {
		r.Events = append(r.Events, rehearse.Event{At: time.Second, Participant: evil, Kind: kind, Text: evil})
	}
	r.Checks = append(r.Checks, rehearse.Check{Expectation: rehearse.Expectation{Text: evil}, Measured: evil, Why: evil})
	text := html(t, r)
	require.False(t, strings.Contains(text, "<script"))
	require.False(t, strings.Contains(text, "<img"))
	clean := html(t, fake(t))
	for _, tag := range []string{"</style>", "<svg", "</svg>", "</title></head"} {
		require.Equal(t, strings.Count(clean, tag), strings.Count(text, tag), tag)
	}
	require.Greater(t, strings.Count(text, "&lt;script&gt;"), 10)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestHTMLDrawsWithoutMeasurementsAndWithOddOnes(t *testing.T) {
	r := fake(t)
	r.Samples = []rehearse.Sample{
		{At: 0, Participant: "mia", Values: map[string]float64{"rtt_ms": math.NaN(), "audio.loss": math.Inf(1), "video.fps": 1e300, "bitrate_up_bps": -5}},
		{At: time.Hour, Participant: "mia", Values: map[string]float64{"rtt_ms": 5}},
	}
	text := html(t, r)
	require.False(t, strings.Contains(text, "NaN"))
	require.False(t, strings.Contains(text, "Inf"))
	r.Samples, r.Events, r.Took, r.Scalars, r.Texts, r.Record = nil, nil, 0, nil, nil, nil
	require.True(t, strings.Contains(html(t, r), "<svg"))
}

// In a plot a line is broken where nothing was measured.
func TestLinesBreak(t *testing.T) {
	r := fake(t)
	r.Samples = nil
	for _, at := range []int{1, 2, 3, 9, 20, 21} {
		r.Samples = append(r.Samples, rehearse.Sample{At: time.Duration(at) * time.Second, Participant: "mia", Values: map[string]float64{"video.fps": 24}})
	}
	text := html(t, r)
	line := regexp.MustCompile(`<path class="line c2" d="([^"]*)">`).FindStringSubmatch(text)
	require.NotNil(t, line)
	require.Equal(t, 3, strings.Count(line[1], "M"))
	require.Equal(t, 3, strings.Count(line[1], "L"))
	require.Equal(t, 1, strings.Count(text, `<circle class="dot c2"`), "the one that stands alone is a dot")
}

// elements says which elements may stand in which, in which order, and what
// attributes they must have: the schema that build servers hold JUnit XML
// against.
var elements = map[string]struct {
	attributes []string
	children   []string
}{
	"testsuites": {[]string{"name", "tests", "failures", "errors", "time"}, []string{"testsuite"}},
	"testsuite":  {[]string{"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, []string{"properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, nil},
	"testcase":   {[]string{"name", "classname", "time"}, []string{"error", "failure"}},
	"failure":    {[]string{"message", "type"}, nil},
	"error":      {[]string{"message", "type"}, nil},
	"system-out": {nil, nil},
	"system-err": {nil, nil},
}

func TestJUnitHasTheShape(t *testing.T) {
	results := all(t)
	results[1].Script.Name = "quotes \" < & > \x01 \x1b[31m"
	var b bytes.Buffer
	require.NoError(t, report.JUnit(&b, results))
	dec := xml.NewDecoder(&b)
	type open struct {
		name string
		at   int // of the last child, in the order of the schema
	}
	stack := []open{{name: ""}}
	counts := map[string]int{}
	var totals map[string]string
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch e := tok.(type) {
		case xml.StartElement:
			shape, known := elements[e.Name.Local]
			require.True(t, known, e.Name.Local)
			counts[e.Name.Local]++
			var names []string
			values := map[string]string{}
			for _, a := range e.Attr {
				names = append(names, a.Name.Local)
				values[a.Name.Local] = a.Value
			}
			require.Equal(t, shape.attributes, names)
			if e.Name.Local == "testsuites" {
				totals = values
			}
			if parent := &stack[len(stack)-1]; parent.name != "" {
				at := -1
				for i, c := range elements[parent.name].children {
					if c == e.Name.Local {
						at = i
					}
				}
				require.GreaterOrEqual(t, at, parent.at, "%s in %s", e.Name.Local, parent.name)
				parent.at = at
			}
			if ts := values["timestamp"]; ts != "" {
				_, err := time.Parse("2006-01-02T15:04:05", ts)
				require.NoError(t, err)
			}
			stack = append(stack, open{name: e.Name.Local})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	require.Equal(t, 3, counts["testsuite"])
	require.Equal(t, 8+3+3, counts["testcase"])
	require.Equal(t, 1, counts["error"])
	require.Equal(t, "14", totals["tests"])
	require.Equal(t, "1", totals["errors"])
	require.Equal(t, counts["failure"], 4+2)
	require.Equal(t, "6", totals["failures"])
}

func TestJSON(t *testing.T) {
	results := all(t)
	results[0].Scalars["mia"]["odd"] = math.NaN()
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, results))
	var got struct {
		Version int
		Passed  bool
		Scripts []struct {
			File, Error string
			TookMS      int64 `json:"took_ms"`
			Passed      bool
			Checks      []struct {
				OK  bool
				Why string
			}
			Scalars map[string]map[string]float64
			Samples []struct {
				AtMS   int64 `json:"at_ms"`
				Values map[string]float64
			}
			Record struct{ Verdict string }
			Log    []string
		}
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &got))
	require.Equal(t, 1, got.Version)
	require.False(t, got.Passed)
	require.Equal(t, []bool{false, true, false}, []bool{got.Scripts[0].Passed, got.Scripts[1].Passed, got.Scripts[2].Passed})
	first := got.Scripts[0]
	require.Equal(t, int64(34600), first.TookMS)
	require.Len(t, first.Samples, 64)
	require.Equal(t, int64(2000), first.Samples[0].AtMS)
	require.NotContains(t, first.Scalars["mia"], "odd")
	require.Contains(t, first.Record.Verdict, "uplink")
	require.Len(t, got.Scripts[2].Log, 400)
	require.NotEmpty(t, got.Scripts[2].Error)
}
