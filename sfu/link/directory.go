package link

import (
	"slices"
	"sync"
	"sync/atomic"

	"kinwire/sfu/datagram"
	"kinwire/sfu/ice"
)

// way is a path that a connectivity check has proved to be a peer's, and how
// to send on it.
type way struct {
	link *Link
	path ice.Path
	dest *datagram.Dest
	door door
}

// directory finds the peer that a packet is from or for: by path for
// everything, by user name fragment for connectivity checks, which are what
// tells us of paths.
//
// Loops keep what they have looked up, for as long as the epoch stays: so a
// packet on its way takes no lock and no shared cache line changes.
type directory struct {
	epoch atomic.Uint64

	mu     sync.RWMutex
	ufrags map[string]*Link
	ways   map[ice.Path]*way
	all    []*Link
}

// enter makes a link findable by one of its user name fragments.
func (d *directory) enter(l *Link, ufrag string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ufrags == nil {
		d.ufrags, d.ways = map[string]*Link{}, map[ice.Path]*way{}
	}
	d.ufrags[ufrag] = l
	if !slices.Contains(d.all, l) {
		// Replaced, not changed: links hands the slice out.
		d.all = append(slices.Clone(d.all), l)
	}
}

// forget ends that a fragment leads to a link.
func (d *directory) forget(ufrag string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ufrags, ufrag)
}

// leave takes a link out, with the fragments and the paths that lead to it.
func (d *directory) leave(l *Link, ufrags []string, ways []*way) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range ufrags {
		delete(d.ufrags, u)
	}
	for _, w := range ways {
		if d.ways[w.path] == w {
			delete(d.ways, w.path)
		}
	}
	d.all = slices.DeleteFunc(slices.Clone(d.all), func(x *Link) bool { return x == l })
	d.epoch.Add(1)
}

// bind says that a path is a peer's from now on, whoever had it before: the
// check that proves it is newer.
func (d *directory) bind(w *way) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ways[w.path] = w
	d.epoch.Add(1)
}

// unbind takes a path out, unless it is another peer's by now.
func (d *directory) unbind(w *way) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ways[w.path] == w {
		delete(d.ways, w.path)
		d.epoch.Add(1)
	}
}

func (d *directory) byUfrag(ufrag []byte) *Link {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.ufrags[string(ufrag)]
}

func (d *directory) byPath(p ice.Path) *way {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.ways[p]
}

// links lists all links; the slice is not to be changed.
func (d *directory) links() []*Link {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.all
}
