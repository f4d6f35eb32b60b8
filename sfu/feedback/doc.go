// Package feedback is the bookkeeping behind RTCP: what a receiver of RTP must
// tell its sender, and what a sender learns from it.
//
// A server between two people is both. Towards the one who speaks it is a
// receiver:
//
//   - Reception follows the sequence numbers of one stream and gives the
//     reception report block (RFC 3550, sections 6.4 and A.1 to A.8).
//   - Losses decides which lost packets to ask for again, and when (generic
//     NACK, RFC 4585, section 6.2.1).
//   - Arrivals notes when each packet of a connection came, and tells it by
//     transport-wide feedback, from which the sender estimates the bandwidth
//     (draft-holmer-rmcat-transport-wide-cc-extensions-01).
//   - Throttle holds back requests for key frames (PLI, RFC 4585, section
//     6.3.1), which cost the sender much.
//
// Towards the one who listens it is a sender:
//
//   - SendStats counts what was sent, writes the sender report, and reads from
//     the report blocks that come back the round-trip time and the loss.
//   - SplitNACK lists the sequence numbers of a NACK.
//
// # Goroutines and time
//
// The package starts no goroutine and reads no clock; whoever calls says what
// time it is. The methods on the path of a packet (Receive, Record, Sent) are
// for one goroutine at a time, do not allocate, and hold a lock only for a few
// dozen instructions; all the others may be called by any goroutine.
package feedback
