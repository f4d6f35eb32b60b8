// Package calls runs calls: it rings people, brings those who answer
// together, and ends the call when it is over.
//
// # Two halves
//
// The one half is pure. A call is a state machine (machine.go) that takes
// events and the time, changes itself, and leaves a list of effects: tell
// this session, drop that peer, write this into the record. Which event does
// what at which stage is a table (transitions.go). All calls of a node are a
// board (board.go), which knows what holds between them: a person is in one
// call, and rung by one. Nothing in that half reads a clock, takes a lock or
// calls anybody, so tests can walk through any history at any speed, and
// through all of them up to a depth.
//
// The other half is the [Service]. It finds the call, applies the event under
// one lock, and hands the effects to goroutines that carry them out in order:
// one for all notices, so that what a session is told is never out of order
// even across two calls, and two per call, for media and record and for what
// is kept. No lock is held while they run, so the media plane and the hub may
// call back at any time, even from inside the call they are answering.
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
// active in one call a person is busy for every other, unless they let a
// second call wait. Who is away may come back for as long as the call lasts
// and is free for other calls meanwhile. Whoever is active may ring more
// people, and again those who are away or gone; each has the whole ring time.
//
// Media may also be brought by somebody without a session, such as a program
// that speaks WHIP: by a [Seat], a person's place in the call as one of their
// sessions holds it. What the session may the seat may, and no longer.
//
// What the others see of a person (invited, ringing, accepted, joined,
// reconnecting, left) is derived from the stage, from the devices that have
// said that they ring, and from whether media and socket are up.
//
// # Whether they may
//
// Policy is asked at every invitation, answer, addition and join, about the
// person and those who are in the call. What it says is acted on only if
// nothing has changed since it was asked (permit.go). When something does
// change, [Service.Recheck] has every live call of those people looked at
// again, and the fewest are taken out such that everybody left may meet
// everybody (review.go). The terms that policy gives, no pictures or an end,
// hold for the call as long as somebody is in it for whose sake they are
// (terms.go); when a larger call's time is up, policy is asked about each pair
// to find out without whom the rest may go on.
//
// # When a call ends
//
//   - Nobody accepted: cancelled by the caller; declined if anybody said no;
//     busy if everybody was; otherwise missed.
//   - Somebody hangs up and fewer than two would remain: hangup.
//   - Media could not be set up, and fewer than two remain: failed.
//   - One has been alone for a while, and it rings for nobody: alone.
//   - Nobody is left: the reason of the last to go.
//   - Two of its people may not meet any more, or it cannot be found out for
//     five seconds whether they may: not_allowed.
//   - A parent's rule ends it: quiet_hours, allowance.
//   - The server goes down: shutdown.
//
// # What is kept
//
// When a person's part is over, a row of their history; and how long each two
// of them have talked, for those who count it.
package calls
