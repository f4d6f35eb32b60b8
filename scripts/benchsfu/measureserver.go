//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// server is a process that clients join.
type server interface {
	process
	// admit lets all participants of the shape join while nobody sends, one
	// after another, and tells how long each took. It fills the stage's clients.
	admit(s *stage, sources [][]*source) (took []time.Duration, err error)
	// probe lets one more receiver join a room. It returns when joining began,
	// and what takes the receiver out again; its client is the stage's last.
	probe(s *stage, room int, name string) (begin int64, leave func() error, err error)
	// profile begins a CPU profile into a file; a server of which none can be
	// had does nothing.
	profile(file string) (stop func() error, err error)
	// named is its version, "" where it is this program's.
	named() string
	// totals are the server's own counters; nil when it has none.
	totals() (*sfuCounted, error)
}

// launch says how to start a server.
type launch struct {
	wrapper []string // words before its program's name
	slow    int      // by how much everything is slower than in real time; 0: not
	knobs   knobs
}

// servers start what a subject's name stands for.
var servers = map[string]func(context.Context, launch) (server, error){
	"kinwire": startKinwire,
	"janus":   startJanus,
}

// measureServer measures one server.
func measureServer(ctx context.Context, s shape, subject string, o options) (r result, err error) {
	srv, err := servers[subject](ctx, launch{knobs: o.knobs})
	if err != nil {
		return r, err
	}
	st := newStage(ctx, s, o, srv)
	defer func() { err = errors.Join(err, st.close()) }()
	of := &ofServer{Participants: s.participants(), Version: srv.named()}
	sources, err := st.gather(srv, of)
	if err != nil {
		return r, err
	}
	if err := st.play(sources); err != nil {
		return r, err
	}
	stopProfile := func() error { return nil }
	if o.profile != "" {
		if stopProfile, err = srv.profile(o.profile); err != nil {
			return r, err
		}
	}
	before, after, own, err := st.measure()
	if err != nil {
		return r, err
	}
	if err := stopProfile(); err != nil {
		return r, err
	}
	of.RSS, of.Goroutines, of.Threads = after.RSS, after.Goroutines, after.Threads
	of.RSSParticipant = float64(after.RSS-of.RSSBefore) / (1 << 20) / float64(of.Participants)
	participants := slices.Clone(st.clients)
	probed, err := st.probe(srv, of)
	if err != nil {
		return r, err
	}
	if err := st.finish(srv, of); err != nil {
		return r, err
	}
	expected := st.sent.windowed() * uint64(s.fanOut())
	r = result{Subject: subject, Shape: s.Name, Server: of}
	r.measured(o.window, before, after, own, participants, expected)
	of.OpenedTotal = r.Total + probed.Total
	r.counts.add(counts{Duplicates: probed.Duplicates, Misnumbered: probed.Misnumbered, Unsealed: probed.Unsealed, Foreign: probed.Foreign})
	return r, nil
}

// sources are those of every participant, nil for one that sends nothing.
func (s shape) sources() [][]*source {
	out := make([][]*source, s.participants())
	for i := range out {
		if i%(s.Senders+s.Receivers) >= s.Senders {
			continue
		}
		for _, m := range s.Media {
			number := uint16(len(s.Media)*i + len(out[i]))
			out[i] = append(out[i], &source{media: m, number: number, section: section{
				mid: strconv.Itoa(len(out[i])), video: m.Video, ssrc: 0x10000 + uint32(number),
			}})
		}
	}
	return out
}

// gather lets everybody join, one after another, while nobody sends.
func (s *stage) gather(srv server, of *ofServer) ([][]*source, error) {
	if _, err := identity(); err != nil {
		return nil, err
	}
	before, err := srv.usage()
	if err != nil {
		return nil, err
	}
	of.RSSBefore = before.RSS
	sources := s.shape.sources()
	took, err := srv.admit(s, sources)
	if err != nil {
		return nil, err
	}
	for _, d := range took {
		of.Joins = append(of.Joins, ms(d))
	}
	if err := s.pause(s.opts.drain); err != nil {
		return nil, err
	}
	after, err := srv.usage()
	if err != nil {
		return nil, err
	}
	of.CPUPerJoin = ms(after.CPU-before.CPU) / float64(s.shape.participants())
	return sources, nil
}

// open opens a client of the stage's.
func (s *stage) openClient(name string, at netip.Addr) (*client, error) {
	c, err := newClient(name, at, s.window)
	if err != nil {
		return nil, err
	}
	s.clients = append(s.clients, c)
	return c, nil
}

// tend starts what a client that has joined sends by itself.
func (s *stage) tend(c *client) {
	c.running.Add(1)
	go c.tend(s.opts.feedback, s.failed)
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
		s.senders[i].running.Add(1)
		go s.senders[i].play(own, s.window, &s.sent, s.quit, s.failed)
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
// each has its first packet, and where there is video its first key frame:
// before that it has nothing to show.
func (s *stage) probe(srv server, of *ofServer) (counts, error) {
	var sum counts
	video := s.shape.count(true) > 0
	for i := range s.opts.probes {
		// Key frames come on request, but not more often than every
		// keyFrameGap, and a probe is not to wait for what the last has used up.
		if err := s.pause(s.opts.probeGap + phase(i, 40*time.Millisecond)); err != nil {
			return sum, err
		}
		name := "probe" + strconv.Itoa(i)
		begin, leave, err := srv.probe(s, i%s.shape.Rooms, name)
		if err != nil {
			return sum, err
		}
		c := s.clients[len(s.clients)-1]
		if err := s.until("the first packet and key frame of "+name, func() bool {
			first, key := c.tally.firsts()
			return first != 0 && (key != 0 || !video)
		}); err != nil {
			return sum, err
		}
		first, key := c.tally.firsts()
		of.Firsts = append(of.Firsts, ms(time.Duration(first-begin)))
		if video {
			of.Keys = append(of.Keys, ms(time.Duration(key-begin)))
		}
		if err := leave(); err != nil {
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
func (s *stage) finish(srv server, of *ofServer) error {
	s.hush()
	if err := s.pause(s.opts.drain); err != nil {
		return err
	}
	var err error
	if of.Totals, err = srv.totals(); err != nil {
		return err
	}
	s.sent.mu.Lock()
	defer s.sent.mu.Unlock()
	of.SentTotal = s.sent.total
	of.SenderLateP99 = ms(s.sent.late.quantile(0.99))
	if of.Totals != nil && of.Totals.Peers != of.Participants {
		return fmt.Errorf("the server counts %d peers, %d have joined and stayed", of.Totals.Peers, of.Participants)
	}
	return nil
}
