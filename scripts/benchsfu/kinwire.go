//go:build linux

package main

import (
	"context"
	"strconv"
	"time"
)

// knobs are those of our server that a run may turn.
type knobs struct {
	loops int           // sfu.loops
	hold  time.Duration // sfu.frame_hold
}

// usual are the default configuration's.
var usual = knobs{loops: 1, hold: 200 * time.Microsecond}

// kinwire is our server, in a process of its own.
type kinwire struct{ *child }

func startKinwire(ctx context.Context, l launch) (server, error) {
	args := []string{"serve-sfu"}
	if l.knobs != (knobs{}) {
		args = append(args, "--loops", strconv.Itoa(l.knobs.loops), "--frame-hold", l.knobs.hold.String())
	}
	if l.slow > 0 {
		args = append(args, "--slow", strconv.Itoa(l.slow))
	}
	c, err := startChildUnder(ctx, l.wrapper, args...)
	return kinwire{c}, err
}

func roomName(i int) string { return "room" + strconv.Itoa(i) }

// admit implements server: one client each, with slots for all the others.
func (k kinwire) admit(s *stage, sources [][]*source) (took []time.Duration, err error) {
	size := s.shape.Senders + s.shape.Receivers
	for i, own := range sources {
		slots := s.shape.Senders
		if own != nil {
			slots--
		}
		begin := ticks()
		c, err := k.enter(s, i/size, "p"+strconv.Itoa(i), own, slots)
		if err != nil {
			return nil, err
		}
		took = append(took, time.Duration(ticks()-begin))
		s.receivers, s.senders = append(s.receivers, c), append(s.senders, c)
	}
	return took, nil
}

// probe implements server.
func (k kinwire) probe(s *stage, room int, name string) (int64, func() error, error) {
	begin := ticks()
	_, err := k.enter(s, room, name, nil, s.shape.Senders)
	return begin, func() error {
		_, err := k.ask(request{Do: "leave", Room: roomName(room), Peer: name})
		return err
	}, err
}

// enter lets a client join a room, with slots for so many people.
func (k kinwire) enter(s *stage, room int, name string, own []*source, slots int) (*client, error) {
	c, err := s.openClient(name, loopback)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.joinLimit())
	defer cancel()
	var sections []section
	r := request{Do: "join", Room: roomName(room), Peer: name}
	for _, src := range own {
		sections = append(sections, src.section)
		r.Sources = append(r.Sources, sentSource{MID: src.mid, Video: src.video})
	}
	sections = append(sections, receiveSlots(len(own), slots*s.shape.count(false), slots*s.shape.count(true))...)
	err = c.join(ctx, sections, func(_ context.Context, offer string) (string, error) {
		r.Offer = offer
		answer, err := k.ask(r)
		return answer.Answer, err
	})
	if err != nil {
		return nil, err
	}
	s.tend(c)
	return c, nil
}

// receiveSlots are the sections of an offer that only receive, numbered from
// first on.
func receiveSlots(first, audio, video int) []section {
	var out []section
	for i := range audio + video {
		out = append(out, section{mid: strconv.Itoa(first + i), video: i >= audio})
	}
	return out
}

// profile implements server.
func (k kinwire) profile(file string) (func() error, error) {
	_, err := k.ask(request{Do: "profile", File: file})
	return func() error {
		_, err := k.ask(request{Do: "profile"})
		return err
	}, err
}

// named implements server.
func (kinwire) named() string { return "" }

// totals implements server.
func (k kinwire) totals() (*sfuCounted, error) {
	told, err := k.ask(request{Do: "totals"})
	return told.Totals, err
}
