package quality

import "math"

// The E-model of ITU-T Recommendation G.107 (06/2015) adds up impairments on a
// scale of transmission rating, R, from 0 to 100 (clause 7.1):
//
//	R = Ro − Is − Id − Ie,eff + A
//
// Ro − Is with every parameter at its default (clause 7.7) leaves 93.2, and A,
// the advantage of access, is 0: nobody forgives a call because it is mobile.
const defaultRating = 93.2

// meanOpinion turns a rating into a mean opinion score (G.107, Annex B,
// equation B-4): 1 for an R of 0 or less, 4.5 from 100 on, and between them
//
//	MOS = 1 + 0.035·R + R·(R − 60)·(100 − R)·7·10⁻⁶
//
// That polynomial dips below 1 for R under 6.5; it is held at 1 there.
func meanOpinion(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}

// longest is the longest delay told from longer ones: ten minutes.
const longest = 600_000

// delayImpairment is Idd, the impairment by an absolute one-way delay of ta
// milliseconds from mouth to ear (G.107, equation 7-27):
//
//	Idd = 25·{(1 + X⁶)^⅙ − 3·(1 + [X/3]⁶)^⅙ + 2},  X = log₂(ta / 100 ms)
//
// and 0 up to 100 ms, with the default sensitivity to delay (sT = 1, mT =
// 100 ms). The two echo terms of Id are 0 here: both ends of a call
// cancel echo. Idd nears 50 as the delay grows.
func delayImpairment(ta float64) float64 {
	if ta <= 100 {
		return 0
	}
	x := math.Log2(min(ta, longest) / 100)
	return 25 * (math.Pow(1+math.Pow(x, 6), 1./6) - 3*math.Pow(1+math.Pow(x/3, 6), 1./6) + 2)
}

// lossImpairment is Ie,eff, the impairment by codec and packet loss together
// (G.107, equation 7-29); ratio is the share of packets lost, 0…1:
//
//	Ie,eff = Ie + (95 − Ie)·Ppl / (Ppl/BurstR + Bpl),  Ppl in percent
//
// BurstR is the mean length of the runs of lost packets over that of random
// loss of the same share (G.107, clause 7.5): 1 when loss is random.
func lossImpairment(ie, bpl, ratio, burst float64) float64 {
	ppl := 100 * ratio
	return ie + (95-ie)*ppl/(ppl/burst+bpl)
}

// known is v, or otherwise if v is negative, infinite or not a number.
func known(v, otherwise float64) float64 {
	if !(v >= 0) || math.IsInf(v, 1) {
		return otherwise
	}
	return v
}

// isKnown reports whether v is a measurement.
func isKnown(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }
