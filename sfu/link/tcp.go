package link

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/sfu/datagram"
	"kinwire/sfu/ice"
)

const (
	// firstCheck is how long a TCP connection may stay before its first
	// connectivity check.
	firstCheck = 10 * time.Second
	// maxUnproven bounds the connections that have not shown a check for a peer
	// of ours yet: anybody can open one.
	maxUnproven = 256
	// maxFrame bounds a packet on TCP: what could have come in a datagram.
	maxFrame = 1500
	tcpRead  = 16 << 10 // bytes taken from the kernel at once
)

// tcpPort accepts connections for ICE over TCP (RFC 6544).
type tcpPort struct {
	t         *Transport
	port      int
	listeners []net.Listener
	number    atomic.Uint64 // of connections so far

	mu       sync.Mutex
	closed   bool
	open     map[*tcpDoor]bool
	unproven int
}

func (t *Transport) openTCP() error {
	if t.cfg.TCPPort < 0 {
		return nil
	}
	p := &tcpPort{t: t, port: t.cfg.TCPPort, open: map[*tcpDoor]bool{}}
	t.tcp = p
	addrs := t.cfg.BindAddresses
	if len(addrs) == 0 {
		addrs = []netip.Addr{{}} // all
	}
	for _, a := range addrs {
		at := &net.TCPAddr{Port: p.port}
		if a.IsValid() {
			at = net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, uint16(p.port)))
		}
		l, err := net.ListenTCP("tcp", at)
		if err != nil {
			return fmt.Errorf("link: opening the ICE-TCP port: %w", err)
		}
		p.port = l.Addr().(*net.TCPAddr).Port
		p.listeners = append(p.listeners, l)
	}
	for _, l := range p.listeners {
		t.running.Add(1)
		go p.accept(l)
	}
	return nil
}

func (p *tcpPort) accept(l net.Listener) {
	defer p.t.running.Done()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Too many files open, say: the listener goes on, not at full speed.
			select {
			case <-p.t.stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		p.welcome(c)
	}
}

func (p *tcpPort) welcome(c net.Conn) {
	d := &tcpDoor{port: p, conn: c, number: p.number.Add(1)}
	d.local, d.remote = addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())
	p.mu.Lock()
	refused := p.closed || p.unproven >= maxUnproven
	if !refused {
		p.open[d] = true
		p.unproven++
		p.t.running.Add(2)
	}
	p.mu.Unlock()
	if refused {
		_ = c.Close()
		return
	}
	d.queue = newQueue(p.t.cfg.TCPQueue, &p.t.count.queueDrops)
	d.dest = datagram.Direct(d.queue.push)
	go d.read()
	go func() {
		defer p.t.running.Done()
		d.queue.write(c)
	}()
}

func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func (p *tcpPort) close() error {
	var errs []error
	for _, l := range p.listeners {
		errs = append(errs, l.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for d := range p.open {
		_ = d.conn.Close()
	}
	return errors.Join(errs...)
}

// tcpDoor is one connection. Its packets have their length in front (RFC
// 4571).
type tcpDoor struct {
	port          *tcpPort
	conn          net.Conn
	number        uint64
	local, remote netip.AddrPort
	queue         *queue
	dest          *datagram.Dest
	proven        bool // a check for a peer of ours has come; of the reader
}

func (d *tcpDoor) path(netip.AddrPort) ice.Path {
	return ice.Path{Local: d.local, Remote: d.remote, Stream: d.number}
}
func (d *tcpDoor) to(netip.AddrPort) *datagram.Dest { return d.dest }
func (d *tcpDoor) describe(netip.AddrPort) Path     { return Path{Protocol: "tcp", Remote: d.remote} }

func (d *tcpDoor) read() {
	t := d.port.t
	defer t.running.Done()
	_ = d.conn.SetReadDeadline(time.Now().Add(firstCheck))
	in := bufio.NewReaderSize(d.conn, tcpRead)
	for d.frame(in) == nil {
	}
	_ = d.conn.Close()
	d.queue.close()
	d.port.mu.Lock()
	delete(d.port.open, d)
	if !d.proven {
		d.port.unproven--
	}
	d.port.mu.Unlock()
	if w := t.directory.byPath(d.path(d.remote)); w != nil {
		w.link.gone(d, d.remote)
	}
}

var errFrame = errors.New("link: a packet on TCP is longer than any datagram")

// frame takes one packet, and those that have come with it.
func (d *tcpDoor) frame(in *bufio.Reader) error {
	if _, err := in.Peek(2); err != nil {
		return err
	}
	p := d.port.t.borrow()
	defer d.port.t.give(p)
	for {
		head, err := in.Peek(2)
		if err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint16(head))
		if n > maxFrame {
			return errFrame
		}
		_, _ = in.Discard(2)
		b := p.buf[:n]
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		if err := d.packet(p, b); err != nil {
			return err
		}
		if in.Buffered() < 2 {
			return nil
		}
		if head, _ = in.Peek(2); in.Buffered() < 2+int(binary.BigEndian.Uint16(head)) {
			return nil // the rest is still on its way: what is here must not wait for it
		}
	}
}

var errUnproven = errors.New("link: a connection began with something else than a connectivity check")

func (d *tcpDoor) packet(p *pass, b []byte) error {
	t := d.port.t
	if d.proven || len(b) == 0 {
		t.takeFrom(d, p, b, d.remote)
		return nil
	}
	if !isSTUN(b) || !t.check(d, b, d.remote) {
		return errUnproven
	}
	d.proven = true
	d.port.mu.Lock()
	d.port.unproven--
	d.port.mu.Unlock()
	return d.conn.SetReadDeadline(time.Time{})
}
