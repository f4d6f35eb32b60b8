package calls

import (
	"cmp"
	"slices"

	"kinwire/signaling/proto"
)

// leavingOrder is the order in which people are considered for leaving when
// not all may stay: children first where it is about a parent's rule, for it
// is theirs; the caller last; those in most conflicts first; and of the rest
// who came later.
func (c *call) leavingOrder(found finding) []string {
	type candidate struct {
		id                       string
		child, caller            bool
		conflicts, round, place_ int
	}
	var all []candidate
	for i, p := range c.people {
		n := 0
		for _, pair := range found.pairs {
			if pair.a == p.person.ID || pair.b == p.person.ID {
				n++
			}
		}
		if n > 0 {
			all = append(all, candidate{p.person.ID, found.rule && p.person.Role == proto.RoleChild, i == 0, n, p.ring.round.rung, i})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(
			-compareBool(a.child, b.child), compareBool(a.caller, b.caller),
			cmp.Compare(b.conflicts, a.conflicts), cmp.Compare(b.round, a.round), cmp.Compare(b.place_, a.place_))
	})
	ids := make([]string, len(all))
	for i, x := range all {
		ids[i] = x.id
	}
	return ids
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// cover chooses the fewest of the candidates such that each conflict has one
// of them; among equally few, those who come first in the order. Candidates
// that leave a conflict uncovered, because somebody has gone meanwhile, are
// all that can be chosen.
func cover(order []string, conflicts []conflict) []string {
	var open []conflict
	for _, c := range conflicts {
		if slices.Contains(order, c.a) || slices.Contains(order, c.b) {
			open = append(open, c)
		}
	}
	for size := range len(order) + 1 {
		if chosen, ok := choose(order, open, size); ok {
			return chosen
		}
	}
	return order
}

// choose looks for size candidates who cover all conflicts, in the order of
// the candidates. With the 16 people of the largest call that is a few
// thousand steps at worst.
func choose(order []string, open []conflict, size int) ([]string, bool) {
	if len(open) == 0 {
		return nil, true
	}
	if size == 0 {
		return nil, false
	}
	for i, id := range order {
		rest := slices.DeleteFunc(slices.Clone(open), func(c conflict) bool { return c.a == id || c.b == id })
		if len(rest) == len(open) {
			continue
		}
		if more, ok := choose(order[i+1:], rest, size-1); ok {
			return append([]string{id}, more...), true
		}
	}
	return nil, false
}
