package accounts

import (
	"unicode"
	"unicode/utf8"
)

const (
	joiner       = '\u200d' // glues pictures to one: 👩 + joiner + 🚀
	nonJoiner    = '\u200c' // keeps letters apart in some scripts
	asPicture    = '\ufe0f' // variation selectors: show as a picture …
	asText       = '\ufe0e' // … or as text
	keycap       = '\u20e3' // makes a key of a digit: 7 + asPicture + keycap
	blackFlag    = '🏴'
	tagCancel    = '\U000e007f'
	maxJoined    = 4  // pictures in one: the kiss of two people has four
	maxEmojiRune = 12 // code points of one: that kiss, both with a skin tone, has ten
)

// pictographs are the code points that begin a picture: those of the Unicode
// property Extended_Pictographic (UTS #51), which Go's tables do not have.
var pictographs = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xa9, 0xa9, 1}, {0xae, 0xae, 1}, {0x203c, 0x203c, 1}, {0x2049, 0x2049, 1}, {0x2122, 0x2122, 1},
		{0x2139, 0x2139, 1}, {0x2194, 0x2199, 1}, {0x21a9, 0x21aa, 1}, {0x231a, 0x231b, 1}, {0x2328, 0x2328, 1},
		{0x2388, 0x2388, 1}, {0x23cf, 0x23cf, 1}, {0x23e9, 0x23f3, 1}, {0x23f8, 0x23fa, 1}, {0x24c2, 0x24c2, 1},
		{0x25aa, 0x25ab, 1}, {0x25b6, 0x25b6, 1}, {0x25c0, 0x25c0, 1}, {0x25fb, 0x25fe, 1}, {0x2600, 0x2605, 1},
		{0x2607, 0x2612, 1}, {0x2614, 0x2685, 1}, {0x2690, 0x2705, 1}, {0x2708, 0x2712, 1}, {0x2714, 0x2714, 1},
		{0x2716, 0x2716, 1}, {0x271d, 0x271d, 1}, {0x2721, 0x2721, 1}, {0x2728, 0x2728, 1}, {0x2733, 0x2734, 1},
		{0x2744, 0x2744, 1}, {0x2747, 0x2747, 1}, {0x274c, 0x274c, 1}, {0x274e, 0x274e, 1}, {0x2753, 0x2755, 1},
		{0x2757, 0x2757, 1}, {0x2763, 0x2767, 1}, {0x2795, 0x2797, 1}, {0x27a1, 0x27a1, 1}, {0x27b0, 0x27b0, 1},
		{0x27bf, 0x27bf, 1}, {0x2934, 0x2935, 1}, {0x2b05, 0x2b07, 1}, {0x2b1b, 0x2b1c, 1}, {0x2b50, 0x2b50, 1},
		{0x2b55, 0x2b55, 1}, {0x3030, 0x3030, 1}, {0x303d, 0x303d, 1}, {0x3297, 0x3297, 1}, {0x3299, 0x3299, 1},
	},
	R32: []unicode.Range32{
		{0x1f000, 0x1f0ff, 1}, {0x1f10d, 0x1f10f, 1}, {0x1f12f, 0x1f12f, 1}, {0x1f16c, 0x1f171, 1}, {0x1f17e, 0x1f17f, 1},
		{0x1f18e, 0x1f18e, 1}, {0x1f191, 0x1f19a, 1}, {0x1f1ad, 0x1f1e5, 1}, {0x1f201, 0x1f20f, 1}, {0x1f21a, 0x1f21a, 1},
		{0x1f22f, 0x1f22f, 1}, {0x1f232, 0x1f23a, 1}, {0x1f23c, 0x1f23f, 1}, {0x1f249, 0x1f3fa, 1}, {0x1f400, 0x1f53d, 1},
		{0x1f546, 0x1f64f, 1}, {0x1f680, 0x1f6ff, 1}, {0x1f774, 0x1f77f, 1}, {0x1f7d5, 0x1f7ff, 1}, {0x1f80c, 0x1f80f, 1},
		{0x1f848, 0x1f84f, 1}, {0x1f85a, 0x1f85f, 1}, {0x1f888, 0x1f88f, 1}, {0x1f8ae, 0x1f8ff, 1}, {0x1f90c, 0x1f93a, 1},
		{0x1f93c, 0x1f945, 1}, {0x1f947, 0x1faff, 1}, {0x1fc00, 0x1fffd, 1},
	},
	LatinOffset: 2,
}

func isPicture(r rune) bool  { return unicode.Is(pictographs, r) }
func isSkinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }
func isFlagPart(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }
func isTag(r rune) bool      { return r >= 0xe0020 && r <= tagCancel }
func isKeycapOf(r rune) bool { return r >= '0' && r <= '9' || r == '#' || r == '*' }
func isExtending(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || isSkinTone(r) || isTag(r)
}

// regions are the only flags of parts of countries that there are in general
// use. Other tags would be a way to hide text.
var regions = map[string]bool{"gbeng": true, "gbsct": true, "gbwls": true}

// isEmoji says whether s is one emoji and nothing else: a picture, with its
// skin tone or joined to others, a flag, or a key. See UTS #51, section 1.4.
func isEmoji(s string) bool {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxEmojiRune {
		return false
	}
	runes := []rune(s)
	switch {
	case isFlagPart(runes[0]):
		return len(runes) == 2 && isFlagPart(runes[1])
	case isKeycapOf(runes[0]):
		return string(runes[1:]) == string([]rune{asPicture, keycap}) || string(runes[1:]) == string(keycap)
	case runes[0] == blackFlag && len(runes) > 1 && isTag(runes[1]):
		return isRegion(runes[1:])
	}
	for joined := 1; joined <= maxJoined; joined++ {
		rest, ok := afterPicture(runes)
		if !ok || len(rest) == 0 {
			return ok
		}
		if rest[0] != joiner {
			return false
		}
		runes = rest[1:]
	}
	return false
}

// afterPicture returns what comes after the picture at the beginning of runes;
// false if there is none.
func afterPicture(runes []rune) (rest []rune, ok bool) {
	if len(runes) == 0 || !isPicture(runes[0]) {
		return nil, false
	}
	runes = runes[1:]
	if len(runes) > 0 && (runes[0] == asPicture || isSkinTone(runes[0])) {
		runes = runes[1:]
	}
	return runes, true
}

func isRegion(tags []rune) bool {
	name := make([]rune, 0, len(tags))
	for _, r := range tags {
		name = append(name, r-0xe0000)
	}
	last := len(name) - 1
	return tags[last] == tagCancel && regions[string(name[:last])]
}

// clusters splits s into what a reader takes for one character each: a letter
// with its marks, an emoji. It follows the extended grapheme clusters of
// UAX #29 as far as passwords need it.
func clusters(s string) []string {
	var all []string
	var last rune
	flagOpen := false // an odd number of flag parts came just before
	for _, r := range s {
		joins := len(all) > 0 && (isExtending(r) || r == joiner ||
			last == joiner && isPicture(r) ||
			flagOpen && isFlagPart(r))
		flagOpen = isFlagPart(r) && !joins
		if joins {
			all[len(all)-1] += string(r)
		} else {
			all = append(all, string(r))
		}
		last = r
	}
	return all
}
