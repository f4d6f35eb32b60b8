// Package turn is Kinwire's STUN and TURN server: it lets a call through when
// a home router, a school network or a hotel lets no direct packet pass.
//
// # The way of a relayed packet
//
// A client that cannot reach the SFU's media port reaches this server instead,
// over UDP, TCP or TLS, and asks for an allocation (RFC 8656 section 7). It is
// told a relayed transport address: the address from which the SFU will see its
// packets come. With an ordinary TURN server that is a real UDP socket, and
// each packet crosses the kernel twice more on its way to the SFU, which most
// often runs on the same machine. Here the SFU is in the same process, so the
// relayed address is only a name, and the socket behind it only memory:
//
//		client ──UDP/TCP/TLS──▶ carrier ─▶ socket ─▶ relay.toPeer ─▶ MediaPort.Inject ─▶ SFU
//		client ◀─UDP/TCP/TLS─── carrier ◀─ relay.ReadFrom ◀─ ring ◀─ relay.deliver ◀──── SFU
//
//	  - A carrier moves whole TURN messages. The UDP one is a socket; the stream
//	    one cuts a TCP or TLS byte stream into messages (frame.go).
//	  - A socket is the net.PacketConn that github.com/pion/turn reads: one for
//	    each UDP port, one for each TCP or TLS connection, each with a pion
//	    server of its own. So every callback from pion comes on the goroutine
//	    that read the request, and the socket knows which request that was and on
//	    which listener it arrived; pion's callbacks alone would not say.
//	  - A relay is the net.PacketConn that stands behind one allocation. Toward
//	    the SFU it calls Inject, which copies the packet into the SFU's own
//	    queues. Toward the client it keeps a ring of the newest 256 packets, so
//	    that a client on a slow TCP connection loses the oldest packets and never
//	    holds up the goroutine that forwards for everyone else.
//
// pion/turn is the control plane: challenges, message integrity, permissions,
// channels and their lifetimes. Once a channel is bound (RFC 8656 section 12),
// which browsers do for every path that carries media, packets in both
// directions take a short cut past it, with the same checks and without a
// memory allocation. Send and Data indications go the long way, through pion.
//
// # Who may use it, and to reach whom
//
// Credentials are made for one user and one call and end by themselves (see
// Credentials). An allocation belongs to the user name that made it: pion finds
// allocations by 5-tuple only, so the socket refuses every later request on that
// 5-tuple that bears another name, with 441 (Wrong Credentials).
//
// The only peer anyone can reach is the SFU. It is checked when a permission or
// a channel is asked for and again on each packet, since a permission covers
// all ports of an address (RFC 8656 section 9) and the SFU owns only some.
// Config.AllowedPeers opens more; those peers are reached through real UDP
// sockets, which are opened when the first packet for them comes.
//
// # Where to start reading
//
// server.go starts and stops everything, socket.go and auth.go stand before
// pion, relay.go and channel.go carry packets, listen.go, stream.go and frame.go
// face the network. docs/decisions/0003-turn-in-memory-relay.md says why.
package turn
