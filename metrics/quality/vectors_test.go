package quality

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The table that G.107 gives with its curve (Annex B, table B.1): lower limit of
// each category of satisfaction. And the rating of the defaults, 93.2.
func TestMeanOpinionAsPublished(t *testing.T) {
	for r, want := range map[float64]float64{90: 4.34, 80: 4.03, 70: 3.60, 60: 3.10, 50: 2.58} {
		require.InDelta(t, want, meanOpinion(r), 0.01, "R %v", r)
	}
	require.InDelta(t, 4.41, meanOpinion(defaultRating), 0.001)
	require.Equal(t, 1.0, meanOpinion(0))
	require.Equal(t, 1.0, meanOpinion(3), "the polynomial is below 1 here")
	require.Equal(t, 1.0, meanOpinion(-50))
	require.Equal(t, 4.5, meanOpinion(100))
	require.Equal(t, 4.5, meanOpinion(148))
}

// Worked out apart from this code, from the equation with decimal logarithms.
func TestDelayImpairment(t *testing.T) {
	for ta, want := range map[float64]float64{
		0: 0, 100: 0, 150: 0.164, 200: 3.044, 250: 8.917, 300: 14.761, 400: 24.07, 500: 30.636, 600: 35.247, 800: 40.832, 1000: 43.79, 2000: 48.076,
	} {
		require.InDelta(t, want, delayImpairment(ta), 0.001, "Ta %v ms", ta)
	}
}

// By hand: G.729A with VAD has Ie 11 and Bpl 19, G.711 without concealment 0 and
// 4.3 (G.113, Table I.3).
func TestLossImpairment(t *testing.T) {
	for _, c := range []struct{ ie, bpl, ratio, burst, want float64 }{
		{11, 19, 0, 1, 11},
		{11, 19, 0.01, 1, 15.2},   // 11 + 84/20
		{11, 19, 0.02, 1, 19},     // 11 + 84·2/21
		{0, 4.3, 0.01, 1, 17.925}, // 95/5.3
		{0, 4.3, 0.02, 2, 35.849}, // 95·2/5.3
		{0, 4.3, 0.05, 3, 79.605}, // 95·5/(5/3 + 4.3)
	} {
		require.InDelta(t, c.want, lossImpairment(c.ie, c.bpl, c.ratio, c.burst), 0.01, "%+v", c)
	}
}

// unset is sound of which nothing is known but that it is Opus with FEC.
func unset() Audio {
	return Audio{Codec: "opus", FEC: true, BitrateBPS: -1, LossRatio: -1, BurstR: -1, RTTMS: -1, JitterMS: -1, JitterBufferMS: -1, ConcealedRatio: -1}
}

func TestAudioVectors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Audio)
		want   float64
	}{
		// R = 93.2 − 7.2/1.48 = 88.34
		"clean": {func(*Audio) {}, 4.293},
		// Ta = 40 + 40 + 26.5 = 106.5 ms: next to nothing
		"a call across the country": {func(a *Audio) { a.RTTMS, a.JitterBufferMS = 80, 40 }, 4.293},
		// + 5 % with Bpl 20: Ie,eff = 4.865 + 90.135·5/25 = 22.89, R = 70.31
		"5 % lost":             {func(a *Audio) { a.LossRatio = 0.05 }, 3.61},
		"5 % lost, no FEC":     {func(a *Audio) { a.LossRatio, a.FEC = 0.05, false }, 3.01},
		"FEC of another codec": {func(a *Audio) { a.LossRatio, a.Codec = 0.05, "pcmu" }, 3.01},
		// Ie 17.1/1.48 = 11.55
		"few bits":     {func(a *Audio) { a.BitrateBPS = 8000 }, 4.086},
		"16.4 kbit/s":  {func(a *Audio) { a.BitrateBPS = 16_400 }, 4.222},
		"many bits":    {func(a *Audio) { a.BitrateBPS = 510_000 }, 4.293},
		"a fifth lost": {func(a *Audio) { a.LossRatio = 0.2 }, 2.24},
		"nothing came": {func(a *Audio) { a.LossRatio, a.FEC = 1, false }, 1},
		"jitter of 50": {func(a *Audio) { a.JitterMS = 50 }, 4.018}, // Ta = 220 + 26.5, Idd 8.5, R 79.8
		// Bpl 10: Ie,eff = 4.865 + 90.135·50/60 = 79.98, R = 13.22
		"half concealed": {func(a *Audio) { a.ConcealedRatio = 0.5 }, 1.087},
	} {
		a := unset()
		c.change(&a)
		require.InDelta(t, c.want, AudioMOS(a), 0.03, name)
	}
}

// A scorer in wide use leaves out a bracket in its delay term and gives 4.5 for
// a round trip of a second.
func TestASecondThereAndBackIsBadSound(t *testing.T) {
	a := unset()
	a.RTTMS = 1000
	require.Equal(t, Poor, Level(AudioMOS(a)))
	a.JitterBufferMS = 60
	require.Equal(t, Poor, Level(AudioMOS(a)))
	a.RTTMS = 2000
	require.Less(t, AudioMOS(a), 2.6)
}

func face() Video {
	return Video{Codec: "vp8", Width: 960, Height: 540, FPS: 30, BitrateBPS: 1.5e6, LossRatio: 0, FreezeRatio: 0, FreezesPerMinute: 0}
}

func TestVideoVectors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Video)
		want   float64
	}{
		"all there is": {func(*Video) {}, 4.9},
		// 518400/230400 = 2.25, D = 72.61·log₁₀ 1.4 = 10.61
		"640×360": {func(v *Video) { v.Width, v.Height = 640, 360 }, 4.686},
		// factor 9, D = 72.61·log₁₀ 3.56 = 40.04
		"320×180": {func(v *Video) { v.Width, v.Height = 320, 180 }, 3.358},
		// 200 kbit/s pay for 80,000 pixels: factor 6.48, D = 31.9
		"throttled": {func(v *Video) { v.BitrateBPS = 200_000 }, 3.8},
		// 400 kbit/s' worth: 160,000 pixels, factor 3.24, D = 17.04
		"throttled AV1":     {func(v *Video) { v.BitrateBPS, v.Codec = 200_000, "AV1" }, 4.471},
		"15 a second":       {func(v *Video) { v.FPS = 15 }, 4.544}, // (30.98 − 19.35)/79.65 = 0.146 taken
		"5 a second":        {func(v *Video) { v.FPS = 5 }, 3.622},  // 0.352 taken
		"no frames":         {func(v *Video) { v.FPS = 0 }, 1.05},
		"1 % lost":          {func(v *Video) { v.LossRatio = 0.01 }, 3.706}, // 1 + 3.9·e^(−1/2.736)
		"a freeze a minute": {func(v *Video) { v.FreezesPerMinute, v.FreezeRatio = 1, 0.02 }, 4.43},
		"six a minute":      {func(v *Video) { v.FreezesPerMinute, v.FreezeRatio = 6, 0.2 }, 2.65},
		"a still screen":    {func(v *Video) { v.Screen, v.Width, v.Height, v.FPS, v.BitrateBPS = true, 1280, 720, 1, 5000 }, 4.9},
	} {
		v := face()
		c.change(&v)
		require.InDelta(t, c.want, VideoMOS(v), 0.02, name)
	}
}

// Another scorer stays excellent when the network is throttled, as it looks at
// the bits of each pixel alone: the encoder just sends fewer pixels.
func TestAThrottledPictureIsNotGood(t *testing.T) {
	for _, v := range []Video{
		{Width: 1280, Height: 720, FPS: 30, BitrateBPS: 150_000},
		{Width: 320, Height: 180, FPS: 20, BitrateBPS: 150_000},
		{Width: 640, Height: 360, FPS: 12, BitrateBPS: 200_000},
	} {
		v.Codec = "vp8"
		require.NotEqual(t, Good, Level(VideoMOS(v)), "%+v", v)
	}
	require.Equal(t, Poor, Level(VideoMOS(Video{Codec: "vp8", Width: 320, Height: 180, FPS: 15, BitrateBPS: 60_000})))
}

func TestLevels(t *testing.T) {
	for mos, want := range map[float64]string{4.9: Good, 4.0: Good, 3.99: Fair, 3.1: Fair, 3.09: Poor, 1: Poor, 0: Lost, -1: Lost} {
		require.Equal(t, want, Level(mos), "%v", mos)
	}
}
