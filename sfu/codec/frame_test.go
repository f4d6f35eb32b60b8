package codec_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/codec"
)

type sample struct {
	name    string
	kind    codec.Kind
	payload []byte
	want    codec.Frame
}

var (
	nothing = codec.Frame{}
	start   = codec.Frame{Start: true}
	key     = codec.Frame{Start: true, Key: true}
)

func keyOf(width, height uint16) codec.Frame {
	return codec.Frame{Start: true, Key: true, Width: width, Height: height}
}

// vp8Key is the beginning of a VP8 key frame of 640×360, scaled by 1 and 2 in
// the two bits above each side's 14, which do not count.
var vp8Key = []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x81, 0x00}

// vp9Key is the uncompressed header of a VP9 key frame of profile 0, 640×360.
func vp9Key(profile uint64, space uint64, width, height uint64) []byte {
	w := (&writer{}).put(2, 2).put(1, profile&1).put(1, profile>>1)
	if profile == 3 {
		w.put(1, 0)
	}
	w.put(1, 0).put(1, 0).put(2, 2).put(24, 0x498342)
	if profile >= 2 {
		w.put(1, 0)
	}
	w.put(3, space)
	if space != 7 {
		w.put(1, 0)
		if profile&1 == 1 {
			w.put(3, 0)
		}
	} else if profile&1 == 1 {
		w.put(1, 0)
	}
	return w.put(16, width-1).put(16, height-1).put(16, 0).data
}

var vp8Samples = []sample{
	{"key frame", codec.VP8, join([]byte{0x10}, vp8Key), keyOf(640, 360)},
	{"key frame, all fields, long picture id", codec.VP8, join([]byte{0x90, 0xf0, 0x93, 0x21, 0x05, 0x20}, vp8Key), keyOf(640, 360)},
	{"key frame, short picture id", codec.VP8, join([]byte{0x90, 0x80, 0x13}, vp8Key), keyOf(640, 360)},
	{"key frame, only a temporal layer", codec.VP8, join([]byte{0x90, 0x20, 0x40}, vp8Key), keyOf(640, 360)},
	{"key frame, only a key index", codec.VP8, join([]byte{0x90, 0x10, 0x04}, vp8Key), keyOf(640, 360)},
	{"key frame without start code", codec.VP8, []byte{0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2b, 0x80, 0x02, 0x68, 0x01}, key},
	{"key frame, cut in its header", codec.VP8, join([]byte{0x10}, vp8Key[:9]), key},
	{"delta frame", codec.VP8, []byte{0x10, 0x31, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}, start},
	{"later packet of a key frame", codec.VP8, join([]byte{0x00}, vp8Key), nothing},
	{"start of another partition", codec.VP8, join([]byte{0x11}, vp8Key), nothing},
	{"descriptor only", codec.VP8, []byte{0x10}, start},
	{"descriptor cut", codec.VP8, []byte{0x90}, start},
	{"descriptor cut in the picture id", codec.VP8, []byte{0x90, 0x80, 0x80}, start},
}

// vp9SS: three spatial layers of 320×180, 640×360, 1280×720 and two pictures.
var vp9SS = []byte{0x58, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xd0, 0x02, 0x04, 0x01, 0x38, 0x01, 0x02, 0x03}

var vp9Samples = []sample{
	{"key frame, non-flexible", codec.VP9, join([]byte{0xa8, 0x81, 0x23, 0x00, 0x07}, vp9Key(0, 1, 640, 360)), keyOf(640, 360)},
	{"key frame, flexible", codec.VP9, join([]byte{0xb8, 0x12, 0x00}, vp9Key(0, 1, 640, 360)), keyOf(640, 360)},
	{"key frame without ids", codec.VP9, join([]byte{0x08}, vp9Key(0, 2, 1, 65535)), keyOf(1, 65535)},
	{"key frame of profile 1", codec.VP9, join([]byte{0x08}, vp9Key(1, 2, 322, 182)), keyOf(322, 182)},
	{"key frame of profile 1, RGB", codec.VP9, join([]byte{0x08}, vp9Key(1, 7, 322, 182)), keyOf(322, 182)},
	{"key frame of profile 2", codec.VP9, join([]byte{0x08}, vp9Key(2, 2, 322, 182)), keyOf(322, 182)},
	{"key frame of profile 3, RGB", codec.VP9, join([]byte{0x08}, vp9Key(3, 7, 322, 182)), keyOf(322, 182)},
	{"structure with sizes", codec.VP9, join([]byte{0xaa, 0x81, 0x23, 0x00, 0x07}, vp9SS, vp9Key(0, 1, 320, 180)), keyOf(1280, 720)},
	{"structure without sizes", codec.VP9, join([]byte{0xaa, 0x23, 0x00, 0x07}, []byte{0x08, 0x01, 0x04, 0x01}, vp9Key(0, 1, 640, 360)), keyOf(640, 360)},
	{"structure cut in its sizes", codec.VP9, join([]byte{0xaa, 0x23, 0x00, 0x07}, vp9SS[:12]), key},
	{"structure cut in its pictures", codec.VP9, join([]byte{0xaa, 0x23, 0x00, 0x07}, []byte{0x08, 0x09, 0x0c}), key},
	{"encrypted key frame", codec.VP9, []byte{0x08, 0x82, 0x49, 0x83, 0x43, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, key},
	{"delta frame, flexible, three references", codec.VP9, join([]byte{0xf8, 0x23, 0x00, 0x03, 0x05, 0x06}, vp9Key(0, 1, 640, 360)), start},
	{"delta frame, non-flexible", codec.VP9, join([]byte{0xe8, 0x23, 0x00, 0x07}, vp9Key(0, 1, 640, 360)), start},
	{"upper layer of a key picture", codec.VP9, join([]byte{0xa8, 0x23, 0x03, 0x07}, vp9Key(0, 1, 640, 360)), nothing},
	{"later packet", codec.VP9, join([]byte{0xa0, 0x23, 0x00, 0x07}, vp9Key(0, 1, 640, 360)), nothing},
	{"descriptor cut in the picture id", codec.VP9, []byte{0xa8}, nothing},
	{"descriptor cut in the layers", codec.VP9, []byte{0xa8, 0x23}, nothing},
	{"descriptor cut in the references", codec.VP9, []byte{0xf8, 0x23, 0x00, 0x03}, start},
}

var (
	spsBase    = sps{profile: 66, columns: 40, rows: 23, bottom: 4}.nal() // 640×360
	ppsNAL     = []byte{0x68, 0xce, 0x3c, 0x80}
	seiNAL     = []byte{0x06, 0x05, 0x01, 0x00, 0x80}
	audNAL     = []byte{0x09, 0x10}
	idrNAL     = []byte{0x65, 0x88, 0x84, 0x00, 0x10}
	idrSecond  = []byte{0x65, 0x42, 0x84, 0x00, 0x10}
	deltaNAL   = []byte{0x41, 0x9a, 0x24, 0x6c}
	deltaLater = []byte{0x41, 0x1a, 0x24, 0x6c}
)

var h264Samples = []sample{
	{"parameter set", codec.H264, spsBase, keyOf(640, 360)},
	{"picture parameter set", codec.H264, ppsNAL, nothing},
	{"delimiter", codec.H264, audNAL, nothing},
	{"key slice", codec.H264, idrNAL, key},
	{"second key slice", codec.H264, idrSecond, nothing},
	{"delta slice", codec.H264, deltaNAL, start},
	{"later delta slice", codec.H264, deltaLater, nothing},
	{"slice without content", codec.H264, []byte{0x65}, nothing},
	{"several in one", codec.H264, join([]byte{0x78}, sized(audNAL), sized(spsBase), sized(ppsNAL), sized(seiNAL), sized(idrNAL)), keyOf(640, 360)},
	{"several, delta", codec.H264, join([]byte{0x78}, sized(audNAL), sized(deltaNAL), sized(deltaLater)), start},
	{"several, an empty one", codec.H264, join([]byte{0x78}, sized(nil), sized(idrNAL)), key},
	{"several, a length too long", codec.H264, join([]byte{0x78, 0xff, 0xff}, spsBase), keyOf(640, 360)},
	{"several, cut", codec.H264, []byte{0x78, 0x00}, nothing},
	{"first fragment of a key slice", codec.H264, join([]byte{0x7c, 0x85}, idrNAL[1:]), key},
	{"first fragment of a later key slice", codec.H264, join([]byte{0x7c, 0x85}, idrSecond[1:]), nothing},
	{"middle fragment", codec.H264, join([]byte{0x7c, 0x05}, idrNAL[1:]), nothing},
	{"last fragment", codec.H264, join([]byte{0x7c, 0x45}, idrNAL[1:]), nothing},
	{"first fragment of a delta slice", codec.H264, join([]byte{0x5c, 0x81}, deltaNAL[1:]), start},
	{"fragment cut", codec.H264, []byte{0x7c}, nothing},
	{"interleaved", codec.H264, join([]byte{0x79, 0x00, 0x00}, sized(idrNAL)), nothing},
	{"parameter set cut", codec.H264, spsBase[:6], key},
	{"high profile", codec.H264, sps{profile: 100, chroma: 1, columns: 120, rows: 68, bottom: 4}.nal(), keyOf(1920, 1080)},
	{"high profile with scaling lists", codec.H264, sps{profile: 100, chroma: 1, scaling: true, columns: 80, rows: 45}.nal(), keyOf(1280, 720)},
	{"4:4:4 with scaling lists", codec.H264, sps{profile: 244, chroma: 3, scaling: true, columns: 80, rows: 45, right: 3, top: 5}.nal(), keyOf(1277, 715)},
	{"4:4:4 in planes", codec.H264, sps{profile: 244, chroma: 3, planes: true, columns: 80, rows: 45, right: 3, top: 5}.nal(), keyOf(1277, 715)},
	{"4:2:2", codec.H264, sps{profile: 244, chroma: 2, columns: 80, rows: 45, right: 3, top: 5}.nal(), keyOf(1274, 715)},
	{"monochrome", codec.H264, sps{profile: 100, columns: 80, rows: 45, right: 3, top: 5}.nal(), keyOf(1277, 715)},
	{"interlaced", codec.H264, sps{profile: 100, chroma: 1, fields: true, columns: 120, rows: 34, bottom: 2}.nal(), keyOf(1920, 1080)},
	{"order count of type 1", codec.H264, sps{profile: 66, order: 1, columns: 20, rows: 15}.nal(), keyOf(320, 240)},
	{"order count of type 2", codec.H264, sps{profile: 66, order: 2, columns: 20, rows: 15}.nal(), keyOf(320, 240)},
	{"cropped away", codec.H264, sps{profile: 66, order: 1, columns: 512, rows: 512, left: 4096}.nal(), key},
	{"cropped on the left", codec.H264, sps{profile: 66, columns: 512, rows: 256, left: 2048, top: 1}.nal(), keyOf(4096, 4094)},
	{"absurd size", codec.H264, sps{profile: 66, columns: 1 << 31, rows: 1 << 31}.nal(), key},
}

var (
	obuSequence = join([]byte{0x08}, sequence{points: 1, width: 640, height: 360}.payload())
	obuFrame    = []byte{0x30, 0x10, 0x00, 0x11}
	obuGroup    = []byte{0x20, 0x01, 0x02}
)

var av1Samples = []sample{
	{"key frame, lengths", codec.AV1, join([]byte{0x08}, element(obuSequence), element(obuFrame)), keyOf(640, 360)},
	{"key frame, two elements", codec.AV1, join([]byte{0x28}, element(obuSequence), obuFrame), keyOf(640, 360)},
	{"key frame that goes on", codec.AV1, join([]byte{0x68}, element(obuSequence), obuFrame), keyOf(640, 360)},
	{"sequence header with its size inside", codec.AV1, join([]byte{0x18, 0x0a, byte(len(obuSequence) - 1)}, obuSequence[1:]), keyOf(640, 360)},
	{"sequence header with layers", codec.AV1, join([]byte{0x18, 0x0c, 0x00}, obuSequence[1:]), keyOf(640, 360)},
	{"no sequence header", codec.AV1, join([]byte{0x18}, obuFrame), key},
	{"sequence header cut", codec.AV1, join([]byte{0x18}, obuSequence[:4]), key},
	{"delta frame", codec.AV1, join([]byte{0x10}, obuFrame), start},
	{"frame header and tiles", codec.AV1, join([]byte{0x20}, element([]byte{0x18, 0x01}), obuGroup), start},
	{"metadata first", codec.AV1, join([]byte{0x00}, element([]byte{0x28, 0x01}), element(obuFrame)), start},
	{"upper spatial layer", codec.AV1, join([]byte{0x10, 0x34, 0x08}, obuFrame[1:]), nothing},
	{"upper temporal layer", codec.AV1, join([]byte{0x10, 0x34, 0x20}, obuFrame[1:]), start},
	{"tiles only", codec.AV1, join([]byte{0x10}, obuGroup), nothing},
	{"continued", codec.AV1, join([]byte{0x90}, obuFrame), nothing},
	{"continued, then a frame", codec.AV1, join([]byte{0xa0}, element(obuFrame), obuFrame), start},
	{"continued and a new sequence", codec.AV1, join([]byte{0x98}, obuFrame), nothing},
	{"length cut", codec.AV1, []byte{0x00, 0x80}, nothing},
	{"length too long", codec.AV1, join([]byte{0x00, 0xff, 0xff, 0x7f}, obuFrame), start},
	{"length never ends", codec.AV1, join([]byte{0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, obuFrame), nothing},
	{"reduced header", codec.AV1, join([]byte{0x18, 0x08}, sequence{reduced: true, width: 16, height: 1}.payload()), keyOf(16, 1)},
	{"timing", codec.AV1, join([]byte{0x18, 0x08}, sequence{timing: true, points: 1, width: 1280, height: 720}.payload()), keyOf(1280, 720)},
	{"everything", codec.AV1, join([]byte{0x18, 0x08}, sequence{timing: true, model: true, delayed: true, points: 32, width: 65535, height: 2160}.payload()), keyOf(65535, 2160)},
	{"too wide", codec.AV1, join([]byte{0x18, 0x08}, sequence{points: 1, width: 65536, height: 2160}.payload()), key},
}

var otherSamples = []sample{
	{"audio", codec.Opus, []byte{0x78, 0x01}, start},
	{"no audio", codec.Opus, nil, nothing},
	{"unknown", codec.Unknown, []byte{0x78, 0x01}, nothing},
	{"out of range", codec.Kind(77), []byte{0x78, 0x01}, nothing},
}

func samples() []sample {
	var out []sample
	for _, s := range [][]sample{vp8Samples, vp9Samples, h264Samples, av1Samples, otherSamples} {
		out = append(out, s...)
	}
	return out
}

func TestInspect(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.kind.String()+"/"+s.name, func(t *testing.T) {
			require.Equal(t, s.want, codec.Inspect(s.kind, s.payload), "% x", s.payload)
		})
	}
}

// A payload cut anywhere must not panic, and what it still tells must not be
// something else than the whole tells.
func TestInspectCut(t *testing.T) {
	for _, s := range samples() {
		for n := range s.payload {
			// A copy with no spare capacity: reading behind the cut panics.
			cut := append(make([]byte, 0, n), s.payload[:n]...)[:n:n]
			got := codec.Inspect(s.kind, cut)
			if got.Width != 0 {
				require.Equal(t, s.want.Width, got.Width, "%s cut to %d", s.name, n)
				require.Equal(t, s.want.Height, got.Height, "%s cut to %d", s.name, n)
			}
			require.False(t, got.Key && !s.want.Key, "%s cut to %d", s.name, n)
			require.False(t, got.Start && !s.want.Start, "%s cut to %d", s.name, n)
		}
	}
}

func TestSizesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.Uint64Range(1, 65535).Draw(t, "width")
		height := rapid.Uint64Range(1, 65535).Draw(t, "height")
		want := keyOf(uint16(width), uint16(height))

		profile := rapid.Uint64Range(0, 3).Draw(t, "profile")
		space := rapid.Uint64Range(0, 7).Draw(t, "colour space")
		require.Equal(t, want, codec.Inspect(codec.VP9, join([]byte{0x08}, vp9Key(profile, space, width, height))))

		header := sequence{
			reduced: rapid.Bool().Draw(t, "reduced"), timing: rapid.Bool().Draw(t, "timing"),
			model: rapid.Bool().Draw(t, "model"), delayed: rapid.Bool().Draw(t, "delayed"),
			points: rapid.IntRange(1, 32).Draw(t, "points"), width: width, height: height,
		}
		require.Equal(t, want, codec.Inspect(codec.AV1, join([]byte{0x18, 0x08}, header.payload())))

		// H.264 with cropping gives even sizes: round up to macroblocks, crop the rest.
		width, height = (width+1)&^1, (height+1)&^1
		if width > 65534 || height > 65534 {
			return
		}
		columns, rows := (width+15)/16, (height+15)/16
		set := sps{
			profile: rapid.SampledFrom([]byte{66, 77, 100}).Draw(t, "h264 profile"), chroma: 1,
			id: rapid.Uint64Range(0, 31).Draw(t, "id"), order: rapid.Uint64Range(0, 2).Draw(t, "order"),
			scaling: rapid.Bool().Draw(t, "scaling"), columns: columns, rows: rows,
			right: (columns*16 - width) / 2, bottom: (rows*16 - height) / 2,
		}
		require.Equal(t, keyOf(uint16(width), uint16(height)), codec.Inspect(codec.H264, set.nal()), "%+v", set)
	})
}

// Long runs of zeros in a parameter set are broken up by escape bytes.
func TestEscapes(t *testing.T) {
	escaped := 0
	for id := range uint64(32) {
		nal := sps{profile: 66, id: id, columns: 4096, rows: 4096, left: 1, bottom: 2}.nal()
		if bytes.Contains(nal, []byte{0, 0, 3}) {
			escaped++
		}
		require.Equal(t, keyOf(65534, 65532), codec.Inspect(codec.H264, nal), "% x", nal)
	}
	require.Positive(t, escaped, "no parameter set had an escape")
}

func TestInspectDoesNotAllocate(t *testing.T) {
	for _, s := range samples() {
		require.Zero(t, testing.AllocsPerRun(20, func() { codec.Inspect(s.kind, s.payload) }), s.name)
	}
}

func FuzzInspect(f *testing.F) {
	for _, s := range samples() {
		f.Add(uint8(s.kind), s.payload)
	}
	for _, c := range captured {
		payload, err := hex.DecodeString(c.payload)
		require.NoError(f, err)
		f.Add(uint8(c.kind), payload)
	}
	f.Fuzz(func(t *testing.T, kind uint8, payload []byte) {
		for _, k := range append(all, codec.Kind(kind)) {
			tight := payload[:len(payload):len(payload)]
			got := codec.Inspect(k, tight)
			if got.Key && !got.Start {
				t.Fatalf("%s: a key frame that does not start: %+v", k, got)
			}
			if (got.Width == 0) != (got.Height == 0) {
				t.Fatalf("%s: half a size: %+v", k, got)
			}
			if got != codec.Inspect(k, tight) {
				t.Fatalf("%s: two answers for one payload", k)
			}
		}
	})
}

func BenchmarkInspect(b *testing.B) {
	picks := []struct {
		name string
		sample
	}{
		{"vp8 delta", vp8Samples[7]},
		{"vp9 delta", vp9Samples[13]},
		{"h264 delta", h264Samples[5]},
		{"h264 parameter set", h264Samples[0]},
		{"av1 delta", av1Samples[7]},
		{"av1 key", av1Samples[0]},
	}
	for _, p := range picks {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				codec.Inspect(p.kind, p.payload)
			}
		})
	}
}
