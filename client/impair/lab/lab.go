package lab

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"kinwire/client/impair"
)

// MTU of every device, in bytes.
const MTU = 1500

// Options of a lab. The zero value is fine.
type Options struct {
	// Seed of everything random: see package impair. Each host's packets have
	// numbers of their own, which follow from Seed and the host's name.
	Seed uint64
	// IPv6 gives each host an IPv6 address too.
	IPv6 bool
	// Watch sees each packet on each way, in order, as ground truth for a test. It
	// must be quick, and must not call the lab.
	Watch func(Passage)
}

// Lab is a hub and its hosts. Its methods may be called from anywhere.
type Lab struct {
	opt    Options
	home   *space
	hub    *hub
	server *Host
	block  int // which part of the range of addresses

	mu     sync.Mutex
	hosts  map[int]*Host // by number
	closed bool

	running sync.WaitGroup
	stop    func() bool
}

// New makes a lab with the server's side of it. When ctx ends, the lab is closed.
// Without root it is a [*MissingError].
func New(ctx context.Context, o Options) (*Lab, error) {
	if err := permitted(); err != nil {
		return nil, err
	}
	home, err := here()
	if err != nil {
		return nil, err
	}
	l := &Lab{opt: o, home: home, hosts: map[int]*Host{}, hub: &hub{watch: o.Watch, hosts: map[netip.Addr]*Host{}}}
	if l.hub.alarm, err = newAlarm(); err != nil {
		return nil, errors.Join(err, home.close())
	}
	if err := l.openServer(); err != nil {
		return nil, errors.Join(fmt.Errorf("lab: the server's side: %w", err), l.hub.alarm.close(), home.close())
	}
	l.running.Go(l.hub.run)
	l.mu.Lock()
	l.stop = context.AfterFunc(ctx, func() { _ = l.Close() })
	l.mu.Unlock()
	return l, nil
}

// openServer finds a part of the range of addresses that no other lab has: the
// kernel takes one route to it only.
func (l *Lab) openServer() error {
	first := rand.IntN(blocks) // which part it is makes no difference to a run
	for i := range blocks {
		l.block = (first + i) % blocks
		routes := []netip.Prefix{l.block4()}
		if l.opt.IPv6 {
			routes = append(routes, l.block6())
		}
		dev, err := l.home.openTUN("kwlab%d")
		if err != nil {
			return err
		}
		h := l.newHost("server", 0, impair.Profile{Name: "none"})
		h.space, h.dev, h.addrs = l.home, dev, l.addresses(0, 0)
		err = l.home.plug(dev, h.addrs, routes)
		if errors.Is(err, errTaken) {
			_ = dev.Close()
			continue
		}
		if err != nil {
			return errors.Join(err, dev.Close())
		}
		l.server = h
		l.hub.server, l.hub.inside = h, routes
		h.enter()
		return nil
	}
	return fmt.Errorf("all %d ranges of addresses are taken by other labs", blocks)
}

const (
	blocks   = 32  // of /20 in 198.18.0.0/15
	maxHosts = 250 // the last byte of an address
	places   = 15  // networks of /24 that a host may move to and fro
)

func (l *Lab) block4() netip.Prefix {
	n := 198<<24 | 18<<16 | l.block<<12
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), 0}), 20)
}

func (l *Lab) block6() netip.Prefix {
	a := [16]byte{0xfd, 0x6b, 0x6e, 0x77, 0, byte(l.block)}
	return netip.PrefixFrom(netip.AddrFrom16(a), 48)
}

// addresses of host number n after so many moves. Each move leads into another
// /24, which is as much of an address as a call record keeps.
func (l *Lab) addresses(n, moves int) []netip.Addr {
	place := 0
	if n > 0 {
		place = 1 + (n+moves)%places
	}
	a4 := l.block4().Addr().As4()
	a4[2], a4[3] = a4[2]|byte(place), byte(n+1)
	out := []netip.Addr{netip.AddrFrom4(a4)}
	if l.opt.IPv6 {
		a6 := l.block6().Addr().As16()
		a6[7], a6[15] = byte(place), byte(n+1)
		out = append(out, netip.AddrFrom16(a6))
	}
	return out
}

// ServerAddr is the address of this machine as hosts reach it. A server that is to
// be reached listens on it.
func (l *Lab) ServerAddr() netip.Addr { return l.server.Addr() }

// Server is this machine's own side of the lab.
func (l *Lab) Server() *Host { return l.server }

// Attach makes a host behind a network. The name is for [Passage] and for the
// host's random numbers.
func (l *Lab) Attach(name string, p impair.Profile) (*Host, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("lab: host %s: %w", name, err)
	}
	n, err := l.number()
	if err != nil {
		return nil, fmt.Errorf("lab: host %s: %w", name, err)
	}
	h := l.newHost(name, n, p)
	if err := h.open(); err != nil {
		l.forget(n)
		return nil, fmt.Errorf("lab: host %s: %w", name, err)
	}
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.hosts[n] = h
	}
	l.mu.Unlock()
	if closed {
		return nil, errors.Join(errClosed, h.Close())
	}
	return h, nil
}

var errClosed = errors.New("lab: closed")

// number reserves a host's number.
func (l *Lab) number() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, errClosed
	}
	for n := 1; n <= maxHosts; n++ {
		if _, taken := l.hosts[n]; !taken {
			l.hosts[n] = nil
			return n, nil
		}
	}
	return 0, fmt.Errorf("there are %d hosts already", maxHosts)
}

func (l *Lab) forget(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.hosts, n)
}

func (l *Lab) newHost(name string, n int, p impair.Profile) *Host {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name))
	return &Host{lab: l, name: name, number: n, model: impair.New(p, l.opt.Seed^sum.Sum64())}
}

// Stats is what the hub has done so far.
func (l *Lab) Stats() Stats {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	s := l.hub.late.stats()
	s.Waiting = len(l.hub.due)
	return s
}

// Close closes all hosts and takes the devices away. Sockets that were made in a
// host hear nothing any more; whoever made them closes them.
func (l *Lab) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.running.Wait()
		return nil
	}
	l.closed = true
	hosts := []*Host{l.server}
	for _, h := range l.hosts {
		if h != nil {
			hosts = append(hosts, h)
		}
	}
	if l.stop != nil {
		l.stop()
	}
	l.mu.Unlock()
	var errs []error
	for _, h := range hosts {
		errs = append(errs, h.Close())
	}
	errs = append(errs, l.hub.alarm.close())
	l.running.Wait()
	return errors.Join(append(errs, l.home.close())...)
}

// read hands on what a host sends, until its device is closed.
func (l *Lab) read(h *Host) {
	b := make([]byte, 1<<16)
	for {
		n, err := h.dev.Read(b)
		if err != nil {
			return
		}
		l.hub.take(h, append([]byte(nil), b[:n]...), time.Now())
	}
}
