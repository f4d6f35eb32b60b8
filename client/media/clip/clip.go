package clip

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"kinwire/client"
)

//go:embed data
var files embed.FS

// maxPayload bounds an RTP payload, so that a packet passes any network with
// what SRTP and TURN add.
const maxPayload = 1160

// Clip is a short recording. It is shared: nobody changes it.
type Clip struct {
	Name          string
	Codec         string // as in SDP: "VP8", "H264", "opus"
	Width, Height int    // 0 for sound
	Clock         uint32 // of the RTP timestamps, in Hz
	Step          uint32 // ticks of the clock from one frame to the next
	Frames        []Frame
}

// Frame is a picture, or a packet of sound.
type Frame struct {
	Data     []byte // H264: NAL units with start codes of four bytes
	Key      bool
	payloads [][]byte // as RTP carries it; of VP8 with a descriptor of one byte
}

// Interval is the time from one frame to the next.
func (c *Clip) Interval() time.Duration {
	return time.Duration(c.Step) * time.Second / time.Duration(c.Clock)
}

// Length is how long the clip is.
func (c *Clip) Length() time.Duration { return time.Duration(len(c.Frames)) * c.Interval() }

// BitrateBPS is how much the clip weighs, before RTP.
func (c *Clip) BitrateBPS() float64 {
	n := 0
	for _, f := range c.Frames {
		n += len(f.Data)
	}
	return float64(8*n) / c.Length().Seconds()
}

// recordings are the clips that are to be seen, each in both codecs; their rates
// are those of scripts/make-clips.
var recordings = []struct {
	name          string
	width, height int
	fps           uint32
}{{"talk", 640, 360, 25}, {"small", 320, 180, 15}, {"slides", 640, 360, 5}}

// opusStep is 20 ms at 48 kHz (RFC 7587 section 4.1).
const opusStep = 960

// library holds all clips and knows each of their frames.
type library struct {
	clips []*Clip
	known map[fingerprint]place
}

type fingerprint [16]byte

// place is a frame of a clip.
type place struct {
	clip  *Clip
	index int
}

func fingerprintOf(data []byte) fingerprint {
	sum := sha256.Sum256(data)
	return fingerprint(sum[:16])
}

// shelf is read once, when the first clip is asked for.
var shelf = sync.OnceValues(func() (*library, error) {
	l := &library{known: map[fingerprint]place{}}
	for _, p := range recordings {
		vp8 := &Clip{Name: p.name, Codec: "VP8", Width: p.width, Height: p.height, Clock: 90000, Step: 90000 / p.fps}
		if err := l.put(vp8, p.name+".ivf", readIVF); err != nil {
			return nil, err
		}
		h264 := &Clip{Name: p.name, Codec: "H264", Width: p.width, Height: p.height, Clock: 90000, Step: 90000 / p.fps}
		if err := l.put(h264, p.name+".h264", readAnnexB); err != nil {
			return nil, err
		}
	}
	talk := &Clip{Name: "talk", Codec: "opus", Clock: 48000, Step: opusStep}
	return l, l.put(talk, "talk.ogg", readOgg)
})

func (l *library) put(c *Clip, file string, read func([]byte) ([]Frame, error)) error {
	data, err := files.ReadFile("data/" + file)
	if err != nil {
		return fmt.Errorf("clip %s: %w", file, err)
	}
	if c.Frames, err = read(data); err != nil {
		return fmt.Errorf("clip %s: %w", file, err)
	}
	if len(c.Frames) == 0 || !c.Frames[0].Key {
		return fmt.Errorf("clip %s: it does not begin with a key frame", file)
	}
	for i := range c.Frames {
		f := &c.Frames[i]
		f.payloads = packetizers[c.Codec](f.Data)
		// Frames of one clip that are alike, such as silence, are known as the
		// first of them.
		if key := fingerprintOf(f.Data); l.known[key].clip == nil {
			l.known[key] = place{c, i}
		}
	}
	l.clips = append(l.clips, c)
	return nil
}

// Load gives the clip of that name in that codec, in either case.
func Load(name, codec string) (*Clip, error) {
	l, err := shelf()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(l.clips, func(c *Clip) bool { return c.Name == name && strings.EqualFold(c.Codec, codec) })
	if i < 0 {
		var names []string
		for _, c := range l.clips {
			names = append(names, c.Name+" in "+c.Codec)
		}
		return nil, &client.BadOptionError{Option: "clip", Given: name + " in " + codec, Allowed: strings.Join(names, ", ")}
	}
	return l.clips[i], nil
}

// find says which frame of which clip this is.
func find(data []byte) (place, bool) {
	l, err := shelf()
	if err != nil {
		return place{}, false
	}
	at, ok := l.known[fingerprintOf(data)]
	return at, ok
}

// packetizers make the payloads of one frame, by codec.
var packetizers = map[string]func(frame []byte) [][]byte{
	// Three bytes are left for the picture's number; see Source.
	"VP8":  func(f []byte) [][]byte { return (&codecs.VP8Payloader{}).Payload(maxPayload-3, f) },
	"H264": func(f []byte) [][]byte { return (&codecs.H264Payloader{}).Payload(maxPayload, f) },
	"opus": func(f []byte) [][]byte { return (&codecs.OpusPayloader{}).Payload(maxPayload, f) },
}

func readIVF(data []byte) ([]Frame, error) {
	r, _, err := ivfreader.NewWith(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []Frame
	for {
		f, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		// The first bit of a frame is 0 in key frames (RFC 6386 section 9.1).
		out = append(out, Frame{Data: f, Key: len(f) > 0 && f[0]&1 == 0})
	}
}

func readOgg(data []byte) ([]Frame, error) {
	r, _, err := oggreader.NewWith(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []Frame
	for {
		f, head, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if _, comment := head.HeaderType(f); comment {
			continue
		}
		if len(f) == 0 || len(f) > maxPayload {
			return nil, fmt.Errorf("a page has %d bytes; one packet of 20 ms a page is wanted", len(f))
		}
		out = append(out, Frame{Data: f, Key: true})
	}
}
