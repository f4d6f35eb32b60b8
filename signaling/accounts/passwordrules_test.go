package accounts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestChildPassword(t *testing.T) {
	for _, good := range []string{
		"🦊🚀🐱🌻", "👩‍🚀👍🏽🇵🇱7️⃣", "❤️🦊❤️🦊", "8letters", "🦊 fox 🚀 go", "пароль77", "密码密码密码密碼", strings.Repeat("ab", 512),
	} {
		require.NoError(t, checkChildPassword(good, "mia"), good)
	}
	for _, bad := range []string{
		"", "🦊🚀🐱", "👩‍🚀👩‍🚀👩‍🚀", "🦊🚀🐱x", "7letter", "🦊🦊🦊🦊🦊", "aaaaaaaaaaaa", "👨‍👩‍👧‍👦", strings.Repeat("ab", 513), "e\u0301e\u0300e\u0301e\u0300",
	} {
		require.Equal(t, proto.CodeBadMessage, code(t, checkChildPassword(bad, "mia")), bad)
	}
	require.Equal(t, proto.CodeBadMessage, code(t, checkChildPassword(" MiaMiaMia ", "miamiamia")))
}

func TestGrownUpPassword(t *testing.T) {
	require.NoError(t, checkPassword("ten signs!", "a@b.org"))
	for _, bad := range []string{"", "nine sign", "aaaaaaaaaaaaaaaa", "priya@example.org", "Priya@Example.org", "🦊🚀🐱🌻"} {
		require.Equal(t, proto.CodeBadMessage, code(t, checkPassword(bad, "priya@example.org")), bad)
	}
}

// TestPasswordForms: the same password is typed differently on two keyboards.
func TestPasswordForms(t *testing.T) {
	h := newHasher(cheap)
	for _, c := range [][2]string{{"❤️🦊☀️🚀", "❤🦊☀🚀"}, {"Zoë Zoë Zoë", "Zoe\u0308 Zoe\u0308 Zoe\u0308"}} {
		hash, err := h.hash(t.Context(), normPassword(c[0]))
		require.NoError(t, err)
		right, err := h.verify(t.Context(), hash, normPassword(c[1]))
		require.NoError(t, err)
		require.True(t, right, c[0])
	}
	require.NotEqual(t, normPassword("👍🏽"), normPassword("👍"), "a skin tone is seen, so it counts")
	require.NotEqual(t, normPassword("Mia"), normPassword("mia"))
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		c := newCode()
		require.Len(t, c, 8)
		require.Empty(t, strings.Trim(c, codeLetters))
		require.False(t, seen[c])
		seen[c] = true
		require.Equal(t, c, readCode(" "+strings.ToLower(c[:4])+" - "+c[4:]+"\t"))
	}
}

func TestMailTextsAreWhole(t *testing.T) {
	for language, texts := range mailTexts {
		require.Len(t, texts, len(mailTexts["en"]), language)
		for kind, en := range mailTexts["en"] {
			m := texts[kind]
			require.NotEmpty(t, m.subject, "%s %s", language, kind)
			for _, field := range []string{"{link}", "{home}"} {
				require.Equal(t, strings.Count(en.text, field), strings.Count(m.text, field), "%s %s %s", language, kind, field)
			}
			require.Equal(t, mailLinks[kind] != "", strings.Contains(m.text, "{link}"), "%s %s", language, kind)
		}
	}
	require.Equal(t, mailTexts["pl"], mailIn("pl-PL"))
	require.Equal(t, mailTexts["zh"], mailIn("zh-Hant-TW"))
	require.Equal(t, mailTexts["en"], mailIn("xx"))
	require.Equal(t, mailTexts["en"], mailIn(""))
}
