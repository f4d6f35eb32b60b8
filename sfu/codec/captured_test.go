package codec_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
)

// captured are the first bytes of frames as the encoders in Chromium 156 write
// them (its WebCodecs VideoEncoder in real-time mode, of a plain picture), put
// behind the RTP payload descriptor that a browser sends with them. So what the
// package reads from the specifications is also what is out there.
var captured = []struct {
	name    string
	kind    codec.Kind
	payload string
	want    codec.Frame
}{
	{"vp8 key", codec.VP8, "90e0800100" + "20" + "9033009d012a800268010a8708858588", keyOf(640, 360)},
	{"vp8 key, odd size", codec.VP8, "908001" + "d00f009d012a4201b60003c708858588", keyOf(322, 182)},
	{"vp8 delta", codec.VP8, "908002" + "510c002a11c000180cd0c8f1bb9478dd", start},
	{"vp9 key", codec.VP9, "888001" + "824983425027f016763438241c194810", keyOf(640, 360)},
	{"vp9 key, odd size", codec.VP9, "8881c8" + "824983425014100b560e38241c18a400", keyOf(322, 182)},
	{"vp9 delta", codec.VP9, "c801" + "860040921cfc5d010009007f91b9bf8c", start},
	{"h264 parameter sets", codec.H264, "78" + "0013" + "6742c01e8c8d405017fcb37010d01078442350" + "0004" + "68ce3c80", keyOf(640, 360)},
	{"h264 parameter set", codec.H264, "6742c01e8c8d405017fcb37010d01078442350", keyOf(640, 360)},
	{"h264 parameter set, cropped", codec.H264, "6742c00d8c8d40a8cb1134dc0434041e1108d4", keyOf(322, 182)},
	{"h264 high parameter set", codec.H264, "67640c1eac191a80a02ff966e021a020f08846a0", keyOf(640, 360)},
	{"h264 high parameter set, cropped", codec.H264, "67640c0dac191a8151962269b80868083c2211a8", keyOf(322, 182)},
	{"h264 key", codec.H264, "65b8000400000cfffff8228a00077c70", key},
	{"h264 key fragment", codec.H264, "7c85" + "b8000400000cfffff8228a00077c7000", key},
	{"h264 delta", codec.H264, "61e0004000be40cfd852aaaaaaaaaaaa", start},
	{"av1 key", codec.AV1, "28" + "0f" + "0a0d0000000cc4ff670068808680c2" + "325e104b901f7df7c52b1a", keyOf(640, 360)},
	{"av1 key, odd size", codec.AV1, "28" + "0f" + "0a0d000000043d06d401a2021a0308" + "32481046e0071c71c48209", keyOf(322, 182)},
	{"av1 delta", codec.AV1, "10" + "32c90130c040fdf80135c34020001000", start},
}

func TestInspectCaptured(t *testing.T) {
	for _, c := range captured {
		t.Run(c.name, func(t *testing.T) {
			payload, err := hex.DecodeString(c.payload)
			require.NoError(t, err)
			require.Equal(t, c.want, codec.Inspect(c.kind, payload))
		})
	}
}
