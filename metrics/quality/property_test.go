package quality

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// odd draws what a broken client may send as well as what is sound.
func odd(t *rapid.T, name string, most float64) float64 {
	return rapid.OneOf(
		rapid.Float64Range(0, most),
		rapid.SampledFrom([]float64{-1, 0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}),
	).Draw(t, name)
}

func anyAudio(t *rapid.T) Audio {
	return Audio{
		Codec: rapid.SampledFrom([]string{"opus", "OPUS", "other", ""}).Draw(t, "codec"), FEC: rapid.Bool().Draw(t, "fec"),
		BitrateBPS: odd(t, "bitrate", 1e5), LossRatio: odd(t, "loss", 1), BurstR: odd(t, "burst", 10), RTTMS: odd(t, "rtt", 3000),
		JitterMS: odd(t, "jitter", 500), JitterBufferMS: odd(t, "buffer", 1000), ConcealedRatio: odd(t, "concealed", 1),
	}
}

func anyVideo(t *rapid.T) Video {
	return Video{
		Codec: rapid.SampledFrom([]string{"vp8", "h264", "vp9", "AV1", ""}).Draw(t, "codec"), Screen: rapid.Bool().Draw(t, "screen"),
		Width: rapid.IntRange(-1, 4000).Draw(t, "width"), Height: rapid.IntRange(-1, 4000).Draw(t, "height"),
		FPS: odd(t, "fps", 60), BitrateBPS: odd(t, "bitrate", 5e6), LossRatio: odd(t, "loss", 1),
		FreezeRatio: odd(t, "frozen", 1), FreezesPerMinute: odd(t, "freezes", 60),
	}
}

func anyStream(t *rapid.T) Stream {
	s := Stream{Kind: rapid.SampledFrom([]string{"audio", "video", "screen", ""}).Draw(t, "kind"), Codec: "vp8", FEC: true}
	hop := func(name string) *Hop {
		if !rapid.Bool().Draw(t, name) {
			return nil
		}
		return &Hop{
			LossRatio: odd(t, "loss", 1), RTTMS: odd(t, "rtt", 2000), JitterMS: odd(t, "jitter", 300), BitrateBPS: odd(t, "bitrate", 2e6),
			FPS: odd(t, "fps", 40), Width: rapid.IntRange(0, 1280).Draw(t, "width"), Height: rapid.IntRange(0, 720).Draw(t, "height"),
			Silent: rapid.IntRange(0, 9).Draw(t, "silent") == 0,
		}
	}
	s.Up, s.Down = hop("up"), hop("down")
	if rapid.Bool().Draw(t, "client") {
		s.Client = &Client{
			LossRatio: odd(t, "loss", 1), JitterMS: odd(t, "jitter", 300), JitterBufferMS: odd(t, "buffer", 1000), ConcealedRatio: odd(t, "concealed", 1),
			BitrateBPS: odd(t, "bitrate", 2e6), FPS: odd(t, "fps", 40), FreezeRatio: odd(t, "frozen", 1), FreezesPerMinute: odd(t, "freezes", 60),
			Width: rapid.IntRange(0, 1280).Draw(t, "width"), Height: rapid.IntRange(0, 720).Draw(t, "height"),
		}
	}
	return s
}

func within(t *rapid.T, v, least, most float64, of any) {
	if !(v >= least && v <= most) {
		t.Fatalf("%v is not within %v and %v: %+v", v, least, most, of)
	}
}

func TestScoresStayWithinTheirScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, v, s := anyAudio(t), anyVideo(t), anyStream(t)
		within(t, AudioMOS(a), 1, 4.5, a)
		within(t, VideoMOS(v), 1, 5, v)
		within(t, s.MOS(), 1, 5, s)
	})
}

// set gives the place of one figure of a stream.
type set[T any] struct {
	name   string
	figure func(*T) *float64
	most   float64
}

var worsensAudio = []set[Audio]{
	{"loss", func(a *Audio) *float64 { return &a.LossRatio }, 1},
	{"burst", func(a *Audio) *float64 { return &a.BurstR }, 20},
	{"rtt", func(a *Audio) *float64 { return &a.RTTMS }, 10_000},
	{"jitter", func(a *Audio) *float64 { return &a.JitterMS }, 2000},
	{"buffer", func(a *Audio) *float64 { return &a.JitterBufferMS }, 5000},
	{"concealed", func(a *Audio) *float64 { return &a.ConcealedRatio }, 1},
}

var worsensVideo = []set[Video]{
	{"loss", func(v *Video) *float64 { return &v.LossRatio }, 1},
	{"frozen", func(v *Video) *float64 { return &v.FreezeRatio }, 1},
	{"freezes", func(v *Video) *float64 { return &v.FreezesPerMinute }, 200},
}

var bettersVideo = []set[Video]{
	{"bitrate", func(v *Video) *float64 { return &v.BitrateBPS }, 2e7},
	{"fps", func(v *Video) *float64 { return &v.FPS }, 120},
}

// two draws a smaller and a larger value.
func two(t *rapid.T, most float64) (low, high float64) {
	a, b := rapid.Float64Range(0, most).Draw(t, "one"), rapid.Float64Range(0, most).Draw(t, "other")
	return min(a, b), max(a, b)
}

const rounding = 1e-9

func TestMoreTroubleNeverRaisesAScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, s := anyAudio(t), rapid.SampledFrom(worsensAudio).Draw(t, "figure")
		low, high := two(t, s.most)
		*s.figure(&a) = low
		before := AudioMOS(a)
		*s.figure(&a) = high
		if after := AudioMOS(a); after > before+rounding {
			t.Fatalf("%s from %v to %v raises the sound from %v to %v", s.name, low, high, before, after)
		}

		v, sv := anyVideo(t), rapid.SampledFrom(worsensVideo).Draw(t, "figure of video")
		low, high = two(t, sv.most)
		*sv.figure(&v) = low
		before = VideoMOS(v)
		*sv.figure(&v) = high
		if after := VideoMOS(v); after > before+rounding {
			t.Fatalf("%s from %v to %v raises the picture from %v to %v", sv.name, low, high, before, after)
		}
	})
}

func TestMoreOfTheGoodNeverLowersAScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAudio(t)
		low, high := two(t, 128_000)
		a.BitrateBPS = low
		before := AudioMOS(a)
		a.BitrateBPS = high
		if after := AudioMOS(a); after < before-rounding {
			t.Fatalf("bitrate from %v to %v lowers the sound from %v to %v", low, high, before, after)
		}

		v, s := anyVideo(t), rapid.SampledFrom(bettersVideo).Draw(t, "figure")
		low, high = two(t, s.most)
		*s.figure(&v) = low
		before = VideoMOS(v)
		*s.figure(&v) = high
		if after := VideoMOS(v); after < before-rounding {
			t.Fatalf("%s from %v to %v lowers the picture from %v to %v", s.name, low, high, before, after)
		}

		v.Width, v.Height = rapid.IntRange(1, 2000).Draw(t, "w"), rapid.IntRange(1, 2000).Draw(t, "h")
		before = VideoMOS(v)
		v.Width += rapid.IntRange(0, 2000).Draw(t, "wider")
		v.Height += rapid.IntRange(0, 2000).Draw(t, "higher")
		if after := VideoMOS(v); after < before-rounding {
			t.Fatalf("%d×%d lowers the picture from %v to %v", v.Width, v.Height, before, after)
		}
	})
}

var (
	places = map[string]bool{Uplink: true, Downlink: true, Server: true, DeviceAt: true}
	faults = map[string]bool{Loss: true, Delay: true, Jitter: true, Bandwidth: true, Freezes: true, Silence: true, Load: true}
)

func TestLocateKeepsToItsWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStream(t)
		mos := s.MOS()
		where, why := Locate(s)
		if s.MOS() != mos {
			t.Fatal("Locate changed the stream")
		}
		switch {
		case mos >= GoodFrom:
			if where != "" || why != "" {
				t.Fatalf("a good stream is blamed on %s %s", where, why)
			}
		case where == "" && why == "":
		case !places[where] || !faults[why]:
			t.Fatalf("%q %q", where, why)
		}
		if where == Uplink && s.Up == nil || where == Downlink && s.Down == nil {
			t.Fatalf("%s is not part of the way", where)
		}
	})
}

// One fault on an otherwise perfect way is found where it is.
func TestASingleFaultIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sound := rapid.Bool().Draw(t, "sound")
		hops := map[string]*Hop{Uplink: clean(sound), Downlink: clean(sound)}
		at := rapid.SampledFrom([]string{Uplink, Downlink}).Draw(t, "where")
		want := Loss
		switch h := hops[at]; {
		case rapid.Bool().Draw(t, "loss"):
			h.LossRatio = rapid.Float64Range(0.05, 0.5).Draw(t, "ratio")
		case sound && rapid.Bool().Draw(t, "delay"):
			h.RTTMS, want = rapid.Float64Range(500, 3000).Draw(t, "rtt"), Delay
		case sound:
			h.JitterMS, want = rapid.Float64Range(70, 500).Draw(t, "jitter"), Jitter
		default:
			h.Silent, want = true, Silence
		}
		s := Stream{Kind: map[bool]string{true: "audio", false: "video"}[sound], Codec: "opus", FEC: true, Up: hops[Uplink], Down: hops[Downlink]}
		if where, why := Locate(s); where != at || why != want {
			t.Fatalf("%s %s at a score of %v, not %s %s", where, why, s.MOS(), at, want)
		}
	})
}

// clean is a hop without fault.
func clean(sound bool) *Hop {
	if sound {
		return &Hop{RTTMS: 20, JitterMS: 2, BitrateBPS: 32_000, FPS: -1}
	}
	return &Hop{RTTMS: 20, JitterMS: 10, BitrateBPS: 1.5e6, FPS: 30, Width: 1280, Height: 720}
}
