package datagram

import (
	"fmt"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// trainSize is the room that a message takes which may be a train: the largest
// datagram.
const trainSize = 64 << 10

// Reader receives the packets of a socket. One goroutine uses it.
type Reader struct {
	socket *Socket
	waiter *waiter
	failed error // there is no waiter

	messages []message
	vectors  []unix.Iovec
	names    []sockaddr
	controls []trainControl
	room     int // bytes for a message
	buffers  []byte
	out      []Datagram

	// What try, which is receive, works with: it is made once because it would
	// be allocated for every call.
	try      func(uintptr) bool
	wait     time.Duration
	armed    bool // the timer, for this wait
	received int
	errno    unix.Errno
}

// NewReader makes a Reader that takes up to so many messages with one call.
// Several Readers of a socket share what comes.
func (s *Socket) NewReader(batch int) *Reader {
	batch = min(max(batch, 1), maxMessages)
	r := &Reader{
		socket:   s,
		messages: make([]message, batch),
		vectors:  make([]unix.Iovec, batch),
		names:    make([]sockaddr, batch),
		controls: make([]trainControl, batch),
		room:     MaxPacket,
		out:      make([]Datagram, 0, 2*batch),
	}
	if s.gro {
		r.room = trainSize
	}
	r.buffers = make([]byte, batch*r.room)
	for i := range r.messages {
		r.vectors[i].Base = &r.buffers[i*r.room]
		r.vectors[i].SetLen(r.room)
	}
	r.received = batch // all are to be made ready
	r.try = r.receive
	r.failed = r.attach()
	return r
}

// attach gives r something to wait with.
func (r *Reader) attach() error {
	if !r.socket.handle.acquire() {
		return net.ErrClosed
	}
	defer r.socket.handle.release()
	w, err := newWaiter(r.socket.handle.fd, unix.EPOLLIN)
	if err != nil {
		return err
	}
	if err := r.socket.enroll(w); err != nil {
		w.close()
		return err
	}
	r.waiter = w
	return nil
}

// Read gives the packets that have come, and waits for some if there are none:
// for at most wait, and then gives an empty slice; without end if wait is
// negative. Packets and slice are good until the next Read. The error is
// net.ErrClosed once the socket is closed.
func (r *Reader) Read(wait time.Duration) ([]Datagram, error) {
	s := r.socket
	if r.failed != nil {
		return nil, fmt.Errorf("reading from %v: %w", s.addr, r.failed)
	}
	if !s.handle.acquire() {
		return nil, net.ErrClosed
	}
	defer s.handle.release()
	r.prepare()
	r.wait, r.armed, r.received, r.errno = wait, false, 0, 0
	if err := r.waiter.wait(r.try); err != nil {
		return nil, err
	}
	if r.errno != 0 {
		return nil, fmt.Errorf("reading from %v: %w", s.addr, r.errno)
	}
	return r.split(), nil
}

// prepare makes the headers good again that the last call wrote to.
func (r *Reader) prepare() {
	for i := range r.received {
		h := &r.messages[i].header
		*h = unix.Msghdr{Name: r.names[i].bytes(), Namelen: unix.SizeofSockaddrInet6, Iov: &r.vectors[i]}
		h.SetIovlen(1)
		if r.socket.gro {
			h.Control = (*byte)(unsafe.Pointer(&r.controls[i]))
			h.SetControllen(unix.CmsgSpace(4))
		}
	}
}

// receive is recvmmsg(2). It reports whether the wait is over.
func (r *Reader) receive(uintptr) bool {
	for {
		r.socket.count.readCalls.Add(1)
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(r.socket.handle.fd),
			uintptr(unsafe.Pointer(&r.messages[0])), uintptr(len(r.messages)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			r.received = int(n)
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return r.over()
		default:
			r.errno = errno
			return true
		}
	}
}

// over says whether to wait no longer for what is not there.
func (r *Reader) over() bool {
	switch {
	case r.wait < 0:
		return false
	case r.wait == 0:
		return true
	case r.armed:
		return r.waiter.expired()
	}
	r.waiter.arm(r.wait)
	r.armed = true
	return false
}

// split makes packets of the messages that came.
func (r *Reader) split() []Datagram {
	r.out = r.out[:0]
	bytes, trains, truncated := 0, 0, 0
	for i := range r.received {
		m := &r.messages[i]
		data := r.buffers[i*r.room:][:m.size]
		if m.header.Flags&unix.MSG_TRUNC != 0 {
			truncated++
			continue
		}
		size := len(data)
		if s := r.segment(i); s > 0 && s < size {
			size = s
			trains++
		}
		if size > MaxPacket {
			truncated += (len(data) + size - 1) / size
			continue
		}
		from := r.names[i].addrPort()
		bytes += len(data)
		for len(data) > size {
			r.out = append(r.out, Datagram{Data: data[:size:size], From: from})
			data = data[size:]
		}
		r.out = append(r.out, Datagram{Data: data[:len(data):len(data)], From: from})
	}
	r.tally(bytes, trains, truncated)
	return r.out
}

func (r *Reader) tally(bytes, trains, truncated int) {
	if r.received == 0 {
		return
	}
	count := &r.socket.count
	count.received.Add(uint64(len(r.out)))
	count.receivedBytes.Add(uint64(bytes))
	if trains > 0 {
		count.trains.Add(uint64(trains))
	}
	if truncated > 0 {
		count.truncated.Add(uint64(truncated))
	}
}

// segment is the size of the packets in a train, 0 when message i is a packet.
func (r *Reader) segment(i int) int {
	c := &r.controls[i]
	if int(r.messages[i].header.Controllen) < unix.CmsgLen(4) ||
		c.header.Level != unix.IPPROTO_UDP || c.header.Type != unix.UDP_GRO {
		return 0
	}
	return int(c.size)
}
