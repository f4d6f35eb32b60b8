//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

const videoroom = "janus.plugin.videoroom"

// janus is Janus as a server of the shapes. Its videoroom takes a connection
// of its own for what a participant sends, and one for all that it receives:
// so a participant of a call is two clients. In the second, Janus offers.
type janus struct {
	*janusProcess
	api     *janusAPI
	at      netip.Addr
	version string
}

func startJanus(ctx context.Context, l launch) (server, error) {
	at, err := hostAddress()
	if err != nil {
		return nil, err
	}
	j := &janus{at: at}
	if j.janusProcess, j.api, err = startJanusAPI(ctx, at, l); err != nil {
		return nil, err
	}
	info, err := j.api.ask(ctx, janusRequest{Janus: "info"})
	if err != nil {
		return nil, errors.Join(err, j.end())
	}
	j.version = info.Version
	return j, nil
}

// startJanusAPI starts Janus until it stays. Its transport over Unix sockets
// starts a thread before it notes that it has begun: now and then the thread
// looks first and takes it for the end. Then Janus, without a transport, ends
// too, or stays and does not hear us.
func startJanusAPI(ctx context.Context, at netip.Addr, l launch) (*janusProcess, *janusAPI, error) {
	const tries = 10
	limit := startLimit
	if len(l.wrapper) > 0 {
		limit *= 10
	}
	for try := 1; ; try++ {
		p, err := startJanusProcess(ctx, at, l)
		if err != nil {
			return nil, nil, err
		}
		api, err := dialJanus(ctx, p, limit)
		if err == nil {
			return p, api, nil
		}
		if err = errors.Join(err, p.end()); !errors.Is(err, errDeaf) || ctx.Err() != nil || try == tries {
			return nil, nil, err
		}
	}
}

const startLimit = 3 * time.Second // until Janus, which is not slowed down, takes a connection

// end implements process.
func (j *janus) end() error {
	j.api.close()
	return j.janusProcess.end()
}

// guest is one participant: a session, in which each connection has a handle.
type guest struct {
	j       *janus
	session uint64
}

func (j *janus) guest(ctx context.Context) (guest, error) {
	r, err := j.api.ask(ctx, janusRequest{Janus: "create"})
	return guest{j, r.Data.ID}, err
}

// handle makes a connection's handle.
func (g guest) handle(ctx context.Context) (uint64, error) {
	r, err := g.j.api.ask(ctx, janusRequest{Janus: "attach", Session: g.session, Plugin: videoroom})
	return r.Data.ID, err
}

// tell sends a message to the videoroom, and sees that what happens is what
// was to happen.
func (g guest) tell(ctx context.Context, handle uint64, body roomAsked, s *jsep, happens string) (janusReply, error) {
	r, err := g.j.api.ask(ctx, janusRequest{Janus: "message", Session: g.session, Handle: handle, Body: &body, JSEP: s})
	if err == nil && r.Plugin.Data.Room != happens {
		err = fmt.Errorf("asked to %s, the videoroom plugin says %q instead of %q", body.Request, r.Plugin.Data.Room, happens)
	}
	return r, err
}

var errNoSDP = errors.New("no session description came from Janus")

// publish lets a client send.
func (g guest) publish(ctx context.Context, c *client, room, id int, own []*source) error {
	handle, err := g.handle(ctx)
	if err != nil {
		return err
	}
	var sections []section
	for _, src := range own {
		sections = append(sections, src.section)
	}
	c.setup = "active" // else Janus makes itself the DTLS client
	return c.join(ctx, sections, func(ctx context.Context, offer string) (string, error) {
		r, err := g.tell(ctx, handle, roomAsked{Request: "joinandconfigure", PType: "publisher", Room: room, ID: id},
			&jsep{Type: "offer", SDP: offer}, "joined")
		if err == nil && r.JSEP == nil {
			err = errNoSDP
		}
		if err != nil {
			return "", err
		}
		return r.JSEP.SDP, nil
	})
}

// subscribe lets a client receive all that some publishers send.
func (g guest) subscribe(ctx context.Context, c *client, room int, feeds []int) error {
	handle, err := g.handle(ctx)
	if err != nil {
		return err
	}
	body := roomAsked{Request: "join", PType: "subscriber", Room: room}
	for _, id := range feeds {
		body.Streams = append(body.Streams, roomFeed{Feed: id})
	}
	r, err := g.tell(ctx, handle, body, nil, "attached")
	if err == nil && r.JSEP == nil {
		err = errNoSDP
	}
	if err != nil {
		return err
	}
	return c.accept(ctx, r.JSEP.SDP, func(ctx context.Context, answer string) error {
		_, err := g.tell(ctx, handle, roomAsked{Request: "start", Room: room}, &jsep{Type: "answer", SDP: answer}, "event")
		return err
	})
}

// Numbers that Janus knows rooms and publishers by; 0 is none.
func janusRoomID(room int) int { return room + 1 }
func janusFeedID(i int) int    { return i + 1 }

// admit implements server. All who send come first, then each subscribes to
// all others at once: Janus is spared the renegotiation that everybody's
// coming would cost it in a call that fills up.
func (j *janus) admit(s *stage, sources [][]*source) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.joinLimit()*4)
	defer cancel()
	size := s.shape.Senders + s.shape.Receivers
	guests, took := make([]guest, len(sources)), make([]time.Duration, len(sources))
	s.receivers, s.senders = make([]*client, len(sources)), make([]*client, len(sources))
	if err := j.rooms(ctx, s.shape); err != nil {
		return nil, err
	}
	for i, own := range sources {
		var err error
		if guests[i], err = j.guest(ctx); err != nil {
			return nil, err
		}
		if own == nil {
			continue
		}
		begin := ticks()
		c, err := s.openClient("p"+strconv.Itoa(i)+" sending", j.at)
		if err == nil {
			err = guests[i].publish(ctx, c, janusRoomID(i/size), janusFeedID(i), own)
		}
		if err != nil {
			return nil, err
		}
		took[i] = time.Duration(ticks() - begin)
		s.senders[i], s.receivers[i] = c, c
		s.tend(c)
	}
	for i := range sources {
		feeds := feedsOf(s.shape, i/size, i)
		if len(feeds) == 0 {
			continue
		}
		begin := ticks()
		c, err := j.receive(ctx, s, guests[i], "p"+strconv.Itoa(i)+" receiving", i/size, feeds)
		if err != nil {
			return nil, err
		}
		took[i] += time.Duration(ticks() - begin)
		s.receivers[i] = c
	}
	return took, nil
}

// feedsOf are the publishers of a room but one participant.
func feedsOf(s shape, room, but int) []int {
	var out []int
	for k := range s.Senders {
		if i := room*(s.Senders+s.Receivers) + k; i != but {
			out = append(out, janusFeedID(i))
		}
	}
	return out
}

// rooms makes the shape's rooms.
func (j *janus) rooms(ctx context.Context, s shape) error {
	g, err := j.guest(ctx)
	if err != nil {
		return err
	}
	handle, err := g.handle(ctx)
	if err != nil {
		return err
	}
	for room := range s.Rooms {
		if _, err := g.tell(ctx, handle, roomAsked{Request: "create", Room: janusRoomID(room), Publishers: s.Senders}, nil, "created"); err != nil {
			return err
		}
	}
	return nil
}

func (j *janus) receive(ctx context.Context, s *stage, g guest, name string, room int, feeds []int) (*client, error) {
	c, err := s.openClient(name, j.at)
	if err != nil {
		return nil, err
	}
	if err := g.subscribe(ctx, c, janusRoomID(room), feeds); err != nil {
		return nil, err
	}
	s.tend(c)
	return c, nil
}

// probe implements server. The session is there before the clock starts, as
// is the way to our server.
func (j *janus) probe(s *stage, room int, name string) (int64, func() error, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.joinLimit())
	defer cancel()
	g, err := j.guest(ctx)
	if err != nil {
		return 0, nil, err
	}
	begin := ticks()
	_, err = j.receive(ctx, s, g, name, room, feedsOf(s.shape, room, -1))
	return begin, func() error {
		_, err := j.api.ask(s.ctx, janusRequest{Janus: "destroy", Session: g.session})
		return err
	}, err
}

// profile implements server.
func (*janus) profile(string) (func() error, error) { return func() error { return nil }, nil }

// named implements server.
func (j *janus) named() string { return j.version }

// totals implements server.
func (*janus) totals() (*sfuCounted, error) { return nil, nil }
