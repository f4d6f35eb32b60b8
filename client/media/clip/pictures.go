package clip

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"kinwire/client/media"
)

// maxPending bounds the pictures that wait for their packets or for those
// before them.
const maxPending = 256

// pictures puts the frames of one video stream together and says which of them
// a decoder could have shown, and when.
type pictures struct {
	codec   string
	pending map[uint32]*assembly // by timestamp
	flow    flow

	begun   bool  // a key frame was shown
	last    int64 // number of the last packet of the frame shown last
	lastTS  uint32
	place   place  // of the frame shown last, where its clip is known
	frame   uint32 // its number, where it has stamps
	needKey bool

	shown, keys   uint64
	undecodable   uint64 // did not come whole, or built upon one that did not
	corrupt       uint64 // not what its clip has
	alien         uint64 // of no clip and without stamps
	ours          bool   // the stream is of a clip or of a generator of this house
	width, height int
}

// assembly is a frame of which packets have come.
type assembly struct {
	ts    uint32
	parts []part
	first int64 // number of the packet that begins it; 0: not known yet
	end   int64 // of the one that ends it
}

type part struct {
	at      int64
	payload []byte
}

// take adds a packet that is new, and shows what has become whole by it.
func (v *pictures) take(at int64, p *rtp.Packet, now time.Time) {
	if v.begun && at <= v.last {
		return // of a frame that was given up
	}
	a := v.pending[p.Timestamp]
	if a == nil {
		if len(v.pending) >= maxPending {
			v.drop()
		}
		a = &assembly{ts: p.Timestamp}
		v.pending[p.Timestamp] = a
	}
	a.parts = append(a.parts, part{at, p.Payload})
	if begins[v.codec](p.Payload) && (a.first == 0 || at < a.first) {
		a.first = at
	}
	if p.Marker {
		a.end = at
	}
	v.show(now)
}

// drop gives the oldest frame up.
func (v *pictures) drop() {
	var oldest *assembly
	for _, a := range v.pending {
		if oldest == nil || a.parts[0].at < oldest.parts[0].at {
			oldest = a
		}
	}
	delete(v.pending, oldest.ts)
	v.undecodable++
}

func (a *assembly) whole() bool {
	return a.first != 0 && a.end != 0 && int64(len(a.parts)) == a.end-a.first+1
}

// show shows all whole frames whose turn it is: the one that follows, or a key
// frame, before which everything else is given up.
func (v *pictures) show(now time.Time) {
	for {
		next := v.next()
		if next == nil {
			return
		}
		delete(v.pending, next.ts)
		slices.SortFunc(next.parts, func(x, y part) int { return cmp.Compare(x.at, y.at) })
		f, ok := v.read(next)
		gap := v.begun && next.first != v.last+1
		switch {
		case !v.begun:
			v.forget(next.first) // from before we came in
		case gap:
			v.giveUp(next)
		default:
			v.flow.step(next.ts - v.lastTS)
		}
		v.last, v.lastTS, v.begun = next.end, next.ts, true
		if !ok || (!f.key && (v.needKey || !v.follows(f))) {
			v.undecodable++
			v.needKey = true
			continue
		}
		v.needKey = false
		v.place, v.frame = f.place, f.number
		v.shown++
		if f.key {
			v.keys++
		}
		if f.width > 0 {
			v.width, v.height = f.width, f.height
		}
		v.flow.shown(now)
	}
}

// next is a whole frame whose turn it is; nil: there is none.
func (v *pictures) next() *assembly {
	var best *assembly
	for _, a := range v.pending {
		if !a.whole() {
			continue
		}
		follows := v.begun && a.first == v.last+1
		if !follows && !v.isKey(a) {
			continue
		}
		if best == nil || a.first < best.first {
			best = a
		}
	}
	return best
}

// isKey looks at the beginning of a frame alone.
func (v *pictures) isKey(a *assembly) bool {
	for _, p := range a.parts {
		if p.at == a.first {
			return keyAhead[v.codec](p.payload)
		}
	}
	return false
}

// giveUp counts the frames between the last one that was shown and a key frame
// after a gap: by the time between them, as some left no packet at all.
func (v *pictures) giveUp(key *assembly) {
	v.forget(key.first)
	step := v.flow.least
	if v.place.clip != nil {
		step = v.place.clip.Step
	}
	// Each frame has a packet at least.
	most := key.first - v.last - 1
	n := int64(1)
	if step > 0 {
		n = (int64(key.ts-v.lastTS)+int64(step)/2)/int64(step) - 1
	}
	v.undecodable += uint64(max(1, min(n, most)))
}

// forget drops what waits from before a packet.
func (v *pictures) forget(before int64) {
	for ts, a := range v.pending {
		if a.parts[0].at < before {
			delete(v.pending, ts)
		}
	}
}

// reading is what a whole frame is.
type reading struct {
	key           bool
	place         place
	number        uint32
	width, height int
}

// read takes a whole frame apart. False: it is not what its sender sent.
func (v *pictures) read(a *assembly) (reading, bool) {
	data, ok := join[v.codec](a.parts)
	if !ok {
		v.corrupt++
		return reading{}, false
	}
	f := reading{key: v.isKey(a)}
	if at, known := find(data); known {
		v.ours = true
		f.place, f.width, f.height = at, at.clip.Width, at.clip.Height
		return f, true
	}
	if s, stamped := stamps(a.parts); stamped {
		v.ours = true
		f.number = s.Frame
		if f.key && len(data) >= 10 { // RFC 6386 section 9.1
			f.width, f.height = int(binary.LittleEndian.Uint16(data[6:])&0x3fff), int(binary.LittleEndian.Uint16(data[8:])&0x3fff)
		}
		return f, true
	}
	if v.ours {
		v.corrupt++
		return f, false
	}
	v.alien++
	return f, true
}

// follows says whether a frame is the one after the frame shown last by what is
// in it: numbers can be whole although somebody on the way has taken one out.
func (v *pictures) follows(f reading) bool {
	switch {
	case f.place.clip != nil:
		c := f.place.clip
		// Of frames that are alike, the first is known: that may be an earlier one.
		after := (v.place.index + 1) % len(c.Frames)
		return v.place.clip == c && (after == f.place.index || string(c.Frames[after].Data) == string(c.Frames[f.place.index].Data))
	case f.number != 0:
		return f.number == v.frame+1
	}
	return true
}

// stamps reads those of a frame of a generator; all its packets have one.
func stamps(parts []part) (media.Stamp, bool) {
	var first media.Stamp
	for i, p := range parts {
		s, ok := media.ParseStamp(p.payload)
		if !ok || int(s.Index) != i || int(s.Count) != len(parts) || (i > 0 && s.Frame != first.Frame) {
			return media.Stamp{}, false
		}
		if i == 0 {
			first = s
		}
	}
	return first, len(parts) > 0
}

// begins says whether a payload is the first of a frame, by codec.
var begins = map[string]func([]byte) bool{
	"VP8": func(b []byte) bool {
		var d codecs.VP8Packet
		_, err := d.Unmarshal(b)
		return err == nil && d.S == 1 && d.PID == 0
	},
	"H264": h264Begins,
}

// keyAhead says whether a payload that begins a frame begins a key frame.
var keyAhead = map[string]func([]byte) bool{
	"VP8": func(b []byte) bool {
		var d codecs.VP8Packet
		data, err := d.Unmarshal(b)
		return err == nil && len(data) > 0 && data[0]&1 == 0
	},
	"H264": func(b []byte) bool {
		kind := b[0] & nalType
		return kind == nalSTAP || kind == nalSPS
	},
}

// join makes a frame of its payloads, by codec.
var join = map[string]func([]part) ([]byte, bool){
	"VP8": func(parts []part) ([]byte, bool) {
		var out []byte
		for _, p := range parts {
			var d codecs.VP8Packet
			data, err := d.Unmarshal(p.payload)
			if err != nil {
				return nil, false
			}
			out = append(out, data...)
		}
		return out, true
	},
	"H264": func(parts []part) ([]byte, bool) {
		var d codecs.H264Packet
		var out []byte
		for _, p := range parts {
			data, err := d.Unmarshal(p.payload)
			if err != nil {
				return nil, false
			}
			out = append(out, data...)
		}
		return out, true
	},
}
