package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"n": func(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") },
}).Parse(pageText))

// The page's data.
type (
	pageData struct {
		Title, Headline, When string
		Passed                bool
		Style                 template.CSS
		StyleHash             string
		Failed                []pageScript // those of Scripts that did not pass
		Scripts               []pageScript
	}
	pageScript struct {
		ID, Name, Says, File, Server, Began, Took, Seed string
		Status, StatusClass                             string
		Reasons                                         []reason
		Verdict                                         string
		Facts                                           []fact
		Checks                                          []rehearse.Check
		Chart                                           chart
		People                                          []string
		Figures                                         []figure
		Events                                          []eventRow
		Log                                             []string
		LogLeft                                         int
	}
	reason struct{ What, Why string }
	fact   struct{ Name, Value string }
	figure struct {
		Name, Says string
		Values     []string
	}
	eventRow struct{ At, Who, Kind, Text string }
)

// Statuses of a script.
const (
	statusPassed = "passed"
	statusFailed = "failed"
	statusBroken = "not played to its end"
)

// maxLogShown bounds the log on the page; the JSON has all of it.
const maxLogShown = 300

// HTML writes one page that needs nothing else: no script, no picture, no
// network. Its policy allows its own style, by hash, and nothing more.
func HTML(w io.Writer, results []*rehearse.Result) error {
	sum := sha256.Sum256([]byte(style))
	d := pageData{Title: "Rehearsal of calls", Passed: true, Style: template.CSS(style), StyleHash: base64.StdEncoding.EncodeToString(sum[:])}
	counts := map[string]int{}
	var took time.Duration
	for i, r := range results {
		s := pageScriptOf(r, fmt.Sprintf("s%d", i+1))
		counts[s.Status]++
		took += r.Took
		d.Scripts = append(d.Scripts, s)
		if s.Status != statusPassed {
			d.Passed = false
			d.Failed = append(d.Failed, s)
		}
		if i == 0 {
			d.When = r.Began.UTC().Format("2 January 2006, 15:04:05 UTC")
		}
	}
	d.Headline = headline(len(results), counts)
	if len(results) > 0 {
		d.When += fmt.Sprintf(", %s played in all", clock(took.Round(100*time.Millisecond)))
	}
	var buf bytes.Buffer
	if err := page.Execute(&buf, d); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	_, err := buf.WriteTo(w)
	return err
}

// headline is what came of it all, in a sentence.
func headline(n int, counts map[string]int) string {
	if n == 0 {
		return "Nothing was played"
	}
	if counts[statusPassed] == n {
		if n == 1 {
			return "The script passed"
		}
		return fmt.Sprintf("All %d scripts passed", n)
	}
	var parts []string
	for _, status := range []string{statusFailed, statusBroken, statusPassed} {
		if c := counts[status]; c > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c, status))
		}
	}
	noun := "scripts"
	if n == 1 {
		noun = "script"
	}
	return fmt.Sprintf("%d %s: %s", n, noun, strings.Join(parts, ", "))
}

func statusOf(r *rehearse.Result) (status, class string) {
	switch {
	case r.Err != nil:
		return statusBroken, "broken"
	case !r.Passed():
		return statusFailed, "failed"
	}
	return statusPassed, "passed"
}

func pageScriptOf(r *rehearse.Result, id string) pageScript {
	s := pageScript{
		ID: id, Name: r.Script.Name, Says: r.Script.Says, File: r.Script.File, Server: r.Server,
		Began: r.Began.UTC().Format("15:04:05"), Took: clock(r.Took), Seed: fmt.Sprint(r.Script.Seed),
		Checks: r.Checks, Chart: draw(r), Verdict: verdict(r),
	}
	s.Status, s.StatusClass = statusOf(r)
	if r.Err != nil {
		s.Reasons = append(s.Reasons, reason{"The script was not played to its end", r.Err.Error()})
	}
	s.Reasons = append(s.Reasons, failures(r)...)
	for _, p := range r.Script.Participants {
		s.People = append(s.People, p.Name)
	}
	s.Facts = facts(r)
	s.Figures = figures(r)
	for _, e := range ordered(r.Events) {
		s.Events = append(s.Events, eventRow{clock(e.At.Round(10 * time.Millisecond)), e.Participant, e.Kind, e.Text})
	}
	if !r.Passed() {
		s.Log = tail(r.LogLines, maxLogShown)
		s.LogLeft = len(r.LogLines) - len(s.Log)
	}
	return s
}

// failures are the expectations that did not hold. Of a script that was not
// played to its end those that nothing was measured for say nothing new.
func failures(r *rehearse.Result) []reason {
	var out []reason
	unknown := 0
	for _, c := range r.Checks {
		if r.Err != nil && unmeasured(c) {
			unknown++
			continue
		}
		if !c.OK {
			out = append(out, reason{c.Text, c.Why})
		}
	}
	if unknown > 0 {
		out = append(out, reason{fmt.Sprintf("%d of %d expectations", unknown, len(r.Checks)), "could not be judged: what they are about was not measured."})
	}
	return out
}

func unmeasured(c rehearse.Check) bool {
	return !c.OK && strings.HasSuffix(c.Measured, script.NotMeasured)
}

// facts are what was measured of the call as a whole.
func facts(r *rehearse.Result) []fact {
	var out []fact
	for _, m := range script.Metrics() {
		if m.Per != "call" || strings.Contains(m.Name, "message") && r.Scalars[""]["messages_sent"] == 0 {
			continue
		}
		if v, ok := r.Scalars[""][m.Name]; ok && plain(v) {
			out = append(out, fact{m.Name, script.Format(v, m.Unit)})
		} else if t, ok := r.Texts[""][m.Name]; ok && t != "none" {
			out = append(out, fact{m.Name, t})
		}
	}
	var record struct {
		Reason string  `json:"reason"`
		Score  float64 `json:"score"`
	}
	if json.Unmarshal(r.Record, &record) == nil {
		if record.Reason != "" {
			out = append(out, fact{"record.end_reason", record.Reason})
		}
		if record.Score > 0 {
			out = append(out, fact{"record.score", script.Format(record.Score, "MOS")})
		}
	}
	return out
}

// verdict is the server's own sentence about the call, with the names of the
// script in place of the ids that the record has.
func verdict(r *rehearse.Result) string {
	var doc struct {
		Verdict string `json:"verdict"`
	}
	_ = json.Unmarshal(r.Record, &doc) // a record that cannot be read has no verdict
	for who, texts := range r.Texts {
		if id := texts["participant_id"]; id != "" {
			doc.Verdict = strings.ReplaceAll(doc.Verdict, id, who)
		}
	}
	return doc.Verdict
}

// figures is the table of what each participant measured. Of what was sampled
// it has the smallest, the median and the largest value.
func figures(r *rehearse.Result) []figure {
	var out []figure
	for _, m := range script.Metrics() {
		if m.Per != "participant" {
			continue
		}
		f := figure{Name: m.Name, Says: m.Says}
		any := false
		for _, p := range r.Script.Participants {
			v := figureOf(r, p.Name, m)
			any = any || v != ""
			f.Values = append(f.Values, v)
		}
		if any {
			out = append(out, f)
		}
	}
	return out
}

func figureOf(r *rehearse.Result, who string, m rehearse.Metric) string {
	if t, ok := r.Texts[who][m.Name]; ok {
		return t
	}
	if v, ok := r.Scalars[who][m.Name]; ok && plain(v) {
		return script.Format(v, m.Unit)
	}
	var values []string
	for _, agg := range []string{"min", "median", "max"} {
		v, ok := script.Aggregate(r, who, m.Name, agg)
		if !ok {
			return ""
		}
		values = append(values, script.Format(v, m.Unit))
	}
	if values[0] == values[2] {
		return values[0]
	}
	return strings.Join(values, " – ")
}
