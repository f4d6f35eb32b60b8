// Package link is one peer's way to the server: ICE, DTLS and SRTP, on sockets
// that all peers share.
//
// A Transport owns the sockets: for each local address one UDP socket for each
// loop, all on the same port, and listeners for ICE over TCP (RFC 6544). A Link
// is one peer on them. The client offers, the Link answers; the server is an
// ICE-lite agent (RFC 8445 section 2.5) and takes the DTLS server role, so that
// its order of SRTP protection profiles counts.
//
// # The way of a packet
//
// Packets come in through a door: a UDP socket, a TCP connection, or our own
// TURN server's relay, which is no more than a function call. Whoever reads the
// door makes a pass: it takes what is there, packet by packet, and sends what
// came of it when it is done. In between there is one call stack:
//
//	loop.run → Transport.take → Link.media → Receiver … Slot.WriteRTP → Batch
//
// take tells STUN, DTLS, RTP and RTCP apart by the first byte (RFC 7983) and
// finds the peer by the address that a connectivity check has proved to be the
// peer's. RTP and RTCP are opened in place and handed to the Receiver that the
// owner of the Link named for the m-section. What the Receiver sends goes
// through a Slot, which seals it straight into the pass's batch. All else is
// put before the peer's own goroutines and costs the loop one copy.
//
// # Goroutines
//
//   - A loop for each UDP socket: reads it, forwards, sends.
//   - A reader and a writer for each TCP connection.
//   - Whoever calls Tick takes in feedback that can wait, and notices silence.
//   - For each Link, while there is something to do: one that answers
//     connectivity checks and tells the owner of changes; and those of its DTLS
//     connection, which sleep once the keys are there. One of them hears out
//     what comes over DTLS itself.
//   - For each Link whose peer speaks SCTP: one that takes its data channels,
//     those of pion/sctp, and one for each channel, which reads it and hands what
//     it reads to the owner. They end with the association, the association with
//     the link or before it.
//
// # Locks
//
// Link.in is held while a packet of this peer is opened and forwarded: a peer
// has one path, hence one loop, and nobody waits for it, but for the moment in
// which a path changes. Link.mu guards what is not on the way of packets, and
// nothing is called under it that takes another peer's lock.
package link
