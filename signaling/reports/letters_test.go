package reports

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestEveryLetterInEveryLanguage.
func TestEveryLetterInEveryLanguage(t *testing.T) {
	named := map[letter]bool{letterFiled: true, letterDecided: true}
	for _, both := range []letters{letterWarned, letterSuspended, letterRestored} {
		named[both.child], named[both.own] = true, false
	}
	seen := map[string]bool{}
	for language, all := range spoken {
		require.ElementsMatch(t, slices.Collect(maps.Keys(named)), slices.Collect(maps.Keys(all)), language)
		for l, w := range all {
			require.Equal(t, named[l], strings.Contains(w.text, "{name}"), "%s in %s", l, language)
			require.NotContains(t, w.subject, "{", "the subject names nobody")
			require.True(t, strings.HasPrefix(w.subject, "Kinwire"))
			require.Less(t, utf8.RuneCountInString(w.subject), 70)
			require.False(t, seen[w.text] || seen[w.subject], "%s in %s is another letter's", l, language)
			seen[w.text], seen[w.subject] = true, true
			rest := strings.ReplaceAll(w.text, "{name}", "")
			require.False(t, strings.ContainsAny(rest+w.subject, "{}%"), "%s in %s", l, language)
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for tag, want := range map[string]string{
		"": "en", "en": "en", "en-GB": "en", "de": "en", "pl": "pl", "pl-PL": "pl", "PL_pl": "pl", "hi-IN": "hi",
		"zh": "zh-hant", "zh-TW": "zh-hant", "zh-Hant-HK": "zh-hant", "zh-hant": "zh-hant", "x": "en", "-": "en", "plx": "en",
	} {
		require.Equal(t, want, languageOf(tag), tag)
	}
}

func TestNamesBringNoLines(t *testing.T) {
	_, text := letterFiled.in("en", "Mia\r\nBcc: all@example.org")
	require.Contains(t, text, "MiaBcc: all@example.org has told us")
	require.NotContains(t, text, "\r")
}
