package turn

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// relay is one allocation's relayed transport address: the net.PacketConn that
// pion/turn reads and writes on behalf of a client. No socket stands behind it;
// what it is sent to it hands to the SFU, what the SFU sends it waits in a ring
// until ReadFrom takes it.
//
// As with any datagram socket, a packet that is not passed on is no error of
// WriteTo: it is counted under its reason and gone.
type relay struct {
	srv      *Server
	sock     *socket        // where the client's requests come from
	client   netip.AddrPort // the client, as sock sees it
	key      *net.UDPAddr   // the same, in the object by which pion finds the allocation
	relayed  netip.AddrPort
	username string
	user     userTag

	wake chan struct{} // one token when the ring has something to read
	done chan struct{} // closed by Close

	readBy  deadline
	writeBy atomic.Int64 // write deadline in Unix nanoseconds; 0: none

	channels  atomic.Pointer[channelTable]
	exhausted sync.Once // the reader has been told that the relay is closed

	mu       sync.Mutex
	queue    ring
	closed   bool
	byPion   bool // it was pion that closed the relay
	expiry   *time.Timer
	outside  *net.UDPConn        // the real socket for allowed peers, once needed
	peers    map[netip.Addr]bool // addresses with a permission
	lastFrom netip.AddrPort      // the sender of the last packet read,
	lastAddr *net.UDPAddr        // and the same as net.Addr, to make it only once

	// Guarded by sock.handling, see socket.expire.
	ending    bool
	expiresAt time.Time
}

// maxPeers bounds the permissions of one allocation. The SFU has a handful of
// addresses; only Config.AllowedPeers could let a client pile up more.
const maxPeers = 64

func newRelay(srv *Server, sock *socket, client, relayed netip.AddrPort) *relay {
	return &relay{
		srv: srv, sock: sock, client: client, relayed: relayed,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		peers: make(map[netip.Addr]bool),
	}
}

// deliver queues a copy of p, which the SFU (or an allowed peer) at from sends
// to the client. It never blocks: when the ring is full its oldest packet goes.
func (r *relay) deliver(p []byte, from netip.AddrPort) {
	if len(p) > maxPayload {
		r.srv.count.drop(dropOversize)
		return
	}
	pkt := packets.Get().(*packet)
	pkt.n = copy(pkt.buf[channelHeader:], p)
	pkt.from = from

	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		packets.Put(pkt)
		r.srv.count.drop(dropClosed)
		return
	}
	dropped := r.queue.push(pkt)
	r.mu.Unlock()

	if dropped != nil {
		packets.Put(dropped)
		r.srv.count.drop(dropQueueFull)
	}
	r.signal()
}

func (r *relay) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// next takes the oldest packet of the ring, and waits for one if it must. The
// error is net.ErrClosed or os.ErrDeadlineExceeded.
func (r *relay) next() (*packet, error) {
	for {
		late := r.readBy.wait()
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return nil, net.ErrClosed
		}
		if isClosed(late) {
			r.mu.Unlock()
			return nil, os.ErrDeadlineExceeded
		}
		pkt := r.queue.pop()
		more := r.queue.count > 0
		r.mu.Unlock()
		if pkt != nil {
			if more {
				r.signal() // one token may stand for many packets, and there may be many readers
			}
			return pkt, nil
		}
		select {
		case <-r.wake:
		case <-r.done:
		case <-late:
		}
	}
}

// ReadFrom implements net.PacketConn. Packets from a peer that is bound to a
// channel never come out of it: they leave for the client from inside, on the
// goroutine that called.
func (r *relay) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		pkt, err := r.next()
		if err != nil {
			if err == net.ErrClosed {
				r.exhausted.Do(r.leave)
			}
			return 0, nil, &net.OpError{Op: "read", Net: "udp", Addr: r.LocalAddr(), Err: err}
		}
		if r.sendOnChannel(pkt) {
			packets.Put(pkt)
			continue
		}
		n, from := copy(p, pkt.payload()), pkt.from
		packets.Put(pkt)
		r.arrived(from, n)
		return n, r.addrOf(from), nil
	}
}

// leave is called when pion's reader is about to be told that the relay is
// closed, on its goroutine. The reader then deletes whatever allocation is on
// its 5-tuple. When it was pion that closed the relay, that allocation is gone
// already, and what the reader would delete is the next one of a client that
// lost no time. So the reader's 5-tuple is made one that nobody has.
func (r *relay) leave() {
	r.mu.Lock()
	if r.byPion && r.key != nil {
		r.key.Port = 0
	}
	r.mu.Unlock()
	r.srv.running.Done()
}

// addrOf gives a as a net.Addr that nobody may change. Packets mostly come from
// one address, so the last one is kept.
func (r *relay) addrOf(a netip.AddrPort) net.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lastAddr == nil || r.lastFrom != a {
		r.lastFrom, r.lastAddr = a, net.UDPAddrFromAddrPort(a)
	}
	return r.lastAddr
}

// arrived counts a packet on its way to the client under where it came from.
func (r *relay) arrived(from netip.AddrPort, n int) {
	if len(r.srv.limits.Load().allowed) > 0 && !r.srv.sfu.Owns(from) {
		r.srv.count.fromPeers.add(n)
		return
	}
	r.srv.count.fromSFU.add(n)
}

// WriteTo implements net.PacketConn: one packet from the client to addr.
func (r *relay) WriteTo(p []byte, addr net.Addr) (int, error) {
	to := addrPortOf(addr)
	switch by := r.writeBy.Load(); {
	case isClosed(r.done):
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: addr, Err: net.ErrClosed}
	case by != 0 && time.Now().UnixNano() >= by:
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: addr, Err: os.ErrDeadlineExceeded}
	case !to.IsValid():
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: addr, Err: &net.AddrError{Err: "not a UDP address"}}
	}
	r.toPeer(p, to)
	return len(p), nil
}

// toPeer passes one packet from the client on, if to is a peer that may be
// reached. A permission is for an IP address, so here the port is checked too.
func (r *relay) toPeer(p []byte, to netip.AddrPort) {
	count := &r.srv.count
	switch {
	case r.srv.sfu.Owns(to):
		if !r.srv.sfu.Inject(p, r.relayed, to) {
			count.drop(dropSFURefused)
			return
		}
		count.toSFU.add(len(p))
	case to.Addr().Is4() == r.relayed.Addr().Is4() && r.srv.limits.Load().allowed.has(to.Addr()):
		if err := r.toOutside(p, to); err != nil {
			count.drop(dropPeerWrite)
			return
		}
		count.toPeers.add(len(p))
	default:
		count.drop(dropPeerDenied)
	}
}

// Close implements net.PacketConn, for pion. Closing again does nothing.
func (r *relay) Close() error {
	r.end(true)
	return nil
}

// end ends the allocation's hold on everything: its place at the SFU, its port,
// its user's quota and its 5-tuple. If it is not pion that calls, pion takes its
// allocation apart when its reader finds the relay closed.
func (r *relay) end(byPion bool) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed, r.byPion = true, byPion
	for pkt := r.queue.pop(); pkt != nil; pkt = r.queue.pop() {
		packets.Put(pkt)
	}
	if r.expiry != nil {
		r.expiry.Stop()
	}
	outside := r.outside
	r.mu.Unlock()

	close(r.done)
	r.readBy.set(time.Time{})
	if outside != nil {
		outside.Close()
	}
	r.sock.forget(r)
	r.srv.sfu.Detach(r.relayed)
	r.srv.release(r)
}

// LocalAddr implements net.PacketConn; it is the relayed transport address.
func (r *relay) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(r.relayed) }

// SetDeadline implements net.PacketConn.
func (r *relay) SetDeadline(t time.Time) error {
	if err := r.SetReadDeadline(t); err != nil {
		return err
	}
	return r.SetWriteDeadline(t)
}

// SetReadDeadline implements net.PacketConn.
func (r *relay) SetReadDeadline(t time.Time) error {
	if isClosed(r.done) {
		return net.ErrClosed
	}
	r.readBy.set(t)
	return nil
}

// SetWriteDeadline implements net.PacketConn. WriteTo never waits, so it only
// makes a difference once the deadline has passed.
func (r *relay) SetWriteDeadline(t time.Time) error {
	if isClosed(r.done) {
		return net.ErrClosed
	}
	var by int64
	if !t.IsZero() {
		by = t.UnixNano()
	}
	r.writeBy.Store(by)
	return nil
}
