// Package calls runs calls: it rings people, brings those who answer
// together, and ends the call when it is over.
//
// # Two halves
//
// The one half is pure. A call is a state machine (machine.go) that takes
// events and the time, changes itself, and leaves a list of effects: tell
// this session, drop that peer, write this into the record. Which event does
// what at which stage is a table (transitions.go). Nothing in that half reads
// a clock, takes a lock or calls anybody, so tests can walk through any
// history at any speed.
//
// The other half is the [Service]. It finds the call, applies the event under
// one lock, and hands the effects to goroutines that carry them out in order:
// one for all notices, so that what a session is told is never out of order
// even across two calls, and one per call for media and record. No lock is
// held while they run, so the media plane and the hub may call back at any
// time, even from inside the call they are answering.
//
// # A person in a call
//
//	            accept                  join again
//	invited ──────────────▶ active ◀─────────────────┐
//	   │                     │   │                   │
//	   │ decline, busy,      │   └───────────────▶ away
//	   │ rang out            │ hang up    leave,     │ hang up,
//	   ▼                     ▼            lost,      ▼ call ends
//	  gone ◀──────────────── gone         failed    gone
//
// An active person is bound to one session, the device on which they
// answered; joining from another device moves the call there. While invited or
// active in one call a person is busy for every other. Who is away may come
// back for as long as the call lasts and is free for other calls meanwhile.
//
// Media may also be brought by somebody without a session, such as a program
// that speaks WHIP: by a [Seat], a person's place in the call as one of their
// sessions holds it. What the session may the seat may, and no longer.
//
// What the others see of it (accepted, joined, reconnecting, left) is derived
// from the stage and from whether media and socket are up, never stored.
//
// # When a call ends
//
//   - Nobody accepted: cancelled by the caller; declined if anybody said no;
//     busy if everybody was; otherwise missed.
//   - Somebody hangs up and fewer than two would remain: hangup.
//   - Media could not be set up, and fewer than two remain: failed.
//   - One has been alone for a while, and it rings for nobody: alone.
//   - Nobody is left: the reason of the last to go.
//   - The server goes down: shutdown.
package calls
