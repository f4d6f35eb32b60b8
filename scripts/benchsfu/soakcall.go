//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// member is one who takes part in a call of the soak.
type member struct {
	memberPlan
	name     string
	clients  []*client // a second one where it is replaced
	from, to time.Time // connected and sending; zero: never
}

// call lets a call happen: everybody comes, stays and leaves by the plan.
func (s *soak) call(room string, plan []memberPlan) {
	members := make([]*member, len(plan))
	var all sync.WaitGroup
	for i, p := range plan {
		m := &member{memberPlan: p, name: "m" + strconv.Itoa(i)}
		members[i] = m
		all.Go(func() {
			if s.wait(m.after) {
				s.people.Add(1)
				s.wrong(s.take(room, i, len(plan), m))
				s.people.Add(-1)
			}
		})
	}
	all.Wait()
	for _, m := range members {
		if hearsNothing(m, members) {
			s.wrong(fmt.Errorf("%s of %s has received nothing, though another has sent for %s", m.name, room, togetherFor))
		}
		for _, c := range m.clients {
			s.wrong(c.tally.unsound())
		}
	}
}

// wait waits, unless the run is ended.
func (s *soak) wait(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.ctx.Done():
		return false
	}
}

// take is a member's part from joining to leaving.
func (s *soak) take(room string, i, of int, m *member) error {
	c, own, err := s.enter(room, i, of, m)
	if err != nil {
		return err
	}
	defer s.left(m.way)
	if m.way == abandoned {
		c.crash()
		return nil
	}
	m.from = time.Now()
	quit := make(chan struct{})
	s.start(c, own, quit)
	s.wait(m.stay)
	m.to = time.Now()
	switch m.way {
	case crashed:
		c.crash()
		return nil
	case silent:
		c.silence()
		s.wait(2*s.Failed + time.Second)
		c.end()
		return nil
	case replaced:
		err = s.replace(room, i, of, m)
	}
	_, asked := s.child.ask(request{Do: "leave", Room: room, Peer: m.name})
	c.close()
	return errors.Join(err, asked)
}

// replace joins again while the first link is still there, and stays a while.
func (s *soak) replace(room string, i, of int, m *member) error {
	c, own, err := s.enter(room, i, of, m)
	if err != nil {
		return err
	}
	s.start(c, own, nil)
	s.wait(s.Stay / 2)
	c.close()
	return nil
}

// start lets a client that has joined send.
func (s *soak) start(c *client, own []*source, quit chan struct{}) {
	c.running.Add(2)
	go c.tend(s.feedback, s.wrong)
	begin := ticks()
	for _, src := range own {
		src.next = begin + int64(phase(int(src.number), src.Every))
	}
	go c.play(own, s.window, &s.sent, quit, s.wrong)
}

// enter lets a member join; one that is to abandon does not connect.
func (s *soak) enter(room string, i, of int, m *member) (*client, []*source, error) {
	c, err := newClient(room+" "+m.name, loopback, s.window)
	if err != nil {
		return nil, nil, err
	}
	own := shape{Senders: 1, Rooms: of, Media: soakMedia}.sources()[i]
	r := request{Do: "join", Room: room, Peer: m.name}
	var sections []section
	for k, src := range own {
		src.ssrc += uint32(len(m.clients)+1) << 20 // a second link's own
		src.number += uint16(len(m.clients)) << 8
		src.mid = strconv.Itoa(k)
		sections = append(sections, src.section)
		r.Sources = append(r.Sources, sentSource{MID: src.mid, Video: src.video})
	}
	sections = append(sections, receiveSlots(len(own), of-1, of-1)...)
	ctx, cancel := context.WithTimeout(s.ctx, joinLimit)
	defer cancel()
	err = c.join(ctx, sections, func(_ context.Context, offer string) (string, error) {
		r.Offer = offer
		answer, err := s.child.ask(r)
		if err == nil && m.way == abandoned {
			err = errAbandoned
		}
		return answer.Answer, err
	})
	if err != nil && !errors.Is(err, errAbandoned) {
		c.crash()
		return nil, nil, err
	}
	s.joined()
	m.clients = append(m.clients, c)
	return c, own, nil
}

var errAbandoned = errors.New("abandoned on purpose")

// togetherFor is how long two have to be connected at the same time until one
// surely has heard the other.
const togetherFor = 2 * time.Second

// hearsNothing says whether a member has received nothing although another
// has sent long enough.
func hearsNothing(m *member, all []*member) bool {
	if m.from.IsZero() || len(m.clients) == 0 || m.clients[0].tally.sources() > 0 {
		return false
	}
	return slices.ContainsFunc(all, func(o *member) bool {
		if o == m || o.from.IsZero() {
			return false
		}
		from, to := m.from, m.to
		if o.from.After(from) {
			from = o.from
		}
		if o.to.Before(to) {
			to = o.to
		}
		return to.Sub(from) >= togetherFor
	})
}
