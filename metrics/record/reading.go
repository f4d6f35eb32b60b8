package record

import (
	"time"

	"kinwire/metrics/label"
)

// counter names one running total of a stream.
type counter int

const (
	packets counter = iota
	bytes
	expected
	lost
	repaired
	retransmitted
	nacks
	plis
	frames
	keyFrames
	dropped
	freezes
	frozenMS
	concealed
	samples
	numCounters
)

// counts are floats so that differences may be negative; whole numbers are
// exact up to maxCount.
type counts [numCounters]float64

const maxCount = 1 << 53

func bounded(v float64) float64 { return max(-maxCount, min(v, maxCount)) }

// key is what makes a stream of the record: the same source on the same way.
type key struct {
	direction, kind int
	from            string
}

// reading is one stream of one sample, from either side, in the same terms.
// Negative means not known, for rtt, jitter, fraction, jitterBuffer.
type reading struct {
	id      string
	key     key
	codec   int
	started time.Time
	c       counts

	reports       uint64
	rtcp          bool // an RTCP report from the far side has been seen
	rtt, jitter   float64
	fraction      float64
	fps           float64
	jitterBuffer  float64
	width, height int
	holes         float64
	estimate      float64
	layer         int // unknown: there are none
}

const unknown = -1

// pixels is n if a picture can have as many, and else 0.
func pixels(n int) int {
	if n < 0 || n > int(most[Height]) {
		return 0
	}
	return n
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// rttOr gives the first RTT that is known, in ms.
func rttOr(stream, link time.Duration) float64 {
	for _, d := range [...]time.Duration{stream, link} {
		if d > 0 {
			return ms(d)
		}
	}
	return unknown
}

func fromServer(s *StreamSample, self string, link time.Duration) (reading, bool) {
	r := reading{
		id: s.ID, codec: label.Codecs.Index(s.Codec), started: s.Started, reports: s.Reports,
		rtcp: s.Reports > 0 || s.RTT > 0, rtt: rttOr(s.RTT, link), jitter: ms(s.Jitter),
		fraction: unknown, jitterBuffer: unknown, width: pixels(s.Width), height: pixels(s.Height),
		key:   key{label.Directions.Index(s.Direction), label.Kinds.Index(s.Kind), s.From},
		holes: float64(s.Holes), estimate: s.EstimateBPS, layer: unknown,
		c: counts{
			packets: float64(s.Packets), bytes: float64(s.Bytes), retransmitted: float64(s.Retransmitted),
			nacks: float64(s.NACKs), plis: float64(s.PLIs), frames: float64(s.Frames), keyFrames: float64(s.KeyFrames),
			expected: float64(s.Expected), lost: float64(s.Lost), repaired: float64(s.Repaired),
		},
	}
	if s.Layers > 1 && s.Layer >= 0 && s.Layer < s.Layers {
		r.layer = s.Layer
	}
	switch r.key.direction {
	case Up:
		if r.key.from == "" {
			r.key.from = self
		}
		if s.Expected == 0 {
			r.c[expected] = r.c[packets] + r.c[lost]
		}
	case Down:
		// Of what went down the server knows only what receiver reports say,
		// and of repairs only that it sent the packet again.
		r.c[lost] = float64(s.RemoteLost)
		if s.Expected == 0 {
			r.c[expected] = r.c[packets]
		}
		if s.Repaired == 0 {
			r.c[repaired] = max(0, min(r.c[retransmitted], r.c[lost]))
		}
		r.fraction = s.RemoteFractionLost
	default:
		return r, false
	}
	return r, true
}

// ways translates the client's words for direction.
var ways = map[string]int{"send": Up, "recv": Down}

func fromClient(s *ClientStream, self string, link time.Duration) (reading, bool) {
	direction, ok := ways[s.Direction]
	r := reading{
		id: s.MID, codec: label.Codecs.Index(s.Codec),
		rtcp: s.RTT > 0, rtt: rttOr(s.RTT, link), jitter: ms(s.Jitter),
		fraction: unknown, fps: s.FPS, jitterBuffer: unknown, layer: unknown, width: pixels(s.Width), height: pixels(s.Height),
		key: key{direction, label.Kinds.Index(s.Kind), s.From},
		c: counts{
			packets: float64(s.Packets), bytes: float64(s.Bytes), lost: float64(s.PacketsLost),
			retransmitted: float64(s.Retransmitted), nacks: float64(s.NACKs), plis: float64(s.PLIs),
			frames: float64(s.Frames), keyFrames: float64(s.KeyFrames), dropped: float64(s.Dropped),
			freezes: float64(s.Freezes), frozenMS: ms(s.Frozen),
			concealed: float64(s.Concealed), samples: float64(s.TotalSamples),
		},
	}
	switch direction {
	case Up:
		r.key.from = self
		r.c[expected] = r.c[packets]
		r.c[repaired] = max(0, min(r.c[retransmitted], r.c[lost]))
	case Down:
		r.c[expected] = r.c[packets] + max(0, r.c[lost])
		r.c[repaired] = r.c[retransmitted]
		if s.JitterBuffer > 0 {
			r.jitterBuffer = ms(s.JitterBuffer)
		}
	}
	return r, ok
}
