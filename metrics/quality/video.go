package quality

import (
	"math"
	"strings"
)

// Video is a stream of pictures as it reached, or will reach, a viewer. A
// negative value (of Width and Height: 0 too) means not known and impairs
// nothing, and so do NaN and infinities.
type Video struct {
	Codec            string  // any case: vp8, h264, vp9, av1; another or none counts as vp8
	Width, Height    int     // pixels
	FPS              float64 // frames a second, as shown
	BitrateBPS       float64 // bit/s of RTP payload
	LossRatio        float64 // share of packets that neither came nor were repaired, 0…1
	FreezeRatio      float64 // share of the time in which the picture stood still, 0…1
	FreezesPerMinute float64
	Screen           bool // a shared screen: sharp and slow
}

// A picture is judged on a screen of this size, in pixels: half of a full-HD
// screen's width for a face, 1280×720 for a shared screen. A smaller picture is
// blown up to it.
const (
	faceScreen   = 960 * 540
	sharedScreen = 1280 * 720
)

// bitsPerPixel is how many bit/s a pixel takes for a picture without visible
// faults, with VP8 or H.264 in real time. It is what the targets that browsers
// set for the sizes of a simulcast have in common (libwebrtc,
// video/config/simulcast.cc: 150 kbit/s for 320×180, 350 for 480×270, 500 for
// 640×360, 1200 for 960×540, 2500 for 1280×720).
const bitsPerPixel = 2.5

// efficiency is how many bits of VP8 or H.264 a bit of another codec is worth.
// VP9 saves about a third (Mukherjee et al.: The latest open-source video codec
// VP9, PCS 2013, for coding off line found more), AV1 a quarter to a third of
// VP9's (Chen et al.: An overview of core coding tools in the AV1 video codec,
// PCS 2018).
var efficiency = map[string]float64{"vp9": 1.5, "av1": 2}

// pixels is how many of the picture's pixels count: no more than there are, and
// no more than the bitrate pays for. An encoder short of bits does the same: it
// blurs, or sends a smaller picture. Unknown: as many as on the screen.
func (v *Video) pixels(screen float64) float64 {
	n := screen
	if v.Width > 0 && v.Height > 0 {
		n = min(n, float64(v.Width)*float64(v.Height))
	}
	if isKnown(v.BitrateBPS) && !v.Screen { // a screen that stands still costs nothing
		worth := 1.0
		if e, ok := efficiency[strings.ToLower(v.Codec)]; ok {
			worth = e
		}
		n = min(n, v.BitrateBPS*worth/bitsPerPixel)
	}
	return n
}

// scaling is the degradation, 0…100, of a picture of n pixels blown up to a
// screen (ITU-T P.1203.1 (01/2019), mode 0, degradation due to upscaling):
//
//	D = 72.61·log₁₀(0.32·(screen/n − 1) + 1)
func scaling(n, screen float64) float64 {
	if n <= 0 {
		return 100
	}
	return min(100, 72.61*math.Log10(0.32*(max(1, screen/n)-1)+1))
}

// slowness is the share of the quality left that a low frame rate takes (ITU-T
// P.1203.1, mode 0, degradation due to frame rate reduction), 0 from 24
// frames a second on:
//
//	(30.98 − 1.29·fps) / (64.65 + fps)
//
// Below 5 frames a second, under which the model was not trained, what is left
// goes to 0 in proportion.
func slowness(fps float64) float64 {
	if fps >= 24 {
		return 0
	}
	taken := max(0, (30.98-1.29*fps)/(64.65+fps))
	return 1 - (1-taken)*min(1, fps/5)
}

// pictureOpinion turns a quality of 0…100 into a score of 1.05 to 4.9 (ITU-T
// P.1203.1, from R to MOS; the curve of G.107 over another range).
func pictureOpinion(q float64) float64 {
	switch {
	case q <= 0:
		return 1.05
	case q >= 100:
		return 4.9
	}
	return max(1.05, 1.05+(4.9-1.05)*q/100+q*(q-60)*(100-q)*7e-6)
}

// stalling is what freezes leave of a score above 1 (ITU-T P.1203.3 (10/2017),
// impact of stalling, with a minute as the time in which stalls are counted):
//
//	exp(−freezes a minute / 9.3516)·exp(−share of time / 0.9189)
func stalling(perMinute, share float64) float64 {
	return math.Exp(-perMinute/9.35158684) * math.Exp(-share/0.91890815)
}

// unrepaired is what lost packets leave of a score above 1 (ITU-T G.1070
// (06/2018), impact of packet loss): exp(−Ppl/D), Ppl in percent,
// with the smallest robustness D that the Recommendation's coefficients v10 of
// its first set give, 2.736. Decoders of the codecs here stop at a loss until
// the next key frame, so none has more.
func unrepaired(ratio float64) float64 { return math.Exp(-100 * ratio / 2.736) }

// VideoMOS is the mean opinion score of a picture, 1 to 5. The terms come from
// ITU-T P.1203.1, P.1203.3 and G.1070 as the functions of this package say; the
// sum is ours, and no Recommendation's. More bits, frames or pixels never lower
// it; more loss or freezes never raises it. A face without frames is 1; a screen may stand still.
func VideoMOS(v Video) float64 {
	screen, taken := float64(faceScreen), 0.0
	if v.Screen {
		screen = sharedScreen
	} else {
		taken = slowness(known(v.FPS, 24))
	}
	q := (100 - scaling(v.pixels(screen), screen)) * (1 - taken)
	left := stalling(known(v.FreezesPerMinute, 0), min(1, known(v.FreezeRatio, 0))) * unrepaired(min(1, known(v.LossRatio, 0)))
	return 1 + (pictureOpinion(q)-1)*left
}
