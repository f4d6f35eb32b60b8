package report_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

var began = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

const outageScript = `name: The network is gone for five seconds
says: A lift, a garage, a router that starts again. The call must be there still when the network is.
participants:
  mia: {network: home-wifi}
  priya: {path: relay, protocol: tls}
steps:
  - {at: 0s, who: mia, do: call, with: priya}
  - {after: priya rings, wait: 1s, who: priya, do: answer}
  - {after: priya sees mia, wait: 5s, who: mia, do: outage, for: 5s}
  - {wait: 12s, who: mia, do: mute, kind: video}
  - {wait: 4s, who: mia, do: unmute, kind: video}
  - {wait: 5s, who: priya, do: hangup}
expect:
  - setup_ms < 2s
  - audio.mos p5 > 3.6
  - priya freeze_ratio < 2%
  - priya audio.loss max < 10%
  - priya video.fps last > 5
  - mia rtt_ms p95 < 120ms
  - record.end_reason == hangup
`

// fake is what a run of outageScript may measure: seeded, so always the same.
func fake(t testing.TB) *rehearse.Result {
	t.Helper()
	s, err := script.ReadBytes("scripts/calls/outage.yaml", []byte(outageScript))
	require.NoError(t, err)
	r := &rehearse.Result{
		Script: s, Server: "http://127.0.0.1:38123", Began: began, Took: 34600 * time.Millisecond,
		Scalars: map[string]map[string]float64{
			"":      {"setup_ms": 642, "ring_ms": 71, "answer_to_media_ms": 388, "duration_ms": 33_900},
			"mia":   {"freezes": 1, "freeze_ratio": 0.152, "audio.gap_ms": 5040, "first_audio_ms": 61, "first_video_ms": 190, "video.decodable": 0.981, "audio.lost": 241, "video.lost": 312, "reconnects": 1},
			"priya": {"freezes": 2, "freeze_ratio": 0.161, "audio.gap_ms": 5110, "first_audio_ms": 88, "first_video_ms": 251, "video.decodable": 0.977, "audio.lost": 252, "video.lost": 341, "reconnects": 0},
		},
		Texts: map[string]map[string]string{
			"mia":   {"participant_id": "p1", "path": "host/udp", "codec.audio": "opus", "codec.video": "vp8", "end_reason": "hangup", "state": "ended"},
			"priya": {"participant_id": "p2", "path": "relay/tls", "codec.audio": "opus", "codec.video": "vp8", "end_reason": "hangup", "state": "ended"},
		},
		Record: []byte(`{"id":"c4Kq","reason":"hangup","score":1.62,"verdict":"The uplink of p1 lost everything for 5 s; otherwise the call was good.","participants":[{"id":"p1"},{"id":"p2"}]}`),
	}
	at := func(sec float64) time.Duration { return time.Duration(sec * float64(time.Second)) }
	add := func(sec float64, who, kind, text string) {
		r.Events = append(r.Events, rehearse.Event{At: at(sec), Participant: who, Kind: kind, Text: text})
	}
	add(0, "mia", "step", "call priya")
	add(0.01, "mia", "state", "calling")
	add(0.08, "priya", "state", "ringing")
	add(1.08, "priya", "step", "answer")
	add(1.4, "priya", "state", "in call")
	add(1.42, "mia", "state", "in call")
	add(7, "mia", "step", "outage for 5s")
	add(11.2, "mia", "state", "disconnected")
	add(12.6, "mia", "state", "in call")
	add(19, "mia", "step", "mute video")
	add(23, "mia", "step", "unmute video")
	add(33.9, "priya", "step", "hangup")
	add(34, "mia", "state", "ended")
	add(34, "priya", "state", "ended")
	rnd := rand.New(rand.NewPCG(1, 2))
	for sec := 2; sec < 34; sec++ {
		for i, who := range []string{"mia", "priya"} {
			r.Samples = append(r.Samples, rehearse.Sample{At: at(float64(sec)), Participant: who, Values: sampleOf(rnd, sec, i)})
		}
	}
	script.Judge(r)
	return r
}

// sampleOf is one second of the fake: from 7 to 12 s nothing comes, and from 19
// to 23 s priya gets no picture.
func sampleOf(rnd *rand.Rand, sec, who int) map[string]float64 {
	wobble := func(v, by float64) float64 { return v + by*rnd.NormFloat64() }
	v := map[string]float64{
		"audio.mos": min(wobble(4.31, 0.03), 4.4), "video.mos": wobble(4.02, 0.05), "audio.loss": math.Abs(wobble(0, 0.002)), "video.loss": math.Abs(wobble(0, 0.003)),
		"rtt_ms": math.Abs(wobble(24+60*float64(who), 3)), "audio.jitter_ms": math.Abs(wobble(4, 1)), "video.jitter_ms": math.Abs(wobble(6, 1.5)),
		"bitrate_up_bps": wobble(548e3, 14e3), "bitrate_down_bps": wobble(541e3, 16e3), "video.fps": wobble(24, 0.6), "video.height": 360,
	}
	switch {
	case sec >= 7 && sec < 12:
		v["audio.mos"], v["audio.loss"], v["video.loss"], v["bitrate_down_bps"], v["video.fps"] = 1.0, 1, 1, 0, 0
		v["video.mos"] = 1
		delete(v, "rtt_ms")
		delete(v, "audio.jitter_ms")
		delete(v, "video.jitter_ms")
	case sec >= 12 && sec < 15:
		v["audio.mos"], v["rtt_ms"], v["video.mos"] = 3.2+0.3*float64(sec-12), 180-40*float64(sec-12), 2.4+0.5*float64(sec-12)
	case sec >= 19 && sec < 23 && who == 1:
		for _, m := range []string{"video.mos", "video.loss", "video.jitter_ms", "video.fps", "video.height"} {
			delete(v, m)
		}
		v["bitrate_down_bps"] = wobble(34e3, 2e3)
	}
	return v
}

// passed is a short script without trouble, broken one that could not be played.
func passed(t testing.TB) *rehearse.Result {
	t.Helper()
	s, err := script.ReadBytes("scripts/calls/declined.yaml", []byte("name: Declined\nsays: Leo calls Priya, who says no.\nparticipants: {leo: , priya: }\nsteps:\n  - {who: leo, do: call, with: priya}\n  - {after: priya rings, who: priya, do: decline}\nexpect:\n  - ring_ms < 1s\n  - leo end_reason == declined\n"))
	require.NoError(t, err)
	r := &rehearse.Result{
		Script: s, Server: "http://127.0.0.1:38124", Began: began.Add(time.Minute), Took: 1240 * time.Millisecond,
		Scalars: map[string]map[string]float64{"": {"ring_ms": 64, "duration_ms": 640}},
		Texts:   map[string]map[string]string{"leo": {"end_reason": "declined"}, "priya": {"end_reason": "declined"}},
		Events: []rehearse.Event{
			{At: 10 * time.Millisecond, Participant: "leo", Kind: "step", Text: "call priya"}, {At: 20 * time.Millisecond, Participant: "leo", Kind: "state", Text: "calling"},
			{At: 70 * time.Millisecond, Participant: "priya", Kind: "state", Text: "ringing"}, {At: 600 * time.Millisecond, Participant: "priya", Kind: "step", Text: "decline"},
			{At: 640 * time.Millisecond, Participant: "priya", Kind: "state", Text: "ended"}, {At: 650 * time.Millisecond, Participant: "leo", Kind: "state", Text: "ended"},
		},
	}
	script.Judge(r)
	return r
}

func broken(t testing.TB) *rehearse.Result {
	t.Helper()
	r := passed(t)
	r.Script.Name, r.Script.File = "On a train, with tunnels", "scripts/calls/train.yaml"
	r.Err = errors.New("networks of their own need root or CAP_NET_ADMIN, and /dev/net/tun")
	r.Scalars, r.Texts, r.Events, r.Samples = nil, nil, nil, nil
	for i := range 400 {
		r.LogLines = append(r.LogLines, fmt.Sprintf("time=2026-03-14T15:09:26Z level=INFO msg=line n=%d", i))
	}
	script.Judge(r)
	return r
}

func all(t testing.TB) []*rehearse.Result {
	return []*rehearse.Result{fake(t), passed(t), broken(t)}
}
