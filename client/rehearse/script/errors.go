package script

import (
	"fmt"
	"strings"
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
		d := distance(strings.ToLower(given), strings.ToLower(c))
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

// distance is the number of letters to insert, delete, change or swap with
// their neighbour that turn a into b (optimal string alignment).
func distance(a, b string) int {
	const long = 64 // a hostile name may be very long; no real one is
	if len(a) > long || len(b) > long {
		return long
	}
	var rows [long + 1][long + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[i][0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
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
