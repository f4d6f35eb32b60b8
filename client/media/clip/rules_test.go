package clip

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"pgregory.net/rapid"
)

// spoiled is a recording of which packets are dropped, doubled and swapped.
type spoiled struct {
	sent    []*rtp.Packet
	drop    map[int]bool
	arrived []*rtp.Packet
	swapped bool
}

func spoil(t *rapid.T, sent []*rtp.Packet) spoiled {
	s := spoiled{sent: sent, drop: map[int]bool{}}
	for range rapid.IntRange(0, 12).Draw(t, "losses") {
		from := rapid.IntRange(1, len(sent)-1).Draw(t, "from")
		for i := range rapid.IntRange(1, 6).Draw(t, "in a row") {
			s.drop[from+i] = true
		}
	}
	for i, p := range sent {
		if s.drop[i] {
			continue
		}
		s.arrived = append(s.arrived, p)
		switch n := len(s.arrived); rapid.IntRange(0, 60).Draw(t, "fate") {
		case 0:
			s.arrived = append(s.arrived, p)
		case 1:
			if n > 2 {
				s.arrived[n-1], s.arrived[n-2] = s.arrived[n-2], s.arrived[n-1]
				s.swapped = true
			}
		}
	}
	return s
}

// decodable is how many frames can be decoded, by the rules: all packets came,
// and it is a key frame or the one before could be.
func (s spoiled) decodable(c *Clip) (frames uint64) {
	open, keep, n := true, false, 0
	for i, p := range s.sent {
		open = open && !s.drop[i]
		if !p.Marker {
			continue
		}
		keep = open && (c.Frames[n%len(c.Frames)].Key || keep)
		if keep {
			frames++
		}
		open = true
		n++
	}
	return frames
}

// lost is how many packets are missing before the last that came.
func (s spoiled) lost() (n uint64) {
	last := len(s.sent) - 1
	for s.drop[last] {
		last--
	}
	for i := range last {
		if s.drop[i] {
			n++
		}
	}
	return n
}

// TestDecodableByTheRules drops, doubles and swaps packets and holds the ear to
// what can be said of each frame from what arrived.
func TestDecodableByTheRules(t *testing.T) {
	recorded := map[string][]*rtp.Packet{}
	clips := map[string]*Clip{}
	for _, codec := range []string{"VP8", "H264"} {
		clips[codec], recorded[codec] = record(t, "small", codec, 9*time.Second, nil)
	}
	rapid.Check(t, func(t *rapid.T) {
		codec := rapid.SampledFrom([]string{"VP8", "H264"}).Draw(t, "codec")
		c := clips[codec]
		s := spoil(t, recorded[codec])
		e := NewEar(codec)
		now := start
		for _, p := range s.arrived {
			if at := due(c, s.sent[0], p); at.After(now) {
				now = at
			}
			e.Packet(p, now)
		}
		e.Finish(now.Add(time.Second))
		got := e.Total(now.Add(time.Second))
		shown, want := got.Frames-got.Undecodable, s.decodable(c)
		// Swapped packets may let a key frame be whole before the frame ahead of
		// it, which ends the wait for that one.
		if shown > want || (shown < want && !s.swapped) {
			t.Fatalf("%d frames shown, %d can be decoded", shown, want)
		}
		if got.Lost != s.lost() {
			t.Fatalf("%d packets lost, %d by the ear", s.lost(), got.Lost)
		}
		if got.Corrupt+got.Alien > 0 {
			t.Fatalf("%d corrupt, %d alien", got.Corrupt, got.Alien)
		}
	})
}
