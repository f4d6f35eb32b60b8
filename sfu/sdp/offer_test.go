package sdp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/sdp"
)

func TestParseOffer(t *testing.T) {
	o := parse(t, sample)
	require.Equal(t, "abcd", o.Ufrag)
	require.Equal(t, "0123456789abcdefghijkl", o.Pwd)
	require.Equal(t, "actpass", o.Setup)
	require.Equal(t, []sdp.Fingerprint{own.Fingerprint}, o.Fingerprints)
	require.Len(t, o.Sections, 4)

	sound := o.Sections[0]
	require.Equal(t, []sdp.Codec{{Kind: codec.Opus, PT: 111, ClockRate: 48000, Channels: 2}}, sound.Codecs)
	require.True(t, sound.Sends)
	require.False(t, sound.Takes)
	require.Equal(t, map[string]uint8{sdp.URIMID: 4}, sound.Extensions)

	camera := o.Sections[1]
	require.Equal(t, []sdp.Codec{{Kind: codec.VP8, PT: 96, RTX: 97, ClockRate: 90000}}, camera.Codecs)
	require.Equal(t, []string{"hi", "lo"}, camera.RIDs)
	require.Equal(t, []uint32{1, 2}, camera.SSRCs)
	require.Equal(t, map[uint32]uint32{2: 1}, camera.Repair)

	slot := o.Sections[2]
	require.True(t, slot.Takes)
	require.False(t, slot.Sends)
	require.Equal(t, []codec.Kind{codec.VP8, codec.H264}, slot.Kinds())
	require.Equal(t, []string{"nack", "goog-remb"}, slot.Codecs[0].Feedback)
	require.Equal(t, []string{"nack"}, slot.Codecs[1].Feedback)

	data := o.Sections[3]
	require.True(t, data.Data)
	require.Equal(t, 5000, data.SCTPPort)
	require.Equal(t, 65536, data.MaxMessage)

	require.Same(t, &o.Sections[2], o.Section("2"))
	require.Nil(t, o.Section("9"))
	id, ok := o.Extension(sdp.URIRID)
	require.True(t, ok)
	require.EqualValues(t, 5, id)
	_, ok = o.Extension(sdp.URITransportWide)
	require.False(t, ok)
}

func TestParseOfferRefuses(t *testing.T) {
	sound := sample[strings.Index(sample, "m=audio"):strings.Index(sample, "m=video")]
	one := func(attributes string) string { return change(t, "a=rtpmap:111", attributes+"a=rtpmap:111") }
	for name, c := range map[string]struct{ sdp, says string }{
		"not SDP":                  {"v=1\r\n", "v=0 is allowed"},
		"empty":                    {"", "no m-section"},
		"no m-section":             {sample[:strings.Index(sample, "m=")], "1 to 64 are allowed"},
		"a line of another kind":   {change(t, "t=0 0", "y=0 0"), `"y=0 0"`},
		"a control character":      {change(t, "s=-", "s=a\rb"), "control character"},
		"too long":                 {sample + strings.Repeat("a=x\r\n", 1<<18), "1048576 are allowed"},
		"a broken m-line":          {change(t, "m=audio 9", "m=audio x"), "media port proto"},
		"no format":                {change(t, "SAVPF 111", "SAVPF"), "media port proto"},
		"no bundle":                {change(t, "a=group:BUNDLE 0 1 2 3\r\n", ""), "BUNDLE"},
		"another grouping":         {change(t, "group:BUNDLE", "group:LS"), "BUNDLE"},
		"not all bundled":          {change(t, "BUNDLE 0 1 2 3", "BUNDLE 0 1 3"), `"2" is not in the BUNDLE`},
		"all stopped":              {strings.NewReplacer("audio 9", "audio 0", "video 9", "video 0", "application 9", "application 0").Replace(sample), "one in use"},
		"no mid":                   {change(t, "a=mid:1\r\n", ""), `the mid ""`},
		"a long mid":               {strings.NewReplacer("mid:1", "mid:12345678901234567", "BUNDLE 0 1", "BUNDLE 0 12345678901234567").Replace(sample), "1 to 16 characters"},
		"a mid that is no token":   {strings.NewReplacer("mid:1", "mid:(1)", "BUNDLE 0 1", "BUNDLE 0 (1)").Replace(sample), "of a token"},
		"one mid twice":            {change(t, "a=mid:2", "a=mid:1"), `two m-sections have the mid "1"`},
		"a kind of its own":        {change(t, "m=audio", "m=text"), `of kind "text"`},
		"RTP in the clear":         {change(t, "audio 9 UDP/TLS/RTP/SAVPF", "audio 9 udp"), `transport "udp"`},
		"too many m-sections":      {sample + strings.Repeat(sound, 64), "more than 64 m-sections"},
		"a payload type too large": {change(t, "SAVPF 111", "SAVPF 128"), `payload type "128"`},
		"no ufrag":                 {change(t, "a=ice-ufrag:abcd\r\n", ""), "a=ice-ufrag"},
		"a ufrag with a colon":     {change(t, "a=ice-ufrag:abcd", "a=ice-ufrag:ab:cd"), "a=ice-ufrag"},
		"a short pwd":              {change(t, "jkl\r\n", "\r\n"), "has 19 characters, 22 to 256"},
		"no fingerprint":           {change(t, "a=fingerprint", "a=print"), "of its 0 fingerprints"},
		"a weak fingerprint":       {change(t, "sha-256 00", "sha-1 00"), "of its 1 fingerprints"},
		"a cut fingerprint":        {change(t, "sha-256 00:11", "sha-256 00"), "of its 1 fingerprints"},
		"many fingerprints":        {change(t, "a=group", strings.Repeat("a=fingerprint:sha-1 00\r\n", 17)+"a=group"), "more than 16 fingerprints"},
		"passive":                  {change(t, "setup:actpass", "setup:passive"), `"passive"`},
		"ICE-lite":                 {change(t, "a=group", "a=ice-lite\r\na=group"), "ICE-lite"},
		"no rtcp-mux":              {change(t, "a=rtcp-mux\r\n", ""), "rtcp-mux"},
		"SSRCs without end":        {one(many("a=ssrc:%d cname:x\r\n", 33)), "more than 32 SSRCs"},
		"groups without end":       {one(many("a=ssrc-group:FID 0 %d\r\n", 40)), "more than 32 SSRC groups"},
		"extensions without end":   {one(many("a=extmap:%d urn:x:%[1]d\r\n", 65)), "more than 64 header extensions"},
		"encodings without end":    {one(many("a=rid:%d send\r\n", 9)), "more than 8 encodings"},
		"feedback without end":     {one(many("a=rtcp-fb:111 x%d\r\n", 17)), "more than 16 a=rtcp-fb"},
		"one extension, two ids":   {change(t, "a=extmap:5", "a=extmap:6 "+sdp.URIMID+"\r\na=extmap:5"), "the ids 4 and 6"},
		"one id, two extensions":   {change(t, "a=extmap:5", "a=extmap:4"), "id 4 is both"},
		"one id, one understood":   {change(t, "a=extmap:5 ", "a=extmap:4 urn:x\r\na=extmap:5 "), "id 4 is both"},
		"SCTP port 0":              {change(t, "sctp-port:5000", "sctp-port:0"), "a=sctp-port"},
		"a message size in words":  {change(t, "a=sctp-port:5000", "a=max-message-size:big"), "a=max-message-size"},
		"a format that is none":    {change(t, "webrtc-datachannel", "a(b"), `format "a(b"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sdp.ParseOffer(c.sdp)
			require.ErrorIs(t, err, sdp.ErrOffer)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// many repeats a line with the numbers from 1 on.
func many(line string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(fmt.Sprintf(line, i+1))
	}
	return b.String()
}

// TestParseOfferTakes are offers that look unusual and are right.
func TestParseOfferTakes(t *testing.T) {
	upper := change(t, "sha-256 00", "SHA-256 00")
	for name, c := range map[string]struct {
		sdp   string
		check func(*testing.T, *sdp.Offer)
	}{
		"plain line ends":           {strings.ReplaceAll(sample, "\r\n", "\n"), nil},
		"no last line end":          {strings.TrimSuffix(sample, "\r\n"), nil},
		"a hash in capitals":        {upper, nil},
		"a weak hash beside a good": {change(t, "a=fingerprint", "a=fingerprint:sha-1 00:11\r\na=fingerprint"), nil},
		"two groupings":             {change(t, "a=group", "a=group:LS 0 1\r\na=group"), nil},
		"no setup means active":     {change(t, "a=setup:actpass\r\n", ""), func(t *testing.T, o *sdp.Offer) { require.Equal(t, "active", o.Setup) }},
		"transport of the session": {change(t, "a=group", "a=ice-ufrag:session\r\na=setup:active\r\na=group"), func(t *testing.T, o *sdp.Offer) {
			require.Equal(t, "abcd", o.Ufrag)
			require.Equal(t, "actpass", o.Setup)
		}},
		"only in the bundle":           {change(t, "m=video 9", "m=video 0"), nil},
		"a direction of the session":   {strings.NewReplacer("a=sendonly\r\n", "", "a=group", "a=inactive\r\na=group").Replace(sample), func(t *testing.T, o *sdp.Offer) { require.False(t, o.Sections[0].Sends || o.Sections[0].Takes) }},
		"both ways by default":         {change(t, "a=sendonly\r\n", ""), func(t *testing.T, o *sdp.Offer) { require.True(t, o.Sections[0].Sends && o.Sections[0].Takes) }},
		"an id that two unknown share": {change(t, "a=extmap:5 ", "a=extmap:7 urn:x\r\na=extmap:7 urn:y\r\na=extmap:5 "), nil},
		"any message size": {change(t, "a=sctp-port:5000", "a=max-message-size:0"), func(t *testing.T, o *sdp.Offer) {
			require.Zero(t, o.Sections[3].MaxMessage)
			require.Equal(t, 5000, o.Sections[3].SCTPPort)
		}},
		"a message size": {change(t, "a=sctp-port:5000", "a=max-message-size:262144"), func(t *testing.T, o *sdp.Offer) { require.Equal(t, 262144, o.Sections[3].MaxMessage) }},
		"data channels of old": {change(t, "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000"), func(t *testing.T, o *sdp.Offer) {
			require.False(t, o.Sections[3].Data)
			require.False(t, o.Sections[3].Stopped)
		}},
		"extensions of the session": {change(t, "a=group", "a=extmap:9 "+sdp.URITransportWide+"\r\na=group"), func(t *testing.T, o *sdp.Offer) {
			require.EqualValues(t, 9, o.Sections[0].Extensions[sdp.URITransportWide])
			require.EqualValues(t, 9, o.Sections[2].Extensions[sdp.URITransportWide])
		}},
		"an extension one way": {change(t, "a=extmap:4", "a=extmap:4/recvonly"), func(t *testing.T, o *sdp.Offer) { require.Empty(t, o.Sections[0].Extensions) }},
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, c.sdp)
			require.Len(t, o.Sections, 4)
			if c.check != nil {
				c.check(t, o)
			}
		})
	}
}

// TestStoppedSections: nothing is read of them, and the transport is that of
// the first section that is in use.
func TestStoppedSections(t *testing.T) {
	text := change(t, "m=audio 9", "m=audio 0")
	text = strings.Replace(text, "a=mid:1\r\n", "a=mid:1\r\na=ice-ufrag:wxyz\r\na=ice-pwd:9876543210abcdefghijkl\r\na=setup:active\r\n", 1)
	o := parse(t, text)
	require.True(t, o.Sections[0].Stopped)
	require.Empty(t, o.Sections[0].Codecs)
	require.Equal(t, "wxyz", o.Ufrag)
	require.Equal(t, "active", o.Setup)
	o = parse(t, change(t, "m=video 9", "m=video 0"))
	require.True(t, o.Sections[1].Stopped)
	o = parse(t, change(t, "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n", "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\na=bundle-only\r\n"))
	require.False(t, o.Sections[1].Stopped)
}

// TestFormats: which formats are taken, and which of several is the best.
func TestFormats(t *testing.T) {
	const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
	section := func(maps ...string) *sdp.Section {
		var b strings.Builder
		b.WriteString("m=video 9 UDP/TLS/RTP/SAVPF 97 98 99\r\na=mid:x\r\na=rtcp-mux\r\n")
		for i, m := range maps {
			name, fmtp, _ := strings.Cut(m, " ")
			b.WriteString(fmt.Sprintf("a=rtpmap:%d %s\r\na=fmtp:%d %s\r\n", 97+i, name, 97+i, fmtp))
		}
		return parse(t, strings.Replace(sample, "BUNDLE 0", "BUNDLE 0 x", 1)+b.String()).Section("x")
	}
	for form, taken := range map[string]bool{
		"VP8/90000 max-fs=12288;max-fr=60": true, "vp8/90000 ": true, "VP8/8000 ": false, "VP8 ": false,
		"VP9/90000 profile-id=0": true, "VP9/90000 ": true, "VP9/90000 profile-id=2": false,
		"AV1/90000 level-idx=5;profile=0;tier=0": true, "AV1/90000 ": true, "AV1/90000 profile=1": false, "AV1/90000 tier=x": false,
		"H264/90000 " + h264 + "42e01f": true, "H264/90000 " + h264 + "42E034": true, "H264/90000 " + h264 + "42001f": true,
		"H264/90000 " + h264 + "42c01f": true, "H264/90000 " + h264 + "4d001f": false, "H264/90000 " + h264 + "640c1f": false,
		"H264/90000 " + h264 + "42e1": false, "H264/90000 " + h264 + "42011f": false, "H264/90000 ": false,
		"H264/90000 packetization-mode=0;profile-level-id=42e01f": false, "H264/90000 profile-level-id=42e01f": false,
		"H264/90000 packetization-mode=1;profile-level-id=42e01f": true, "H265/90000 ": false, "opus/48000/2 ": false, "rtx/90000 apt=97": false,
	} {
		require.Equal(t, taken, len(section(form).Codecs) == 1, form)
	}
	s := section("H264/90000 "+h264+"42001f", "H264/90000 "+h264+"42e034", "rtx/90000 apt=98;rtx-time=200")
	require.Len(t, s.Codecs, 2)
	best, ok := s.Codec(codec.H264)
	require.True(t, ok)
	require.EqualValues(t, 98, best.PT)
	require.EqualValues(t, 99, best.RTX)
	require.Equal(t, []codec.Kind{codec.H264}, s.Kinds())
	require.True(t, s.Has(codec.H264))
	require.False(t, s.Has(codec.VP8))
	only := section("H264/90000 " + h264 + "42001f")
	best, ok = only.Codec(codec.H264)
	require.True(t, ok)
	require.EqualValues(t, 97, best.PT)
	_, ok = only.Codec(codec.Unknown)
	require.False(t, ok)
}

// TestSimulcastLists reads the lists of RFC 8853 section 5.1.
func TestSimulcastLists(t *testing.T) {
	for list, want := range map[string][]string{
		"send hi;lo":          {"hi", "lo"},
		"send lo;~hi":         {"lo", "hi"},
		"send lo,hi;hi":       {"lo", "hi"},
		"send none,hi;none":   {"hi"},
		"send hi;hi":          {"hi"},
		"recv x;y send lo;hi": {"lo", "hi"},
		"send lo;hi recv x":   {"lo", "hi"},
		"recv hi;lo":          nil,
		"send":                nil,
		"":                    nil,
		" send hi":            {"hi"},
	} {
		o := parse(t, change(t, "a=simulcast:send hi;~lo", "a=simulcast:"+list))
		require.Equal(t, want, o.Sections[1].RIDs, list)
	}
	o := parse(t, change(t, "a=rid:hi send", "a=rid:hi recv"))
	require.Equal(t, []string{"lo"}, o.Sections[1].RIDs)
	o = parse(t, change(t, "a=simulcast:send hi;~lo\r\n", ""))
	require.Empty(t, o.Sections[1].RIDs)
}
