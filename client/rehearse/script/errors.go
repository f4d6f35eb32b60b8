package script

import (
	"fmt"
	"strings"

	"kinwire/internal/spelling"
)

// Problem is one thing wrong with a script.
type Problem struct {
	File string
	Line int    // 0: the file as a whole
	Key  string // such as steps[2].after; empty where it belongs to no key
	Text string // what was given, what is allowed
}

// String is the problem on one line, with its place as editors find it.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Key != "" {
		where += ": " + p.Key
	}
	return where + ": " + p.Text
}

// Error holds everything that is wrong with a script, by line.
type Error struct {
	Problems []Problem
}

// Error gives one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// noSuch is the text for a name that does not exist. candidates are those that
// do; all of them are listed where none is near and they are few.
func noSuch(noun, given string, candidates []string) string {
	text := fmt.Sprintf("no such %s: %q", noun, printable(given))
	if best := nearest(given, candidates); best != "" {
		return text + fmt.Sprintf("; did you mean %s?", best)
	}
	if len(candidates) == 0 {
		return text
	}
	return text + "; allowed: " + strings.Join(candidates, ", ")
}

// nearest is the candidate that given was most likely meant to be, or "".
func nearest(given string, candidates []string) string {
	best, least := "", min(max(2, len(given)/4), 5)+1
	for _, c := range candidates {
		d := spelling.Distance(strings.ToLower(given), strings.ToLower(c))
		// A name that only lacks its family or its unit counts as near.
		if strings.TrimSuffix(c, "_ms") == given || strings.HasSuffix(c, "."+given) || strings.HasPrefix(c, given+"_") {
			d = min(d, 2)
		}
		if d < least && d < len(c) {
			best, least = c, d
		}
	}
	return best
}

// printable shortens what a message repeats of a script and leaves out what
// would act on a terminal.
func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' || (r >= '\u202a' && r <= '\u202e') {
			return '?'
		}
		return r
	}, s)
	if r := []rune(clean); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return clean
}
