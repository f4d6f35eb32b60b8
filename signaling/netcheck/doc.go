// Package netcheck lets a client try what its network lets through to this
// server, before anybody calls: "why is my picture black?".
//
// A check is begun by anybody, without a login, since whoever needs it often
// cannot log in. It gives an id that cannot be guessed, TURN credentials that
// end soon, and where STUN is answered. With the id the client offers
// connections, one for each way that it wants to try (direct over UDP, over
// TCP, by TURN over each of its transports): each is a peer of its own in a
// room of its own of the media plane, with a data channel at most and no
// media. Nobody else is ever in such a room, so nothing can be carried from
// one person to another by it. The client keeps of the answer's candidates
// those of the one way, sees whether it connects, and says what came out only
// to its user; the server keeps nothing.
//
// What it costs is bounded: so many checks at once of all people, so many
// connections in one, each for half a minute at most, the whole check for a
// minute. How often a network may begin one is limited by the server that
// shows the pages. An offer that brings media is refused.
package netcheck
