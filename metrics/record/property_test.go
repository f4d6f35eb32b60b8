package record

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kinwire/metrics/label"
)

// word draws what a closed list has, and what it has not.
func word(t *rapid.T, name string, known ...string) string {
	return rapid.OneOf(rapid.SampledFrom(known), rapid.String()).Draw(t, name)
}

func anyServer(t *rapid.T) *LinkSample {
	number := rapid.Uint64()
	s := &LinkSample{
		Path:   Path{word(t, "type", "host", "relay"), word(t, "protocol", "udp", "tls")},
		Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, rapid.Byte().Draw(t, "octet")}), 1),
		RTT:    time.Duration(rapid.Int64().Draw(t, "rtt")),
	}
	for range rapid.IntRange(0, 4).Draw(t, "streams") {
		s.Streams = append(s.Streams, StreamSample{
			ID: word(t, "id", "1", "2"), Direction: word(t, "direction", "up", "down"), Kind: word(t, "kind", "audio", "video"),
			Codec: word(t, "codec", "VP8", "opus"), From: word(t, "from", "a", "b"),
			Packets: number.Draw(t, "packets"), Bytes: number.Draw(t, "bytes"), Expected: number.Draw(t, "expected"),
			Lost: number.Draw(t, "lost"), Repaired: number.Draw(t, "repaired"), Frames: number.Draw(t, "frames"),
			Jitter: time.Duration(rapid.Int64().Draw(t, "jitter")), RTT: time.Duration(rapid.Int64().Draw(t, "rtt")),
			Holes: number.Draw(t, "holes"), Layers: rapid.Int().Draw(t, "layers"), Layer: rapid.Int().Draw(t, "layer"),
			EstimateBPS: rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1)})).Draw(t, "estimate"), Muted: rapid.Bool().Draw(t, "muted"),
			Reports: number.Draw(t, "reports"), RemoteFractionLost: rapid.Float64().Draw(t, "fraction"),
			RemoteLost: rapid.Int64().Draw(t, "remote lost"), Width: rapid.Int().Draw(t, "width"), Height: rapid.Int().Draw(t, "height"),
		})
	}
	return s
}

func anyClient(t *rapid.T) *ClientSample {
	number, float := rapid.Uint64(), rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.MaxFloat64}))
	s := &ClientSample{
		LocalType: word(t, "local type", "host", "prflx"), Protocol: word(t, "protocol", "udp"), RelayProtocol: word(t, "relay protocol", "tls"),
		RTT: time.Duration(rapid.Int64().Draw(t, "rtt")), AvailableBPS: float.Draw(t, "available"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "streams") {
		s.Streams = append(s.Streams, ClientStream{
			MID: word(t, "mid", "", "1", "2"), Direction: word(t, "direction", "send", "recv"), From: word(t, "from", "a", "b"),
			Kind: word(t, "kind", "audio", "video"), Codec: word(t, "codec", "VP8", "opus"),
			Packets: number.Draw(t, "packets"), Bytes: number.Draw(t, "bytes"), PacketsLost: rapid.Int64().Draw(t, "lost"),
			Retransmitted: number.Draw(t, "retransmitted"), Frames: number.Draw(t, "frames"), Dropped: number.Draw(t, "dropped"),
			FPS: float.Draw(t, "fps"), Frozen: time.Duration(rapid.Int64().Draw(t, "frozen")),
			Concealed: number.Draw(t, "concealed"), TotalSamples: number.Draw(t, "samples"),
			Width: rapid.Int().Draw(t, "width"), Height: rapid.Int().Draw(t, "height"),
		})
	}
	return s
}

// sane checks what must hold of any record, whatever was reported.
func sane(t *rapid.T, d *Document) {
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatalf("a record must always be JSON: %v", err)
	}
	var walk func(where string, v any)
	walk = func(where string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if p95, is := v["p95"]; is {
				least, median, most := v["min"].(float64), v["median"].(float64), v["max"].(float64)
				if least < 0 || least > median || median > p95.(float64) || p95.(float64) > most {
					t.Fatalf("%s: %v is out of order", where, v)
				}
			}
			for k, e := range v {
				walk(where+"."+k, e)
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", where, i), e)
			}
		case float64:
			if v < 0 {
				t.Fatalf("%s is %v", where, v)
			}
		}
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	walk("record", doc)
	saneScores(t, d)
	for _, p := range d.Participants {
		for _, s := range p.Streams {
			if !label.Directions.Has(s.Direction) || !label.Kinds.Has(s.Kind) || s.From != "a" && s.From != "b" {
				t.Fatalf("a stream %s/%s/%s", s.Direction, s.Kind, s.From)
			}
			for _, v := range []*View{s.Server, s.Client} {
				if v == nil {
					continue
				}
				if v.ActiveMS > d.DurationMS || v.DurationMS > d.DurationMS || v.Loss != nil && v.Loss.Max > 1 || v.Totals.LossRatio > 1 {
					t.Fatalf("%+v", v)
				}
			}
		}
	}
}

// saneScores checks what came with the scores: the time line, the events and
// the troubles.
func saneScores(t *rapid.T, d *Document) {
	if d.Score != 0 && (d.Score < 1 || d.Score > 5) || len(d.Events) > MaxEvents {
		t.Fatalf("score %v, %d events", d.Score, len(d.Events))
	}
	for i, e := range d.Events {
		if !label.Events.Has(e.Event) || i > 0 && e.AtMS < d.Events[i-1].AtMS {
			t.Fatalf("event %d: %+v", i, e)
		}
	}
	for _, p := range d.Participants {
		for _, s := range p.Streams {
			if s.Score != nil && (s.Score.Min < 1 || s.Score.Max > 5) {
				t.Fatalf("%+v", s.Score)
			}
			if x := s.Trouble; x != nil && (!label.Places.Has(x.Where) || !label.Faults.Has(x.Why) || x.Share > 1 || x.Says == "") {
				t.Fatalf("%+v", x)
			}
		}
	}
	for _, tr := range d.Timeline.Media {
		for name, l := range map[string][]*float64{
			"layer": tr.Layer, "rtt": tr.RTT, "jitter": tr.Jitter, "loss": tr.Loss, "bitrate": tr.Bitrate, "fps": tr.FPS, "height": tr.Height, "estimate": tr.Estimate, "mos": tr.Score,
		} {
			if len(l) != d.Timeline.Steps {
				t.Fatalf("%s has %d of %d steps", name, len(l), d.Timeline.Steps)
			}
			for _, v := range l {
				if v != nil && (math.IsNaN(*v) || *v < 0 || name == "loss" && *v > 1 || name == "mos" && (*v < 1 || *v > 5)) {
					t.Fatalf("%s is %v", name, *v)
				}
			}
		}
	}
}

func TestAnySamplesGiveASaneRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, n := two(), &notes{}
		at := 3.0
		for range rapid.IntRange(1, 12).Draw(t, "samples") {
			at = max(3, at+rapid.Float64Range(-1, 5).Draw(t, "step"))
			who := word(t, "who", "a", "b")
			if rapid.IntRange(0, 4).Draw(t, "event") == 0 {
				c.Event(who, word(t, "what", "mute", "unmute", "link"), Event{Kind: word(t, "of", "audio", "video"), Detail: word(t, "detail", "failed", "connected")}, after(at))
			}
			if rapid.Bool().Draw(t, "client") {
				c.Client(who, anyClient(t), after(at), n)
			} else {
				c.Server(who, anyServer(t), after(at), n)
			}
		}
		for _, q := range c.Quality(after(at)) {
			if !label.Levels.Has(q.Level) || q.MOS != 0 && (q.MOS < 1 || q.MOS > 5) || q.Where != "" && !label.Places.Has(q.Where) {
				t.Fatalf("%+v", q)
			}
		}
		for _, i := range n.intervals {
			if i.CallID != "c1" || i.Score != unknown && (i.Score < 1 || i.Score > 5) {
				t.Fatalf("call %q, score %v", i.CallID, i.Score)
			}
			for f, v := range i.Values {
				if math.IsNaN(v) || v > most[f] {
					t.Fatalf("figure %d is %v", f, v)
				}
			}
		}
		sane(t, c.SoFar(after(100)))
		sane(t, c.End("hangup", after(100)))
	})
}

// However the same stream is sampled, its totals are the same, and its mean
// rate is the true one.
func TestTotalsDoNotDependOnWhenSamplesCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := two()
		at, rate := 3.0, float64(rapid.IntRange(20, 400).Draw(t, "packets a second"))
		for range rapid.IntRange(2, 50).Draw(t, "samples") {
			at += rapid.Float64Range(0.01, 4).Draw(t, "step")
			s := up(uint64(math.Round((at - 3) * rate)))
			s.Started = after(3)
			c.Server("a", link(s), after(at), &notes{})
		}
		v := c.SoFar(after(at)).Participants[0].Streams[0].Server
		if want := int64(math.Round((at - 3) * rate)); v.Totals.Packets != want {
			t.Fatalf("%d packets, sent %d", v.Totals.Packets, want)
		}
		if v.Bitrate != nil && math.Abs(v.Totals.BitrateBPS-rate*8000) > rate*8000*0.01+80_000/v.durationSeconds() {
			t.Fatalf("mean bitrate %v, true %v", v.Totals.BitrateBPS, rate*8000)
		}
	})
}

func (v *View) durationSeconds() float64 { return max(0.1, float64(v.DurationMS)/1000) }
