package link

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	"kinwire/sfu/packet"
)

// relayTable knows the relayed transport addresses that our own TURN server
// has given out. It is read for every packet and changes with every
// allocation, so it is an immutable map behind an atomic pointer.
type relayTable struct {
	mu sync.Mutex
	m  atomic.Pointer[map[netip.AddrPort]*relay]
}

type relay struct {
	client  netip.AddrPort // where the client reaches the relay from
	proto   string
	deliver func(p []byte, from netip.AddrPort)
	door    atomic.Pointer[relayDoor] // for the address that the client sends to
}

func (t *relayTable) get(a netip.AddrPort) *relay {
	if m := t.m.Load(); m != nil {
		return (*m)[a]
	}
	return nil
}

func (t *relayTable) has(a netip.AddrPort) bool { return t.get(a) != nil }

func (t *relayTable) change(f func(m map[netip.AddrPort]*relay) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := map[netip.AddrPort]*relay{}
	if m := t.m.Load(); m != nil {
		for k, v := range *m {
			next[k] = v
		}
	}
	if err := f(next); err != nil {
		return err
	}
	t.m.Store(&next)
	return nil
}

// Owns says whether addr is one that media is received on: a local address or
// a public one that the operator configured.
func (t *Transport) Owns(addr netip.AddrPort) bool { return t.doorFor(addr) != nil }

// Attach makes a relayed address known: packets for it go to deliver. client
// and proto are how the client reaches the relay.
func (t *Transport) Attach(relayed, client netip.AddrPort, proto string, deliver func(p []byte, from netip.AddrPort)) error {
	return t.relays.change(func(m map[netip.AddrPort]*relay) error {
		if _, ok := m[relayed]; ok {
			return fmt.Errorf("link: attaching the relayed address with port %d: it is attached already", relayed.Port())
		}
		m[relayed] = &relay{client: client, proto: proto, deliver: deliver}
		return nil
	})
}

// Detach forgets a relayed address.
func (t *Transport) Detach(relayed netip.AddrPort) {
	_ = t.relays.change(func(m map[netip.AddrPort]*relay) error {
		delete(m, relayed)
		return nil
	})
}

// Inject takes a packet that relayed sends to the server's address to: what it
// leads to is done when Inject returns, on the caller's goroutine. p is not
// changed. false: dropped, because to is not ours, relayed is not attached, or
// the packet is too large.
func (t *Transport) Inject(p []byte, relayed, to netip.AddrPort) bool {
	s := t.doorFor(to)
	r := t.relays.get(relayed)
	if s == nil || r == nil || len(p) > packet.MaxSize {
		return false
	}
	d := r.door.Load()
	if d == nil || d.local != to {
		d = &relayDoor{relay: r, local: to}
		r.door.Store(d)
	}
	ps := t.borrow()
	defer t.give(ps)
	t.takeFrom(d, ps, ps.buf[:copy(ps.buf[:], p)], relayed)
	return true
}
