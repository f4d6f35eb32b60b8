package quality

import "strings"

// Audio is a stream of sound as it reached, or will reach, a listener. A
// negative value means not known and impairs nothing, and so do NaN and
// infinities.
type Audio struct {
	Codec      string  // any case: opus; another or none is scored as opus without FEC
	FEC        bool    // the codec's in-band forward error correction was negotiated
	BitrateBPS float64 // bit/s of RTP payload
	LossRatio  float64 // share of packets lost, 0…1, over all hops
	BurstR     float64 // burst ratio of the loss; less than 1: 1
	RTTMS      float64 // ms, the sum of the hops' round trips: half of it is one way
	JitterMS   float64 // ms, interarrival jitter (RFC 3550, 6.4.1), the sum of the hops'
	// JitterBufferMS is how long the listener's side keeps sound before it plays
	// it. Unknown, it is taken from the jitter.
	JitterBufferMS float64
	ConcealedRatio float64 // share of the played samples that the listener's side made up, 0…1
}

// codecDelay is how long Opus keeps sound before it leaves, in ms: frames of
// 20 ms and 6.5 ms of look-ahead (RFC 6716, section 2).
const codecDelay = 26.5

// frameMS is the usual length of a packet of sound.
const frameMS = 20

// jitterSpread is how many times the jitter a playout buffer keeps beyond the
// mean delay: four times the mean deviation (Ramjee, Kurose, Towsley,
// Schulzrinne: Adaptive playout mechanisms for packetized audio applications in
// wide-area networks, INFOCOM 1994, algorithm 1).
const jitterSpread = 4

// bufferDelay is the delay of the playout buffer in ms.
func (a *Audio) bufferDelay() float64 {
	return known(a.JitterBufferMS, frameMS+jitterSpread*known(a.JitterMS, 0))
}

// mouthToEar is the absolute one-way delay Ta in ms.
func (a *Audio) mouthToEar() float64 {
	return known(a.RTTMS, 0)/2 + a.bufferDelay() + codecDelay
}

// Opus has no row in ITU-T G.113, the list of impairment values. The nearest
// codec that has one is EVS in superwideband mode (G.113 (09/2024), Appendix V
// with Erratum 1 (01/2026)), of the same build: linear prediction for speech, a
// transform for the rest, concealment in the decoder. Its values
//
//	kbit/s   48    32    24.4  16.4  13.2   9.6
//	Ie,fb    10.2  8.7   7.2   10.8  17.1   22.7
//	Bpl,fb   9.6   9.3   11.4  10.3  11.7   13
//
// stand on the fullband scale (G.107.2), which ends at 148 where that of G.107
// ends at 100; divided by 1.48 they give the points below. More bits never make
// sound worse, so from 24.4 kbit/s on the best value holds. Below 13.2 kbit/s
// the value for 13.2 holds: Opus spends so little on silence too, and a pause
// in speech is not bad sound.
var opusImpairment = []struct{ bps, ie float64 }{
	{13_200, 17.1 / 1.48},
	{16_400, 10.8 / 1.48},
	{24_400, 7.2 / 1.48},
}

// Robustness against loss, Bpl. Concealment alone: the Bpl of EVS above, about
// 10, which is also that of GSM EFR (G.113, Table I.3). With Opus' in-band FEC
// (RFC 6716, section 2.1.7) a packet whose successor came is rebuilt, in a
// coarser form: so it is worth about the half of what it would be lost, and Bpl
// is twice as large, near that of G.729A with concealment (19) and below that
// of G.711 with concealment (25.1), Table I.3 again.
const (
	bplConcealed = 10.0
	bplFEC       = 20.0
)

// impairment is Ie of the codec at this bitrate.
func (a *Audio) impairment() float64 {
	points := opusImpairment
	bps := known(a.BitrateBPS, points[len(points)-1].bps)
	if bps <= points[0].bps {
		return points[0].ie
	}
	for i, p := range points[1:] {
		if bps < p.bps {
			before := points[i]
			return before.ie + (p.ie-before.ie)*(bps-before.bps)/(p.bps-before.bps)
		}
	}
	return points[len(points)-1].ie
}

// AudioMOS is the mean opinion score of a conversation with this sound, 1 to
// 4.5, by the E-model (ITU-T G.107; see the functions of this package for the
// equations). It is on the scale for the telephone's band, on which a clean
// call is 4.4 at best: what Opus sounds better than that is not credited. More
// loss, delay, jitter or concealment never raises it, more bitrate never lowers
// it.
func AudioMOS(a Audio) float64 {
	ie := a.impairment()
	bpl := bplConcealed
	if a.FEC && strings.EqualFold(a.Codec, "opus") {
		bpl = bplFEC
	}
	burst := max(1, known(a.BurstR, 1))
	lost := lossImpairment(ie, bpl, min(1, known(a.LossRatio, 0)), burst)
	// What the listener's side made up it has heard as a loss, whether the
	// packet was lost or late; FEC has done its part before.
	made := lossImpairment(ie, bplConcealed, min(1, known(a.ConcealedRatio, 0)), burst)
	return meanOpinion(defaultRating - delayImpairment(a.mouthToEar()) - max(lost, made))
}
