package link

import (
	"net/netip"
	"slices"
	"sync"

	"kinwire/sfu/ice"
)

// maxTasks is how many connectivity checks of one peer may wait. A client
// sends one every 50 ms for each pair of candidates while it connects.
const maxTasks = 64

// maxCheck is the largest connectivity check in bytes that is looked at.
const maxCheck = 576

// task is something for the link's own goroutine: a connectivity check to
// answer, a TCP connection that has gone; or neither, to tell the owner of the
// state.
type task struct {
	packet *checkPacket
	door   door
	from   netip.AddrPort
	gone   bool
}

type checkPacket struct {
	n int
	b [maxCheck]byte
}

var checkPackets = sync.Pool{New: func() any { return new(checkPacket) }}

// check hands a STUN packet to the peer that it names. Whether it is that
// peer's is for the peer's own goroutine to find out.
func (t *Transport) check(d door, b []byte, from netip.AddrPort) bool {
	local, _, ok := ice.Username(b)
	if !ok || len(b) > maxCheck {
		t.count.malformed.Add(1)
		return false
	}
	l := t.directory.byUfrag(local)
	if l == nil || l.terms.refuses(d) {
		t.count.stranger.Add(1)
		return false
	}
	p := checkPackets.Get().(*checkPacket)
	p.n = copy(p.b[:], b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.tasks) >= maxTasks {
		checkPackets.Put(p)
		return false
	}
	l.post(task{packet: p, door: d, from: from})
	return true
}

// gone says that the TCP connection behind a path is closed.
func (l *Link) gone(d door, from netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.post(task{door: d, from: from, gone: true})
	}
}

// post gives the link's goroutine something to do, and starts it when it is
// not there: it lives only while there is something. Called with mu held.
func (l *Link) post(t task) {
	if l.closed {
		return
	}
	l.tasks = append(l.tasks, t)
	if !l.working {
		l.working = true
		l.running.Add(1)
		go l.work()
	}
}

func (l *Link) work() {
	defer l.running.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.closed && len(l.tasks) > 0 {
		t := l.tasks[0]
		l.tasks = l.tasks[1:]
		switch {
		case t.packet != nil:
			l.answerCheck(t)
			checkPackets.Put(t.packet)
		case t.gone:
			l.agent.Lost(t.door.path(t.from), l.t.now())
			l.syncWays()
			l.review(l.t.now())
		default:
			l.tell()
		}
	}
	l.tasks, l.working = nil, false
}

// tell lets the owner hear of the state. Called with mu held, which it lets go
// of meanwhile.
func (l *Link) tell() {
	state := l.state
	if state == l.told {
		return
	}
	l.told = state
	l.mu.Unlock()
	l.owner.LinkState(state)
	l.mu.Lock()
}

// answerCheck lets the agent look at a check. Called with mu held.
func (l *Link) answerCheck(t task) {
	now := l.t.now()
	path := t.door.path(t.from)
	r, err := l.agent.Check(t.packet.b[:t.packet.n], path, now)
	if err != nil {
		l.t.count.malformed.Add(1)
	}
	if r.Valid && l.ways[path] == nil {
		w := &way{link: l, path: path, dest: t.door.to(t.from), door: t.door}
		l.ways[path] = w
		// Before the answer goes out: what it sets off must find the path known.
		l.t.directory.bind(w)
	}
	if r.Valid {
		l.syncWays() // a check can end other paths, and choose this one
	}
	l.sendAnswer(t, l.ways[path], r)
	l.review(now)
}

func (l *Link) sendAnswer(t task, w *way, r ice.Result) {
	switch {
	case len(r.Response) == 0:
	case w != nil:
		w.dest.Send(r.Response)
	default:
		t.door.to(t.from).Send(r.Response)
	}
}

// syncWays lets go of the paths that the agent no longer holds valid. Called
// with mu held.
func (l *Link) syncWays() {
	valid := l.agent.Paths()
	for p, w := range l.ways {
		if !slices.Contains(valid, p) {
			delete(l.ways, p)
			l.t.directory.unbind(w)
			if l.out.Load() == w {
				l.out.Store(nil)
			}
		}
	}
	l.choose()
}
