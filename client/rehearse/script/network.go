package script

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"kinwire/client/impair"
	"kinwire/client/rehearse"
)

var (
	directionKeys = []string{"loss", "burst", "delay", "jitter", "reorder", "duplicate", "rate", "queue", "outages"}
	networkKeys   = append([]string{"profile", "up", "down"}, directionKeys...)
	burstKeys     = []string{"to_bad", "to_good", "loss_good", "loss_bad"}
	outageKeys    = []string{"from", "for", "every"}
)

const (
	maxOutage   = 10 * time.Minute
	noNetwork   = "none"
	ownNetwork  = "own figures"
	changedName = "%s with own figures"
)

func networkNames() []string {
	var names []string
	for _, p := range impair.Profiles() {
		names = append(names, p.Name)
	}
	return names
}

// network reads the name of a network, or figures: those of both directions,
// then what differs up and down, over a profile or over nothing.
func (r *reader) network(n *yaml.Node, key string) rehearse.Network {
	if n.Kind == yaml.ScalarNode {
		return r.namedNetwork(n, key)
	}
	s, ok := r.mapping(n, key, networkKeys)
	if !ok {
		return rehearse.Network{}
	}
	net := rehearse.Network{}
	if p := s.get("profile"); p != nil {
		net = r.namedNetwork(p, join(key, "profile"))
	}
	own := impair.Profile{Name: ownNetwork, Says: "figures of the script"}
	if net.Profile != nil {
		own = copyOf(*net.Profile)
		own.Name = fmt.Sprintf(changedName, net.Name)
	}
	r.direction(s, key, &own.Up)
	r.direction(s, key, &own.Down)
	for _, way := range []struct {
		name string
		into *impair.Direction
	}{{"up", &own.Up}, {"down", &own.Down}} {
		if n := s.get(way.name); n != nil {
			if d, ok := r.mapping(n, join(key, way.name), directionKeys); ok {
				r.direction(d, join(key, way.name), way.into)
			}
		}
	}
	if len(s.entries) == 0 {
		r.problem(n, key, "given no figures; allowed: the name of a network, or the keys %v", networkKeys)
	}
	if err := own.Check(); err != nil && len(r.problems) == 0 {
		var bad *impair.RangeError
		if errors.As(err, &bad) {
			r.problem(n, join(key, bad.Field), "given %s; allowed: %s", bad.Given, bad.Allowed)
		} else {
			r.problem(n, key, "%v", err)
		}
	}
	if len(s.entries) == 1 && s.get("profile") != nil {
		return net
	}
	return rehearse.Network{Name: own.Name, Profile: &own}
}

func (r *reader) namedNetwork(n *yaml.Node, key string) rehearse.Network {
	name, ok := r.scalar(n, key, "a network of kincall profiles, or figures")
	if !ok {
		return rehearse.Network{}
	}
	if name == noNetwork {
		return rehearse.Network{Name: noNetwork}
	}
	p, ok := impair.Named(name)
	if !ok {
		r.problem(n, key, "%s", noSuch("network", name, networkNames()))
		return rehearse.Network{}
	}
	return rehearse.Network{Name: name, Profile: &p}
}

// copyOf lets a script change figures without changing the profile.
func copyOf(p impair.Profile) impair.Profile {
	for _, d := range []*impair.Direction{&p.Up, &p.Down} {
		if d.Burst != nil {
			b := *d.Burst
			d.Burst = &b
		}
		d.Outages = append([]impair.Outage(nil), d.Outages...)
	}
	return p
}

// direction puts the figures of s into d; what is not named stays.
func (r *reader) direction(s section, key string, d *impair.Direction) {
	for _, f := range s.entries {
		at, n := join(key, f.name), f.value
		read, ok := map[string]func(){
			"loss":      func() { d.Loss = r.share(n, at) },
			"burst":     func() { d.Burst = r.burst(n, at) },
			"delay":     func() { d.Delay = r.span(n, at, 0, impair.MaxDelay) },
			"jitter":    func() { d.Jitter = r.span(n, at, 0, impair.MaxDelay) },
			"reorder":   func() { d.Reorder = r.share(n, at) },
			"duplicate": func() { d.Duplicate = r.share(n, at) },
			"rate":      func() { d.RateBPS = r.rate(n, at, 1000, 10e9) },
			"queue":     func() { d.Queue = r.span(n, at, time.Millisecond, impair.MaxDelay) },
			"outages":   func() { d.Outages = r.outages(n, at) },
		}[f.name]
		if ok {
			read()
		}
	}
}

func (r *reader) burst(n *yaml.Node, key string) *impair.GilbertElliott {
	s, ok := r.mapping(n, key, burstKeys)
	if !ok {
		return nil
	}
	b := impair.GilbertElliott{LossBad: 1}
	for _, f := range []struct {
		name   string
		needed bool
		into   *float64
	}{{"to_bad", true, &b.ToBad}, {"to_good", true, &b.ToGood}, {"loss_good", false, &b.LossGood}, {"loss_bad", false, &b.LossBad}} {
		switch v := s.get(f.name); {
		case v != nil:
			*f.into = r.share(v, join(key, f.name))
		case f.needed:
			r.problem(n, join(key, f.name), "missing; bursts of loss need the probability, for each packet, of changing to the bad state and back")
		}
	}
	return &b
}

func (r *reader) outages(n *yaml.Node, key string) []impair.Outage {
	var outages []impair.Outage
	for i, item := range r.list(n, key, "outages with from, for and every", false) {
		at := fmt.Sprintf("%s[%d]", key, i)
		s, ok := r.mapping(item, at, outageKeys)
		if !ok {
			continue
		}
		var o impair.Outage
		if v := s.get("from"); v != nil {
			o.From = r.span(v, join(at, "from"), 0, maxTimeout)
		}
		if v := s.get("every"); v != nil {
			o.Every = r.span(v, join(at, "every"), time.Second, maxTimeout)
		}
		if v := s.get("for"); v != nil {
			o.For = r.span(v, join(at, "for"), time.Millisecond, maxOutage)
		} else {
			r.problem(item, join(at, "for"), "missing; an outage needs to end")
		}
		outages = append(outages, o)
	}
	return outages
}

// Figures are what a network does in one direction, in words for a table: rate,
// delay, jitter, loss, queue, outages, oddities. What it does not do is "-".
func Figures(d impair.Direction) []string {
	dash := func(zero bool, text string) string {
		if zero {
			return "-"
		}
		return text
	}
	loss := Format(d.LossRatio(), unitRatio)
	if d.Burst != nil {
		loss += " in bursts"
	}
	queue := d.Queue
	if queue == 0 {
		queue = impair.DefaultQueue
	}
	var outages []string
	for _, o := range d.Outages {
		text := fmt.Sprintf("%s from %s", brief(o.For), brief(o.From))
		if o.Every > 0 {
			text += " every " + brief(o.Every)
		}
		outages = append(outages, text)
	}
	var odd []string
	if d.Reorder > 0 {
		odd = append(odd, Format(d.Reorder, unitRatio)+" overtake")
	}
	if d.Duplicate > 0 {
		odd = append(odd, Format(d.Duplicate, unitRatio)+" come twice")
	}
	return []string{
		dash(d.RateBPS == 0, bitRate(float64(d.RateBPS))), dash(d.Delay == 0, brief(d.Delay)), dash(d.Jitter == 0, brief(d.Jitter)),
		dash(d.LossRatio() == 0, loss), dash(d.RateBPS == 0, brief(queue)), dash(len(outages) == 0, strings.Join(outages, ", ")),
		dash(len(odd) == 0, strings.Join(odd, ", ")),
	}
}
