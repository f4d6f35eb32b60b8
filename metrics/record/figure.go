package record

import "time"

// Figure is one of the figures kept as a distribution for each stream.
type Figure int

// The figures, with the unit of their values.
const (
	RTT          Figure = iota // ms
	Jitter                     // ms
	Loss                       // ratio of the interval, before repair
	Bitrate                    // bit/s of RTP payload
	FPS                        // frames a second
	PacketBytes                // mean RTP payload of the interval's packets
	Height                     // pixels of the picture
	JitterBuffer               // ms
	Concealed                  // ratio of the interval's audio samples
	NumFigures
)

// most is the largest value taken as plausible; a larger one (a broken or
// lying client) is left out, so that it cannot spoil a sum of many calls.
var most = [NumFigures]float64{
	RTT: 60_000, Jitter: 60_000, Loss: 1, Bitrate: 1e10, FPS: 1000,
	PacketBytes: 65_535, Height: 16_384, JitterBuffer: 60_000, Concealed: 1,
}

// Interval is what one stream did between two samples, as one side saw it.
// The labels are places in the closed lists of package label; a negative
// value means that the figure is not known.
type Interval struct {
	CallID                       string // for an exemplar; never a label
	View, Direction, Kind, Codec int
	Values                       [NumFigures]float64
	// Score is the stream's mean opinion score, 1 to 5, as it comes out at its
	// end (package quality): of what was sent up, at the server; of what goes
	// down, at the receiver, with the source's uplink in it.
	// Negative: not known.
	Score float64
}

// Sink is told what comes out of each sample as it happens. Its methods are
// called from within Server and Client and must not block.
type Sink interface {
	// Interval gives the figures of one stream; i is valid during the call only.
	Interval(i *Interval)
	// Link gives the link's RTT as the server measured it; path and protocol
	// are places in label.PathTypes and label.Protocols.
	Link(path, protocol int, rtt time.Duration)
	// Dropped says that a sample, or one stream of it, was not used.
	Dropped(view int, d Drop)
}

// Drop is why a sample was not used.
type Drop string

// The reasons to drop a sample.
const (
	DropUnknownCall        Drop = "unknown_call"
	DropUnknownParticipant Drop = "unknown_participant"
	DropUnknownStream      Drop = "unknown_stream" // a direction, or a source, that this call does not have
	DropStale              Drop = "stale"          // not later than the one before
	DropTooMany            Drop = "too_many"       // streams beyond MaxStreams
)

// Drops lists every reason to drop a sample.
var Drops = []Drop{DropUnknownCall, DropUnknownParticipant, DropUnknownStream, DropStale, DropTooMany}

// The two sides that measure; places in label.Views.
const (
	Server = iota
	Client
	numViews
)

// The two directions; places in label.Directions.
const (
	Up = iota
	Down
)
