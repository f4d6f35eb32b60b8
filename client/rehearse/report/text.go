package report

import (
	"fmt"
	"strings"

	"kinwire/client/rehearse"
)

// Summary tells what came of one script in a few lines: of one that passed, that
// it did; of any other, why not.
func Summary(r *rehearse.Result, colour bool) string {
	var b strings.Builder
	status, _ := statusOf(r)
	name := clean(r.Script.Name)
	switch status {
	case statusPassed:
		fmt.Fprintf(&b, "%s %s  (%s, %s)\n", paint("✓", "32", colour), name, clock(r.Took), expectations(len(r.Checks)))
		return b.String()
	case statusBroken:
		fmt.Fprintf(&b, "%s %s  (%s)\n    not played to its end: %s\n", paint("!", "31;1", colour), paint(name, "1", colour), clock(r.Took), indented(r.Err.Error()))
	case statusFailed:
		failed := len(failures(r))
		fmt.Fprintf(&b, "%s %s  (%s, %d of %s failed)\n", paint("✗", "31;1", colour), paint(name, "1", colour), clock(r.Took), failed, expectations(len(r.Checks)))
	}
	for _, c := range r.Checks {
		if c.OK || r.Err != nil && unmeasured(c) {
			continue
		}
		fmt.Fprintf(&b, "    %s  %s\n", paint(clean(c.Text), "31", colour), paint(fmt.Sprintf("%s:%d", clean(r.Script.File), c.Line), "2", colour))
		fmt.Fprintf(&b, "      %s\n", indented(c.Why))
	}
	if r.Err != nil && len(r.LogLines) > 0 {
		fmt.Fprintf(&b, "    the server's last words:\n")
		for _, line := range tail(r.LogLines, 8) {
			fmt.Fprintf(&b, "      %s\n", clean(line))
		}
	}
	return b.String()
}

// indented keeps the further lines of a reason below the first.
func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n      ")
}

func expectations(n int) string {
	if n == 1 {
		return "1 expectation"
	}
	return fmt.Sprintf("%d expectations", n)
}

// Total is the last line of a run.
func Total(results []*rehearse.Result) string {
	counts := map[string]int{}
	for _, r := range results {
		status, _ := statusOf(r)
		counts[status]++
	}
	return headline(len(results), counts)
}
