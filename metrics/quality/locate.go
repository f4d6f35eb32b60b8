package quality

// The hops and ends that a stream can go bad at.
const (
	Uplink   = "uplink"   // from the source to the server
	Server   = "server"   // within the server
	Downlink = "downlink" // from the server to the receiver
	DeviceAt = "device"   // the receiver's, or the source's own
)

// What can be wrong there.
const (
	Loss      = "loss"
	Delay     = "delay"
	Jitter    = "jitter"
	Bandwidth = "bandwidth"
	Freezes   = "freezes"
	Silence   = "silence" // nothing comes
	Load      = "load"    // the device or the server does not keep up
)

// gainful is by how much a score has to rise for a cause to be worth naming.
const gainful = 0.05

// Locate says where s goes bad and by what, in the words of this package; both
// are empty while its score is good, or when nothing that is known explains it.
//
// It asks of every cause how much better the score would be without it, and
// names the one whose absence helps most. Of causes that explain about the same
// it names the one that supposes least. A picture that is small though there are
// bits for more is small by choice, and nothing is to blame for it.
func Locate(s Stream) (where, why string) {
	if h := s.Up; h != nil && h.Silent {
		return Uplink, Silence
	}
	if h := s.Down; h != nil && h.Silent {
		return Downlink, Silence
	}
	before := s.MOS()
	if before >= GoodFrom {
		return "", ""
	}
	best := before + gainful
	var w without
	for _, c := range causes {
		w.copy(&s)
		at := c.remedy(&w)
		if at == "" {
			continue
		}
		if after := w.stream.MOS(); after > best {
			best, where, why = after+gainful, at, c.why
		}
	}
	return where, why
}

// without is a stream from which a cause can be taken.
type without struct {
	stream   Stream
	up, down Hop
	client   Client
}

func (w *without) copy(s *Stream) {
	w.stream = *s
	if s.Up != nil {
		w.up, w.stream.Up = *s.Up, &w.up
	}
	if s.Down != nil {
		w.down, w.stream.Down = *s.Down, &w.down
	}
	if s.Client != nil {
		w.client, w.stream.Client = *s.Client, &w.client
	}
}

// causes are what can be wrong, those that suppose least first. A remedy takes
// the cause away and says where it was; nowhere if it does not apply.
var causes = []struct {
	why    string
	remedy func(*without) (where string)
}{
	{Load, (*without).slowDevice},
	{Load, (*without).slowServer},
	{Load, (*without).slowSource},
	{Loss, func(w *without) string { return w.loss(Uplink) }},
	{Loss, func(w *without) string { return w.loss(Downlink) }},
	{Jitter, func(w *without) string { return w.jitter(Uplink) }},
	{Jitter, func(w *without) string { return w.jitter(Downlink) }},
	{Jitter, (*without).late},
	{Delay, func(w *without) string { return w.delay(Uplink) }},
	{Delay, func(w *without) string { return w.delay(Downlink) }},
	{Delay, (*without).buffer},
	{Freezes, (*without).freezes},
	{Bandwidth, (*without).narrowDownlink},
	{Bandwidth, (*without).narrowUplink},
	{Bandwidth, (*without).coarse},
}
