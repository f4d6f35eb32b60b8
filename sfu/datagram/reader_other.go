//go:build !linux

package datagram

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// Reader receives the packets of a socket. One goroutine uses it.
type Reader struct {
	socket *Socket
	buffer []byte
	out    [1]Datagram
}

// NewReader makes a Reader. Here it gives one packet at a time, whatever batch
// is.
func (s *Socket) NewReader(int) *Reader {
	// A packet that fills the last byte was larger than it may be.
	return &Reader{socket: s, buffer: make([]byte, MaxPacket+1)}
}

// Read gives the packet that has come, and waits for one if there is none: for
// at most wait, and then gives an empty slice; without end if wait is negative.
// Packet and slice are good until the next Read. The error is net.ErrClosed
// once the socket is closed.
func (r *Reader) Read(wait time.Duration) ([]Datagram, error) {
	s := r.socket
	deadline := time.Time{}
	if wait >= 0 {
		// A deadline that has passed already fails before it looks.
		deadline = time.Now().Add(max(wait, time.Millisecond))
	}
	if err := s.conn.SetReadDeadline(deadline); err != nil {
		return nil, readError(s, err)
	}
	for {
		s.count.readCalls.Add(1)
		n, from, err := s.conn.ReadFromUDPAddrPort(r.buffer)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, nil
		case err != nil:
			return nil, readError(s, err)
		case n > MaxPacket:
			s.count.truncated.Add(1)
			continue
		}
		s.count.received.Add(1)
		s.count.receivedBytes.Add(uint64(n))
		r.out[0] = Datagram{Data: r.buffer[:n:n], From: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
		return r.out[:], nil
	}
}

func readError(s *Socket, err error) error {
	if errors.Is(err, net.ErrClosed) {
		return net.ErrClosed
	}
	return fmt.Errorf("reading from %v: %w", s.addr, err)
}
