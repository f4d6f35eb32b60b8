package sfu

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"kinwire/sfu/codec"
	"kinwire/sfu/link"
	"kinwire/sfu/sdp"
)

// Room is one call's media.
type Room struct {
	server *Server
	name   string
	held   int // by calls in progress; guarded by Server.mu

	terms   *link.Terms // of all its peers' links: those of when it began
	history int         // packets kept for each video source

	mu    sync.RWMutex
	peers map[string]*Peer
	order []*Peer // as they came

	words sync.Mutex // held while one data message goes to everybody; before mu
	frame []byte     // that message; guarded by words
}

func newRoom(s *Server, name string) *Room {
	return &Room{
		server: s, name: name, peers: map[string]*Peer{},
		terms: s.transport.Terms(), history: s.cfg.Load().HistoryPackets,
	}
}

func (r *Room) empty() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.peers) == 0
}

func (r *Room) peer(name string) *Peer {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.peers[name]
}

func (r *Room) join(name string, o *sdp.Offer, sources []Source) (Answer, error) {
	if !nameable(name) {
		return Answer{}, fmt.Errorf("sfu: given the peer name %.40q; 1 to %d characters of ASCII are allowed", name, maxName)
	}
	p := &Peer{room: r, name: name}
	l, err := r.server.transport.NewLinkUnder(r.terms, p)
	if err != nil {
		return Answer{}, err
	}
	p.link = l
	answer, err := r.negotiate(p, o, sources, true)
	if err != nil {
		_ = l.Close()
		return Answer{}, err
	}
	return answer, nil
}

// negotiate holds the room's lock from the choice of codecs to their use:
// two people who join at once must not each choose what the other cannot
// decode. It takes a part of a millisecond and holds up no packet.
func (r *Room) negotiate(p *Peer, o *sdp.Offer, sources []Source, joining bool) (Answer, error) {
	now := r.server.now()
	r.mu.Lock()
	if err := r.admit(p, joining); err != nil {
		r.mu.Unlock()
		return Answer{}, err
	}
	answer, err := r.negotiateLocked(p, o, sources, now)
	if err != nil {
		r.mu.Unlock()
		return Answer{}, err
	}
	changes := r.assignAll(now)
	answer.Slots = p.told
	r.mu.Unlock()
	r.announce(changes, p.name)
	return answer, nil
}

// admit says whether p may negotiate: a new peer if there is room, another
// only if it has not left in the meantime. Called with mu held.
func (r *Room) admit(p *Peer, joining bool) error {
	switch {
	case joining && r.peers[p.name] != nil:
		return fmt.Errorf("%w: it is joining already", ErrUnknownPeer)
	case joining && len(r.peers) >= r.server.cfg.Load().MaxPeers:
		return fmt.Errorf("%w: it has %d people, the most that are allowed", ErrFull, len(r.peers))
	case !joining && r.peers[p.name] != p:
		return ErrUnknownPeer
	}
	return nil
}

func (r *Room) negotiateLocked(p *Peer, o *sdp.Offer, sources []Source, now time.Time) (Answer, error) {
	codecs, err := p.plan(o, sources)
	if err != nil {
		return Answer{}, err
	}
	n, err := p.link.Negotiate(o, codecs)
	if err != nil {
		return Answer{}, err
	}
	p.adopt(o, n, sources, now)
	if r.peers[p.name] == nil {
		r.peers[p.name] = p
		r.order = append(r.order, p)
	}
	return Answer{SDP: n.Answer}, nil
}

func (r *Room) mute(p *Peer, k Kind, muted bool) error {
	now := r.server.now()
	r.mu.Lock()
	found := false
	for _, u := range p.uplinks {
		if u.kind == k {
			found = true
			u.muted = muted
			u.SetMuted(muted, now)
		}
	}
	changes := r.assignAll(now)
	r.mu.Unlock()
	if !found {
		return fmt.Errorf("%w: it has no source of kind %q", ErrUnknownPeer, k)
	}
	r.announce(changes, "")
	return nil
}

// connected begins to send to a peer that has its keys now.
func (r *Room) connected(p *Peer) {
	now := r.server.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peers[p.name] != p {
		return // it has left already
	}
	p.up = true
	for _, s := range p.slots {
		if s.from != nil {
			s.from.Attach(s.Downlink, now)
		}
	}
}

func (r *Room) leave(p *Peer) {
	now := r.server.now()
	r.mu.Lock()
	if r.peers[p.name] != p {
		r.mu.Unlock()
		return
	}
	delete(r.peers, p.name)
	r.order = slices.DeleteFunc(r.order, func(x *Peer) bool { return x == p })
	for _, s := range p.slots {
		if s.from != nil {
			s.from.Detach(s.Downlink)
			s.from = nil
		}
	}
	changes := r.assignAll(now)
	r.server.retire(p)
	r.mu.Unlock()
	p.silence()
	if err := p.link.Close(); err != nil {
		r.server.log.Debug("closing a link", "err", err)
	}
	r.announce(changes, "")
}

func (r *Room) end() {
	r.mu.RLock()
	all := slices.Clone(r.order)
	r.mu.RUnlock()
	for _, p := range all {
		r.leave(p)
	}
}

type slotChange struct {
	peer string
	m    SlotMap
}

// assignAll brings everybody's slots up to date and lists those who are to be
// told. Called with mu held.
func (r *Room) assignAll(now time.Time) []slotChange {
	var out []slotChange
	for _, p := range r.order {
		if r.assign(p, now) {
			out = append(out, slotChange{p.name, p.told})
		}
	}
	return out
}

// announce tells everybody but one, who hears it in the reply.
func (r *Room) announce(changes []slotChange, except string) {
	for _, c := range changes {
		if c.peer != except {
			r.server.observer.SlotsChanged(r.name, c.peer, c.m)
		}
	}
}

// decodable says whether everybody but p can decode k. Called with mu held.
func (r *Room) decodable(p *Peer, k codec.Kind) bool {
	for _, other := range r.order {
		if other.name == p.name {
			continue
		}
		for _, s := range other.slots {
			if s.video == k.Video() && !s.Takes(k) {
				return false
			}
		}
	}
	return true
}
