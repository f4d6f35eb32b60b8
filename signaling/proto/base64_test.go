package proto

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestBase64AgainstTheStandardLibrary: what passes is what the library's
// strict decoder takes, without the line breaks that it overlooks.
func TestBase64AgainstTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := base64.StdEncoding.EncodeToString(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		require.Zero(t, notBase64(text))
		if n := len(text); n > 0 && rapid.Bool().Draw(t, "spoil") {
			at := rapid.IntRange(0, n-1).Draw(t, "at")
			text = text[:at] + rapid.SampledFrom([]string{"", "=", "A", "_", "\n", "B", "é", "=="}).Draw(t, "with") + text[at+rapid.IntRange(0, 1).Draw(t, "instead of"):]
		}
		_, err := base64.StdEncoding.Strict().DecodeString(text)
		require.Equal(t, err == nil && !strings.ContainsAny(text, "\r\n"), notBase64(text) == 0, "%q", text)
	})
}

func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "AA==", "AAA=", "AAAA", "AB==", "A", "=", "====", "A===", "AAAA\n", "AA=A", "AA-_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := notBase64(text)
		_, err := base64.StdEncoding.Strict().DecodeString(text)
		if ok := err == nil && !strings.ContainsAny(text, "\r\n"); ok != (at == 0) || at > len(text) {
			t.Fatalf("given %q: wrong at %d, the library says %v", text, at, err)
		}
	})
}

func TestBytesAreBase64(t *testing.T) {
	send := func(body string) string {
		return `{"conversation_id":"g","n":1,"settled":0,"body":` + body + `,"commitment":"` + base64.StdEncoding.EncodeToString(make([]byte, 32)) + `"}`
	}
	in, refused := Decode[ChatSend](json.RawMessage(send(`"AAEC"`)))
	require.Nil(t, refused)
	require.Equal(t, []byte{0, 1, 2}, in.Body)
	for body, says := range map[string]string{
		`"AAEC!"`:     "data.body: given a text that is not base64, at character 5 of 5",
		`"AAE"`:       "data.body: given a text that is not base64, at character 3 of 3",
		`"AAEC\nAAE"`: "data.body: given a text that is not base64, at character 5",
		`"AB=="`:      "data.body: given a text that is not base64, at character 2",
		`"AA-_"`:      "data.body: given a text that is not base64, at character 3",
		`[0,1,2]`:     "data.body: given something else than a text; allowed are bytes",
		`{}`:          "data.body: given something else than a text",
		`7`:           "data.body: given something else than a text",
		`null`:        "data.body: given nothing",
		`""`:          "data.body: given 0 bytes; allowed are at least 1",
	} {
		_, refused := Decode[ChatSend](json.RawMessage(send(body)))
		require.NotNil(t, refused, body)
		require.Equal(t, CodeBadMessage, refused.Code)
		require.Contains(t, refused.Message, says, body)
	}
	_, refused = Decode[ChatSend](json.RawMessage(strings.Replace(send(`"AAEC"`), `AAAA`, ``, 1)))
	require.Contains(t, refused.Message, "data.commitment: given 29 bytes; allowed are exactly 32")
	_, refused = Decode[ChatSend](json.RawMessage(send(`"` + strings.Repeat("AAAA", 21846) + `"`)))
	require.Contains(t, refused.Message, "data.body: given 65538 bytes; allowed are at most 65536")
}

// TestStrictFor: bytes are looked at wherever they are, and keys that the type
// does not know are not its business.
func TestStrictFor(t *testing.T) {
	report := reflect.TypeFor[ReportNew]()
	require.Nil(t, StrictFor([]byte(`{"about":"u","surprise":[1],"message":{"content":"AAEC"}}`), report, "body"))
	refused := StrictFor([]byte(`{"about":"u","message":{"content":"AAEC*"}}`), report, "body")
	require.NotNil(t, refused)
	require.Contains(t, refused.Message, "body.message.content: given a text that is not base64")
	refused = StrictFor([]byte(`{"packages":["AAEC","?"]}`), reflect.TypeFor[KeyPackagesNew](), "body")
	require.NotNil(t, refused)
	require.Contains(t, refused.Message, "body.packages[1]: given")
	require.NotContains(t, refused.Message, "?", "what was given is not repeated")
	require.NotNil(t, StrictFor([]byte(`{"a":1,"a":2}`), nil, "body"))
	require.Nil(t, StrictFor([]byte(`{"response":{"id":"*"}}`), reflect.TypeFor[PasskeyNew](), "body"))
}
