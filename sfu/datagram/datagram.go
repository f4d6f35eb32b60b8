package datagram

import (
	"errors"
	"net/netip"
	"sync/atomic"
)

// Sizes of packets in bytes.
const (
	// MaxPacket is the largest packet that a Reader hands out: what a link of
	// the usual MTU carries.
	MaxPacket = 1500
	// BufferSize is the room for a packet in a Batch: the largest packet and
	// what sealing or a relay's header adds to it.
	BufferSize = MaxPacket + 64
)

// ErrAddress is an address that a socket cannot be bound to: none at all.
var ErrAddress = errors.New("no concrete address")

// Config is what a socket is to be. The zero value is a plain one.
type Config struct {
	// ReusePort lets several sockets have the same address (SO_REUSEPORT); the
	// kernel spreads what comes in over them by the sender's address.
	ReusePort bool
	// GRO takes packets in trains where the kernel offers it (see the package
	// comment); a kernel that does not is no error.
	GRO bool
	// ReadBuffer and WriteBuffer are the kernel's buffers in bytes, 0 for its
	// default. The kernel may give less (net.core.rmem_max, wmem_max).
	ReadBuffer, WriteBuffer int
}

// Datagram is a packet that came in.
type Datagram struct {
	// Data is the packet. It may be written to, and is good until the next
	// Read.
	Data []byte
	// From is the sender's address; IPv4 is never mapped into IPv6.
	From netip.AddrPort
}

// Stats is what a Socket has done so far.
type Stats struct {
	// Received and ReceivedBytes are the packets that Readers handed out.
	Received, ReceivedBytes uint64
	// ReadCalls are system calls to receive, those that found nothing included.
	ReadCalls uint64
	// Trains are the messages that held several packets (GRO).
	Trains uint64
	// Truncated are packets that came in larger than MaxPacket and were dropped.
	Truncated uint64

	// Sent are the packets that the kernel took.
	Sent uint64
	// SendCalls are the system calls to send.
	SendCalls uint64
	// Runs are the messages that held several packets (GSO).
	Runs uint64
	// Refused are the runs that kernel or device did not take as such; their
	// packets were sent one by one.
	Refused uint64
	// Delayed are the packets that went through the backlog.
	Delayed uint64

	// Full are packets dropped because neither the socket's buffer nor the
	// backlog had room, or the kernel no memory (ENOBUFS).
	Full uint64
	// Unreachable are packets dropped because the kernel knows no way to the
	// destination or may not use it (EHOSTUNREACH, ENETUNREACH, EPERM, …).
	Unreachable uint64
	// TooLong are packets dropped because they do not fit into a datagram
	// (EMSGSIZE).
	TooLong uint64
	// Closed are packets dropped because the socket had been closed.
	Closed uint64
}

// counters is Stats while it is counted. Several goroutines send through one
// socket.
type counters struct {
	received, receivedBytes, readCalls, trains, truncated atomic.Uint64

	sent, sendCalls, runs, refused, delayed atomic.Uint64

	full, unreachable, tooLong, closed atomic.Uint64
}

func (c *counters) stats() Stats {
	return Stats{
		Received:      c.received.Load(),
		ReceivedBytes: c.receivedBytes.Load(),
		ReadCalls:     c.readCalls.Load(),
		Trains:        c.trains.Load(),
		Truncated:     c.truncated.Load(),
		Sent:          c.sent.Load(),
		SendCalls:     c.sendCalls.Load(),
		Runs:          c.runs.Load(),
		Refused:       c.refused.Load(),
		Delayed:       c.delayed.Load(),
		Full:          c.full.Load(),
		Unreachable:   c.unreachable.Load(),
		TooLong:       c.tooLong.Load(),
		Closed:        c.closed.Load(),
	}
}

// Stats is what s has done so far. Any goroutine may ask, at any time.
func (s *Socket) Stats() Stats { return s.count.stats() }
