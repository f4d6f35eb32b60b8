package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// toOutside sends a packet to an allowed peer through a real socket, opened when
// first needed. Its port is one of the kernel's ephemeral ones, so the peer sees
// another address than the relayed one the client was told: allowed peers can
// answer, they cannot begin.
func (r *relay) toOutside(p []byte, to netip.AddrPort) error {
	conn, err := r.outsideConn()
	if err != nil {
		return err
	}
	_, err = conn.WriteToUDPAddrPort(p, to)
	return err
}

func (r *relay) outsideConn() (*net.UDPConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, net.ErrClosed
	}
	if r.outside != nil {
		return r.outside, nil
	}
	network := "udp4"
	if r.relayed.Addr().Is6() {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return nil, fmt.Errorf("opening a socket for allowed peers: %w", err)
	}
	if !r.srv.begin() {
		conn.Close()
		return nil, net.ErrClosed
	}
	r.outside = conn
	go r.readOutside(conn)
	return conn, nil
}

// readOutside queues what comes from allowed peers. What claims to come from the
// SFU is forged: its packets do not come this way.
func (r *relay) readOutside(conn *net.UDPConn) {
	defer r.srv.running.Done()
	buf := make([]byte, maxPayload+1)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			r.srv.count.drop(dropPeerSource) // an ICMP error, say; the socket lives on
			continue
		}
		from = unmapped(from)
		if !r.srv.limits.Load().allowed.has(from.Addr()) || r.srv.sfu.Owns(from) {
			r.srv.count.drop(dropPeerSource)
			continue
		}
		r.deliver(buf[:n], from)
	}
}
