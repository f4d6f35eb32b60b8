//go:build linux

package main

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v3"
	"github.com/pion/transport/v4/packetio"
)

// loopback is where all but the clients of Janus are.
var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

const (
	socketBuffer = 1 << 20
	packetSize   = 1500
	replayWindow = 1024
	maxEarly     = 64
)

// client is one participant: a socket, and one goroutine that reads it.
// Everything else happens on that goroutine, but for sending.
type client struct {
	name   string
	conn   *net.UDPConn
	remote netip.AddrPort // set before the first packet is sent
	tally  *tally

	own, server credentials
	setup       string             // the DTLS role that an offer names
	twccID      uint8              // number of the header extension that counts transport-wide
	checks      chan *stun.Message // answers to connectivity checks
	handshake   *packetio.Buffer   // what the DTLS connection reads
	dtls        *dtls.Conn

	keyWanted atomic.Bool
	stop      chan struct{}
	running   sync.WaitGroup

	mu    sync.Mutex // of what both reading and sending touch
	in    *srtp.Context
	out   *srtp.Context
	early [][]byte // came between the server's last DTLS message and our reading of it
	twcc  *twcc.Recorder
	ssrc  uint32 // the one under which feedback is sent

	header rtp.Header // of the reading goroutine
	plain  []byte
}

func newClient(name string, at netip.Addr, w *window) (*client, error) {
	c, err := openClient(name, at, w)
	if err != nil {
		return nil, err
	}
	c.running.Add(1)
	go c.read()
	return c, nil
}

// openClient leaves the reading to the caller.
func openClient(name string, at netip.Addr, w *window) (*client, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		return nil, fmt.Errorf("opening the socket of %s: %w", name, err)
	}
	_ = conn.SetReadBuffer(socketBuffer) // the kernel may give less without an error
	return &client{
		name: name, conn: conn, tally: newTally(w), setup: "actpass", twccID: twccID, stop: make(chan struct{}),
		checks: make(chan *stun.Message, 4), handshake: packetio.NewBuffer(),
		plain: make([]byte, 0, packetSize),
	}, nil
}

func (c *client) local() netip.AddrPort {
	a := c.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// unlock gives the client its keys, and takes what came before them.
func (c *client) unlock(in, out *srtp.Context) {
	c.mu.Lock()
	early := c.early
	c.in, c.out, c.early = in, out, nil
	for _, b := range early {
		c.media(b)
	}
	c.mu.Unlock()
}

// read sorts packets by their first byte (RFC 7983).
func (c *client) read() {
	defer c.running.Done()
	buf := make([]byte, packetSize)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return // closed
		}
		b := buf[:n]
		switch {
		case n == 0:
		case b[0] < 4:
			c.check(b, from)
		case b[0] >= 20 && b[0] < 64:
			_, _ = c.handshake.Write(b) // full or closed: DTLS repeats itself
		case b[0] >= 128 && b[0] < 192:
			c.sealed(b)
		}
	}
}

func (c *client) check(b []byte, from netip.AddrPort) {
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil {
		return
	}
	if m.Type == stun.BindingRequest {
		c.checked(m, from)
		return
	}
	select {
	case c.checks <- m:
	default: // an answer that nobody waits for, such as to a keepalive
	}
}

// checked answers a connectivity check of the server's. A lite server sends
// none by RFC 8445; Janus, or the libnice in it, sends some all the same, and
// believes in a path only when they are answered.
func (c *client) checked(m *stun.Message, from netip.AddrPort) {
	key := stun.NewShortTermIntegrity(c.own.pwd)
	if key.Check(m) != nil {
		return // not of our server
	}
	answer, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())}, key, stun.Fingerprint)
	if err == nil {
		_, _ = c.conn.WriteToUDPAddrPort(answer.Raw, from) // lost or closed: who asks repeats it
	}
}

func (c *client) sealed(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in == nil {
		if len(c.early) < maxEarly {
			c.early = append(c.early, append([]byte(nil), b...))
		}
		return
	}
	c.media(b)
}

// media opens a packet; called with mu held.
func (c *client) media(b []byte) {
	if len(b) >= 2 && b[1] >= 192 && b[1] < 224 {
		c.control(b)
		return
	}
	now := ticks()
	plain, err := c.in.DecryptRTP(c.plain[:0], b, &c.header)
	if err != nil {
		c.tally.unsealed()
		return
	}
	n := c.header.MarshalSize()
	if n > len(plain) {
		c.tally.unsealed()
		return
	}
	if c.twcc != nil {
		if e := c.header.GetExtension(c.twccID); len(e) == 2 {
			c.twcc.Record(c.header.SSRC, uint16(e[0])<<8|uint16(e[1]), now/1000)
		}
	}
	c.tally.take(&c.header, plain[n:], now)
}

// write sends to whom the client has joined. What comes too late for a socket
// that close has shut is no failure.
func (c *client) write(b []byte) error {
	_, err := c.conn.WriteToUDPAddrPort(b, c.remote)
	if err == nil || c.closing() {
		return nil
	}
	return fmt.Errorf("%s: sending: %w", c.name, err)
}

func (c *client) closing() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// close ends all that the client has started, and waits for it.
func (c *client) close() {
	c.silence()
	c.end()
}

// crash is what close is without a goodbye.
func (c *client) crash() {
	c.silence()
	_ = c.conn.Close()
	c.end()
}

// silence ends all sending but DTLS's own; what comes is still read.
func (c *client) silence() { close(c.stop) }

// end closes what silence has left.
func (c *client) end() {
	if c.dtls != nil {
		_ = c.dtls.Close() // its goodbye may find nobody: either way it is over
	}
	_ = c.handshake.Close()
	_ = c.conn.Close()
	c.running.Wait()
}
