package whip

import (
	"fmt"
	"strings"
)

// fragment is what the scan keeps of an SDP fragment (RFC 8840, section 9):
// the client's ICE credentials. Its candidates are of no use to an ICE-lite
// server.
type fragment struct{ ufrag, pwd string }

// credential is a kind of ICE credential and its bounds (RFC 8839, section
// 5.4).
type credential struct {
	attribute string
	min, max  int
	of        func(*fragment) *string
}

var credentials = []credential{
	{"ice-ufrag:", 4, 256, func(f *fragment) *string { return &f.ufrag }},
	{"ice-pwd:", 22, 256, func(f *fragment) *string { return &f.pwd }},
}

// scanFragment reads a fragment. All is bundled on one transport, so there can
// be one pair of credentials only.
func scanFragment(text string) (fragment, error) {
	var f fragment
	lines, err := splitLines(text)
	if err != nil {
		return f, err
	}
	for i, line := range lines {
		attribute, ok := strings.CutPrefix(line, "a=")
		if !ok {
			continue
		}
		for _, c := range credentials {
			value, ok := strings.CutPrefix(attribute, c.attribute)
			if !ok {
				continue
			}
			if len(value) < c.min || len(value) > c.max || strings.Trim(value, iceChars) != "" {
				return f, fmt.Errorf("line %d: given a=%s with something else than %d to %d letters, digits, + and /", i+1, c.attribute, c.min, c.max)
			}
			if was := c.of(&f); *was == "" || *was == value {
				*was = value
			} else {
				return f, fmt.Errorf("line %d: given a second a=%s with another value; all media has one transport", i+1, c.attribute)
			}
		}
	}
	return f, nil
}

const iceChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
