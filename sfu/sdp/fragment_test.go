package sdp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/sdp"
)

// trickled is of the form that RFC 9725 section 4.3 shows.
const trickled = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n" +
	"a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n" +
	"a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2\r\na=end-of-candidates\r\n"

func TestParseFragment(t *testing.T) {
	for _, text := range []string{trickled, strings.ReplaceAll(trickled, "\r\n", "\n"), strings.TrimSuffix(trickled, "\r\n")} {
		ufrag, pwd, candidates, err := sdp.ParseFragment(text)
		require.NoError(t, err)
		require.Equal(t, "EsAw", ufrag)
		require.Equal(t, "P2uYro0UCOQ4zxjKXaWCBui1", pwd)
		require.Equal(t, 2, candidates)
	}
	for says, text := range map[string]string{
		"none of a fragment": `{"candidate":""}`,
		"65536 are allowed":  trickled + strings.Repeat("a=x\r\n", 1<<14),
		"a=ice-ufrag":        strings.Replace(trickled, "a=ice-ufrag:EsAw", "a=ice-ufrag:E w", 1),
		"has 0 characters":   strings.Replace(trickled, "a=ice-pwd", "a=pwd", 1),
		"256 are allowed":    trickled + strings.Repeat("a=candidate:1\r\n", 256),
	} {
		_, _, _, err := sdp.ParseFragment(text)
		require.ErrorIs(t, err, sdp.ErrFragment)
		require.ErrorContains(t, err, says)
	}
}

func TestFragment(t *testing.T) {
	text := sdp.Fragment(own.Ufrag, own.Pwd, own.Candidates)
	require.Contains(t, text, "a=ice-lite\r\n")
	require.Contains(t, text, "a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n")
	require.True(t, strings.HasSuffix(text, "a=candidate:"+own.Candidates[2]+"\r\na=end-of-candidates\r\n"))
	ufrag, pwd, candidates, err := sdp.ParseFragment(text)
	require.NoError(t, err)
	require.Equal(t, own.Ufrag, ufrag)
	require.Equal(t, own.Pwd, pwd)
	require.Equal(t, len(own.Candidates), candidates)
	require.Contains(t, sdp.Fragment(own.Ufrag, own.Pwd, nil, "a", "b"), "a=group:BUNDLE a b\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\n")
}

func FuzzParseFragment(f *testing.F) {
	f.Add(trickled)
	f.Add(sdp.Fragment(own.Ufrag, own.Pwd, own.Candidates))
	f.Fuzz(func(t *testing.T, text string) {
		ufrag, pwd, candidates, err := sdp.ParseFragment(text)
		if err != nil {
			require.ErrorIs(t, err, sdp.ErrFragment)
			return
		}
		again, same, n, err := sdp.ParseFragment(sdp.Fragment(ufrag, pwd, own.Candidates))
		require.NoError(t, err)
		require.Equal(t, [2]string{ufrag, pwd}, [2]string{again, same})
		require.Equal(t, len(own.Candidates), n)
		require.LessOrEqual(t, candidates, 256)
	})
}
