package datagram

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of a backlog.
const (
	// backlogPackets is how many packets wait for room in the socket's send
	// buffer. At the rate of a full gigabit they are a few milliseconds' worth:
	// more would only arrive too late.
	backlogPackets = 512
	// backlogCall is how many of them go with one call.
	backlogCall = 64
	// backlogRetry is how long the goroutine waits when the kernel says
	// nothing: it tells of room only when half of the buffer is free.
	backlogRetry = 5 * time.Millisecond
)

// backlog is the packets that found no room, oldest first, in a ring.
type backlog struct {
	// packets is how many there are. It is changed under mu, but read without
	// it on every flush. A packet counts until the kernel has it, so whoever
	// reads 0 overtakes none.
	packets atomic.Int32

	mu      sync.Mutex
	ring    []delayed // nil until it is needed
	oldest  int
	drainer *waiter // of the goroutine, while it lives
	ended   bool
	done    sync.WaitGroup

	messages [backlogCall]message
	vectors  [backlogCall]unix.Iovec
}

// delayed is a packet that waits.
type delayed struct {
	name     *byte // of a Dest
	nameSize uint32
	size     int32
	data     [BufferSize]byte
}

// postpone copies the packets of messages to the backlog and sees to it that
// they leave. The caller is a user of the handle.
func (s *Socket) postpone(messages []message) {
	b := &s.backlog
	b.mu.Lock()
	defer b.mu.Unlock()
	s.keep(messages)
}

// clearBacklog sends the backlog. If it does not leave, messages join it and
// the answer is false.
func (s *Socket) clearBacklog(messages []message) bool {
	b := &s.backlog
	b.mu.Lock()
	if !s.drain() {
		s.keep(messages)
		b.mu.Unlock()
		return false
	}
	drainer := b.drainer
	b.drainer = nil
	b.mu.Unlock()
	if drainer != nil {
		drainer.close() // nothing is left for it
	}
	return true
}

// keep is postpone under the lock.
func (s *Socket) keep(messages []message) {
	b := &s.backlog
	if b.ended {
		s.count.closed.Add(uint64(packetsOf(messages)))
		return
	}
	if b.ring == nil {
		b.ring = make([]delayed, backlogPackets)
	}
	for i := range messages {
		h := &messages[i].header
		for _, v := range messages[i].vectors() {
			s.keepOne(h.Name, h.Namelen, unsafe.Slice(v.Base, int(v.Len)))
		}
	}
	if b.drainer == nil && b.packets.Load() > 0 {
		s.startDrainer()
	}
}

func (s *Socket) keepOne(name *byte, nameSize uint32, packet []byte) {
	b := &s.backlog
	if len(packet) > BufferSize {
		s.count.full.Add(1)
		return
	}
	n := int(b.packets.Load())
	if n == backlogPackets {
		b.oldest = (b.oldest + 1) % backlogPackets
		n--
		s.count.full.Add(1)
	}
	d := &b.ring[(b.oldest+n)%backlogPackets]
	d.name, d.nameSize, d.size = name, nameSize, int32(copy(d.data[:], packet))
	b.packets.Store(int32(n + 1))
	s.count.delayed.Add(1)
}

// drain sends what is in the backlog, under the lock. It reports whether
// nothing is left.
func (s *Socket) drain() bool {
	b := &s.backlog
	for {
		n := min(int(b.packets.Load()), backlogCall)
		if n == 0 {
			return true
		}
		for i := range n {
			d := &b.ring[(b.oldest+i)%backlogPackets]
			b.vectors[i].Base = &d.data[0]
			b.vectors[i].SetLen(int(d.size))
			b.messages[i].header = unix.Msghdr{Name: d.name, Namelen: d.nameSize, Iov: &b.vectors[i]}
			b.messages[i].header.SetIovlen(1)
		}
		rest := s.push(b.messages[:n])
		gone := n - len(rest)
		for i := range gone {
			b.ring[(b.oldest+i)%backlogPackets].name = nil // it would keep a Dest alive
		}
		clear(b.messages[:n])
		b.oldest = (b.oldest + gone) % backlogPackets
		b.packets.Add(int32(-gone))
		if len(rest) > 0 {
			return false
		}
	}
}

// startDrainer starts the goroutine that sends the backlog when there is room,
// under the lock. Without the descriptors for it the backlog has to wait for the
// next flush.
func (s *Socket) startDrainer() {
	b := &s.backlog
	w, err := newWaiter(s.handle.fd, unix.EPOLLOUT)
	if err != nil {
		return
	}
	b.drainer = w
	b.done.Go(func() {
		_ = w.wait(func(uintptr) bool { // it fails when w is closed, which is the end as well
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.drainer != w || !s.handle.acquire() {
				return true
			}
			defer s.handle.release()
			if !s.drain() {
				w.arm(backlogRetry)
				return false
			}
			b.drainer = nil
			return true
		})
		w.close()
	})
}

// stopBacklog drops the backlog for good and waits for its goroutine.
func (s *Socket) stopBacklog() {
	b := &s.backlog
	b.mu.Lock()
	b.ended = true
	s.count.closed.Add(uint64(b.packets.Swap(0)))
	b.ring = nil
	drainer := b.drainer
	b.drainer = nil
	b.mu.Unlock()
	if drainer != nil {
		drainer.close()
	}
	b.done.Wait()
}
