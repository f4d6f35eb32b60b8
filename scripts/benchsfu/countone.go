//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// count counts the instructions of one subject, in slow motion.
func (p *plan) count(ctx context.Context, s shape, subject string) (c counted, err error) {
	n, err := newCounter()
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	slowShape, slow := s.slowed()
	o := p.opts
	o.feedback *= time.Duration(slow)
	o.window, o.profile = p.counting, ""
	o.limit = 4 * joinLimit
	l := launch{wrapper: n.wrapper(), slow: slow}
	c = counted{Subject: subject, Shape: s.Name, Slow: slow}
	if subject == "sendto" {
		err = c.ofFloor(ctx, slowShape, o, l, n)
	} else {
		err = c.ofServer(ctx, slowShape, o, l, n)
	}
	c.cost()
	return c, err
}

// ofServer counts while media flows, and then while nobody sends.
func (c *counted) ofServer(ctx context.Context, s shape, o options, l launch, n *counter) (err error) {
	srv, err := servers[c.Subject](ctx, l)
	if err != nil {
		return err
	}
	st := newStage(ctx, s, o, srv)
	defer func() { err = errors.Join(err, st.close()) }()
	sources, err := st.gather(srv, &ofServer{})
	if err != nil {
		return err
	}
	if err := n.command(ctx, srv.pid(), "instrumentation", "on"); err != nil {
		return err
	}
	if err := st.play(sources); err != nil {
		return err
	}
	if c.Media, err = c.during(st, n, srv.pid()); err != nil {
		return err
	}
	c.count(st, st.sent.windowed()*uint64(s.fanOut()))
	st.hush()
	if err := st.pause(o.drain); err != nil {
		return err
	}
	cores := c.Cores
	c.Idle, err = c.during(st, n, srv.pid())
	c.Cores = cores
	return err
}

// ofFloor does the same the other way round: a floor does not stop.
func (c *counted) ofFloor(ctx context.Context, s shape, o options, l launch, n *counter) (err error) {
	child, err := startChildUnder(ctx, l.wrapper, "floor")
	if err != nil {
		return err
	}
	st := newStage(ctx, s, o, child)
	defer func() { err = errors.Join(err, st.close()) }()
	plan, streams, err := st.floorPlan(c.Subject)
	if err != nil {
		return err
	}
	if _, err := child.usage(); err != nil { // it is up
		return err
	}
	if err := n.command(ctx, child.pid(), "instrumentation", "on"); err != nil {
		return err
	}
	if c.Idle, err = c.during(st, n, child.pid()); err != nil {
		return err
	}
	if _, err := child.ask(request{Do: "start", Floor: plan}); err != nil {
		return err
	}
	if err := st.until("the readers of the floor", st.complete(func(i int) int { return streams[i] })); err != nil {
		return err
	}
	if c.Media, err = c.during(st, n, child.pid()); err != nil {
		return err
	}
	told, err := child.ask(request{Do: "sent"})
	if err != nil {
		return err
	}
	c.count(st, told.Sent.Packets)
	return nil
}

// during counts instructions in a window.
func (c *counted) during(st *stage, n *counter, pid int) (uint64, error) {
	from, to, err := st.open()
	if err != nil {
		return 0, err
	}
	sleepUntil(from)
	before, err := usageOf(pid)
	if err != nil {
		return 0, err
	}
	if _, err := n.take(st.ctx, pid); err != nil { // of the time before
		return 0, err
	}
	late := time.Duration(ticks() - from)
	if err := st.pause(time.Duration(to - ticks())); err != nil {
		return 0, err
	}
	count, err := n.take(st.ctx, pid)
	if err != nil {
		return 0, err
	}
	after, err := usageOf(pid)
	if err != nil {
		return 0, err
	}
	c.Cores = (after.CPU - before.CPU).Seconds() / st.opts.window.Seconds()
	if late > st.opts.window/20 {
		return 0, fmt.Errorf("callgrind took %s to begin: the window of %s is too short for it", late, st.opts.window)
	}
	return count, st.pause(st.opts.drain)
}

// count takes over what the receivers have counted.
func (c *counted) count(st *stage, expected uint64) {
	var sum counts
	for _, r := range st.clients {
		r.tally.addTo(&sum, &histogram{})
	}
	c.Packets = sum.Delivered
	c.Lost = expected - min(expected, sum.Delivered)
}
