// Package signaling is Kinwire's front door: the HTTP API, the WebSocket over
// which clients and server talk while a person is there, and the files of the
// web app.
//
// # What happens to a message
//
// Each WebSocket has a reader and a writer. The reader takes one frame after
// the other, holds it to the size and rate limits, parses it strictly
// (package proto) and hands a request to its session. The session is more
// than the socket: it outlives it by the resume window. It has one worker,
// which carries out requests one by one in the order of their ids, by a table
// from message type to handler (dispatch.go). What the handlers answer and
// what other parts of the server have to tell goes into the session's outbox,
// numbered by seq; the writer of whichever socket the session has now sends it
// on. So a slow client holds up its own writer and nobody else, and a socket
// that drops loses nothing: the outbox keeps every message until the client
// says that it arrived.
//
//	socket.read → session.accept → worker → handler → outbox → socket.write
//	                                 calls → hub.ToUser ↗
//
// # What happens to a request
//
// Everything that is not live is a page of the HTTP API. proto.Endpoints is the
// table of them, with who may open each; page.go binds each row to what carries
// it out, and refuses to start where one lacks. All of them go through one
// adapter: who asks (access.go), what the path, the query and the body hold
// (adapter.go, by the schema that is also in the OpenAPI document), what it
// costs the network that it comes from (guesses.go), and then the page itself
// (api_….go), which hands on to one of the modules. A test walks the router and
// tries the wrong people and the wrong bodies on whatever it finds there.
//
// Messages between devices take both ways: what is live goes by chat.* requests
// to package relay, which sends what waits for a device through the hub to the
// session that the device was attached to; devices, conversations and attachments
// are pages. The hub tells the relay when a session is gone for good, and has the
// devices of a login that has ended taken out of everything (chat.go). Bodies
// that are no JSON, and how long a large one may take, are in body.go.
//
// Pages for the staff take an operator's token in a role (operator.go). A few
// stand beside the table, because their answers are streamed or have no fixed
// form: the export of call records, the debug dump, profiles, metrics
// (api_network.go, server.go); they are guarded by the same roles, and the same
// test finds them on the router.
//
// Media may also come by plain HTTP, from programs that speak WHIP or WHEP
// (package whip): what they may is what the session may that gave them a token
// (seats.go).
//
// # Locks
//
// None is held while code of another package runs. From the outside in: the
// hub's, over who has which sessions; each session's, over its outbox and
// socket; and innermost, never together, those of a socket's farewell, of the
// tables of resume tokens and of tokens for media over HTTP, and of the lists of
// people whose presence changed and for whom there is news.
//
// # Who is told of what
//
// The hub implements what calls declares as its notifier. Presence is told by
// one goroutine (presence.go) that looks at the state when it gets to it, so
// that many changes in a row become one event. It asks package friends each
// time who knows whom and what each lets the other see: nothing of that is kept
// here, so that a friendship that has ended is not told of once more. That
// friends, or something in the family, have changed is told by another
// (news.go), which gathers for a moment first.
package signaling
