package sfu

import (
	"time"

	"kinwire/sfu/forward"
	"kinwire/sfu/link"
)

// PeerStats is a look at one peer. All counters are totals.
type PeerStats struct {
	Room, Peer string
	State      link.State
	Path       link.Path // zero before a path is chosen
	Profile    string    // SRTP protection profile
	RTT        time.Duration
	Link       link.LinkStats
	Up         []UpStats
	// Down is what stands in the peer's slots, and what has left them since
	// the last look (each is told once).
	Down []DownStats
}

// UpStats is one source as it arrives from its owner.
type UpStats struct {
	Kind Kind
	MID  string
	forward.UplinkStats
}

// DownStats is one source as it goes out to a peer.
type DownStats struct {
	Kind  Kind
	MID   string // the receiver's slot
	From  string // the peer whose source it is
	Codec string
	// Width and Height are those of the source, in pixels.
	Width, Height int
	forward.DownlinkStats
}

// Snapshot calls f for every peer of every room.
func (s *Server) Snapshot(f func(PeerStats)) {
	for _, r := range s.liveRooms() {
		for _, st := range r.snapshot() {
			f(st)
		}
	}
}

// Peek calls f for every peer of every room, as Snapshot does, and takes nothing
// from whoever calls Snapshot: what has left a slot is not told.
func (s *Server) Peek(f func(PeerStats)) {
	for _, r := range s.liveRooms() {
		r.mu.RLock()
		seen := make([]PeerStats, 0, len(r.order))
		for _, p := range r.order {
			seen = append(seen, r.glance(p))
		}
		r.mu.RUnlock()
		for _, st := range seen {
			f(st)
		}
	}
}

// Peer is a look at one peer; false when it is not there.
func (s *Server) Peer(room, peer string) (PeerStats, bool) {
	r, p := s.find(room, peer)
	if p == nil {
		return PeerStats{}, false
	}
	defer s.drop(r)
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.look(p), true
}

func (r *Room) snapshot() []PeerStats {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]PeerStats, 0, len(r.order))
	for _, p := range r.order {
		out = append(out, r.look(p))
	}
	return out
}

// look is called with Room.mu held.
func (r *Room) look(p *Peer) PeerStats {
	st := r.glance(p)
	p.finishedMu.Lock()
	st.Down, p.finished = append(p.finished, st.Down...), nil
	p.finishedMu.Unlock()
	return st
}

// glance is a look at what is there now. Called with Room.mu held.
func (r *Room) glance(p *Peer) PeerStats {
	st := PeerStats{
		Room: r.name, Peer: p.name, State: p.link.State(), Profile: p.link.Profile(),
		RTT: roundTrip(p.slots), Link: p.link.Stats(),
	}
	st.Path, _ = p.link.Path()
	for _, u := range p.uplinks {
		st.Up = append(st.Up, UpStats{Kind: u.kind, MID: u.mid, UplinkStats: u.Stats()})
	}
	for _, d := range p.slots {
		if d.from != nil {
			st.Down = append(st.Down, d.look())
		}
	}
	return st
}

// look is called with Room.mu held, on a slot that is not empty.
func (s *slot) look() DownStats {
	up := s.from.Stats()
	return DownStats{
		Kind: s.from.kind, MID: s.mid, From: s.from.peer.name, Codec: up.Codec.String(),
		Width: up.Width, Height: up.Height, DownlinkStats: s.Stats(),
	}
}

// maxFinished bounds the figures that wait for somebody to look.
const maxFinished = 64

// finish keeps the last figures of what leaves a slot: a screen that was
// shared for less than the time between two looks is a stream all the same.
func (p *Peer) finish(s *slot) {
	last := s.look()
	if last.Packets == 0 {
		return
	}
	p.finishedMu.Lock()
	defer p.finishedMu.Unlock()
	if len(p.finished) < maxFinished {
		p.finished = append(p.finished, last)
	}
}

// Totals are counters over all peers that are or were.
type Totals struct {
	Drops     map[string]uint64 // packets by reason, see package forward
	Received  uint64            // packets from peers
	Sent      uint64            // packets to peers, without retransmissions
	SentBytes uint64            // their RTP payload
	Resent    uint64            // retransmissions
	NACKs     uint64            // sequence numbers that peers asked for
	PLIs      uint64            // key frames that the server asked peers for
	Unrouted  uint64            // packets of no known m-section
	Rooms     int               // live
	Peers     int               // live
}

func newTotals() Totals { return Totals{Drops: map[string]uint64{}} }

func (t *Totals) add(p *Peer) {
	drop := func(reason string, n uint64) { t.Drops[reason] += n }
	for _, u := range p.uplinks {
		st := u.Stats()
		t.Received += st.Reception.Packets
		t.PLIs += st.PLIs
		u.Drops.Each(drop)
	}
	for _, d := range p.slots {
		packets, bytes, resent, nacks := d.Sums()
		t.Sent, t.SentBytes = t.Sent+packets, t.SentBytes+bytes
		t.Resent, t.NACKs = t.Resent+resent, t.NACKs+nacks
		d.Drops.Each(drop)
	}
	t.Unrouted += p.link.Stats().Unrouted
}

// merge adds the counters of o, but for Rooms and Peers.
func (t *Totals) merge(o Totals) {
	for reason, n := range o.Drops {
		t.Drops[reason] += n
	}
	t.Received += o.Received
	t.Sent += o.Sent
	t.SentBytes += o.SentBytes
	t.Resent += o.Resent
	t.NACKs += o.NACKs
	t.PLIs += o.PLIs
	t.Unrouted += o.Unrouted
}

// retire keeps the counters of a peer who leaves.
func (s *Server) retire(p *Peer) {
	s.retiredMu.Lock()
	defer s.retiredMu.Unlock()
	s.retired.add(p)
}

// Totals never go down while the server runs, but for Rooms and Peers.
func (s *Server) Totals() Totals {
	rooms := s.liveRooms()
	sum := newTotals()
	// All rooms stay locked until the retired are added: so a peer who leaves
	// meanwhile is counted once, in its room or among the retired.
	for _, r := range rooms {
		r.mu.RLock()
		defer r.mu.RUnlock()
		for _, p := range r.order {
			sum.add(p)
			sum.Peers++
		}
	}
	s.retiredMu.Lock()
	defer s.retiredMu.Unlock()
	sum.merge(s.retired)
	sum.Rooms = len(rooms)
	return sum
}
