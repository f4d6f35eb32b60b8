package sdp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/sdp"
)

// TestAnswer writes a whole answer by hand, once.
func TestAnswer(t *testing.T) {
	offer := strings.NewReplacer("a=group", "a=extmap-allow-mixed\r\na=group", "BUNDLE 0 1 2 3", "BUNDLE 0 1 2 3 4").Replace(sample) +
		"m=audio 0 UDP/TLS/RTP/SAVPF 111 9\r\na=bundle-only\r\na=mid:4\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
	o := parse(t, offer)
	a := acceptAll(o)
	delete(a.Sections, "4")
	text, err := o.Answer(a)
	require.NoError(t, err)
	transport := "a=ice-ufrag:srvr\na=ice-pwd:0123456789abcdefghijklmn\na=setup:passive\n"
	require.Equal(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE 0 1 2 3\na=ice-lite\na=ice-options:trickle ice2\n"+
		"a=extmap-allow-mixed\na=msid-semantic:WMS *\na=fingerprint:sha-256 00"+strings.Repeat(":11", 31)+"\n"+
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=candidate:"+strings.Join(a.Candidates, "\na=candidate:")+"\na=end-of-candidates\n"+
		transport+"a=mid:0\na=extmap:4 "+sdp.URIMID+"\na=recvonly\na=rtcp-mux\na=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10;useinbandfec=1\n"+
		"m=video 9 UDP/TLS/RTP/SAVPF 96 97\nc=IN IP4 0.0.0.0\n"+
		transport+"a=mid:1\na=extmap:5 "+sdp.URIRID+"\na=recvonly\na=rtcp-mux\na=rtpmap:96 VP8/90000\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n"+
		"a=rid:hi recv\na=rid:lo recv\na=simulcast:recv hi;lo\n"+
		"m=video 9 UDP/TLS/RTP/SAVPF 96 98\nc=IN IP4 0.0.0.0\n"+transport+"a=mid:2\na=sendonly\na=msid:slot-2 video-2\na=rtcp-mux\na=rtcp-rsize\n"+
		"a=rtpmap:96 VP8/90000\na=rtcp-fb:96 nack\na=rtpmap:98 H264/90000\na=rtcp-fb:98 nack\na=fmtp:98 packetization-mode=1;profile-level-id=42E01F\n"+
		"a=ssrc:1002 cname:kinwire\na=ssrc:1002 msid:slot-2 video-2\n"+
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\n"+transport+"a=mid:3\na=sctp-port:5000\na=max-message-size:16384\n"+
		"m=audio 0 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=mid:4\na=inactive\na=rtpmap:111 opus/48000/2\n",
		strings.ReplaceAll(text, "\r\n", "\n"))
	checkAnswer(t, offer, text)
}

// TestFirstRefused: the section that stands for the bundle stays in it.
func TestFirstRefused(t *testing.T) {
	o := parse(t, sample)
	a := own
	a.Sections = map[string]sdp.Accepted{"3": {}}
	text, err := o.Answer(a)
	require.NoError(t, err)
	require.Contains(t, text, "a=group:BUNDLE 0 3\r\n")
	first, _, _ := strings.Cut(text, "m=video")
	require.Contains(t, first, "m=audio 9 ")
	require.Contains(t, first, "a=inactive\r\n")
	require.Contains(t, first, "a=candidate:")
	require.Equal(t, 2, strings.Count(text, "m=video 0 "))
	require.Len(t, a.Sections, 1, "the caller's answer is as it was")

	// Without a format that the server could name it can only be refused.
	o = parse(t, change(t, "opus/48000/2", "other/48000/2"))
	text, err = o.Answer(a)
	require.NoError(t, err)
	require.Contains(t, text, "a=group:BUNDLE 3\r\n")
	_, last, _ := strings.Cut(text, "m=application 9")
	require.Contains(t, last, "a=candidate:")

	// When nothing is accepted, nothing is in the bundle.
	text, err = o.Answer(own)
	require.NoError(t, err)
	require.Contains(t, text, "a=group:BUNDLE\r\n")
}

// TestAnswerShapes looks at single lines of answers.
func TestAnswerShapes(t *testing.T) {
	o := parse(t, strings.NewReplacer("a=sendonly\r\n", "", "a=mid:1\r\n", "a=mid:1\r\na=extmap-allow-mixed\r\n").Replace(sample))
	vp8, _ := o.Section("1").Codec(codec.VP8)
	bare := vp8
	bare.RTX = 0
	opus, _ := o.Section("0").Codec(codec.Opus)
	for name, c := range map[string]struct {
		mid        string
		accepted   sdp.Accepted
		has, lacks []string
	}{
		"simulcast declined": {"1", sdp.Accepted{Codecs: []sdp.Codec{vp8}}, []string{"a=recvonly\r\n", "SAVPF 96 97\r\n", "a=extmap-allow-mixed\r\n"}, []string{"a=rid", "a=simulcast", sdp.URIRID}},
		"one encoding":       {"1", sdp.Accepted{Codecs: []sdp.Codec{vp8}, RIDs: []string{"lo"}}, []string{"a=rid:lo recv\r\na=simulcast:recv lo\r\n", sdp.URIRID}, []string{"a=rid:hi"}},
		"inactive":           {"1", sdp.Accepted{Inactive: true}, []string{"a=inactive\r\n", "SAVPF 96 97\r\n"}, []string{"a=recvonly"}},
		"no retransmissions": {"1", sdp.Accepted{Sends: true, Codecs: []sdp.Codec{bare}, SSRC: 7, RTX: 8, CNAME: "c", Track: "t"}, []string{"a=sendonly\r\n", "a=msid:- t\r\n", "SAVPF 96\r\n", "a=ssrc:7 cname:c\r\n"}, []string{"rtx", "FID", "ssrc:8"}},
		"retransmissions":    {"1", sdp.Accepted{Sends: true, Codecs: []sdp.Codec{vp8}, SSRC: 7, RTX: 8, CNAME: "c"}, []string{"a=ssrc-group:FID 7 8\r\na=ssrc:7 cname:c\r\na=ssrc:8 cname:c\r\n"}, []string{"msid:"}},
		"nothing announced":  {"1", sdp.Accepted{Sends: true, Codecs: []sdp.Codec{vp8}}, []string{"a=sendonly\r\n"}, []string{"a=ssrc"}},
		"sound":              {"0", sdp.Accepted{Codecs: []sdp.Codec{opus}}, []string{"a=rtpmap:111 opus/48000/2\r\n", "a=fmtp:111 minptime=10;useinbandfec=1\r\n", "a=extmap:4 " + sdp.URIMID}, []string{"rtcp-rsize"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := own
			a.Sections = map[string]sdp.Accepted{c.mid: c.accepted}
			text, err := o.Answer(a)
			require.NoError(t, err)
			_, section, _ := strings.Cut(text, "m="+o.Section(c.mid).Media+" 9 ")
			section, _, _ = strings.Cut(section, "m=")
			for _, h := range c.has {
				require.Contains(t, section, h)
			}
			for _, l := range c.lacks {
				require.NotContains(t, section, l)
			}
		})
	}
}

func TestAnswerExtensions(t *testing.T) {
	o := parse(t, change(t, "a=extmap:4", "a=extmap:7 urn:other\r\na=extmap:4"))
	a := acceptAll(o)
	a.Extensions = []string{"urn:other", "urn:unknown"}
	text, err := o.Answer(a)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(text, "a=extmap:"))
	require.Contains(t, text, "a=extmap:7 urn:other\r\n")

	// One that the client limits to a direction is named for that direction
	// alone, seen from the other side.
	o = parse(t, change(t, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=extmap:8/sendonly urn:out\r\na=extmap:9/recvonly urn:in\r\n"))
	require.NotContains(t, o.Sections[1].Extensions, "urn:in")
	require.NotContains(t, o.Sections[2].Extensions, "urn:out")
	a = acceptAll(o)
	a.Extensions = []string{"urn:in", "urn:out"}
	text, err = o.Answer(a)
	require.NoError(t, err)
	sections := strings.Split(text, "m=")
	require.Contains(t, sections[2], "a=extmap:8/recvonly urn:out\r\n")
	require.NotContains(t, sections[2], "urn:in")
	require.Contains(t, sections[3], "a=extmap:9/sendonly urn:in\r\n")
	require.NotContains(t, sections[3], "urn:out")

	a.Extensions = []string{}
	text, err = o.Answer(a)
	require.NoError(t, err)
	require.NotContains(t, text, "a=extmap:")
}

func TestAnswerRefuses(t *testing.T) {
	text := change(t, "a=mid:2\r\n", "a=mid:2\r\na=extmap:7 urn:x\r\na=extmap:7 urn:y\r\n")
	text = strings.Replace(text, "BUNDLE 0 1 2 3", "BUNDLE 0 1 2 3 4 5", 1) +
		"m=application 9 DTLS/SCTP 5000\r\na=mid:4\r\nm=video 9 UDP/TLS/RTP/SAVPF 35\r\na=mid:5\r\na=rtcp-mux\r\na=rtpmap:35 H265/90000\r\n" +
		"m=video 0 UDP/TLS/RTP/SAVPF 35\r\na=mid:6\r\n"
	o := parse(t, text)
	vp8, _ := o.Section("1").Codec(codec.VP8)
	in := func(mid string, c sdp.Accepted) func(*sdp.Answer) {
		return func(a *sdp.Answer) { a.Sections = map[string]sdp.Accepted{mid: c} }
	}
	with := func(change func(*sdp.Codec)) sdp.Accepted {
		c := vp8
		change(&c)
		return sdp.Accepted{Codecs: []sdp.Codec{c}}
	}
	sends := func(change func(*sdp.Accepted)) sdp.Accepted {
		c := sdp.Accepted{Sends: true, Codecs: o.Section("2").Codecs, SSRC: 1, RTX: 2, CNAME: "c", Stream: "s", Track: "t"}
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		change func(*sdp.Answer)
		says   string
	}{
		"a short ufrag":            {func(a *sdp.Answer) { a.Ufrag = "abc" }, "ufrag"},
		"a short pwd":              {func(a *sdp.Answer) { a.Pwd = "abcd" }, "pwd"},
		"no fingerprint":           {func(a *sdp.Answer) { a.Fingerprint.Value = "" }, "fingerprint"},
		"two lines of a candidate": {func(a *sdp.Answer) { a.Candidates = []string{"1\r\na=x"} }, "candidate"},
		"no URI":                   {func(a *sdp.Answer) { a.Extensions = []string{"a b"} }, "not a URI"},
		"an id with two meanings":  {func(a *sdp.Answer) { a.Extensions = []string{"urn:x"} }, "id 7 is both"},
		"another mid":              {in("9", sdp.Accepted{}), "1 sections are accepted that were not offered"},
		"a stopped section":        {in("6", sdp.Accepted{Inactive: true}), "stopped"},
		"data channels of old":     {in("4", sdp.Accepted{}), "RFC 8841"},
		"no format to take":        {in("5", sdp.Accepted{Inactive: true}), "0 of its 0 formats"},
		"no format taken":          {in("1", sdp.Accepted{}), "0 of its 1 formats"},
		"sending to a sender":      {in("1", sdp.Accepted{Sends: true, Codecs: []sdp.Codec{vp8}}), "client receives"},
		"receiving from a slot":    {in("2", sdp.Accepted{Codecs: o.Section("2").Codecs}), "client sends"},
		"another payload type":     {in("1", with(func(c *sdp.Codec) { c.PT = 100 })), "does not offer vp8 as payload type 100"},
		"another codec":            {in("1", with(func(c *sdp.Codec) { c.Kind = codec.VP9 })), "does not offer vp9"},
		"another RTX":              {in("1", with(func(c *sdp.Codec) { c.RTX = 100 })), "retransmissions as 100"},
		"one format twice":         {in("1", sdp.Accepted{Codecs: []sdp.Codec{vp8, vp8}}), "twice"},
		"another encoding":         {in("1", sdp.Accepted{Codecs: []sdp.Codec{vp8}, RIDs: []string{"mid"}}), `encoding "mid"`},
		"one encoding twice":       {in("1", sdp.Accepted{Codecs: []sdp.Codec{vp8}, RIDs: []string{"hi", "hi"}}), `encoding "hi"`},
		"encodings of a slot":      {in("2", sends(func(c *sdp.Accepted) { c.RIDs = []string{"hi"} })), "encodings to receive"},
		"a stream with a space":    {in("2", sends(func(c *sdp.Accepted) { c.Stream = "a b" })), "stream or track"},
		"a CNAME with a line end":  {in("2", sends(func(c *sdp.Accepted) { c.CNAME = "a\r\nb" })), "CNAME"},
		"no CNAME":                 {in("2", sends(func(c *sdp.Accepted) { c.CNAME = "" })), "without a CNAME"},
		"RTX of nothing":           {in("2", sends(func(c *sdp.Accepted) { c.SSRC = 0 })), "SSRC of retransmissions"},
	} {
		t.Run(name, func(t *testing.T) {
			a := own
			c.change(&a)
			text, err := o.Answer(a)
			require.ErrorIs(t, err, sdp.ErrAnswer)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, text)
		})
	}
}
