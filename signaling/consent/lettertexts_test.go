package consent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestLettersInEveryLanguage: each language has both, different from each
// other and from those of other languages, with the link on a line of its own.
func TestLettersInEveryLanguage(t *testing.T) {
	seen := map[string]bool{}
	for language, all := range letterTexts {
		require.Len(t, all, len(letters), language)
		for state := range letters {
			l := all[state]
			require.NotEmpty(t, l.subject, "%s %s", language, state)
			require.NotContains(t, l.subject, "%")
			require.Equal(t, 1, strings.Count(l.text, "%"), "%s %s", language, state)
			text := fmt.Sprintf(l.text, "https://kin.example/#consent=x")
			require.Contains(t, text, "\n\nhttps://kin.example/#consent=x\n\n", "%s %s", language, state)
			require.False(t, seen[l.subject] || seen[l.text], "%s %s stands twice", language, state)
			seen[l.subject], seen[l.text] = true, true
		}
	}
}

func TestLetterIn(t *testing.T) {
	for language, want := range map[string]string{
		"pl": "pl", "PL-pl": "pl", "zh-Hant": "zh", "zh-TW": "zh", "hi": "hi", "en-GB": "en", "": "en", "xx": "en", "-": "en",
	} {
		require.Equal(t, letterTexts[want][proto.ConsentPending], letterIn(language, proto.ConsentPending), language)
	}
}
