package turn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// carrier moves whole TURN messages between this server and its clients. write
// may be called from several goroutines at once, read from one.
type carrier interface {
	read(p []byte) (n int, from netip.AddrPort, err error) // an error is the end
	write(p []byte, to netip.AddrPort) error
	padded() bool // whether ChannelData is padded to 4 bytes
	localAddr() net.Addr
	close() error
}

// datagrams is the carrier of one UDP port.
type datagrams struct {
	conn *net.UDPConn
}

// udpBuffer is what is asked of the kernel for a UDP port's queues, in bytes;
// it grants what net.core.rmem_max and wmem_max allow.
const udpBuffer = 4 << 20

func listenUDP(ctx context.Context, addr string) (*datagrams, error) {
	pc, err := new(net.ListenConfig).ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, fmt.Errorf("turn: listening on udp %s: %w", addr, err)
	}
	conn := pc.(*net.UDPConn)
	_ = conn.SetReadBuffer(udpBuffer) // best effort: the default also works
	_ = conn.SetWriteBuffer(udpBuffer)
	return &datagrams{conn: conn}, nil
}

func (d *datagrams) read(p []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(p)
		if err == nil {
			return n, unmapped(from), nil
		}
		if errors.Is(err, net.ErrClosed) {
			return 0, netip.AddrPort{}, err
		}
		// One client's ICMP error, or memory that was short: not the end of a
		// port that others use. The pause keeps a lasting error from spinning.
		time.Sleep(10 * time.Millisecond)
	}
}

func (d *datagrams) write(p []byte, to netip.AddrPort) error {
	_, err := d.conn.WriteToUDPAddrPort(p, to)
	return err
}

func (d *datagrams) padded() bool        { return false }
func (d *datagrams) localAddr() net.Addr { return d.conn.LocalAddr() }
func (d *datagrams) close() error        { return d.conn.Close() }

const (
	// handshakeTime is how long a client has to finish the TLS handshake.
	handshakeTime = 10 * time.Second
	// idleTime is how long a stream may say nothing while it has no allocation.
	idleTime = 30 * time.Second
	// stallTime is how long a stream may take no byte before it is given up.
	stallTime = 5 * time.Second
	// streamBuffer bounds what waits in the kernel for one slow client, in bytes:
	// beyond it, packets wait in the relay's ring, where the oldest are dropped.
	streamBuffer = 128 << 10
)

// stream is the carrier of one TCP or TLS connection.
type stream struct {
	conn   net.Conn
	remote netip.AddrPort
	frames framer
	idle   time.Duration
	// busy reports whether the client has an allocation, and so may be silent.
	busy func() bool
}

func newStream(conn net.Conn, idle time.Duration) *stream {
	return &stream{
		conn: conn, remote: addrPortOf(conn.RemoteAddr()), idle: idle,
		frames: framer{r: conn}, busy: func() bool { return false },
	}
}

// handshake makes TLS, where this is TLS, before anything is read.
func (s *stream) handshake(ctx context.Context) error {
	conn, ok := s.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	return conn.HandshakeContext(ctx)
}

func (s *stream) read(p []byte) (int, netip.AddrPort, error) {
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(s.idle)); err != nil {
			return 0, s.remote, err
		}
		n, err := s.frames.next(p)
		if errors.Is(err, os.ErrDeadlineExceeded) && s.busy() {
			continue
		}
		return n, s.remote, err
	}
}

// write ends the connection when it fails: part of a message may have gone out,
// and whatever followed could not be understood.
func (s *stream) write(p []byte, _ netip.AddrPort) error {
	err := s.conn.SetWriteDeadline(time.Now().Add(stallTime))
	if err == nil {
		_, err = s.conn.Write(p)
	}
	if err != nil {
		s.conn.Close()
	}
	return err
}

func (s *stream) padded() bool        { return true }
func (s *stream) localAddr() net.Addr { return s.conn.LocalAddr() }
func (s *stream) close() error        { return s.conn.Close() }
