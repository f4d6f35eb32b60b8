// Package client is Kinwire's SDK for Go programs: the synthetic callers of
// QA and the end-to-end tests speak to a server through it, and so can any
// other program that wants to take part in a call.
//
// # Signing in and the session
//
// [Login] turns a name and a password into a token. [Dial] opens a [Session]
// with it: one WebSocket that carries requests, their replies and events (see
// package signaling/proto). When the socket drops, the session dials again by
// itself, with a growing and randomised pause, says which message it saw last,
// and repeats every request that has had no reply, under its old id. Whoever
// waits in [Request] notices nothing but the delay. Replies and events that
// arrive a second time are dropped by their seq.
//
//	in, err := client.Login(ctx, "http://localhost:8080", "mia", "…")
//	s, err := client.Dial(ctx, client.Options{BaseURL: "http://localhost:8080", Token: in.Token})
//	defer s.Close()
//	ev := s.Events()
//	ring, err := client.Await[proto.CallIncoming](ctx, ev, nil)
//
// A call that rings is acknowledged by the session itself (call.ringing), so
// that the caller sees that it rings.
//
// # Messages
//
// A [ChatDevice], made by [Session.AttachDevice], sends and receives messages
// that are opaque to it: what is in them is for an implementation of MLS, or
// nothing ([Frame]). It numbers what it sends, repeats what may have got lost, and
// drops what comes twice, over drops of the socket, restarts of the server and,
// with a [ChatState] that was kept, restarts of its own program: each message is
// taken once, and each delivery given out once. Devices, conversations and
// attachments are made by [ChatAPI].
//
//	made, err := s.ChatAPI().NewDevice(ctx, "my program", key)
//	d, err := s.AttachDevice(ctx, client.ChatOptions{State: client.ChatState{DeviceID: made.ID, Secret: made.Secret}, Save: save})
//	sent, err := d.Send(ctx, client.ChatOut{ConversationID: id, Body: body, Commitment: commitment})
//	in, err := d.Next(ctx) // keep it together with in.Pos …
//	d.Done(in.Pos)         // … and then say so
//
// # Media
//
// A call's media is a [Call], made by [Session.Join]. The client is always the
// offerer and the DTLS client; the server answers with its own host candidates
// and may be an ICE-lite agent (RFC 8445 section 2.5). One offer holds the own
// [Source] tracks as sendonly m-sections and a number of receive slots as
// recvonly ones. The server maps participants onto slots and says so in a
// [proto.MediaSlots]; people come and go without a new offer, and only when
// the slots run out does the client offer again with more of them.
//
// Sources for tests, with real RTP in them, are in client/media.
package client
