package policy

import (
	"context"
	"fmt"
	"math/bits"
)

// maxParted is how many people Part can decide about: a bit for each.
const maxParted = 64

// Part says who has to leave a group so that the others may stay in one
// conversation, ids in the order in which they came. Nobody, if all may. First
// those who can be in none: no account, suspended, of the staff, or a child
// without a parent's consent to messages. Then those who were blocked, by
// somebody who stays. Then the fewest that it takes, and among equally few
// those who came last.
func (s *Service) Part(ctx context.Context, ids []string) (leave []string, err error) {
	if len(ids) > maxParted {
		return nil, fmt.Errorf("decide who leaves: %d people, at most %d are possible", len(ids), maxParted)
	}
	m, err := s.meeting(ctx, "", ids)
	if err != nil {
		return nil, err
	}
	m.about = writing
	p := m.parting()
	gone := p.alone()
	gone |= p.blocked(gone)
	gone |= p.fewest(gone)
	for i, id := range ids {
		if gone&(1<<i) != 0 {
			leave = append(leave, id)
		}
	}
	return leave, nil
}

// parting is a group by numbers: bit i is the person who came i-th.
type parting struct {
	unfit     uint64   // can be in no conversation
	apart     []uint64 // with whom each cannot be in one
	blockedBy []uint64 // who has blocked each, and is not blocked back
}

func (m *meeting) parting() parting {
	n := len(m.ids)
	p := parting{apart: make([]uint64, n), blockedBy: make([]uint64, n)}
	for i, id := range m.ids {
		who := m.people[id]
		if who == nil || !who.Active || who.isStaff() || !who.consented(m.notice, m.about.scope) {
			p.unfit |= 1 << i
		}
		for j, other := range m.ids[:i] {
			if m.together(id, other) {
				continue
			}
			p.apart[i] |= 1 << j
			p.apart[j] |= 1 << i
			tie := m.ties[pairOf(id, other)]
			if mine, theirs := blocks(tie.BlockedBy, tie.Side(id)), blocks(tie.BlockedBy, tie.Side(other)); mine && !theirs {
				p.blockedBy[j] |= 1 << i
			} else if theirs && !mine {
				p.blockedBy[i] |= 1 << j
			}
		}
	}
	return p
}

func blocks(by [2]string, side int) bool { return side >= 0 && by[side] != "" }

func (p parting) alone() uint64 { return p.unfit }

// blocked is those whom somebody has blocked who stays: who is blocked by
// nobody, or only by people who leave themselves. People who have blocked one
// another in a circle are not among them.
func (p parting) blocked(gone uint64) uint64 {
	before := gone
	for again := true; again; {
		again = false
		for i := range p.blockedBy {
			if gone&(1<<i) != 0 {
				continue
			}
			for by := p.blockedBy[i] &^ gone; by != 0; by &= by - 1 {
				if p.blockedBy[bits.TrailingZeros64(by)]&^gone == 0 {
					gone |= 1 << i
					again = true
					break
				}
			}
		}
	}
	return gone &^ before
}

// fewest is the fewest people without whom nobody is left with somebody they
// cannot be with. The last who came is asked first: the person leaves, or all
// with whom the person cannot be do.
func (p parting) fewest(gone uint64) uint64 {
	for i := len(p.apart) - 1; i >= 0; i-- {
		against := p.apart[i] &^ gone
		if gone&(1<<i) != 0 || against == 0 {
			continue
		}
		leaves := 1<<i | p.fewest(gone|1<<i)
		if bits.OnesCount64(against) >= bits.OnesCount64(leaves) {
			return leaves
		}
		stays := against | p.fewest(gone|against|1<<i)
		if bits.OnesCount64(stays) < bits.OnesCount64(leaves) {
			return stays
		}
		return leaves
	}
	return 0
}
