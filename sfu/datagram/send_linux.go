package datagram

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// minMTU is what every link of IPv6 carries (RFC 8200, section 5), less the
// headers of IPv6 and UDP.
const minMTU = 1280 - 40 - 8

// sendMessages is sendmmsg(2) that does not block. It does not tell the
// scheduler about the call: that would wake the system monitor (see the package
// comment), and a call that never waits is a computation like another.
func sendMessages(fd int, messages []message) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&messages[0])), uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// transmit sends messages after what is in the backlog.
func (s *Socket) transmit(messages []message) {
	if !s.handle.acquire() {
		s.count.closed.Add(uint64(packetsOf(messages)))
		return
	}
	defer s.handle.release()
	if s.backlog.packets.Load() > 0 && !s.clearBacklog(messages) {
		return
	}
	if rest := s.push(messages); len(rest) > 0 {
		s.postpone(rest)
	}
}

// push hands messages to the kernel until its buffer is full, and returns
// what is left. A message that fails for a reason of its own is dropped.
func (s *Socket) push(messages []message) (rest []message) {
	for len(messages) > 0 {
		n, errno := s.send(s.handle.fd, messages[:min(len(messages), maxMessages)])
		s.count.sendCalls.Add(1)
		m := &messages[0]
		switch {
		case n > 0: // the call keeps quiet about why it stopped; the next one tells
			s.countSent(messages[:n])
			messages = messages[n:]
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return messages
		case m.packets() > 1 && refusals[errno]:
			s.refuse(m, errno)
			if !s.pushSingly(m) {
				return messages
			}
			messages = messages[1:]
		default:
			s.drop(errno, m.packets())
			messages = messages[1:]
		}
	}
	return nil
}

func (s *Socket) countSent(messages []message) {
	packets, runs := 0, 0
	for i := range messages {
		n := messages[i].packets()
		packets += n
		if n > 1 {
			runs++
		}
	}
	s.count.sent.Add(uint64(packets))
	if runs > 0 {
		s.count.runs.Add(uint64(runs))
	}
}

func (s *Socket) drop(errno unix.Errno, packets int) {
	counter := &s.count.unreachable
	switch errno {
	case unix.EMSGSIZE:
		counter = &s.count.tooLong
	case unix.ENOBUFS, unix.ENOMEM:
		counter = &s.count.full
	}
	counter.Add(uint64(packets))
}

// refusals are the errors that mean: not as a run.
var refusals = map[unix.Errno]bool{
	unix.EIO:        true, // the device does not fill in checksums, or the route is encrypted
	unix.EINVAL:     true, // packets larger than the route's MTU, in older kernels; or too many
	unix.EMSGSIZE:   true, // packets larger than the route's MTU
	unix.EOPNOTSUPP: true,
}

// refuse remembers that m was not taken as a run. Packets larger than any
// route may refuse are tried no more; if it was not their size, nothing is.
func (s *Socket) refuse(m *message, errno unix.Errno) {
	s.count.refused.Add(1)
	size := m.vectors()[0].Len
	switch {
	case (errno == unix.EINVAL || errno == unix.EMSGSIZE) && size > minMTU:
		s.segment.Store(min(s.segment.Load(), minMTU))
	case errno == unix.EMSGSIZE: // a narrow route: that of one destination
	default:
		s.segment.Store(0)
	}
}

// pushSingly sends the packets of a run one by one. When the kernel's buffer
// is full it leaves in m those that are left, and returns false.
func (s *Socket) pushSingly(m *message) bool {
	vectors := m.vectors()
	singles := make([]message, len(vectors)) // seldom enough to make it anew
	for i := range singles {
		singles[i].header = unix.Msghdr{Name: m.header.Name, Namelen: m.header.Namelen, Iov: &vectors[i]}
		singles[i].header.SetIovlen(1)
	}
	rest := s.push(singles)
	if len(rest) == 0 {
		return true
	}
	m.header.Iov = rest[0].header.Iov
	m.header.SetIovlen(len(rest))
	return false
}

// single is what one packet by itself needs.
type single struct {
	messages [1]message
	vector   [1]unix.Iovec
}

// sendOne sends p to d at once.
func (s *Socket) sendOne(d *Dest, p []byte) {
	one, _ := s.singles.Get().(*single)
	if one == nil {
		one = new(single)
	}
	one.vector[0].Base = &p[0]
	one.vector[0].SetLen(len(p))
	h := &one.messages[0].header
	*h = unix.Msghdr{Name: d.raw.bytes(), Namelen: d.raw.size, Iov: &one.vector[0]}
	h.SetIovlen(1)
	s.transmit(one.messages[:])
	*one = single{} // the pool is not to keep p alive
	s.singles.Put(one)
}
