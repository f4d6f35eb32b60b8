package ice

import (
	"slices"
	"time"
)

// maxPaths is how many valid paths are kept. A client with several interfaces,
// both address families, UDP and TCP has some ten; only a client that works at
// it has more.
const maxPaths = 16

// TakeoverMedia is for how long the selected path must have brought nothing
// before a valid path on which media comes in takes its place without being
// nominated. A peer sends media on one path only, so media elsewhere means that
// it has moved, or that its NAT has. It is longer than packets sent before a
// change are under way after those sent behind it, so that they do not turn a
// nomination back; and short, since until then we send into the void.
const TakeoverMedia = 500 * time.Millisecond

// TakeoverCheck is the same for a path that brings a check without nomination.
// That alone says little: full agents go on checking paths that they do not
// use, and a peer that neither sends nor receives media is silent on its own
// path between checks, which come every 2 s (pion), 2.5 s (Chromium) or 4 to
// 6 s (RFC 7675 section 5.1, as Firefox has it). So it is longer than any of
// those.
const TakeoverCheck = 7 * time.Second

// path is a valid path.
type path struct {
	Path
	generation uint64    // of the last good check
	checked    time.Time // the last good check
	heard      time.Time // the last good check or authenticated packet
}

// find gives the valid path that p is, or nil.
func (a *Agent) find(p Path) *path {
	for _, v := range a.paths {
		if v.Path == p {
			return v
		}
	}
	return nil
}

// remove takes p off the valid paths; nil is none of them.
func (a *Agent) remove(p *path) {
	if p == nil {
		return
	}
	a.paths = slices.DeleteFunc(a.paths, func(v *path) bool { return v == p })
	if a.selected == p {
		a.selected = nil
	}
}

// proved takes in that a check on p has held, and says whether the selected
// path has changed by it.
func (a *Agent) proved(g *generation, p Path, nominated bool, now time.Time) (selected bool) {
	if g == a.current {
		a.previous = nil
	}
	a.alive, a.checked, a.heard = true, later(a.checked, now), later(a.heard, now)

	before := a.selected
	v := a.find(p)
	if v == nil {
		v = &path{Path: p}
		a.makeRoom()
		a.paths = append(a.paths, v)
	}
	v.generation, v.checked, v.heard = g.number, later(v.checked, now), later(v.heard, now)
	a.expire(now)
	if nominated {
		a.nominated = true
	}
	if nominated || a.takesOver(v, now, TakeoverCheck) {
		a.selected = v
	}
	return a.selected != before
}

// expire gives up paths that have had no check for the time of consent, which
// RFC 7675 gives to a path and not to a peer. It is called with a check that
// has held: without any the whole agent ends.
func (a *Agent) expire(now time.Time) {
	for _, v := range slices.Clone(a.paths) {
		if !now.Before(v.checked.Add(a.cfg.Consent)) {
			a.remove(v)
		}
	}
}

// makeRoom gives up the path that has been silent longest, but not the
// selected one, if there are as many as may be.
func (a *Agent) makeRoom() {
	if len(a.paths) < maxPaths {
		return
	}
	var longest *path
	for _, v := range a.paths {
		if v != a.selected && (longest == nil || v.heard.Before(longest.heard)) {
			longest = v
		}
	}
	a.remove(longest)
}

// takesOver says whether v, on which something has come in, is to be selected
// though it is not nominated, given that the selected path may be silent for
// as long as patience.
func (a *Agent) takesOver(v *path, now time.Time, patience time.Duration) bool {
	switch {
	case !a.nominated || v == a.selected:
		return false
	case v.generation != a.current.number && a.previous == nil:
		return false // the peer has restarted and has left this path behind
	case a.selected == nil:
		return true
	default:
		return now.Sub(a.selected.heard) >= patience
	}
}
