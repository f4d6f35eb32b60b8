// Package audit keeps the log of decisions: every consent, approval, block,
// suspension and look-up by an operator, as a line that cannot be changed
// without it showing.
//
// # The chain
//
// Each entry holds a SHA-256 over the hash of the entry before and its own
// fields ([Hash]). Who changes, drops, moves or slips in an entry breaks the
// chain at that place, and [Verify] says where:
//
//	entry 1 ── hash ──▶ entry 2 ── hash ──▶ entry 3 … ── hash ──▶ head
//
// The head is a row of its own that holds the number and the hash of the
// newest entry. Whoever appends takes it first, which lines up writers; and
// it shows when entries at the end are missing.
//
// # What a chain cannot show by itself
//
// Somebody who can write every table can cut the end off and set the head
// back, or change an entry and compute every hash after it anew: the result
// is a sound chain, and another one. Against that helps only what such a
// person cannot reach. So an operator writes the last hash down from time to
// time, where the database's owner cannot change it (`kinwire audit verify`
// prints it), and gives it to a later check, which then looks for it in the
// chain.
//
// # What stands in it
//
// Ids, and the names of actions and choices. No name of a person, nothing
// that anybody wrote, no address: the log outlives accounts, so that it must
// not hold what has to be deleted with them. The one text in it is the reason
// that an operator gives for looking up whose a pseudonym is; they are told to
// write no names there.
package audit
