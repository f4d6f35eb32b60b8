// Package sdp answers the offers of clients. It is the whole of the session
// description protocol (SDP, RFC 8866) that a media server needs whose clients
// always offer and which always answers (RFC 3264, RFC 8829): [ParseOffer]
// reads what a client can do and wants, [Offer.Answer] writes what the server
// makes of it. Between the two the caller decides; the package decides nothing
// of a call. It is pure: text in, text out, no socket, no clock, no chance.
//
// An offer is a list of m-sections, each named by its mid: one for every
// stream that the client would send, one for every stream that it is ready to
// take (a receive slot), and one for data channels. The answer has the same
// sections in the same order; those that the server does not want get port 0.
//
// # What is fixed
//
//   - One transport for all (BUNDLE, RFC 9143), with RTP and RTCP on the same
//     5-tuple (RFC 5761). An offer that wants more is refused: there is one port.
//   - The server is ICE-lite (RFC 8445 section 2.5): it waits for the client's
//     checks. Its candidates are complete in the answer (RFC 8839).
//   - The server is passive in DTLS (RFC 8842): the client sends the first
//     flight. An offer that says "passive" itself can never connect.
//   - A section goes one way: the server answers recvonly where it takes and
//     sendonly where it sends, also when the client would do both.
//
// # What is negotiated
//
// Payload types and header extension ids are those of the offer, always: that
// is what lets the server forward by rewriting few bytes. Of the formats
// offered it names those that it can forward (see [Codec]) with the parameters
// that identify them, their retransmission format (RFC 4588) and the feedback
// (RFC 4585) that both sides know. Simulcast is taken or declined as a whole or
// in part (RFC 8853, RFC 8851): a client whose answer has no a=simulcast sends
// one encoding.
//
// Everything that grows with the input is bounded, and nothing of the input is
// copied into an answer that did not pass a check of its grammar.
package sdp
