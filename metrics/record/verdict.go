package record

import (
	"fmt"
	"slices"
	"strings"

	"kinwire/metrics/label"
	"kinwire/metrics/quality"
)

// A stream had trouble if so many of its scores are below fair, or so many
// below good; and never for fewer scores than fewestScores.
const (
	poorShare      = 0.05
	imperfectShare = 0.2
	fewestScores   = 3
	worstTenth     = 0.1
)

// blamed is a stream's trouble, with what it is told by.
type blamed struct {
	p          *participant
	k          key
	t          *tally
	where, why string
	owner      string // participant whose hop or device it is; empty: the server
	view       *View  // of the hop that is to blame, as it is best known; nil: not known
}

// trouble says what was wrong with stream k of p; false if nothing was.
func (c *Call) trouble(p *participant, k key) (blamed, bool) {
	t := &p.streams[k].tally
	n := float64(t.scores.N())
	if t.imperfect < fewestScores || float64(t.poor) < poorShare*n && float64(t.imperfect) < imperfectShare*n {
		return blamed{}, false
	}
	where, why, ok := t.blame()
	if !ok {
		return blamed{}, false
	}
	b := blamed{p: p, k: k, t: t, where: label.Places.At(where), why: label.Faults.At(why)}
	up := c.participants[k.from].streams[key{Up, k.kind, k.from}]
	of := p.streams[k]
	switch b.where {
	case quality.Uplink:
		b.owner, of = k.from, up
	case quality.Downlink:
		b.owner = p.id
	case quality.DeviceAt:
		b.owner = p.id
		if up != nil && up.tally.votes[where][why] > 0 { // its source shows it already
			b.owner, of = k.from, up
		}
	}
	if of != nil {
		b.view = of.views[Server].document()
		if b.view == nil || b.where == quality.DeviceAt && of.views[Client] != nil {
			b.view = of.views[Client].document()
		}
	}
	return b, true
}

// place names the hop or device in words.
func (b *blamed) place() string {
	switch b.where {
	case quality.Server:
		return "the server"
	case quality.DeviceAt:
		return "the device of " + b.owner
	}
	return "the " + b.where + " of " + b.owner
}

// says tells each fault; a figure that is not known is left out.
var says = map[string]func(b *blamed) string{
	quality.Loss: func(b *blamed) string {
		return b.place() + " lost " + orWords(b.view != nil, func() string { return percent(b.view.Totals.LossRatio) + " of" }, "some of") + " the packets"
	},
	quality.Delay: func(b *blamed) string {
		return "the way there and back over " + b.place() + " took " +
			orWords(b.view != nil && b.view.RTT != nil, func() string { return fmt.Sprintf("up to %.0f ms", b.view.RTT.P95) }, "long")
	},
	quality.Jitter: func(b *blamed) string {
		return b.place() + " delivered packets unevenly" +
			orWords(b.view != nil && b.view.Jitter != nil, func() string { return fmt.Sprintf(", with a jitter of %.0f ms at worst times", b.view.Jitter.P95) }, "")
	},
	quality.Bandwidth: func(b *blamed) string {
		if b.where == quality.DeviceAt {
			return b.place() + " sent a small or coarse picture, though there was room for more" +
				orWords(b.view != nil && b.view.Bitrate != nil, func() string { return fmt.Sprintf(", %.0f kbit/s", b.view.Bitrate.Median/1000) }, "")
		}
		return b.place() + " carried too few bits" +
			orWords(b.view != nil && b.view.Bitrate != nil, func() string { return fmt.Sprintf(" for the picture, %.0f kbit/s", b.view.Bitrate.Median/1000) }, "")
	},
	quality.Freezes: func(b *blamed) string { return "the picture stood still because of " + b.place() },
	quality.Silence: func(b *blamed) string { return "nothing came over " + b.place() + " for a time" },
	quality.Load: func(b *blamed) string {
		return b.place() + " did not keep up" +
			orWords(b.view != nil && b.view.FPS != nil, func() string { return fmt.Sprintf(" and gave %.0f frames a second", b.view.FPS.Median) }, "")
	},
}

func orWords(known bool, words func() string, otherwise string) string {
	if known {
		return words()
	}
	return otherwise
}

func percent(ratio float64) string {
	if ratio < 0.0995 {
		return fmt.Sprintf("%.1f %%", 100*ratio)
	}
	return fmt.Sprintf("%.0f %%", 100*ratio)
}

func (b *blamed) document() *Trouble {
	return &Trouble{Where: b.where, Why: b.why, Share: figure(b.poor()), Says: sentence(says[b.why](b))}
}

func (b *blamed) poor() float64 { return float64(b.t.poor) / float64(b.t.scores.N()) }

func (b *blamed) imperfect() float64 { return float64(b.t.imperfect) / float64(b.t.scores.N()) }

// weight orders troubles by how much was bad.
func (b *blamed) weight() float64 { return 2*b.poor() + b.imperfect() }

// sentence begins with a capital and ends with a stop.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// judgement gives the call's score and its verdict: of the place where most was
// bad, the worst stream's reason, and what came of it.
func (c *Call) judgement() (score float64, verdict string) {
	score = unknown
	groups := map[string][]blamed{}
	weights := map[string]float64{}
	heaviest, some := "", float64(unknown) // some: of streams with too few scores
	for _, p := range c.order {
		for _, k := range p.keys() {
			t := &p.streams[k].tally
			if n, q := t.scores.N(), t.scores.Quantile(worstTenth); n >= fewestScores {
				score = least(score, q)
			} else if n > 0 {
				some = least(some, q)
			}
			b, bad := c.trouble(p, k)
			if !bad {
				continue
			}
			at := b.place()
			groups[at] = append(groups[at], b)
			if weights[at] += b.weight(); heaviest == "" || weights[at] > weights[heaviest] {
				heaviest = at
			}
		}
	}
	if score = figure(max(0, or(score, some))); heaviest == "" {
		return score, ""
	}
	return score, told(groups[heaviest])
}

// least is the smaller of the two; b if a is unknown.
func least(a, b float64) float64 {
	if a < 0 {
		return b
	}
	return min(a, b)
}

// told is the sentence on streams with trouble at one place: what somebody heard
// or saw of it, or else how it came to the server.
func told(all []blamed) string {
	up := func(b blamed) bool { return b.k.direction == Up }
	if received := slices.DeleteFunc(slices.Clone(all), up); len(received) > 0 {
		all = received
	}
	worst := &all[0]
	for i := range all {
		if all[i].weight() > worst.weight() {
			worst = &all[i]
		}
	}
	stream := fmt.Sprintf("%s from %s", label.Kinds.At(worst.k.kind), worst.k.from)
	if worst.k.direction == Down {
		stream += " to " + worst.p.id
	}
	effect := fmt.Sprintf("%s was less than good for %s of the time", stream, percent(worst.imperfect()))
	if worst.poor() > 0 {
		effect = fmt.Sprintf("%s was poor for %s of the time", stream, percent(worst.poor()))
	}
	if n := len(all) - 1; n > 0 {
		effect += fmt.Sprintf(", and %d more %s", n, map[bool]string{true: "stream suffered", false: "streams suffered"}[n == 1])
	}
	return sentence(says[worst.why](worst) + ": " + effect)
}
