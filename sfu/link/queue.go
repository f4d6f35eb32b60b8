package link

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/sfu/datagram"
)

// writeLimit is how long a TCP connection may refuse to take anything before
// it counts as dead.
const writeLimit = 10 * time.Second

// queue stands between forwarding and a peer that is reached over TCP, whose
// socket may block for as long as the network is slow. It is bounded and
// drops the oldest packet: of a call, the newest is worth most. One goroutine
// writes. Memory is held only for packets that wait.
type queue struct {
	drops *atomic.Uint64
	wake  chan struct{}

	mu      sync.Mutex
	closed  bool     // at once
	last    bool     // when nothing waits any more
	entries []*frame // a ring
	head, n int
}

// frame is a packet with its length in front (RFC 4571).
type frame struct {
	n int
	b [2 + datagram.MaxPacket + 64]byte
}

var frames = sync.Pool{New: func() any { return new(frame) }}

func newQueue(size int, drops *atomic.Uint64) *queue {
	return &queue{drops: drops, wake: make(chan struct{}, 1), entries: make([]*frame, max(size, 16))}
}

// push copies a packet. It never blocks.
func (q *queue) push(p []byte) {
	f := frames.Get().(*frame)
	if 2+len(p) > len(f.b) {
		frames.Put(f)
		q.drops.Add(1)
		return
	}
	binary.BigEndian.PutUint16(f.b[:], uint16(len(p)))
	f.n = 2 + copy(f.b[2:], p)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		frames.Put(f)
		return
	}
	if q.n == len(q.entries) {
		frames.Put(q.take())
		q.drops.Add(1)
	}
	q.entries[(q.head+q.n)%len(q.entries)] = f
	q.n++
	q.signal()
}

// take is called with mu held, and n above 0.
func (q *queue) take() *frame {
	f := q.entries[q.head]
	q.entries[q.head] = nil
	q.head = (q.head + 1) % len(q.entries)
	q.n--
	return f
}

// len is how many packets wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop gives the oldest packet, nil when there is none, and whether the writer
// is to end.
func (q *queue) pop() (f *frame, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		return nil, q.closed || q.last
	}
	return q.take(), false
}

// finish lets the writer send what waits, and then end.
func (q *queue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = true
	q.signal()
}

// close ends the writer; what waits is thrown away.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for q.n > 0 {
		frames.Put(q.take())
	}
	q.signal()
}

// write sends what is pushed until the queue is closed or the connection
// fails, which it then closes.
func (q *queue) write(c net.Conn) {
	defer func() { _ = c.Close() }()
	var pending net.Buffers
	for {
		var taken []*frame
		for len(taken) < 16 {
			f, over := q.pop()
			if f == nil && over && len(taken) == 0 {
				return
			}
			if f == nil {
				break
			}
			taken = append(taken, f)
			pending = append(pending, f.b[:f.n])
		}
		if len(taken) == 0 {
			<-q.wake
			continue
		}
		if err := send(c, pending); err != nil {
			return
		}
		pending = pending[:0]
		for _, f := range taken {
			frames.Put(f)
		}
	}
}

func send(c net.Conn, b net.Buffers) error {
	if err := c.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := io.Copy(c, &b)
	return err
}
