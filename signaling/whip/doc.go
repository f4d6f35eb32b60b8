// Package whip lets programs that know nothing of Kinwire's WebSocket send
// media into a call or receive it: by WHIP (RFC 9725) and WHEP
// (draft-ietf-wish-whep), which are one HTTP POST with an SDP offer each.
// Encoders, players and test tools speak them.
//
// # Who may
//
// A person who is in a call asks over the WebSocket for a token. It stands for
// that person's Seat, their place in that call, and lets nobody in who could
// not have joined themselves: it is dead as soon as the person leaves, the
// call ends or their session does. Only its hash is kept. It starts media for
// a short while after it was given, and then stays the key to the media that
// it started.
//
// What it brings takes the place of the person's own media, as a second device
// would. A person has one media connection in a call, so WHIP or WHEP, not
// both at once.
//
// # What happens to a request
//
//	POST   /v1/whip       offer in, answer out; makes a resource   (RFC 9725, section 4.2)
//	PATCH  /v1/whip/{id}  candidates of the client, or ICE restart (section 4.3)
//	DELETE /v1/whip/{id}  the person leaves the media              (section 4.2)
//
// and the same for /v1/whep. The offer is only scanned (offer.go): which
// m-sections there are and which way they go. Everything else about it is the
// media plane's business. A client's trickled candidates are taken and
// forgotten: the server is an ICE-lite agent that answers whoever checks with
// the right password, and needs no list of addresses (RFC 8445, section 2.5).
//
// # What is kept
//
// A table of tokens, each with at most one resource; a few tokens a session.
// There is no goroutine and no timer for any of them. Whether a token or a
// resource is still good is asked of its Seat or Media whenever it matters,
// and what is no good any more is swept out when others come in.
package whip
