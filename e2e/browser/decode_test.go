package browser

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/stretchr/testify/require"

	"kinwire/client/media"
)

// TestTheGeneratorsMakeRealPictures feeds what client/media makes to
// Chromium's VP8 decoder.
func TestTheGeneratorsMakeRealPictures(t *testing.T) {
	p := Chromium(t, Options{})
	ctx := limited(t)
	require.NoError(t, p.Open(ctx, serve(t, "127.0.0.1")))
	for _, size := range [][2]int{{16, 16}, {320, 180}, {640, 360}, {1024, 576}} {
		v, err := media.NewVP8(media.VP8Config{Width: size[0], Height: size[1]})
		require.NoError(t, err)
		var frames []string
		for n := range 40 {
			if n == 25 {
				v.KeyFrame()
			}
			var frame []byte
			for _, b := range v.Frame(time.Now()) {
				var d codecs.VP8Packet
				part, err := d.Unmarshal(b)
				require.NoError(t, err)
				frame = append(frame, part...)
			}
			frames = append(frames, base64.StdEncoding.EncodeToString(frame))
		}
		in, err := json.Marshal(frames)
		require.NoError(t, err)
		var got struct {
			Frames        int
			Width, Height int
			Low, High     int
		}
		require.NoError(t, p.Eval(ctx, fmt.Sprintf(`(async () => {
			const out = {Frames: 0, Low: 255, High: 0};
			let failed = null, last = null;
			const d = new VideoDecoder({output: f => { out.Frames++; last?.close(); last = f; }, error: e => { failed = e; }});
			d.configure({codec: "vp8"});
			%s.forEach((b, n) => {
				const data = Uint8Array.from(atob(b), c => c.charCodeAt(0));
				d.decode(new EncodedVideoChunk({type: data[0] & 1 ? "delta" : "key", timestamp: n * 33333, data}));
			});
			await d.flush();
			if (failed) throw failed;
			out.Width = last.codedWidth; out.Height = last.codedHeight;
			const y = new Uint8Array(last.allocationSize());
			const plane = (await last.copyTo(y))[0];
			for (let r = 0; r < last.visibleRect.height; r++) for (let c = 0; c < last.visibleRect.width; c++) {
				const x = y[plane.offset + r * plane.stride + c];
				out.Low = Math.min(out.Low, x); out.High = Math.max(out.High, x);
			}
			last.close();
			return out;
		})()`, in), &got))
		require.Equal(t, 40, got.Frames)
		require.GreaterOrEqual(t, got.Width, size[0])
		require.GreaterOrEqual(t, got.Height, size[1])
		require.Greater(t, got.Low, 100, "an even grey: nothing but what was coded has been read")
		require.Less(t, got.High, 150)
	}
}

// TestTheGeneratorsMakeRealSound does so with its Opus decoder.
func TestTheGeneratorsMakeRealSound(t *testing.T) {
	p := Chromium(t, Options{})
	ctx := limited(t)
	require.NoError(t, p.Open(ctx, serve(t, "127.0.0.1")))
	for _, noise := range []bool{false, true} {
		o := media.NewOpus(media.OpusConfig{Noise: noise})
		var packets []string
		for range 50 {
			packets = append(packets, base64.StdEncoding.EncodeToString(o.Payload(time.Now())))
		}
		in, err := json.Marshal(packets)
		require.NoError(t, err)
		var got struct {
			Samples int
			Energy  float64
		}
		require.NoError(t, p.Eval(ctx, fmt.Sprintf(`(async () => {
			const out = {Samples: 0, Energy: 0};
			let failed = null;
			const d = new AudioDecoder({error: e => { failed = e; }, output: f => {
				const x = new Float32Array(f.numberOfFrames);
				f.copyTo(x, {planeIndex: 0, format: "f32-planar"});
				out.Samples += x.length;
				for (const v of x) out.Energy += v * v;
				f.close();
			}});
			d.configure({codec: "opus", sampleRate: 48000, numberOfChannels: 1});
			%s.forEach((b, n) => d.decode(new EncodedAudioChunk({type: "key", timestamp: n * 20000, data: Uint8Array.from(atob(b), c => c.charCodeAt(0))})));
			await d.flush();
			if (failed) throw failed;
			return out;
		})()`, in), &got))
		require.InDelta(t, 48000, got.Samples, 1000)
		if noise {
			require.Greater(t, got.Energy, 1.0)
		} else {
			require.Less(t, got.Energy, 0.001)
		}
	}
}
