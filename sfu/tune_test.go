package sfu_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/sfu"
	"kinwire/sfu/codec"
)

// TestTuneWhileACallGoesOn: the running call keeps codecs, profiles and limits
// and loses nothing; a new one has the new ones; how many may come in acts at
// once. Under the race detector this is the test of the setters on the way of
// packets.
func TestTuneWhileACallGoesOn(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, a, "b", sfu.Video)
	require.NotContains(t, a.answer.SDP, "b=")

	cfg := config()
	cfg.Link.SRTPProfiles = []string{"aes128_cm_sha1_80"}
	cfg.Link.Video = []codec.Kind{codec.H264}
	cfg.Link.MaxVideoBPS, cfg.Link.MaxAudioBPS = 300_000, 24_000
	cfg.Link.FrameHold = time.Millisecond
	cfg.MaxPeers, cfg.HistoryPackets = 2, 64
	cfg.NACKInterval, cfg.PLIMinInterval = 5*time.Millisecond, 100*time.Millisecond
	cfg.TWCCInterval, cfg.ReportInterval = 20*time.Millisecond, 100*time.Millisecond
	require.NoError(t, s.Tune(cfg))
	for _, c := range []*client{a, b} {
		for _, k := range []sfu.Kind{sfu.Audio, sfu.Video} {
			hears(t, e, c, map[string]string{"a": "b", "b": "a"}[c.name], k)
		}
	}
	a.again(false) // another offer in the old call
	require.NotContains(t, a.answer.SDP, "b=")
	require.Contains(t, a.answer.SDP, "VP8/90000")
	hears(t, e, b, "a", sfu.Video)
	require.Equal(t, "AEAD_AES_128_GCM", strings.ToUpper(stats(s, "a").Profile))

	third := newClient(t, s, "c", clientOptions{audio: 1, video: 2})
	require.ErrorIs(t, third.join(clientOptions{}), sfu.ErrFull, "at once")

	other := newClient(t, s, "d", clientOptions{mime: webrtc.MimeTypeH264, audio: 1, video: 2})
	other.room = "another"
	require.NoError(t, other.join(clientOptions{}))
	require.NotContains(t, other.answer.SDP, "VP8/90000")
	require.Contains(t, other.answer.SDP, "H264/90000")
	require.Equal(t, 1, strings.Count(other.answer.SDP, "b=TIAS:300000\r\nb=AS:300\r\n"), "the camera, not the slots")
	require.Equal(t, 1, strings.Count(other.answer.SDP, "b=TIAS:24000\r\nb=AS:24\r\n"))

	cfg.Link.SRTPProfiles = []string{"none"}
	cfg.MaxPeers = 16
	require.Error(t, s.Tune(cfg))
	fourth := newClient(t, s, "e", clientOptions{audio: 1, video: 2})
	require.ErrorIs(t, fourth.join(clientOptions{}), sfu.ErrFull, "a refused change changes nothing")
}
