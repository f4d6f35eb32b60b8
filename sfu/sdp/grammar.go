package sdp

import "strings"

// The classes of characters that the grammars are made of.
const (
	classToken = 1 << iota // token-char of RFC 8866 section 9
	classICE               // ice-char of RFC 8839 section 5.4, and what else is seen
	classRID               // of rid-id, RFC 8851 section 10
	classHex
	classDigit
)

// classes tells the classes of each character.
var classes = makeClasses()

func makeClasses() (c [256]uint8) {
	const (
		digits  = "0123456789"
		hex     = "abcdefABCDEF"
		letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	)
	set := func(chars string, class uint8) {
		for _, r := range []byte(chars) {
			c[r] |= class
		}
	}
	set(digits+letters+"!#$%&'*+-.^_`{|}~", classToken)
	// Older clients make credentials of other base 64 alphabets; what matters
	// is that no ':' is in them, which parts them in a STUN USERNAME.
	set(digits+letters+"+/-=#_", classICE)
	set(digits+letters+"-_", classRID)
	set(digits+hex, classHex)
	set(digits, classDigit)
	return c
}

// is says whether s has from least to most characters, all of the class.
func is(s string, class uint8, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if classes[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

// plain says whether s can stand as the value of an attribute: some text,
// without control characters.
func plain(s string) bool {
	return s != "" && len(s) <= maxValue && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// maxValue bounds the value of an attribute that the caller gives.
const maxValue = 1024

// Lengths of ICE credentials (RFC 8839 section 5.4).
func isUfrag(s string) bool { return is(s, classICE, 4, 256) }
func isPwd(s string) bool   { return is(s, classICE, 22, 256) }
