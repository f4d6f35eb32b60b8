package codec_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
)

var all = []codec.Kind{codec.Opus, codec.VP8, codec.VP9, codec.H264, codec.AV1}

func TestNames(t *testing.T) {
	tests := []struct {
		kind  codec.Kind
		name  string
		mime  string
		video bool
		rate  uint32
	}{
		{codec.Opus, "opus", "audio/opus", false, 48000},
		{codec.VP8, "vp8", "video/VP8", true, 90000},
		{codec.VP9, "vp9", "video/VP9", true, 90000},
		{codec.H264, "h264", "video/H264", true, 90000},
		{codec.AV1, "av1", "video/AV1", true, 90000},
		{codec.Unknown, "unknown", "", false, 0},
		{codec.Kind(200), "unknown", "", false, 0},
	}
	for _, test := range tests {
		require.Equal(t, test.name, test.kind.String())
		require.Equal(t, test.mime, test.kind.MimeType())
		require.Equal(t, test.video, test.kind.Video())
		require.Equal(t, test.rate, test.kind.ClockRate())
	}
}

func TestParse(t *testing.T) {
	for _, k := range all {
		got, err := codec.Parse(k.String())
		require.NoError(t, err)
		require.Equal(t, k, got)
		require.Equal(t, k, codec.FromMime(k.MimeType()))
	}
	got, err := codec.Parse("H264")
	require.NoError(t, err)
	require.Equal(t, codec.H264, got)
	require.Equal(t, codec.VP8, codec.FromMime("VIDEO/vp8"))

	for _, bad := range []string{"", "unknown", "h265", "vp8 "} {
		got, err = codec.Parse(bad)
		require.Equal(t, codec.Unknown, got)
		var unknown *codec.UnknownError
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, bad, unknown.Given)
		require.Equal(t, codec.Names(), unknown.Allowed)
		require.ErrorContains(t, err, "opus, vp8, vp9, h264, av1")
	}
	for _, bad := range []string{"", "video/rtx", "unknown", "vp8"} {
		require.Equal(t, codec.Unknown, codec.FromMime(bad))
	}
}
