package clip

import (
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"

	"kinwire/client/media"
)

const (
	// A receiver asks for a key frame when packets come and nothing has been
	// shown for keyAfter, and again each keyAgain.
	keyAfter = 500 * time.Millisecond
	keyAgain = time.Second
)

// Ear listens to one stream. Its methods may be called by several goroutines at
// once.
type Ear struct {
	mu       sync.Mutex
	codec    string
	video    bool
	light    bool
	numbers  numbers
	pictures pictures
	sound    flow
	bytes    uint64
	alien    uint64 // packets of sound of no clip and without a stamp
	corrupt  uint64
	ours     bool
	first    time.Time // when the first packet came
	whole    time.Time // when the first key frame was shown; for sound: first
	asked    time.Time // for a key frame
	took     mark
	done     bool
}

// mark is where the last second ended.
type mark struct {
	at             time.Time
	received, lost uint64
	bytes, shown   uint64
}

// NewEar makes an ear for a stream in that codec: "VP8", "H264" or "opus", in
// any case. Of pictures in others it hears the packets alone.
func NewEar(codec string) *Ear {
	e := &Ear{codec: strings.ToUpper(codec)}
	e.video = e.codec != "OPUS"
	e.numbers.clock = 90000
	if !e.video {
		e.codec, e.numbers.clock = "opus", 48000
	}
	e.pictures = pictures{codec: e.codec, pending: map[uint32]*assembly{}}
	return e
}

// NewLightEar makes an ear that hears numbers, loss and jitter alone and does not
// look at what is in the packets.
func NewLightEar(codec string) *Ear {
	e := NewEar(codec)
	e.light = true
	return e
}

// Packet takes the next packet that has come. It keeps its payload.
func (e *Ear) Packet(p *rtp.Packet, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return
	}
	if e.first.IsZero() {
		e.first, e.took.at = now, now
	}
	e.bytes += uint64(len(p.Payload))
	at, is := e.numbers.take(p, now)
	switch is {
	case twice, late:
		return
	case another:
		e.restart()
	}
	if e.light {
		return
	}
	if e.video {
		if begins[e.codec] != nil {
			e.pictures.take(at, p, now)
			if e.whole.IsZero() && e.pictures.keys > 0 {
				e.whole = now
			}
		}
		return
	}
	if e.whole.IsZero() {
		e.whole = now
	}
	e.sound.shown(now)
	e.hear(p.Payload)
}

// hear looks whether a packet of sound is what was sent.
func (e *Ear) hear(payload []byte) {
	_, known := find(payload)
	if !known {
		_, known = media.ParseStamp(payload)
	}
	switch {
	case known:
		e.ours = true
	case e.ours:
		e.corrupt++
	default:
		e.alien++
	}
}

// restart begins with new numbers: what was pending belongs to the old ones.
func (e *Ear) restart() {
	clear(e.pictures.pending)
	e.pictures.begun, e.pictures.needKey = false, true
}

// Break says that the numbers of the packets that come next have nothing to do
// with those before, as when a slot has stood for somebody else in between.
func (e *Ear) Break() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.numbers.giveUp()
	e.restart()
}

// Pause says that the sender sends nothing, on purpose, or that it sends again.
// Gaps in between are no freezes.
func (e *Ear) Pause(paused bool, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.done {
		e.pictures.flow.pause(paused, now)
		e.sound.pause(paused, now)
	}
}

// WantsKey says whether it is time to ask the sender for a key frame. Whoever
// is told so asks.
func (e *Ear) WantsKey(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := &e.pictures
	if !e.video || e.light || begins[e.codec] == nil || e.pictures.flow.paused || e.done || e.first.IsZero() || now.Sub(e.numbers.last) > keyAfter || now.Sub(e.asked) < keyAgain {
		return false
	}
	last := v.flow.last
	if last.IsZero() {
		last = e.first
	}
	if now.Sub(last) < keyAfter {
		return false
	}
	e.asked = now
	return true
}

// Second is what came since the last look.
type Second struct {
	Loss, JitterMS, BitrateBPS float64 // Loss in 0…1, after repair
	FPS                        float64 // decodable frames
	Height                     int
	Packets                    uint64
	Paused                     bool // the sender sends nothing on purpose
}

// Take is called once a second. False: nothing has come yet.
func (e *Ear) Take(now time.Time) (Second, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.first.IsZero() || e.done {
		return Second{}, false
	}
	e.numbers.expire(now, lostAfter)
	f := &e.pictures.flow
	if !e.video {
		f = &e.sound
	}
	s := Second{JitterMS: e.numbers.jitterMS(), Height: e.pictures.height, Paused: f.paused}
	is := mark{now, e.numbers.received, e.numbers.lost, e.bytes, e.pictures.shown}
	was := e.took
	e.took = is
	took := now.Sub(was.at).Seconds()
	if took <= 0 {
		return Second{}, false
	}
	s.Packets = is.received - was.received
	if due := s.Packets + is.lost - was.lost; due > 0 {
		s.Loss = float64(is.lost-was.lost) / float64(due)
	}
	s.BitrateBPS = float64(is.bytes-was.bytes) * 8 / took
	s.FPS = float64(is.shown-was.shown) / took
	return s, true
}

// Total is what came all in all.
type Total struct {
	Codec                                  string
	First, Whole                           time.Time // the first packet, the first whole key frame; zero: none came
	Received, Lost, OutOfOrder, Duplicates uint64    // packets
	Bytes                                  uint64    // of payload
	Frames, Undecodable, Corrupt, Alien    uint64    // of sound, packets; Corrupt ones are among Undecodable
	Freezes                                int
	Frozen, Active                         time.Duration // Active: between the first and the last frame, pauses left out
	Gap                                    time.Duration // the longest without sound, or without a picture
	Last                                   time.Time     // when the latest packet came
}

// Total may be asked for at any time.
func (e *Ear) Total(now time.Time) Total {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.sound
	t := Total{
		Codec: e.codec, First: e.first, Whole: e.whole, Received: e.numbers.received, Lost: e.numbers.lost,
		OutOfOrder: e.numbers.outOfOrder, Duplicates: e.numbers.duplicates, Bytes: e.bytes,
		Frames: e.numbers.received, Undecodable: e.corrupt, Corrupt: e.corrupt, Alien: e.alien, Last: e.numbers.last,
	}
	if e.video {
		v := &e.pictures
		f = v.flow
		t.Frames, t.Undecodable, t.Corrupt, t.Alien = v.shown+v.undecodable, v.undecodable, v.corrupt, v.alien
	}
	t.Freezes, t.Frozen, t.Active = f.freezes, f.frozen, f.active
	t.Gap = max(f.gap, f.since(now))
	return t
}

// Finish says that the stream is over: what is missing now is lost, and what
// comes after is not counted.
func (e *Ear) Finish(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return
	}
	e.done = true
	e.numbers.expire(now, lostAtEnd)
	e.pictures.flow.stop(now)
	e.sound.stop(now)
}
