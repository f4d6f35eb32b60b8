package quality

// Hop is one stream on one hop, as it came out at the hop's end. A negative
// value means not known.
type Hop struct {
	LossRatio  float64 // sound: lost on this hop; a picture: lost and not repaired
	RTTMS      float64 // of the hop, ms
	JitterMS   float64
	BitrateBPS float64
	FPS        float64
	Width      int // pixels; 0: not known
	Height     int
	Silent     bool // nothing came out, and something should have
	// AvailableBPS is what its sender believes this hop would carry; not known
	// where it is not above 0.
	AvailableBPS float64
}

// spare reports whether the hop would carry far more than was put on it: that
// bits are few was its sender's choice, or its picture needs no more.
func (h *Hop) spare() bool {
	return h.AvailableBPS > 0 && isKnown(h.BitrateBPS) && h.AvailableBPS >= 2*h.BitrateBPS
}

// Client is what the receiver's device says of the stream. A negative value
// means not known.
type Client struct {
	LossRatio        float64 // end to end, like Hop's; for streams whose hops say nothing
	JitterMS         float64
	JitterBufferMS   float64
	ConcealedRatio   float64
	BitrateBPS       float64
	FPS              float64
	FreezeRatio      float64
	FreezesPerMinute float64
	Width, Height    int // pixels; 0: not known
}

// Stream is one source's way to one receiver, by all that is known of it. A nil
// part is not known, or not part of the way: the uplink alone has no Down.
type Stream struct {
	Kind   string // audio, video or screen
	Codec  string
	FEC    bool // of the sound
	Up     *Hop
	Down   *Hop
	Client *Client
}

// MOS is the score of what comes out at the end of s: AudioMOS or VideoMOS of
// its parts together. A silent hop makes it 1.
func (s Stream) MOS() float64 {
	for _, h := range [...]*Hop{s.Up, s.Down} {
		if h != nil && h.Silent {
			return 1
		}
	}
	if s.Kind == "audio" {
		return AudioMOS(s.sound())
	}
	return VideoMOS(s.picture())
}

// sound adds up the hops: delays add, and what one hop delivers the next may
// still lose.
func (s *Stream) sound() Audio {
	a := Audio{
		Codec: s.Codec, FEC: s.FEC, BitrateBPS: -1, LossRatio: s.lost(), BurstR: -1,
		RTTMS: s.sum(func(h *Hop) float64 { return h.RTTMS }), JitterMS: s.sum(func(h *Hop) float64 { return h.JitterMS }),
		JitterBufferMS: -1, ConcealedRatio: -1,
	}
	for h := range s.hops {
		a.BitrateBPS = known(h.BitrateBPS, a.BitrateBPS)
	}
	if c := s.Client; c != nil {
		a.JitterBufferMS, a.ConcealedRatio = c.JitterBufferMS, c.ConcealedRatio
		a.BitrateBPS = known(a.BitrateBPS, c.BitrateBPS)
		a.JitterMS = known(a.JitterMS, c.JitterMS)
	}
	return a
}

// picture takes what is known nearest to the viewer's eye.
func (s *Stream) picture() Video {
	v := Video{
		Codec: s.Codec, FPS: -1, BitrateBPS: -1, LossRatio: s.lost(), FreezeRatio: -1, FreezesPerMinute: -1, Screen: s.Kind == "screen",
	}
	for h := range s.hops {
		v.FPS, v.BitrateBPS = known(h.FPS, v.FPS), known(h.BitrateBPS, v.BitrateBPS)
		if h.Width > 0 && h.Height > 0 {
			v.Width, v.Height = h.Width, h.Height
		}
	}
	if c := s.Client; c != nil {
		v.FPS, v.BitrateBPS = known(c.FPS, v.FPS), known(v.BitrateBPS, c.BitrateBPS)
		v.FreezeRatio, v.FreezesPerMinute = c.FreezeRatio, c.FreezesPerMinute
		if c.Width > 0 && c.Height > 0 {
			v.Width, v.Height = c.Width, c.Height
		}
	}
	return v
}

// hops gives those that are known, in the order of the way.
func (s *Stream) hops(yield func(*Hop) bool) {
	if s.Up != nil && !yield(s.Up) {
		return
	}
	if s.Down != nil {
		yield(s.Down)
	}
}

// sum adds what is known of the hops; -1 if nothing is.
func (s *Stream) sum(of func(*Hop) float64) float64 {
	total := -1.0
	for h := range s.hops {
		if v := of(h); isKnown(v) {
			total = max(0, total) + v
		}
	}
	return total
}

// lost is the share that no hop let through, by the hops, or else by the
// receiver's own count.
func (s *Stream) lost() float64 {
	through, any := 1.0, false
	for h := range s.hops {
		if isKnown(h.LossRatio) {
			through, any = through*(1-min(1, h.LossRatio)), true
		}
	}
	if !any && s.Client != nil {
		return s.Client.LossRatio
	}
	return 1 - through
}

// Received is the way down of s alone, for which it is not to blame that no more
// came up: size, bits and frames that the uplink had not either are left out. It
// changes the hops that s points to.
func (s Stream) Received() Stream {
	up, down, c := s.Up, s.Down, s.Client
	s.Up = nil
	if up == nil || s.Kind == "audio" {
		return s
	}
	if down != nil && !(down.BitrateBPS < clearlyLess*up.BitrateBPS) {
		down.BitrateBPS = -1
		if down.Height >= up.Height {
			down.Width, down.Height = 0, 0
			if c != nil {
				c.Width, c.Height, c.BitrateBPS = 0, 0, -1
			}
		}
	}
	if down != nil && !(down.FPS < clearlyLess*up.FPS) {
		down.FPS = -1
	}
	if c != nil && !(c.FPS < clearlyLess*up.FPS) {
		c.FPS = -1
	}
	return s
}
