//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// media says what one source sends.
type media struct {
	Video   bool          `json:"video"`
	Every   time.Duration `json:"every"`   // between two frames
	Packets int           `json:"packets"` // of a frame, all of one size
	Payload int           `json:"payload"` // bytes of RTP payload in each
}

var (
	// sound is Opus at 40 kbit/s in frames of 20 ms.
	sound = media{Every: 20 * time.Millisecond, Packets: 1, Payload: 100}
	// One megabit and half a megabit a second at 30 frames a second.
	picture      = media{Video: true, Every: time.Second / 30, Packets: 4, Payload: 1042}
	smallPicture = media{Video: true, Every: time.Second / 30, Packets: 2, Payload: 1042}
)

// shape is who sends what to whom: Rooms rooms, in each the same people.
type shape struct {
	Name      string
	Title     string
	Rooms     int
	Senders   int // in a room
	Receivers int // in a room, who send nothing
	Media     []media
}

var shapes = []shape{
	{Name: "audio", Title: "50 audio receivers of one sender", Rooms: 1, Senders: 1, Receivers: 50, Media: []media{sound}},
	{Name: "video", Title: "30 video receivers of one sender", Rooms: 1, Senders: 1, Receivers: 30, Media: []media{picture}},
	{Name: "calls", Title: "10 calls of 4, audio + 0.5 Mbit/s video each", Rooms: 10, Senders: 4, Media: []media{sound, smallPicture}},
}

func chooseShapes(names string) ([]shape, error) {
	if names == "" || names == "all" {
		return shapes, nil
	}
	var out []shape
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(shapes, func(s shape) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("--shape %s: given %q, allowed are audio, video, calls and all", names, name)
		}
		out = append(out, shapes[i])
	}
	return out, nil
}

func (s shape) participants() int { return s.Rooms * (s.Senders + s.Receivers) }

// fanOut is how many receive what one sender sends.
func (s shape) fanOut() int { return s.Senders + s.Receivers - 1 }

// count is how many sources of a kind one sender has.
func (s shape) count(video bool) int {
	n := 0
	for _, m := range s.Media {
		if m.Video == video {
			n++
		}
	}
	return n
}

// delivered is how many packets a second all receivers together are to get.
func (s shape) delivered() float64 {
	var perSender float64
	for _, m := range s.Media {
		perSender += float64(m.Packets) * float64(time.Second) / float64(m.Every)
	}
	return perSender * float64(s.Rooms*s.Senders*s.fanOut())
}

// phase spreads the sources of a shape over the time between two frames,
// evenly and the same way in every run.
func phase(i int, every time.Duration) time.Duration {
	const golden = 0.6180339887498949
	x := float64(i+1) * golden
	return time.Duration((x - float64(int(x))) * float64(every))
}
