package accounts

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kinwire/signaling/proto"
)

// checkText refuses, with text_refused, a name or picture that holds something
// by which somebody could find the person who bears it: nil, or a *proto.Error
// that says what it looks like. field is what the caller calls it. The error
// does not repeat the text, since errors get into places where names do not
// belong.
//
// It looks at what people write so that other people understand it, in the
// spellings that get around simple filters: digits of any script or in words,
// spaced out, with look-alike letters. It can be got around by somebody who
// tries hard; it is there for children who do not know better.
func checkText(field, text string) error {
	t := readings(text)
	for _, rule := range textRules {
		if rule.matches(t) {
			return refuse(proto.CodeTextRefused,
				"%s looks like it holds %s. Others see it, and could find you by it: please choose something that does not tell who or where you are",
				field, rule.says)
		}
	}
	return nil
}

// textRules are tried in this order.
var textRules = []struct {
	says    string
	matches func(t reading) bool
}{
	{"an e-mail address", looksLikeEmail},
	{"a web address or an account elsewhere", looksLikeHandle},
	{"a phone number or another long number", looksLikePhone},
	{"a street address", looksLikeAddress},
	{"the name of a school", looksLikeSchool},
}

// reading is a text in the forms in which the rules read it.
type reading struct {
	plain string   // lower case, one form for each letter, digits as 0 to 9, nothing invisible
	words string   // plain without accents, its words between single spaces, one outside too
	loose []string // words, and as they read with digits and signs taken for letters, and with spelled-out words put together
}

func readings(text string) reading {
	plain := plainly(text)
	words := wordsOf(fold(plain))
	loose := []string{words}
	for _, one := range []string{"i", "l"} {
		loose = append(loose, together(wordsOf(unleet(fold(plain), one))))
	}
	return reading{plain: plain, words: words, loose: append(loose, together(words))}
}

// plainly gives each letter and digit one form, and drops what is not seen.
func plainly(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch {
		case r == keycap || r == asPicture || r == asText || unicode.Is(unicode.Cf, r):
			return -1
		case r == '。':
			return '.'
		case unicode.Is(unicode.Pd, r):
			return '-'
		case unicode.Is(unicode.Nd, r):
			return '0' + decimal(r)
		}
		return r
	}, norm.NFKC.String(text)))
}

// decimal is the value of a digit of any script: Unicode lists each script's
// ten in a row, from 0 to 9.
func decimal(r rune) rune {
	for _, in := range unicode.Nd.R16 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return (r - rune(in.Lo)) % 10
		}
	}
	for _, in := range unicode.Nd.R32 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return (r - rune(in.Lo)) % 10
		}
	}
	return 0
}

// accented are the scripts whose letters can be read without their marks. In
// others, such as Devanagari, a mark is a vowel.
var accented = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic}

var otherLetters = strings.NewReplacer("ł", "l", "ß", "ss", "ø", "o", "đ", "d", "æ", "ae", "œ", "oe", "ı", "i", "ς", "σ")

// fold takes the accents off.
func fold(plain string) string {
	var b strings.Builder
	base := rune(0)
	for _, r := range norm.NFD.String(plain) {
		if unicode.Is(unicode.Mn, r) && unicode.In(base, accented...) {
			continue
		}
		b.WriteRune(r)
		base = r
	}
	return otherLetters.Replace(norm.NFC.String(b.String()))
}

func isWordRune(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }

func wordsOf(text string) string {
	return " " + strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !isWordRune(r) }), " ") + " "
}

// unleet reads digits and signs as the letters they stand in for. 1 is one of
// two.
func unleet(text, one string) string {
	return strings.NewReplacer("0", "o", "1", one, "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i", "|", "l").Replace(text)
}

var singles = regexp.MustCompile(`(?: \p{L}){4,} `)

// together joins four or more words of one letter each.
func together(words string) string {
	return singles.ReplaceAllStringFunc(words, func(s string) string { return " " + strings.ReplaceAll(s, " ", "") + " " })
}

func anyMatch(list []*regexp.Regexp, text string) bool {
	for _, rx := range list {
		if rx.MatchString(text) {
			return true
		}
	}
	return false
}

func looksLikeEmail(t reading) bool {
	for _, loose := range t.loose {
		if mailProviders.MatchString(loose) {
			return true
		}
	}
	return anyMatch(emailPlain, t.plain) || anyMatch(emailWords, t.words)
}

func looksLikeHandle(t reading) bool {
	return anyMatch(handlePlain, t.plain) || anyMatch(handleWords, t.words)
}

func looksLikeAddress(t reading) bool {
	return anyMatch(addressPlain, t.plain) || anyMatch(addressPlain, hanDigits.Replace(t.plain)) || anyMatch(addressWords, t.words)
}

func looksLikeSchool(t reading) bool {
	if anyMatch(schoolPlain, t.plain) {
		return true
	}
	for _, loose := range t.loose {
		if schoolWords.MatchString(loose) {
			return true
		}
	}
	return false
}

const (
	longNumber = 6 // digits in a row, whatever stands between them but letters
	manyDigits = 7 // digits in all, with letters between them
	shortPhone = 4 // digits beside a word such as "call"
)

func looksLikePhone(t reading) bool {
	text := hanDigits.Replace(spelledDigits(t.plain))
	text = lookAlikes.ReplaceAllStringFunc(text, func(word string) string {
		if flanked.MatchString(word) {
			return asDigits.Replace(word)
		}
		return word
	})
	run, all := 0, 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			run++
			all++
		case isWordRune(r):
			run = 0
		}
		if run >= longNumber || all >= manyDigits {
			return true
		}
	}
	return all >= shortPhone && phoneWords.MatchString(t.words)
}

// spelledDigits puts digits for the words that are called so, whole or several
// of them written as one: "five five", "fivefive".
func spelledDigits(plain string) string {
	return letters.ReplaceAllStringFunc(plain, func(word string) string {
		folded := fold(word)
		if !numberWords.MatchString(folded) {
			return word
		}
		return numberWord.ReplaceAllString(folded, "0") // which digit it is does not matter
	})
}
