// Package guardian keeps what a parent has decided for a child: whether new
// friends need the parent's yes, quiet hours, the daily allowance of time in
// calls, and whether there is video. And it counts the time that goes against
// that allowance.
//
// What the rules mean for a call is decided in policy, and what they mean for
// a friend request in friends; here they are checked, kept, audited, and those
// concerned are told that something has changed.
//
// # Counting time
//
// The allowance is about how long a child is in calls, in wall-clock time. In
// a call of four, the child is with three others at once, and each of those
// pairs is reported as a talk of its own, in any order and perhaps twice. So
// talks are merged before they are counted: the store keeps the spans of time
// that were counted already, and of a new talk only what none of them covers
// is added. An hour with three friends is one hour.
//
// What is added goes to the child's local days. A day begins at local
// midnight, and has 23 or 25 hours when clocks change; a talk over midnight is
// split between both days.
//
// Talks within the family do not count: a child who waits for a parent to
// pick up loses no time with friends. A call in which both a parent and a
// friend take part counts for as long as the friend is there.
//
// # How long it is kept
//
// Days and spans go after [Keep]. Only today decides anything; the rest lets a
// parent look back.
package guardian
