package quality

// Levels of a score, the best first.
const (
	Good = "good"
	Fair = "fair"
	Poor = "poor"
	Lost = "lost"
)

// Scores from which on a stream is good, and from which on it is fair. In the
// terms of ITU-T G.107, Annex B, they are an R of 80 and of 60: above 4.03
// users are satisfied, above 3.10 many are dissatisfied but not nearly all.
const (
	GoodFrom = 4.0
	FairFrom = 3.1
)

// Level is the word for a mean opinion score. A score below 1 (0: not known,
// nothing came), NaN too, is Lost.
func Level(mos float64) string {
	switch {
	case mos >= GoodFrom:
		return Good
	case mos >= FairFrom:
		return Fair
	case mos >= 1:
		return Poor
	}
	return Lost
}
