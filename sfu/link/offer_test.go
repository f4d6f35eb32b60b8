package link_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/link"
)

// sample is what a client of ours offers, as short as it can be.
const sample = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
	"a=ssrc-group:FID 1 2\r\na=ssrc:1 cname:x\r\na=ssrc:1 msid:a b\r\na=ssrc:2 cname:x\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 98\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:98 h264/90000\r\n"

func TestParseOffer(t *testing.T) {
	o, err := link.ParseOffer(sample)
	require.NoError(t, err)
	require.Equal(t, []link.Section{
		{MID: "0", Sends: true, Codecs: []codec.Kind{codec.Opus}, Repair: map[uint32]uint32{}},
		{MID: "1", Video: true, Sends: true, Codecs: []codec.Kind{codec.VP8}, SSRCs: []uint32{1, 2}, Repair: map[uint32]uint32{2: 1}},
		{MID: "2", Video: true, Takes: true, Codecs: []codec.Kind{codec.VP8, codec.H264}, Repair: map[uint32]uint32{}},
	}, o.Sections)
}

func TestParseOfferRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(sample, old, new, 1) }
	for name, c := range map[string]struct{ sdp, says string }{
		"not SDP":             {"v=1\r\n", "cannot be used"},
		"no m-section":        {sample[:strings.Index(sample, "m=")], "0 m-sections"},
		"no bundle":           {change("a=group:BUNDLE 0 1 2\r\n", ""), "a=group:BUNDLE"},
		"not all bundled":     {change("BUNDLE 0 1 2", "BUNDLE 0 1"), `"2" is not in the BUNDLE`},
		"no mid":              {change("a=mid:1\r\n", ""), "the mid \"\""},
		"a long mid":          {strings.ReplaceAll(strings.ReplaceAll(sample, "mid:1", "mid:12345678901234567"), "BUNDLE 0 1", "BUNDLE 0 12345678901234567"), "1 to 16 characters"},
		"one mid twice":       {change("a=mid:2", "a=mid:1"), `two m-sections have the mid "1"`},
		"a kind of its own":   {change("m=audio", "m=text"), `of kind "text"`},
		"too many m-sections": {sample + strings.Repeat(sample[strings.Index(sample, "m=audio"):strings.Index(sample, "m=video")], 64), "67 m-sections"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := link.ParseOffer(c.sdp)
			require.ErrorIs(t, err, link.ErrOffer)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// TestRecordedOffers reads offers as browsers made them.
func TestRecordedOffers(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sdp")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			o, err := link.ParseOffer(string(b))
			require.NoError(t, err)
			var sends, takes int
			for _, s := range o.Sections {
				require.True(t, s.Has(codec.Opus) || s.Has(codec.VP8), "section %s", s.MID)
				if s.Sends {
					sends++
				}
				if s.Takes {
					takes++
				}
			}
			require.Equal(t, 3, sends)
			require.NotZero(t, takes)
		})
	}
}

func FuzzParseOffer(f *testing.F) {
	f.Add(sample)
	files, _ := filepath.Glob("testdata/*.sdp")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, sdp string) {
		o, err := link.ParseOffer(sdp)
		if err != nil {
			require.ErrorIs(t, err, link.ErrOffer)
			return
		}
		seen := map[string]bool{}
		for _, s := range o.Sections {
			require.NotEmpty(t, s.MID)
			require.False(t, seen[s.MID])
			seen[s.MID] = true
		}
	})
}
