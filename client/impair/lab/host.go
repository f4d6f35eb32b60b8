package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"sync"

	"kinwire/client/impair"
)

// Host is a machine of its own behind a network of its own: a network namespace.
// Its methods may be called from anywhere.
type Host struct {
	lab    *Lab
	name   string
	number int
	space  *space
	dev    *device

	// Under the hub's lock.
	model   *impair.Model
	addrs   []netip.Addr
	foreign uint64
	gone    bool

	moving sync.Mutex // one move at a time
	moves  int

	closing sync.Once
	err     error
	reading sync.WaitGroup
}

// open makes the namespace and its device.
func (h *Host) open() (err error) {
	if h.space, err = h.lab.home.fresh(); err != nil {
		return err
	}
	h.addrs = h.lab.addresses(h.number, 0)
	if err = h.space.loopback(); err == nil {
		// A browser takes a device called tun for a VPN, and with no other it
		// thinks that it is offline.
		h.dev, err = h.space.openTUN("eth0")
	}
	if err != nil {
		return errors.Join(err, h.space.close())
	}
	everywhere := []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
	if h.lab.opt.IPv6 {
		everywhere = append(everywhere, netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	}
	if err = h.space.plug(h.dev, h.addrs, everywhere); err != nil {
		return errors.Join(err, h.dev.Close(), h.space.close())
	}
	h.enter()
	return nil
}

// enter makes the host known to the hub.
func (h *Host) enter() {
	b := h.lab.hub
	b.mu.Lock()
	for _, a := range h.addrs {
		b.hosts[a] = h
	}
	b.mu.Unlock()
	h.reading.Go(func() { h.lab.read(h) })
}

// Name is as given to Attach.
func (h *Host) Name() string { return h.name }

// Addr is the host's IPv4 address at present.
func (h *Host) Addr() netip.Addr { return h.Addrs()[0] }

// Addrs are the host's addresses at present, IPv4 first.
func (h *Host) Addrs() []netip.Addr {
	h.lab.hub.mu.Lock()
	defer h.lab.hub.mu.Unlock()
	return slices.Clone(h.addrs)
}

// ServerAddr is [Lab.ServerAddr].
func (h *Host) ServerAddr() netip.Addr { return h.lab.ServerAddr() }

// Set puts the host behind another network, from now on. A profile that cannot be
// is an [*impair.RangeError].
func (h *Host) Set(p impair.Profile) error {
	if err := p.Check(); err != nil {
		return fmt.Errorf("lab: host %s: %w", h.name, err)
	}
	h.lab.hub.mu.Lock()
	defer h.lab.hub.mu.Unlock()
	h.model.Set(p)
	return nil
}

// Outage begins or ends a time in which nothing comes through, either way. What is
// on its way already arrives.
func (h *Host) Outage(on bool) {
	h.lab.hub.mu.Lock()
	defer h.lab.hub.mu.Unlock()
	h.model.Cut(on)
}

// Move gives the host other addresses, in another network of 256, as a telephone
// has them that leaves the WLAN; the old ones are gone, and whatever is still sent
// to them with them. Nobody is told but by the kernel. It returns the new IPv4
// address.
func (h *Host) Move() (netip.Addr, error) {
	if h == h.lab.server {
		return netip.Addr{}, errors.New("lab: the server's side does not move")
	}
	h.moving.Lock()
	defer h.moving.Unlock()
	b := h.lab.hub
	old, addrs := h.Addrs(), h.lab.addresses(h.number, h.moves+1)
	b.mu.Lock()
	if h.gone {
		b.mu.Unlock()
		return netip.Addr{}, errClosed
	}
	for _, a := range old {
		delete(b.hosts, a)
	}
	b.mu.Unlock()
	if err := h.space.readdress(h.dev, old, addrs); err != nil {
		return netip.Addr{}, fmt.Errorf("lab: move host %s: %w", h.name, err)
	}
	h.moves++
	b.mu.Lock()
	defer b.mu.Unlock()
	h.addrs = addrs
	if !h.gone {
		for _, a := range addrs {
			b.hosts[a] = h
		}
	}
	return addrs[0], nil
}

// Stats is what has become of the host's packets so far.
func (h *Host) Stats() HostStats {
	overrun := h.space.overrun(h.dev)
	h.lab.hub.mu.Lock()
	defer h.lab.hub.mu.Unlock()
	return HostStats{Up: h.model.Up.Counts(), Down: h.model.Down.Counts(), Foreign: h.foreign, Overrun: overrun}
}

// Do runs f in the host's namespace: sockets that f makes are the host's for good.
// Once the host is closed it is an error.
// It holds for f alone and not for goroutines that f starts, and so not for a dial
// by name, which has several.
func (h *Host) Do(f func() error) error { return h.space.do(f) }

// Command is a program that will run in the host's namespace, to be started by the
// caller. It is started through nsenter, which becomes the program: process id,
// signals and descriptors are the program's own.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	if h == h.lab.server {
		return exec.Command(name, args...)
	}
	return exec.Command("nsenter", append([]string{"--net=" + h.space.path(), "--", name}, args...)...)
}

// deliver writes a packet to the device. The hub holds its lock.
func (h *Host) deliver(pkt []byte) {
	if !h.gone {
		_, _ = h.dev.Write(pkt) // fails while the device has no address, in a move: lost
	}
}

// Close takes the host's device away. Its namespace lasts as long as a process or
// a socket is in it.
func (h *Host) Close() error {
	h.closing.Do(func() {
		b := h.lab.hub
		b.mu.Lock()
		h.gone = true
		for _, a := range h.addrs {
			delete(b.hosts, a)
		}
		b.mu.Unlock()
		h.moving.Lock() // a move that goes on still needs the namespace
		defer h.moving.Unlock()
		h.err = h.dev.Close()
		h.reading.Wait()
		if h.space != h.lab.home {
			h.err = errors.Join(h.err, h.space.close())
			h.lab.forget(h.number)
		}
	})
	return h.err
}
