package impair

import (
	"fmt"
	"math"
	"time"
)

// Profile is one network, as somebody behind it has it.
type Profile struct {
	Name   string
	Says   string    // when one meets such a network
	Source string    // where the figures come from
	Up     Direction // from the participant
	Down   Direction // to the participant
}

// Direction is one way of a network. The zero value changes nothing.
type Direction struct {
	Loss      float64         // share of packets that are lost at random, 0…1
	Burst     *GilbertElliott // nil: none; holds beside Loss
	Delay     time.Duration   // of every packet
	Jitter    time.Duration   // standard deviation of the delay; order is kept but for Reorder
	Reorder   float64         // share of packets that overtake those before
	Duplicate float64         // share of packets that come twice
	RateBPS   int64           // bit/s on the wire; 0: no limit
	Queue     time.Duration   // how long a packet may wait for the rate, then the newest is dropped; 0: 200 ms
	Outages   []Outage
}

// DefaultQueue is how long packets may wait for the rate when nothing is said.
const DefaultQueue = 200 * time.Millisecond

// GilbertElliott is bursty loss: two states, in each a share of packets is lost
// (Gilbert 1960, Elliott 1963).
type GilbertElliott struct {
	ToBad, ToGood     float64 // probability, for each packet, of changing over
	LossGood, LossBad float64 // share lost in each state
}

// Mean is the share of packets that are lost in the long run.
func (g GilbertElliott) Mean() float64 {
	if g.ToBad <= 0 {
		return g.LossGood
	}
	bad := g.ToBad / (g.ToBad + g.ToGood)
	return bad*g.LossBad + (1-bad)*g.LossGood
}

// Outage is a time in which nothing comes through, counted from the first packet
// after the profile was set. It comes again each Every, unless that is 0.
type Outage struct {
	From, For, Every time.Duration
}

// during says whether since lies in the outage.
func (o Outage) during(since time.Duration) bool {
	since -= o.From
	if since < 0 {
		return false
	}
	if o.Every > 0 {
		since %= o.Every
	}
	return since < o.For
}

// LossRatio is the share of packets that are lost by Loss and Burst together in
// the long run; queue and outages come on top.
func (d Direction) LossRatio() float64 {
	keep := 1 - d.Loss
	if d.Burst != nil {
		keep *= 1 - d.Burst.Mean()
	}
	return 1 - keep
}

// RangeError says which figure of a profile cannot be.
type RangeError struct {
	Field, Given, Allowed string
}

// Error names the field, what was given and what is allowed.
func (e *RangeError) Error() string {
	return fmt.Sprintf("impair: %s: %s given, allowed: %s", e.Field, e.Given, e.Allowed)
}

// MaxDelay bounds each time of a direction but those of outages.
const MaxDelay = time.Minute

// Check says which figure cannot be, as a [*RangeError].
func (p Profile) Check() error {
	if err := p.Up.check("up"); err != nil {
		return err
	}
	return p.Down.check("down")
}

func (d Direction) check(way string) error {
	shares := map[string]float64{"loss": d.Loss, "reorder": d.Reorder, "duplicate": d.Duplicate}
	if b := d.Burst; b != nil {
		shares["burst.to_bad"], shares["burst.to_good"] = b.ToBad, b.ToGood
		shares["burst.loss_good"], shares["burst.loss_bad"] = b.LossGood, b.LossBad
	}
	for name, v := range shares {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return &RangeError{way + "." + name, fmt.Sprint(v), "0 to 1"}
		}
	}
	for name, v := range map[string]time.Duration{"delay": d.Delay, "jitter": d.Jitter, "queue": d.Queue} {
		if v < 0 || v > MaxDelay {
			return &RangeError{way + "." + name, v.String(), "0 to " + MaxDelay.String()}
		}
	}
	if d.RateBPS < 0 || d.RateBPS > 0 && d.RateBPS < 1000 {
		return &RangeError{way + ".rate", fmt.Sprint(d.RateBPS), "0 (no limit) or at least 1000 bit/s"}
	}
	for _, o := range d.Outages {
		if o.From < 0 || o.For < 0 || o.Every < 0 || o.Every > 0 && o.For > o.Every {
			return &RangeError{way + ".outages", fmt.Sprintf("from %s for %s every %s", o.From, o.For, o.Every), "no negative time, and for not longer than every"}
		}
	}
	return nil
}
