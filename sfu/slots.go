package sfu

import (
	"slices"
	"time"
)

// assign decides what stands in each of p's slots: every source of the others
// that is to be seen or heard, as far as there are slots. What stands already
// stays where it is. A camera goes where its owner's sound is, if that place
// is free, so that both come out in one media stream. Called with Room.mu
// held; attaches and detaches what changed, keeps the outcome in p.told, and
// says whether it is another than before.
func (r *Room) assign(p *Peer, now time.Time) (changed bool) {
	want := r.wanted(p)
	for _, s := range p.slots {
		if s.from != nil && !slices.Contains(want, s.from) {
			p.finish(s)
			s.from.Detach(s.Downlink)
			s.from = nil
		}
	}
	for _, u := range want {
		if p.slotWith(u) != nil {
			continue
		}
		if s := p.freeSlot(u); s != nil {
			s.from = u
			if p.up {
				u.Attach(s.Downlink, now)
			}
		}
	}
	m := p.slotMap(want)
	if changed = p.told.Rev == 0 || !m.same(p.told); changed {
		m.Rev = p.told.Rev + 1
		p.told = m
	}
	return changed
}

// slotMap says what stands where now, and what of want found no place. Called
// with Room.mu held.
func (p *Peer) slotMap(want []*uplink) SlotMap {
	var m SlotMap
	for _, u := range want {
		switch {
		case p.slotWith(u) != nil:
		case u.kind == Audio:
			m.MissingAudio++
		default:
			m.MissingVideo++
		}
	}
	for _, s := range p.slots {
		if s.from != nil {
			m.Slots = append(m.Slots, SlotEntry{MID: s.mid, Peer: s.from.peer.name, Kind: s.from.kind})
		}
	}
	return m
}

// same says whether two maps say the same, whatever their revisions.
func (m SlotMap) same(o SlotMap) bool {
	return m.MissingAudio == o.MissingAudio && m.MissingVideo == o.MissingVideo && slices.Equal(m.Slots, o.Slots)
}

// wanted lists the sources that p is to receive: sound first, then cameras,
// then screens. A screen that is not being shared takes no slot; a muted
// microphone or camera keeps its own, to be back at once.
func (r *Room) wanted(p *Peer) []*uplink {
	var want []*uplink
	for _, k := range []Kind{Audio, Video, Screen} {
		for _, other := range r.order {
			if other == p {
				continue
			}
			for _, u := range other.uplinks {
				if u.kind == k && (k != Screen || !u.muted) {
					want = append(want, u)
				}
			}
		}
	}
	return want
}

func (p *Peer) slotWith(u *uplink) *slot {
	for _, s := range p.slots {
		if s.from == u {
			return s
		}
	}
	return nil
}

func (p *Peer) freeSlot(u *uplink) *slot {
	var first, last *slot
	for _, s := range p.slots {
		if s.from != nil || s.video != (u.kind != Audio) || !s.Takes(u.Codec()) {
			continue
		}
		if u.kind == Video && s.index == p.audioIndex(u.peer) {
			return s
		}
		if first == nil {
			first = s
		}
		last = s
	}
	if u.kind == Screen {
		return last // leave the front places to cameras
	}
	return first
}

func (p *Peer) audioIndex(of *Peer) int {
	for _, s := range p.slots {
		if !s.video && s.from != nil && s.from.peer == of {
			return s.index
		}
	}
	return -1
}
