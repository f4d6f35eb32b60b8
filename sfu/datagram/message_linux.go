package datagram

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Limits of a message and of a call.
const (
	// maxSegments is how many packets one run may hold: UDP_MAX_SEGMENTS of
	// kernels before 6.9, which since then take 128.
	maxSegments = 64
	// maxRun is how many bytes one run may hold: a datagram's 65,535 less its
	// headers.
	maxRun = 65000
	// maxMessages is how many messages go with one call. The kernel takes
	// 1,024, but no other goroutine gets the processor during a call, and a
	// garbage collection has to wait for its end: this many take half a
	// millisecond or so.
	maxMessages = 128
)

// message is struct mmsghdr of sendmmsg(2) and recvmmsg(2).
type message struct {
	header unix.Msghdr
	size   uint32 // bytes sent or received
}

// packets is how many packets are in a message to be sent.
func (m *message) packets() int { return int(m.header.Iovlen) }

// vectors are the packets of a message to be sent.
func (m *message) vectors() []unix.Iovec { return unsafe.Slice(m.header.Iov, int(m.header.Iovlen)) }

func packetsOf(messages []message) (n int) {
	for i := range messages {
		n += messages[i].packets()
	}
	return n
}

// segmentControl is the control message that makes a message a run: the size
// of its packets.
type segmentControl struct {
	header unix.Cmsghdr
	size   uint16
}

// trainControl is the control message that comes with a train.
type trainControl struct {
	header unix.Cmsghdr
	size   int32
}

// outbox turns the groups of a Batch into messages. Its memory is made once.
type outbox struct {
	messages []message
	vectors  []unix.Iovec
	controls []segmentControl
}

func newOutbox(packets int) outbox {
	return outbox{
		messages: make([]message, 0, packets),
		vectors:  make([]unix.Iovec, 0, packets),
		controls: make([]segmentControl, packets),
	}
}

// add makes messages of a group: a run wherever packets of one size follow one
// another. A shorter packet ends a run and belongs to it.
func (o *outbox) add(s *Socket, g *group, b *Batch) {
	limit := s.segment.Load()
	for i := g.first; i != none; {
		p := &b.packets[i]
		first, count, total := len(o.vectors), 1, p.size
		o.vector(b.bytes(p))
		i = p.next
		for ended := p.size > limit; i != none && !ended && count < maxSegments; count++ {
			q := &b.packets[i]
			if q.size > p.size || total+q.size > maxRun {
				break
			}
			o.vector(b.bytes(q))
			total += q.size
			ended = q.size < p.size
			i = q.next
		}
		o.message(&g.to.raw, o.vectors[first:], p.size)
	}
}

func (o *outbox) vector(packet []byte) {
	o.vectors = append(o.vectors, unix.Iovec{Base: &packet[0]})
	o.vectors[len(o.vectors)-1].SetLen(len(packet))
}

// message adds a message of these packets, which are size bytes each except
// for the last.
func (o *outbox) message(to *sockaddr, vectors []unix.Iovec, size int32) {
	n := len(o.messages)
	o.messages = o.messages[:n+1]
	m := &o.messages[n]
	m.header = unix.Msghdr{Name: to.bytes(), Namelen: to.size, Iov: &vectors[0]}
	m.header.SetIovlen(len(vectors))
	if len(vectors) == 1 {
		return
	}
	c := &o.controls[n]
	c.header.Level, c.header.Type, c.size = unix.IPPROTO_UDP, unix.UDP_SEGMENT, uint16(size)
	c.header.SetLen(unix.CmsgLen(2))
	m.header.Control = (*byte)(unsafe.Pointer(c))
	m.header.SetControllen(unix.CmsgSpace(2))
}

// flush sends the messages, which all go through s.
func (o *outbox) flush(s *Socket) {
	s.transmit(o.messages)
	clear(o.messages) // their addresses would keep a Dest alive
	o.messages, o.vectors = o.messages[:0], o.vectors[:0]
}
