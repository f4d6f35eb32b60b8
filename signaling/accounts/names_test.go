package accounts

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func code(t *testing.T, err error) proto.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *proto.Error
	require.ErrorAs(t, err, &e)
	return e.Code
}

func TestEmoji(t *testing.T) {
	for _, s := range []string{
		"🦊", "⛵", "⛵️", "❤", "❤️", "🇵🇱", "🇹🇼", "7️⃣", "#️⃣", "👍🏽", "👩‍🚀", "👩🏽‍🚀", "🧑‍🧑‍🧒‍🧒", "👨‍👩‍👧‍👦", "🏴‍☠️", "🏳️‍🌈",
		"🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "👩🏻‍❤️‍💋‍👩🏼", "㊙️", "🫠",
	} {
		require.True(t, isEmoji(s), "%q", s)
		require.Len(t, clusters(s), 1, "%q", s)
	}
	for _, s := range []string{
		"", "a", "7", "77", "🦊🦊", "🦊a", "a🦊", "🦊 ", "🇵", "🇵🇱🇹", "🇵🇱🇹🇼", "👩\u200d", "\u200d🦊", "👩\u200da", "🏽", "\ufe0f", "❤\ufe0e", "7\ufe0f", "x\u20e3", "中", "é",
		"👍🏽🏽", "👩‍👩‍👩‍👩‍👩", "\xf0\x9f", "🏴\U000e0061\U000e007f", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074",
		"🦊\U000e0068\U000e0069\U000e007f",
	} {
		require.False(t, isEmoji(s), "%q", s)
	}
}

func TestClusters(t *testing.T) {
	for s, want := range map[string]string{
		"":          "",
		"mia":       "m|i|a",
		"e\u0301a":  "e\u0301|a",
		"🦊🚀":        "🦊|🚀",
		"👍🏽👍":       "👍🏽|👍",
		"👩‍🚀🦊":      "👩‍🚀|🦊",
		"🇵🇱🇹🇼🇬":     "🇵🇱|🇹🇼|🇬",
		"7️⃣8️⃣":    "7️⃣|8️⃣",
		"मिया":      "मि|या",
		"a\u200db":  "a\u200d|b",
		"❤️\ufe0f🦊": "❤️\ufe0f|🦊",
	} {
		require.Equal(t, want, strings.Join(clusters(s), "|"), "%q", s)
	}
}

func FuzzClusters(f *testing.F) {
	f.Add("👩🏽‍🚀 मिया 7️⃣🇵🇱\xff")
	f.Fuzz(func(t *testing.T, s string) {
		parts := clusters(s)
		if utf8.ValidString(s) && strings.Join(parts, "") != s {
			t.Fatalf("%q fell apart into %q", s, parts)
		}
		if isEmoji(s) && len(parts) != 1 {
			t.Fatalf("%q is one emoji in %d parts", s, len(parts))
		}
	})
}

func TestNameOf(t *testing.T) {
	for given, want := range map[string]string{
		"Mia": "Mia", "  Mia \t Rose ": "Mia Rose", "Zoe\u0308": "Zoë", "小明": "小明", "👩‍🚀 Mia": "👩‍🚀 Mia", "क्\u200dष": "क्\u200dष", "7": "7",
		strings.Repeat("ä", 40): strings.Repeat("ä", 40),
	} {
		got, err := nameOf("name", given)
		require.NoError(t, err, "%q", given)
		require.Equal(t, want, got)
	}
	for given, want := range map[string]proto.Code{
		"": proto.CodeBadMessage, "   ": proto.CodeBadMessage, strings.Repeat("a", 41): proto.CodeBadMessage, "\xff": proto.CodeBadMessage,
		"Mi\x00a": proto.CodeBadMessage, "Mia\u202e": proto.CodeBadMessage, "\u200b": proto.CodeBadMessage, "\u200d": proto.CodeBadMessage, "\u0301": proto.CodeBadMessage,
		"Mia\U000e0061": proto.CodeBadMessage, "M" + strings.Repeat("\u0334", 20): proto.CodeBadMessage,
		"Mia 555-1234": proto.CodeTextRefused,
	} {
		_, err := nameOf("name", given)
		require.Equal(t, want, code(t, err), "%q", given)
	}
}

func TestAvatarOf(t *testing.T) {
	got, err := avatarOf(" 🦊 ")
	require.NoError(t, err)
	require.Equal(t, "🦊", got)
	for given, want := range map[string]proto.Code{
		"": proto.CodeBadMessage, "x": proto.CodeBadMessage, "🦊🦊": proto.CodeBadMessage, "fox": proto.CodeBadMessage,
		"555 1234": proto.CodeTextRefused, "5️⃣5️⃣5️⃣1️⃣2️⃣3️⃣": proto.CodeTextRefused, "a@b.org": proto.CodeTextRefused, "Szkoła": proto.CodeTextRefused,
		strings.Repeat("5", 1<<16): proto.CodeTextRefused,
	} {
		_, err := avatarOf(given)
		require.Equal(t, want, code(t, err), "%q", shorten(given))
	}
}

func TestEmailOf(t *testing.T) {
	for given, want := range map[string]string{
		" Priya@Example.ORG ": "priya@example.org", "p.s+kin@x-y.example": "p.s+kin@x-y.example", "jürgen@bücher.example": "jürgen@bücher.example",
		"ｐ@example.org": "p@example.org",
	} {
		got, err := emailOf(given)
		require.NoError(t, err, given)
		require.Equal(t, want, got)
	}
	for _, given := range []string{
		"", "priya", "@x.org", "priya@", "Priya <priya@x.org>", "priya@x.org, mia@x.org", "a b@x.org", `"a b"@x.org`, "priya@x.org\r\nBcc: y@z.org",
		"a@b@c.org", strings.Repeat("a", 250) + "@x.org", "priya@[127.0.0.1]", "(comment)priya@x.org",
	} {
		_, err := emailOf(given)
		require.Equal(t, proto.CodeBadMessage, code(t, err), "%q", given)
	}
}

func TestUserOf(t *testing.T) {
	for given, want := range map[string]string{
		"Mia": "mia", " mia_7 ": "mia_7", "m.i-a": "m.i-a", "小明明": "小明明", "मिया": "मिया", "ＭＩＡ": "mia", "Łucja": "łucja", strings.Repeat("a", 32): strings.Repeat("a", 32),
	} {
		got, err := userOf(given)
		require.NoError(t, err, given)
		require.Equal(t, want, got)
		require.Equal(t, want, loginName(given), "found again however it is typed")
	}
	for _, given := range []string{"", "mi", strings.Repeat("a", 33), "mia@home", "mia rose", "mia!", "🦊🦊🦊", "mi\x00a", "\xffmia"} {
		_, err := userOf(given)
		require.Equal(t, proto.CodeBadMessage, code(t, err), "%q", given)
	}
}

func TestCountryOf(t *testing.T) {
	for given, want := range map[string]string{"PL": "PL", "tw": "TW", " gb ": "GB", "IN": "IN"} {
		got, err := countryOf(given)
		require.NoError(t, err, given)
		require.Equal(t, want, got)
	}
	for _, given := range []string{"", "P", "POL", "UK", "XX", "12", "中国"} {
		_, err := countryOf(given)
		require.Equal(t, proto.CodeBadMessage, code(t, err), given)
	}
}

func TestAgeOf(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v
	}
	for _, c := range []struct {
		born, now string
		age       int
	}{
		{"2013-06-15", "2026-06-14T12:00:00Z", 12},
		{"2013-06-15", "2026-06-15T00:00:00Z", 12}, // the day has not begun in the west
		{"2013-06-15", "2026-06-15T11:59:59Z", 12},
		{"2013-06-15", "2026-06-15T12:00:00Z", 13},
		{"2013-06-15", "2026-12-31T00:00:00Z", 13},
		{"2012-02-29", "2025-02-28T23:00:00Z", 12},
		{"2012-02-29", "2025-03-01T12:00:00Z", 13},
		{"2012-02-29", "2028-02-29T12:00:00Z", 16},
		{"2026-06-15", "2026-06-15T12:00:00Z", 0},
		{"2026-06-16", "2026-06-15T12:00:00Z", 0}, // born already in the east
		{"1906-06-15", "2026-06-15T12:00:00Z", 120},
	} {
		age, err := ageOf(c.born, at(c.now))
		require.NoError(t, err, c)
		require.Equal(t, c.age, age, c)
	}
	for _, born := range []string{"", "2026-06-17", "2027-01-01", "1905-06-15", "2013-02-30", "13-06-15", "2013-6-5", "2013-06-15T00:00:00Z", "-001-01-01"} {
		_, err := ageOf(born, at("2026-06-15T12:00:00Z"))
		require.Equal(t, proto.CodeBadMessage, code(t, err), born)
	}
}

func TestConsentAge(t *testing.T) {
	rules := []AgeRule{
		{Age: 13}, {Country: "DK", Age: 15, From: "2024-01-01"}, {Country: "DK", Age: 13, From: "2018-05-25"}, {Country: "PL", Age: 16, From: "2018-05-25"},
		{Country: "XA", Age: 18, From: "2030-01-01"},
	}
	for _, c := range []struct {
		country, day string
		age          int
	}{
		{"DK", "2023-12-31", 13}, {"DK", "2024-01-01", 15}, {"DK", "2040-01-01", 15}, {"DK", "2018-05-24", 13},
		{"PL", "2026-01-01", 16}, {"PL", "2018-05-24", 13}, {"IN", "2026-01-01", 13}, {"", "2026-01-01", 13},
		{"XA", "2029-12-31", 13}, {"XA", "2030-01-01", 18},
	} {
		require.Equal(t, c.age, consentAge(rules, c.country, c.day), c)
	}
	require.Equal(t, 16, consentAge(nil, "PL", "2026-01-01"), "without any rule the strictest holds")
}

func TestLanguageOf(t *testing.T) {
	for given, want := range map[string]string{
		"pl": "pl", "zh-Hant-TW": "zh-Hant-TW", "pl-PL": "pl-PL", "": "", "x": "", "en\r\nBcc: a@b": "", "<b>": "", strings.Repeat("a", 36): "",
	} {
		require.Equal(t, want, languageOf(given), given)
	}
}
