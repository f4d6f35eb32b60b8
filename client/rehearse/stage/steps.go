package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kinwire/client/rehearse"
	"kinwire/signaling/proto"
)

// look is how often conditions are looked at, and whether the run is over.
const look = 10 * time.Millisecond

// errTime: the script's own time is up.
var errTime = errors.New("the script's time is up")

// steps sets the script's steps off, one after the other, and returns when all
// that they began is done or ctx has ended.
func (r *run) steps(ctx context.Context) {
	r.playing = ctx
	began := make([]time.Time, len(r.script.Steps))
	for i, s := range r.script.Steps {
		due, ok := r.moment(ctx, i, began)
		if !ok || !sleepUntil(ctx, due) {
			r.late(ctx, s)
			return
		}
		began[i] = time.Now()
		r.event(s.Who, "step", "%s", says(s))
		r.setOff(ctx, s)
	}
	r.settle(ctx)
}

// moment is when a step is due. False: what it waits for did not come.
func (r *run) moment(ctx context.Context, i int, began []time.Time) (time.Time, bool) {
	s := r.script.Steps[i]
	switch {
	case s.When != (rehearse.Condition{}):
		seen, ok := r.await(ctx, s.When, r.since(i, began))
		return seen.Add(s.At), ok
	case s.Previous && i > 0:
		return began[i-1].Add(s.At), true
	}
	return r.began.Add(s.At), true
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// late says which step was not set off because time was up.
func (r *run) late(ctx context.Context, s rehearse.Step) {
	if !errors.Is(context.Cause(ctx), errTime) {
		return
	}
	what := fmt.Sprintf("line %d: %s could not %s within the script's %s", s.Line, s.Who, s.Do, r.script.Timeout)
	if s.After != "" {
		what += fmt.Sprintf(": waited for %q", s.After)
	}
	r.fail(fmt.Errorf("%s; %s", what, r.standing()))
}

// standing is where everybody is.
func (r *run) standing() string {
	var out []string
	for _, a := range r.actors {
		a.mu.Lock()
		out = append(out, a.name+" is "+a.state)
		a.mu.Unlock()
	}
	return strings.Join(out, ", ")
}

// setOff begins a step and does not wait for what comes of it.
func (r *run) setOff(ctx context.Context, s rehearse.Step) {
	a := r.actor(s.Who)
	do := actions[s.Do]
	if a == nil || do == nil {
		r.fail(fmt.Errorf("line %d: %s %s is nothing that this player can do", s.Line, s.Who, s.Do))
		return
	}
	work := func() {
		within, cancel := a.within(ctx, s)
		err := do(a, within, s)
		vanished := within.Err() != nil && ctx.Err() == nil && errors.Is(within.Err(), context.Canceled)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
		case vanished:
			r.event(a.name, "note", "%s was cut short: the device vanished", s.Do)
		default:
			r.refused(s, err)
		}
	}
	switch s.Do {
	case "vanish":
		a.vanishes()
		a.jobs.add(work)
	case "message":
		r.chat.sends(a, work)
	case "outage", "network", "move", "drop_socket": // not the device's doing
		work()
	default:
		a.jobs.add(work)
	}
}

// says is a step in words.
func says(s rehearse.Step) string {
	text := s.Do
	if len(s.With) > 0 {
		text += " " + strings.Join(s.With, ", ")
	}
	for _, k := range []string{"kind", "for", "count"} {
		if v := s.Args[k]; v != "" && (k != "count" || v != "1") {
			text += " " + v
		}
	}
	if s.Do == "network" {
		text += " " + s.Network.Name
	}
	return text
}

// settle waits until nobody is in a call any more or is rung, and all messages
// have come.
func (r *run) settle(ctx context.Context) {
	t := time.NewTicker(look)
	defer t.Stop()
	var rest time.Time
	for {
		busy := slices.ContainsFunc(r.actors, func(a *actor) bool { return a.busy() || !a.jobs.resting() })
		switch {
		case busy:
			rest = time.Time{}
		case rest.IsZero():
			rest = time.Now()
		}
		if !busy && r.chat.settled(time.Since(rest)) {
			return
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errTime) {
				r.fail(fmt.Errorf("after the script's %s the call still went on: %s; a script ends when everybody has hung up", r.script.Timeout, r.standing()))
			}
			return
		}
	}
}

// since is when a condition of step i begins to count: the last step above that
// could have brought it about.
func (r *run) since(i int, began []time.Time) time.Time {
	c := r.script.Steps[i].When
	for j := i - 1; j >= 0; j-- {
		s := r.script.Steps[j]
		concerned := s.Who == c.Who || s.Who == c.Whom
		switch {
		case s.Do == "call" || s.Do == "add":
			return r.firstOf(j, began)
		case c.Is == rehearse.Rings || c.Is == rehearse.Ended || !concerned:
		case s.Do == "outage":
			return began[j].Add(s.Duration("for"))
		case bringsAbout[s.Do]:
			return began[j]
		}
	}
	return r.began
}

// bringsAbout are actions after which a device's own conditions count anew.
var bringsAbout = map[string]bool{
	"answer": true, "join": true, "leave": true, "mute": true, "unmute": true, "share": true, "unshare": true,
	"restart_ice": true, "network": true, "move": true, "vanish": true, "back": true,
}

// firstOf is when the first of several calls in the same moment began.
func (r *run) firstOf(j int, began []time.Time) time.Time {
	for j > 0 && r.script.Steps[j-1].Do == r.script.Steps[j].Do && began[j].Sub(began[j-1]) < time.Second/2 {
		j--
	}
	return began[j]
}

// await waits until a condition holds, and says since when.
func (r *run) await(ctx context.Context, c rehearse.Condition, since time.Time) (time.Time, bool) {
	t := time.NewTicker(look)
	defer t.Stop()
	for {
		if at, ok := conditions[c.Is](r, c, since); ok {
			return at, true
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return time.Time{}, false
		}
	}
}

// conditions say whether something is so, or was since a moment, and when.
var conditions = map[string]func(r *run, c rehearse.Condition, since time.Time) (time.Time, bool){
	rehearse.Rings:     is(func(a *actor) bool { return a.ringing != "" }),
	rehearse.Connected: is(func(a *actor) bool { return a.isUp }),
	rehearse.InCall:    is(func(a *actor) bool { return a.inCall }),
	rehearse.Ended: func(r *run, c rehearse.Condition, since time.Time) (time.Time, bool) {
		a := r.actor(c.Who)
		a.mu.Lock()
		defer a.mu.Unlock()
		i := slices.IndexFunc(a.ends, func(at time.Time) bool { return !at.Before(since) })
		if i < 0 {
			return time.Time{}, false
		}
		return a.ends[i], true
	},
	rehearse.Hears: hears(proto.SourceAudio),
	rehearse.Sees:  hears(proto.SourceVideo, proto.SourceScreen),
}

// is makes a condition of a state.
func is(state func(*actor) bool) func(*run, rehearse.Condition, time.Time) (time.Time, bool) {
	return func(r *run, c rehearse.Condition, since time.Time) (time.Time, bool) {
		a := r.actor(c.Who)
		a.mu.Lock()
		defer a.mu.Unlock()
		now := time.Now()
		return now, state(a) && !now.Before(since)
	}
}

// hears makes a condition of what arrives.
func hears(kinds ...proto.SourceKind) func(*run, rehearse.Condition, time.Time) (time.Time, bool) {
	return func(r *run, c rehearse.Condition, since time.Time) (time.Time, bool) {
		from := r.actor(c.Whom)
		from.mu.Lock()
		id := from.you
		from.mu.Unlock()
		if id == "" {
			return time.Time{}, false
		}
		return r.actor(c.Who).hears.since(id, since, kinds...)
	}
}
