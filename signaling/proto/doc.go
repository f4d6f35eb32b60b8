// Package proto is the vocabulary of Kinwire: every message that a client and
// the server exchange, on the WebSocket and in bodies of the HTTP API, is a type
// in this package and nowhere else. The JSON Schema of the WebSocket
// (docs/protocol.schema.json) and the TypeScript types
// (web/sdk/src/proto_gen.ts) are generated from it; the OpenAPI document of the
// HTTP API is made from it when a server starts. The tables are [Requests] and
// [Events] for the one, [Endpoints] for the other.
//
// # Envelope
//
// A client sends requests:
//
//	{"id": 7, "type": "call.invite", "data": {…}}
//
// ids are whole numbers that grow strictly within a session. A request
// without an id (ack, ping, stats.report) gets no reply. The server answers
// each request that has an id with exactly one reply:
//
//	{"seq": 12, "re": 7, "data": {…}}
//	{"seq": 12, "re": 7, "error": {"code": "busy", "message": "…"}}
//
// and sends events of its own accord:
//
//	{"seq": 13, "type": "call.incoming", "data": {…}}
//
// # Resume
//
// seq counts replies and events of one session from 1 without a gap. The
// server keeps each of them until the client acknowledges it (ack, or
// last_seq in hello). After a dropped socket the client says hello with its
// resume token and the last seq it has seen; the server sends what followed.
// The client then repeats every request that still has no reply, with its old
// id: the server carries out an id once, so nothing is lost and nothing is
// done twice. A pong has no seq and is not kept.
//
// A resumed session goes on in this order: first what followed last_seq, with
// the seqs it already had, then the reply to hello under the next seq. So when
// the Welcome is there, every request still without a reply is one to repeat.
// The id of a hello stands outside the growing order: it only ties the reply
// to it. Should a Welcome be lost with its socket, the resume token before it
// is still good; it is spent when the client acknowledges a later Welcome.
//
// # Refusals
//
// What cannot be tied to a request, such as a message that is not JSON, is
// answered with an error that has neither seq nor re and is not kept:
//
//	{"error": {"code": "bad_message", "message": "…"}}
//
// A hello that fails gets its error with re and without seq, for there is no
// session yet that could count; the socket stays open for another hello.
// Fields that the server does not know are refused; one that is missing or
// null counts as zero unless it is required.
//
// # Units
//
// Times are whole milliseconds since the Unix epoch, UTC, in fields that end
// in _at; durations are milliseconds in fields that end in _ms.
package proto
