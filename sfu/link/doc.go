// Package link is one peer's way to the server: ICE, DTLS and SRTP, on sockets
// that all peers share.
//
// A Transport owns the sockets: one UDP socket for each local address, all on
// the same port, and one listener for ICE over TCP (RFC 6544). A Link is one
// peer on them. The client offers, the Link answers; the server is an ICE-lite
// agent (RFC 8445 section 2.5) and takes the DTLS server role, so that its
// order of SRTP protection profiles counts.
//
// Received packets go to the Receiver that the owner of the Link names for an
// m-section, on the goroutine that decrypted them. Packets to send go through
// a Slot. The rest of the SFU sees only these types: this is the only room of
// the server that knows pion/webrtc.
//
// Goroutines of a Link: those of pion's PeerConnection, two of which matter
// here: the SRTP reader, which runs the whole of forwarding, and the SRTCP
// reader, which runs the answers to feedback. A third, the writer of queue.go,
// exists only while the peer is reached over TCP.
package link
