// Package ice is the server's half of Interactive Connectivity Establishment
// for one peer: an ICE-lite agent (RFC 8445 section 2.5). It is told what came
// in, and from where, and says what to answer, which paths are the peer's and
// which of them to send on. It does no I/O, starts no goroutine and does not
// read the clock.
//
// # What a lite agent does
//
// A server with a public address needs no candidates but its own addresses and
// no checks of its own: the peer, a full agent behind whatever NAT, is the one
// that tries the ways. It is the controlling side; we are always the
// controlled one. All that comes to us are STUN binding requests, "connectivity
// checks". Each carries the USERNAME "ours:theirs" made of both sides' ufrags,
// and a MESSAGE-INTEGRITY keyed with our password, which the peer knows from
// our session description. A check that holds proves that who sent it took part
// in the signaling, and where its packets come from: (our address, its address)
// is then a valid path. The answer tells the peer the address that we saw.
// A check with USE-CANDIDATE says: this is the one, send here.
//
// # Which path is sent on
//
// The last one that was nominated, that is, whose check held USE-CANDIDATE.
// Chromium puts it into every check of the pair that it uses; pion and Firefox
// nominate once, and so cannot say that their NAT has given them another
// address since. So, after the first nomination, a path may also take over from
// a selected one that has fallen silent: see TakeoverMedia and TakeoverCheck.
// When the selected path is gone altogether, the next valid path to bring
// anything follows it.
//
// # Life
//
// An agent is New until the first check holds, then Connected; Disconnected
// after some silence, which any check or authenticated packet ends; and Failed
// after more, for good. Consent to send (RFC 7675) is a life of its own: it is
// given by checks only, so that nobody can be made to receive what they do not
// want. Without a check for Config.Consent the agent is Failed even while media
// comes in. Failed has no path, and its peer gets no answer: it is meant to
// notice and to restart.
//
// An ICE restart (RFC 8445 section 9) brings new credentials for both sides.
// Until the first check with the new ones holds, the old ones serve on and
// media stays on the old path. After it, media stays there until a path of the
// new ones is selected.
//
// # What it does not do
//
// We make no checks of our own: the peer's are taken for its consent. So a peer
// that took part in the signaling may write any sender's address on its checks
// and have its call sent there for as long as it keeps that up; and someone on
// the way who can read a check can send it again from elsewhere. Both are known
// limits of lite agents. What goes astray is encrypted, and ends with the
// peer's session.
//
// An Agent is not safe for concurrent use; the free functions are.
package ice
