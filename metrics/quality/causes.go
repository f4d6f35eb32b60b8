package quality

// hop is the hop of that name; nil if it is not part of the way.
func (w *without) hop(where string) *Hop {
	if where == Uplink {
		return w.stream.Up
	}
	return w.stream.Down
}

func (w *without) loss(where string) string {
	h := w.hop(where)
	if h == nil || !(h.LossRatio > 0) {
		return ""
	}
	if c := w.stream.Client; c != nil && c.ConcealedRatio > 0 {
		c.ConcealedRatio = max(0, c.ConcealedRatio-h.LossRatio)
	}
	h.LossRatio = 0
	return where
}

func (w *without) delay(where string) string {
	h := w.hop(where)
	if h == nil || !(h.RTTMS > 0) {
		return ""
	}
	h.RTTMS = 0
	return where
}

// jitter takes a hop's jitter away, and what the receiver keeps because of it.
func (w *without) jitter(where string) string {
	h := w.hop(where)
	if h == nil || !(h.JitterMS > 0) {
		return ""
	}
	if c := w.stream.Client; c != nil {
		c.JitterMS = -1
		if isKnown(c.JitterBufferMS) {
			c.JitterBufferMS = max(0, c.JitterBufferMS-jitterSpread*h.JitterMS)
		}
	}
	h.JitterMS = 0
	return where
}

func (s *Stream) jitterOfHops() float64 { return s.sum(func(h *Hop) float64 { return h.JitterMS }) }

// late is sound that the receiver made up though nothing was lost: it came too
// late to be played. A hop with jitter is to blame, or else the device.
func (w *without) late() string {
	c := w.stream.Client
	if c == nil || !(c.ConcealedRatio > w.stream.lost()) {
		return ""
	}
	c.ConcealedRatio = w.stream.lost()
	return w.worse(DeviceAt, lateFrom, func(h *Hop) float64 { return h.JitterMS })
}

// lateFrom is the jitter, in ms, that makes packets late for a usual buffer.
const lateFrom = 10

// worse names the hop with the larger figure, if it is from the floor on;
// otherwise neither.
func (w *without) worse(neither string, floor float64, of func(*Hop) float64) string {
	where, most := neither, floor
	for _, name := range [...]string{Uplink, Downlink} {
		if h := w.hop(name); h != nil && of(h) >= most {
			where, most = name, of(h)
		}
	}
	return where
}

// buffer is a receiver that keeps sound for longer than the network's jitter
// asks for.
func (w *without) buffer() string {
	c := w.stream.Client
	if c == nil || !isKnown(c.JitterBufferMS) {
		return ""
	}
	asked := frameMS + jitterSpread*max(0, known(w.stream.jitterOfHops(), c.JitterMS))
	if c.JitterBufferMS <= asked {
		return ""
	}
	c.JitterBufferMS = asked
	return DeviceAt
}

// freezes come of losses that are not repaired in time, of jitter, or of a
// device that does not keep up.
func (w *without) freezes() string {
	c := w.stream.Client
	if c == nil || !(c.FreezeRatio > 0 || c.FreezesPerMinute > 0) {
		return ""
	}
	c.FreezeRatio, c.FreezesPerMinute = -1, -1
	// A thousandth of packets lost for good, at a hundred packets a second, is
	// a picture broken every ten seconds.
	if at := w.worse("", 0.001, func(h *Hop) float64 { return h.LossRatio }); at != "" {
		return at
	}
	return w.worse(DeviceAt, 3*lateFrom, func(h *Hop) float64 { return h.JitterMS })
}

// clearlyLess leaves room for a frame or two counted in another interval.
const clearlyLess = 0.8

// slowDevice is a receiver that shows fewer frames than it was sent.
func (w *without) slowDevice() string {
	c := w.stream.Client
	if c == nil || !isKnown(c.FPS) {
		return ""
	}
	sent := w.stream.fpsSent()
	if !(c.FPS < clearlyLess*sent) {
		return ""
	}
	c.FPS = sent
	return DeviceAt
}

// fpsSent is the frame rate that went out to the receiver; -1 if not known.
func (s *Stream) fpsSent() float64 {
	fps := -1.0
	for h := range s.hops {
		fps = known(h.FPS, fps)
	}
	return fps
}

// slowServer is a server that sends on fewer frames than it gets.
func (w *without) slowServer() string {
	up, down := w.stream.Up, w.stream.Down
	if up == nil || down == nil || !isKnown(down.FPS) || !(down.FPS < clearlyLess*up.FPS) {
		return ""
	}
	down.FPS = up.FPS
	return Server
}

// slowSource is a sender with few pictures a second: the camera, or what the
// device can encode.
func (w *without) slowSource() string {
	if w.stream.Up == nil {
		return ""
	}
	for h := range w.stream.hops {
		h.FPS = -1
	}
	if c := w.stream.Client; c != nil {
		c.FPS = -1
	}
	return DeviceAt
}

// narrowUplink is a sender that has too few bits for its picture.
func (w *without) narrowUplink() string {
	up := w.stream.Up
	if up == nil || !isKnown(up.BitrateBPS) || up.spare() || !w.stream.starved(up) {
		return ""
	}
	w.forgetPicture()
	return Uplink
}

// coarse is a source that puts few bits on an uplink that would carry more.
func (w *without) coarse() string {
	if up := w.stream.Up; up == nil || !up.spare() || w.stream.Kind == "audio" || !w.stream.starved(up) {
		return ""
	}
	w.forgetPicture()
	return DeviceAt
}

// starved reports whether the bits of h pay for hardly more than its pixels.
func (s *Stream) starved(h *Hop) bool {
	if s.Kind == "audio" || h.Width <= 0 || h.Height <= 0 {
		return true
	}
	v := Video{Codec: s.Codec, BitrateBPS: h.BitrateBPS, FPS: -1}
	size := float64(h.Width) * float64(h.Height)
	return v.pixels(2*size) < 1.5*size
}

// Connection is s as far as the way is to blame for it: without the size of a
// picture that has bits for more, and without bits for which there was room,
// which its source has chosen. It changes the
// hops that s points to.
func (s Stream) Connection() Stream {
	h := s.Up
	if s.Down != nil {
		h = s.Down
	}
	if s.Kind == "audio" || h == nil || s.starved(h) && !h.spare() {
		return s
	}
	for h := range s.hops {
		if h.Width, h.Height = 0, 0; h.spare() {
			h.BitrateBPS = -1
		}
	}
	if s.Client != nil {
		s.Client.Width, s.Client.Height = 0, 0
	}
	return s
}

// narrowDownlink is a receiver to which less is sent on than comes in.
func (w *without) narrowDownlink() string {
	up, down := w.stream.Up, w.stream.Down
	if up == nil || down == nil || w.stream.Kind == "audio" {
		return ""
	}
	fewer := isKnown(down.BitrateBPS) && down.BitrateBPS < clearlyLess*up.BitrateBPS
	smaller := down.Height > 0 && down.Height < up.Height
	if !fewer && !smaller {
		return ""
	}
	down.BitrateBPS, down.FPS, down.Width, down.Height = up.BitrateBPS, up.FPS, up.Width, up.Height
	if c := w.stream.Client; c != nil {
		c.Width, c.Height, c.FPS, c.BitrateBPS = up.Width, up.Height, up.FPS, up.BitrateBPS
	}
	return Downlink
}

// forgetPicture makes size, rate and bits unknown on the whole way, which shows
// no more than what its source put in.
func (w *without) forgetPicture() {
	for h := range w.stream.hops {
		h.FPS, h.Width, h.Height, h.BitrateBPS = -1, 0, 0, -1
	}
	if c := w.stream.Client; c != nil {
		c.FPS, c.Width, c.Height, c.BitrateBPS = -1, 0, 0, -1
	}
}
