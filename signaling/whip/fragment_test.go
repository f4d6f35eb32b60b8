package whip

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestFragment(t *testing.T) {
	pwd := strings.Repeat("p", 22)
	// The examples of RFC 9725, sections 4.3.2 and 4.3.3.
	f, err := scanFragment("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\na=end-of-candidates\r\n")
	require.NoError(t, err)
	require.Equal(t, fragment{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"}, f)
	f, err = scanFragment("a=ice-ufrag:ysXw\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k")
	require.NoError(t, err)
	require.Equal(t, fragment{"ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"}, f)
	f, err = scanFragment("a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n")
	require.NoError(t, err)
	require.Zero(t, f)
	for name, text := range map[string]string{
		"nothing": "", "a word": "hello", "JSON": `{"candidate":""}`, "short ufrag": "a=ice-ufrag:abc\r\n", "short pwd": "a=ice-pwd:" + pwd[1:],
		"long ufrag": "a=ice-ufrag:" + strings.Repeat("a", 257), "odd ufrag": "a=ice-ufrag:ab-d", "odd pwd": "a=ice-pwd:" + pwd + " ",
		"two of them": "a=ice-ufrag:abcd\r\nm=audio 9 x 0\r\na=ice-ufrag:efgh\r\n", "hidden line": "a=x\ra=ice-ufrag:abcd\r\n",
	} {
		_, err := scanFragment(text)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), pwd)
	}
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=end-of-candidates\r\n")
	f.Add("a=\nm=\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := scanFragment(text)
		if err != nil {
			return
		}
		for value, atLeast := range map[string]int{got.ufrag: 4, got.pwd: 22} {
			if value != "" && (len(value) < atLeast || len(value) > 256 || strings.Trim(value, iceChars) != "") {
				t.Fatalf("given %q, took %q", text, value)
			}
		}
		if (got.ufrag != "") != strings.Contains("\n"+text, "\na=ice-ufrag:") {
			t.Fatalf("given %q, took %q", text, got.ufrag)
		}
	})
}

func FuzzContentType(f *testing.F) {
	for _, s := range []string{"application/sdp", "Application/SDP; charset=utf-8", typeFragment, "application/sdp;", "text/plain", ";;", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Content-Type": {value}}}
		if hasType(r, typeSDP) && hasType(r, typeFragment) {
			t.Fatal("both types")
		}
		if hasType(r, typeSDP) && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), typeSDP) {
			t.Fatalf("given %q", value)
		}
	})
}

func TestCondition(t *testing.T) {
	for given, want := range map[string][]string{
		"": nil, `*`: {"*"}, `"a"`: {`"a"`}, ` "a" , "b"`: {`"a"`, `"b"`}, `W/"a"`: {`W/"a"`}, `,,`: nil,
	} {
		require.Equal(t, want, condition(http.Header{"If-Match": {given}}), given)
	}
	require.Equal(t, []string{`"a"`, `"b"`}, condition(http.Header{"If-Match": {`"a"`, `"b"`}}))
}

func TestLinks(t *testing.T) {
	h := http.Header{}
	linkServers(h, []proto.ICEServer{
		{URLs: []string{"stun:stun.example.net"}},
		{URLs: []string{"turn:turn.example.net?transport=udp", "turns:[2001:db8::1]:443"}, Username: `17:"a\b`, Credential: "x y\r\nEvil: 1"},
		{URLs: []string{"turn:a>; rel=\"evil\"\r\n"}},
	})
	require.Equal(t, []string{
		`<stun:stun.example.net>; rel="ice-server"`,
		`<turn:turn.example.net?transport=udp>; rel="ice-server"; username="17:\"a\\b"; credential="x yEvil: 1"; credential-type="password"`,
		`<turns:[2001:db8::1]:443>; rel="ice-server"; username="17:\"a\\b"; credential="x yEvil: 1"; credential-type="password"`,
		`<turn:a;rel="evil">; rel="ice-server"`,
	}, h.Values("Link"))
}
