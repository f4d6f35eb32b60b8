package configs

import (
	"fmt"
	"slices"
	"strings"

	"kinwire/internal/spelling"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Where string // "FILE:LINE", "FILE", "env NAME" or "flag --NAME"
	Key   string // dotted; "" where the problem belongs to no key
	Text  string // what was given, what is allowed
}

// String is the problem on one line.
func (p Problem) String() string {
	if p.Key == "" {
		return p.Where + ": " + p.Text
	}
	return p.Where + ": " + p.Key + ": " + p.Text
}

// Error holds everything that is wrong with the configuration, in the order
// file, environment, flags, then what does not fit together.
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

// noSuchKey is the text for a key that does not exist. candidates are the
// names that do.
func noSuchKey(noun, given string, candidates []string) string {
	text := "no such " + noun
	if best := closest(given, candidates); best != "" {
		text += fmt.Sprintf("; did you mean %s?", best)
	}
	return text
}

// closest returns the candidate that given was most likely meant to be, or ""
// when none is near. A key whose last part is right but stands in the wrong
// section counts as near.
func closest(given string, candidates []string) string {
	best, bestDistance := "", min(max(2, len(given)/5), 6)+1
	for _, c := range candidates {
		d := spelling.Distance(strings.ToLower(given), strings.ToLower(c))
		if lastPart(given) == lastPart(c) {
			d = min(d, 2)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func lastPart(key string) string { return key[strings.LastIndex(key, ".")+1:] }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
