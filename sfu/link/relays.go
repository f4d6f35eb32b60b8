package link

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
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
	peer    atomic.Pointer[netip.AddrPort] // the server's address as the client knows it
}

func (t *relayTable) get(a netip.AddrPort) *relay {
	if m := t.m.Load(); m != nil {
		return (*m)[a]
	}
	return nil
}

func (t *relayTable) has(a netip.AddrPort) bool { return t.get(a) != nil }

// deliver hands b to the relay that owns the address, if one does.
func (t *relayTable) deliver(b []byte, to netip.AddrPort) bool {
	r := t.get(to)
	if r == nil {
		return false
	}
	if from := r.peer.Load(); from != nil {
		r.deliver(b, *from)
	}
	return true
}

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
func (t *Transport) Owns(addr netip.AddrPort) bool { return t.socketFor(addr) != nil }

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

// Inject takes a packet that relayed sends to the server's address to. It
// copies p. false: dropped, because to is not ours or the reader is behind.
func (t *Transport) Inject(p []byte, relayed, to netip.AddrPort) bool {
	s := t.socketFor(to)
	r := t.relays.get(relayed)
	if s == nil || r == nil {
		return false
	}
	if peer := r.peer.Load(); peer == nil || *peer != to {
		r.peer.Store(&to)
	}
	return s.push(p, relayed)
}
