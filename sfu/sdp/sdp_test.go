package sdp_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/sdp"
)

// What the tests' server says of itself: documentation addresses, and a
// fingerprint that is one in form only.
var own = sdp.Answer{
	Session: 1, Version: 1, Ufrag: "srvr", Pwd: "0123456789abcdefghijklmn",
	Fingerprint: sdp.Fingerprint{Hash: "sha-256", Value: "00" + strings.Repeat(":11", 31)},
	Candidates: []string{
		"1 1 udp 2130706431 192.0.2.1 7882 typ host",
		"2 1 udp 2130706175 2001:db8::1 7882 typ host",
		"3 1 tcp 1671430143 192.0.2.1 7882 typ host tcptype passive",
	},
}

// acceptAll makes the answer that takes up everything: the best form of the
// first codec where the client sends, with all its encodings, and the best
// form of each codec where it receives.
func acceptAll(o *sdp.Offer) sdp.Answer {
	a := own
	a.Sections = map[string]sdp.Accepted{}
	for i := range o.Sections {
		s := &o.Sections[i]
		if s.Data {
			a.Sections[s.MID] = sdp.Accepted{}
		}
		kinds := s.Kinds()
		if s.Stopped || len(kinds) == 0 {
			continue
		}
		best, _ := s.Codec(kinds[0])
		accepted := sdp.Accepted{Codecs: []sdp.Codec{best}, RIDs: s.RIDs}
		switch {
		case s.Takes && !s.Sends:
			accepted = slot(s, i)
		case !s.Sends:
			accepted = sdp.Accepted{Inactive: true}
		}
		a.Sections[s.MID] = accepted
	}
	return a
}

// slot accepts a section for sending.
func slot(s *sdp.Section, i int) sdp.Accepted {
	a := sdp.Accepted{Sends: true, SSRC: uint32(1000 + i), CNAME: "kinwire", Stream: "slot-" + s.MID, Track: s.Media + "-" + s.MID}
	if s.Video {
		a.RTX = uint32(2000 + i)
	}
	for _, k := range s.Kinds() {
		c, _ := s.Codec(k)
		a.Codecs = append(a.Codecs, c)
	}
	return a
}

// describe writes what was read of an offer.
func describe(o *sdp.Offer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ufrag %s pwd %s setup %s\n", o.Ufrag, o.Pwd, o.Setup)
	for _, f := range o.Fingerprints {
		fmt.Fprintf(&b, "fingerprint %s %s\n", f.Hash, f.Value)
	}
	for i := range o.Sections {
		s := &o.Sections[i]
		fmt.Fprintf(&b, "section %s: %s video=%t data=%t stopped=%t sends=%t takes=%t\n", s.MID, s.Media, s.Video, s.Data, s.Stopped, s.Sends, s.Takes)
		for _, c := range s.Codecs {
			best, _ := s.Codec(c.Kind)
			fmt.Fprintf(&b, "  %s %d rtx %d clock %d channels %d best=%t fmtp %q feedback %q\n",
				c.Kind, c.PT, c.RTX, c.ClockRate, c.Channels, best.PT == c.PT, c.Fmtp, c.Feedback)
		}
		for _, uri := range slices.Sorted(maps.Keys(s.Extensions)) {
			fmt.Fprintf(&b, "  extension %d %s\n", s.Extensions[uri], uri)
		}
		for _, id := range s.SSRCs {
			fmt.Fprintf(&b, "  ssrc %d repairs %d\n", id, s.Repair[id])
		}
		if len(s.RIDs) > 0 {
			fmt.Fprintf(&b, "  encodings %q\n", s.RIDs)
		}
		if s.Data {
			fmt.Fprintf(&b, "  sctp port %d messages %d\n", s.SCTPPort, s.MaxMessage)
		}
	}
	return b.String()
}

// recorded gives the recorded offers by name.
func recorded(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.sdp")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	texts := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		// The files have plain line ends; clients send CR LF.
		text := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r", ""), "\n", "\r\n")
		texts[strings.TrimSuffix(filepath.Base(f), ".sdp")] = text
	}
	return texts
}

// sample is what a client of ours offers, as short as it can be.
const sample = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3\r\n" +
	"a=fingerprint:sha-256 00:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=setup:actpass\r\n" +
	"a=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=rtpmap:111 opus/48000/2\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
	"a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=rid:hi send\r\na=rid:lo send\r\na=simulcast:send hi;~lo\r\n" +
	"a=ssrc-group:FID 1 2\r\na=ssrc:1 cname:x\r\na=ssrc:1 msid:a b\r\na=ssrc:2 cname:x\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 98\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:98 h264/90000\r\n" +
	"a=fmtp:98 Packetization-Mode=1; profile-level-id=42E01F\r\na=rtcp-fb:* nack\r\na=rtcp-fb:96 goog-remb\r\n" +
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:3\r\na=sctp-port:5000\r\n"

// change makes another offer of the sample.
func change(t testing.TB, old, new string) string {
	t.Helper()
	require.Contains(t, sample, old)
	return strings.ReplaceAll(sample, old, new)
}

func parse(t testing.TB, text string) *sdp.Offer {
	t.Helper()
	o, err := sdp.ParseOffer(text)
	require.NoError(t, err)
	return o
}
