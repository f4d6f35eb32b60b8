// Package srtp encrypts and authenticates media: SRTP and SRTCP (RFC 3711)
// with AES-GCM (RFC 7714) or AES-CM and HMAC-SHA1, keyed by DTLS (RFC 5764).
//
// # A packet
//
// The RTP header stays readable and is authenticated, the payload is encrypted,
// and a tag follows it:
//
//	| RTP header, CSRCs, extension | encrypted payload …   | tag      |
//	|<------------------- authenticated ------------------>|
//
// RTCP keeps its first eight bytes readable. A word follows that holds the E
// bit ("encrypted") and the packet's number, which RTP does not need because
// it has a sequence number:
//
//	AES-GCM | header, SSRC | encrypted rest … | tag | E, index |
//	AES-CM  | header, SSRC | encrypted rest … | E, index | tag |
//
// # Which packet it is
//
// No two packets may be encrypted with the same nonce. The nonce is made of
// the session salt, the SSRC and the packet's index: for RTCP the number in
// the packet, for RTP 48 bits, of which the packet carries the lower 16 as its
// sequence number. The upper 32, the rollover counter (ROC), both sides count
// for themselves: a sequence number is taken for the one nearest to the highest
// so far (RFC 3711 section 3.3.1, see estimate). A receiver begins with ROC 0,
// so a sender should begin with a sequence number in the lower half.
//
// # The two directions
//
// DTLS gives a secret from which Split takes a master key and salt for each
// direction. From these, session keys are derived for RTP and for RTCP
// (RFC 3711 section 4.3). What one peer sends goes through one Opener, what we
// send to it through one Sealer, with a Stream for each SSRC.
//
//	peer ── Opener.RTP, Opener.RTCP ──▶ forward ──▶ Stream.Seal, Sealer.RTCP ── peer
//
// An Opener refuses what it has opened before (a replay) and what was not
// sealed with the peer's key. A packet changes its state only after it proved
// authentic: forged packets cost time and never memory. The number of SSRCs is
// bounded, so an authentic peer can not take memory without end either.
//
// Opening and sealing allocate nothing, take no lock and, once a Stream is
// there, look nothing up to seal. Not supported: MKI, because DTLS gives one
// key a connection; encrypted header extensions (RFC 6904, RFC 9335); and a
// change of keys, for which a peer connects anew.
package srtp
