//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// measureSFU measures the server.
func measureSFU(ctx context.Context, s shape, o options) (r result, err error) {
	st, err := newStage(ctx, s, o, "serve-sfu")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	of := &ofServer{Participants: s.participants()}
	sources, err := st.gather(of)
	if err != nil {
		return r, err
	}
	if err := st.play(sources); err != nil {
		return r, err
	}
	stopProfile, err := st.startProfile()
	if err != nil {
		return r, err
	}
	before, after, own, err := st.measure()
	if err != nil {
		return r, err
	}
	if err := stopProfile(); err != nil {
		return r, err
	}
	of.RSS, of.Goroutines = after.RSS, after.Goroutines
	of.RSSParticipant = float64(after.RSS-of.RSSBefore) / (1 << 20) / float64(of.Participants)
	participants := slices.Clone(st.clients)
	probed, err := st.probe(of)
	if err != nil {
		return r, err
	}
	if err := st.finish(of); err != nil {
		return r, err
	}
	expected := st.sent.windowed() * uint64(s.fanOut())
	r = result{Subject: "kinwire", Shape: s.Name, Server: of}
	r.measured(o.window, before, after, own, participants, expected)
	of.OpenedTotal = r.Total + probed.Total
	r.counts.add(counts{Duplicates: probed.Duplicates, Misnumbered: probed.Misnumbered, Unsealed: probed.Unsealed, Foreign: probed.Foreign})
	return r, nil
}

// gather lets everybody join, one after another, while nobody sends.
func (s *stage) gather(of *ofServer) ([][]*source, error) {
	if _, err := identity(); err != nil {
		return nil, err
	}
	before, err := s.child.usage()
	if err != nil {
		return nil, err
	}
	of.RSSBefore = before.RSS
	var sources [][]*source
	size := s.shape.Senders + s.shape.Receivers
	for i := range s.shape.participants() {
		var own []*source
		if i%size < s.shape.Senders {
			for _, m := range s.shape.Media {
				number := uint16(len(s.shape.Media)*i + len(own))
				own = append(own, &source{media: m, number: number, section: section{video: m.Video, ssrc: 0x10000 + uint32(number)}})
			}
		}
		slots := s.shape.Senders
		if own != nil {
			slots--
		}
		_, took, err := s.enter(i/size, "p"+strconv.Itoa(i), own, slots)
		if err != nil {
			return nil, err
		}
		of.Joins = append(of.Joins, ms(took))
		sources = append(sources, own)
	}
	if err := s.pause(s.opts.drain); err != nil {
		return nil, err
	}
	after, err := s.child.usage()
	if err != nil {
		return nil, err
	}
	of.CPUPerJoin = ms(after.CPU-before.CPU) / float64(s.shape.participants())
	return sources, nil
}

// enter lets a client join a room, with slots for so many people.
func (s *stage) enter(room int, name string, own []*source, slots int) (*client, time.Duration, error) {
	c, err := newClient(name, s.window)
	if err != nil {
		return nil, 0, err
	}
	s.clients = append(s.clients, c)
	var sections []section
	r := request{Do: "join", Room: "room" + strconv.Itoa(room), Peer: name}
	for _, src := range own {
		src.mid = strconv.Itoa(len(sections))
		sections = append(sections, src.section)
		r.Sources = append(r.Sources, sentSource{MID: src.mid, Video: src.video})
	}
	for _, video := range []bool{false, true} {
		for range slots * s.shape.count(video) {
			sections = append(sections, section{mid: strconv.Itoa(len(sections)), video: video})
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, joinLimit)
	defer cancel()
	begin := ticks()
	err = c.join(ctx, sections, func(_ context.Context, offer string) (string, error) {
		r.Offer = offer
		answer, err := s.child.ask(r)
		return answer.Answer, err
	})
	if err != nil {
		return nil, 0, err
	}
	took := time.Duration(ticks() - begin)
	c.running.Add(1)
	go c.tend(s.opts.feedback, s.failed)
	return c, took, nil
}

// play starts the senders and waits until everybody receives everything.
func (s *stage) play(sources [][]*source) error {
	begin := ticks()
	for i, own := range sources {
		if own == nil {
			continue
		}
		for _, src := range own {
			src.next = begin + int64(phase(int(src.number), src.Every))
		}
		s.clients[i].running.Add(1)
		go s.clients[i].play(own, s.window, &s.sent, s.quit, s.failed)
	}
	streams := func(i int) int {
		n := s.shape.Senders * len(s.shape.Media)
		if sources[i] != nil {
			n -= len(s.shape.Media)
		}
		return n
	}
	if err := s.until("all streams at all receivers", s.complete(streams)); err != nil {
		return err
	}
	return s.pause(s.opts.settle)
}

// probe lets further clients join and leave while media flows, and sees when
// each has its first packet.
func (s *stage) probe(of *ofServer) (counts, error) {
	var sum counts
	for i := range s.opts.probes {
		// Key frames come on request, but not more often than every
		// keyFrameGap, and a probe is not to wait for what the last has used up.
		if err := s.pause(s.opts.probeGap + phase(i, 40*time.Millisecond)); err != nil {
			return sum, err
		}
		name, begin := "probe"+strconv.Itoa(i), ticks()
		c, _, err := s.enter(i%s.shape.Rooms, name, nil, s.shape.Senders)
		if err != nil {
			return sum, err
		}
		if err := s.until("the first packet of "+name, func() bool { return c.tally.first() != 0 }); err != nil {
			return sum, err
		}
		of.Firsts = append(of.Firsts, ms(time.Duration(c.tally.first()-begin)))
		if _, err := s.child.ask(request{Do: "leave", Room: "room" + strconv.Itoa(i%s.shape.Rooms), Peer: name}); err != nil {
			return sum, err
		}
		if err := s.pause(s.opts.drain / 4); err != nil {
			return sum, err
		}
		s.clients = s.clients[:len(s.clients)-1]
		c.close()
		c.tally.addTo(&sum, &histogram{})
	}
	return sum, nil
}

// finish ends the sending and sees what the server has counted.
func (s *stage) finish(of *ofServer) error {
	s.hush()
	if err := s.pause(s.opts.drain); err != nil {
		return err
	}
	told, err := s.child.ask(request{Do: "totals"})
	if err != nil {
		return err
	}
	of.Totals = *told.Totals
	s.sent.mu.Lock()
	defer s.sent.mu.Unlock()
	of.SentTotal = s.sent.total
	of.SenderLateP99 = ms(s.sent.late.quantile(0.99))
	if of.Totals.Peers != of.Participants {
		return fmt.Errorf("the server counts %d peers, %d have joined and stayed", of.Totals.Peers, of.Participants)
	}
	return nil
}

// startProfile begins a CPU profile of the server, where one is wanted.
func (s *stage) startProfile() (stop func() error, err error) {
	if s.opts.profile == "" {
		return func() error { return nil }, nil
	}
	if _, err := s.child.ask(request{Do: "profile", File: s.opts.profile}); err != nil {
		return nil, err
	}
	return func() error {
		_, err := s.child.ask(request{Do: "profile"})
		return err
	}, nil
}
