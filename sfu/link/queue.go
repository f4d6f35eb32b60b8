package link

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pion/rtcp"

	"kinwire/sfu/forward"
	"kinwire/sfu/packet"
)

// queue stands between forwarding and a peer that is reached over TCP, whose
// socket may block for as long as the network is slow. It is bounded and
// drops the oldest packet: of a call, the newest is worth most. One goroutine
// writes; it begins when the path first becomes TCP and ends with the link.
type queue struct {
	ctx   context.Context
	drops *atomic.Uint64
	size  int
	on    atomic.Bool
	wake  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	entries []queueEntry // a ring, made when first used
	head, n int
	running bool
}

type queueEntry struct {
	slot    *Slot
	header  forward.Header
	n       int
	b       [packet.MaxSize]byte
	link    *Link // with rtcp
	packets []rtcp.Packet
}

func newQueue(ctx context.Context, size int, drops *atomic.Uint64) *queue {
	return &queue{ctx: ctx, size: max(size, 16), drops: drops, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (q *queue) active() bool { return q.on.Load() }

// use switches the queue on or off with the path. Off, what is queued is
// still written.
func (q *queue) use(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ctx.Err() != nil {
		return
	}
	if on && !q.running {
		q.entries = make([]queueEntry, q.size)
		q.running = true
		go q.run()
	}
	q.on.Store(on)
}

func (q *queue) pushRTP(s *Slot, h *forward.Header, payload []byte) {
	q.push(func(e *queueEntry) {
		e.slot, e.header, e.link, e.packets = s, *h, nil, nil
		e.n = copy(e.b[:], payload)
	})
}

func (q *queue) pushRTCP(l *Link, packets []rtcp.Packet) {
	q.push(func(e *queueEntry) { e.slot, e.link, e.packets = nil, l, packets })
}

func (q *queue) push(fill func(*queueEntry)) {
	q.mu.Lock()
	if q.n == q.size {
		q.head = (q.head + 1) % q.size
		q.n--
		q.drops.Add(1)
	}
	fill(&q.entries[(q.head+q.n)%q.size])
	q.n++
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) pop(e *queueEntry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return false
	}
	src := &q.entries[q.head]
	e.slot, e.header, e.link, e.packets = src.slot, src.header, src.link, src.packets
	e.n = copy(e.b[:], src.b[:src.n])
	q.head = (q.head + 1) % q.size
	q.n--
	return true
}

func (q *queue) run() {
	defer close(q.done)
	var e queueEntry
	for {
		for q.pop(&e) {
			// An error means that the connection is gone: ICE will find out.
			if e.slot != nil {
				_ = e.slot.send(&e.header, e.b[:e.n])
			} else {
				_ = e.link.sendRTCP(e.packets)
			}
			if q.ctx.Err() != nil {
				return
			}
		}
		select {
		case <-q.wake:
		case <-q.ctx.Done():
			return
		}
	}
}

// wait is called when the context has ended and the connection is closed; it
// returns when the writer has.
func (q *queue) wait() {
	q.mu.Lock()
	running := q.running
	q.mu.Unlock()
	if running {
		<-q.done
	}
}
