package turn

import (
	"errors"
	"net"
	"net/netip"

	"github.com/pion/stun/v3"
	pion "github.com/pion/turn/v4"
)

// authenticate is pion's AuthHandler: it gives the key under which the request's
// message integrity must be right, or refuses. An expired credential makes no
// allocation, but keeps one alive that it made in time, so that a call may last
// longer than the credential it began with.
func (s *socket) authenticate(username, realm string, _ net.Addr) (key []byte, ok bool) {
	q, count := &s.req, &s.srv.count
	id, err := s.srv.credentials.identify(username)
	if err != nil || realm != s.srv.cfg.Realm {
		count.authFailed(authMalformed)
		q.refuse = stun.CodeUnauthorized
		return nil, false
	}
	allocate := q.msg.Type.Method == stun.MethodAllocate
	switch {
	case q.relay != nil && q.relay.ending, q.relay == nil && !allocate:
		count.refused(refusedNoAllocation)
		q.refuse = stun.CodeAllocMismatch
		return nil, false
	case q.relay != nil && q.relay.username != username:
		// pion finds the allocation by 5-tuple and would not ask whose it is.
		// Another's Allocate gets 437, which tells an honest client that was
		// given someone's old NAT port to try from another.
		count.authFailed(authWrongUser)
		q.refuse = stun.CodeWrongCredentials
		if allocate {
			q.refuse = stun.CodeAllocMismatch
		}
		return nil, false
	case allocate && s.srv.credentials.expired(id.expires):
		count.authFailed(authExpired)
		q.refuse = stun.CodeUnauthorized
		return nil, false
	}
	q.key = pion.GenerateAuthKey(username, realm, id.password)
	return q.key, true
}

// permit is pion's PermissionHandler, asked for each peer of a CreatePermission
// or ChannelBind request. It is told the IP address alone; the ports stand in
// the request.
func (s *socket) permit(_ net.Addr, peerIP net.IP) bool {
	q, count := &s.req, &s.srv.count
	ip, _ := netip.AddrFromSlice(peerIP)
	ip = ip.Unmap()
	r := q.relay
	if r == nil || ip.Is4() != r.relayed.Addr().Is4() {
		count.refused(refusedFamily)
		q.refuse = stun.CodePeerAddrFamilyMismatch
		return false
	}
	if !s.reachable(ip) || !r.roomFor(ip) {
		count.refused(refusedPeer)
		q.refuse = stun.CodeForbidden
		return false
	}
	return true
}

// reachable reports whether ip, a peer of the request, is the SFU's or allowed.
func (s *socket) reachable(ip netip.Addr) bool {
	if s.srv.limits.Load().allowed.has(ip) {
		return true
	}
	for _, peer := range s.req.peers {
		if peer.Addr() == ip && s.srv.sfu.Owns(peer) {
			return true
		}
	}
	// A channel is bound to an address and port, a permission to the address
	// alone: the port in the request may be anything (RFC 8656 section 9.1).
	return s.req.msg.Type.Method == stun.MethodCreatePermission &&
		s.srv.sfu.Owns(netip.AddrPortFrom(ip, 0))
}

// roomFor reports whether the allocation may have a permission for ip.
func (r *relay) roomFor(ip netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peers[ip] || len(r.peers) < maxPeers
}

// permitted follows the permissions that pion keeps.
func (r *relay) permitted(peer net.IP, is bool) {
	ip, ok := netip.AddrFromSlice(peer)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if is {
		r.peers[ip.Unmap()] = true
		return
	}
	delete(r.peers, ip.Unmap())
}

// Errors that pion turns into error responses, which socket.answer then
// corrects; no one reads their text.
var (
	errRefused = errors.New("turn: allocation refused")
	errTCP     = errors.New("turn: no TCP relays")
)

// generator is the pion.RelayAddressGenerator of a socket.
type generator struct{ s *socket }

// Validate implements pion.RelayAddressGenerator.
func (generator) Validate() error { return nil }

// AllocateConn implements pion.RelayAddressGenerator; pion v4 never calls it.
func (generator) AllocateConn(string, int) (net.Conn, net.Addr, error) { return nil, nil, errTCP }

// AllocatePacketConn implements pion.RelayAddressGenerator: it makes the relay
// for the request in hand. pion asks for "udp4" whatever the client asked for,
// so the family is read from the request (RFC 8656 section 7.2). IPv4 is the
// default, and when the server has no IPv4 address, a client that asked for
// nothing gets IPv6 rather than nothing.
func (g generator) AllocatePacketConn(_ string, requestedPort int) (net.PacketConn, net.Addr, error) {
	s := g.s
	q, srv := &s.req, s.srv
	if requestedPort != 0 || q.msg.Contains(stun.AttrEvenPort) || q.msg.Contains(stun.AttrReservationToken) {
		srv.count.refused(refusedKind) // 508, as pion answers anyway (RFC 8656 section 7.2)
		return nil, nil, errRefused
	}
	const udp = 17
	if q.first(stun.AttrRequestedTransport) != udp {
		srv.count.refused(refusedKind)
		q.refuse = stun.CodeUnsupportedTransProto
		return nil, nil, errRefused
	}
	ip, ok := srv.relayIP(q)
	if !ok {
		srv.count.refused(refusedFamily)
		q.refuse = stun.CodeAddrFamilyNotSupported
		return nil, nil, errRefused
	}
	r, err := srv.allocate(s, ip)
	if err != nil {
		return nil, nil, err
	}
	q.relay, q.created = r, true
	return r, r.LocalAddr(), nil
}

// relayIP gives the relayed address of the family that q asks for.
func (srv *Server) relayIP(q *request) (netip.Addr, bool) {
	asked := q.msg.Contains(stun.AttrRequestedAddressFamily)
	ips := map[byte]netip.Addr{1: srv.hosts.v4, 2: srv.hosts.v6}
	ip := ips[q.first(stun.AttrRequestedAddressFamily)]
	if !asked {
		ip = srv.hosts.v4
		if !ip.IsValid() {
			ip = srv.hosts.v6
		}
	}
	return ip, ip.IsValid()
}

// events are pion's hooks. The peer's and client's addresses in them are not
// for the log.
func (s *socket) events() pion.EventHandler {
	// pion may still be taking an expired allocation apart when the same client
	// has a new one, so the relayed address must fit as well.
	of := func(client, relayed net.Addr, then func(*relay)) {
		if r := s.relayOf(addrPortOf(client)); r != nil && r.relayed == addrPortOf(relayed) {
			then(r)
		}
	}
	return pion.EventHandler{
		OnAuth: func(_, _ net.Addr, _, _, _ string, _ string, verdict bool) {
			s.req.proven = verdict
			if !verdict {
				s.srv.count.authFailed(authForged)
				s.req.refuse = stun.CodeUnauthorized
			}
		},
		OnPermissionCreated: func(client, _ net.Addr, _, _, _ string, relayed net.Addr, peer net.IP) {
			of(client, relayed, func(r *relay) { r.permitted(peer, true) })
		},
		OnPermissionDeleted: func(client, _ net.Addr, _, _, _ string, relayed net.Addr, peer net.IP) {
			of(client, relayed, func(r *relay) { r.permitted(peer, false) })
		},
		OnChannelCreated: func(client, _ net.Addr, _, _, _ string, relayed, peer net.Addr, number uint16) {
			of(client, relayed, func(r *relay) { r.bindChannel(number, addrPortOf(peer)) })
		},
		OnChannelDeleted: func(client, _ net.Addr, _, _, _ string, relayed, peer net.Addr, number uint16) {
			of(client, relayed, func(r *relay) { r.unbindChannel(number, addrPortOf(peer)) })
		},
		OnAllocationError: func(net.Addr, net.Addr, string, string) {
			// A Send indication that pion would not pass on: there was no permission.
			if s.req.msg.Type.Class == stun.ClassIndication {
				s.srv.count.drop(dropNoPath)
			}
		},
	}
}
