package client

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// fpsWindow is over how long the frame rate is measured.
const fpsWindow = time.Second

// frameCount counts the frames of one video stream by their RTP packets: a
// marker ends a frame (RFC 7741 section 4.1 and its like for other codecs).
// Key frames and sizes are read for VP8 alone.
type frameCount struct {
	frames, keys  uint64
	width, height int

	since  time.Time // the window's begin
	inside int       // frames in it
	fps    float64
	last   time.Time // of the latest frame
}

// packet counts one packet that arrived or left at now.
func (f *frameCount) packet(codec string, p *rtp.Packet, now time.Time) {
	if strings.EqualFold(codec, "VP8") {
		if w, h, ok := vp8KeyFrame(p.Payload); ok {
			f.keys++
			f.width, f.height = w, h
		}
	}
	if !p.Marker {
		return
	}
	f.frames++
	f.last = now
	if f.since.IsZero() {
		f.since = now
		return
	}
	f.inside++
	if d := now.Sub(f.since); d >= fpsWindow {
		f.fps = float64(f.inside) / d.Seconds()
		f.since, f.inside = now, 0
	}
}

// rate is the frame rate as of now; 0 when frames have stopped.
func (f *frameCount) rate(now time.Time) float64 {
	if f.last.IsZero() || now.Sub(f.last) > 2*fpsWindow {
		return 0
	}
	return f.fps
}

// vp8KeyFrame reads the size out of the first packet of a VP8 key frame
// (RFC 7741 section 4.2, RFC 6386 section 9.1).
func vp8KeyFrame(payload []byte) (width, height int, ok bool) {
	var d codecs.VP8Packet
	b, err := d.Unmarshal(payload)
	if err != nil || d.S != 1 || d.PID != 0 || len(b) < 10 {
		return 0, 0, false
	}
	if b[0]&1 != 0 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return 0, 0, false
	}
	return int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff), true
}
