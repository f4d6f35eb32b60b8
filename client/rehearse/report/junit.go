package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"kinwire/client/rehearse"
)

// The shape is the one that build servers agree on (testsuites, testsuite,
// testcase, failure, error), with attributes and order of elements as in the
// widely used schema of the Ant task of that name.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out,omitempty"`
		Err        string          `xml:"system-err,omitempty"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		Classname string       `xml:"classname,attr"`
		Time      string       `xml:"time,attr"`
		Error     *junitReason `xml:"error"`
		Failure   *junitReason `xml:"failure"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the results as JUnit XML: a suite for each script, and in it a
// case for having been played to its end and one for each expectation.
func JUnit(w io.Writer, results []*rehearse.Result) error {
	all := junitSuites{Name: "kincall"}
	total := time.Duration(0)
	for _, r := range results {
		s := junitSuiteOf(r)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		total += r.Took
		all.Suites = append(all.Suites, s)
	}
	all.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitSuiteOf(r *rehearse.Result) junitSuite {
	s := junitSuite{
		Name: r.Script.Name, Time: seconds(r.Took), Timestamp: r.Began.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{{"file", r.Script.File}, {"seed", fmt.Sprint(r.Script.Seed)}, {"server", r.Server}},
	}
	played := junitCase{Name: "is played to its end", Classname: className(r), Time: seconds(r.Took)}
	if r.Err != nil {
		played.Error = &junitReason{Message: r.Err.Error(), Type: "error", Text: r.Err.Error()}
		s.Errors++
		s.Err = strings.Join(tail(r.LogLines, 200), "\n")
	}
	s.Cases = append(s.Cases, played)
	for _, c := range r.Checks {
		one := junitCase{Name: c.Text, Classname: className(r), Time: "0"}
		if !c.OK {
			s.Failures++
			one.Failure = &junitReason{Message: c.Why, Type: "expectation", Text: fmt.Sprintf("%s:%d: %s\nmeasured: %s\n%s", r.Script.File, c.Line, c.Text, c.Measured, c.Why)}
		}
		s.Cases = append(s.Cases, one)
	}
	s.Tests = len(s.Cases)
	var out strings.Builder
	for _, e := range r.Events {
		fmt.Fprintf(&out, "%s\n", eventLine(e))
	}
	s.Out = out.String()
	return s
}

// className is the file's name, without folder and ending: build servers list
// cases by it.
func className(r *rehearse.Result) string {
	name := r.Script.File[strings.LastIndexAny(r.Script.File, `/\`)+1:]
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml")
	if name == "" {
		name = "script"
	}
	return "kincall." + name
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func tail(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

// eventLine is an event as a line of text.
func eventLine(e rehearse.Event) string {
	who := ""
	if e.Participant != "" {
		who = e.Participant + ": "
	}
	return fmt.Sprintf("%7.2f s  %s%s", e.At.Seconds(), who, e.Text)
}
