// Package groups decides who is in a conversation. With package relay, which
// carries the messages, it is the delivery service of RFC 9750 for MLS groups
// (RFC 9420): it keeps the directory of devices and their key packages, puts
// commits into one order, and hands out the GroupInfo by which a device comes
// in by itself.
//
// # Devices and key packages
//
// A device is one leaf in each MLS group that it is in: one browser profile or
// program. It leaves key packages here, each of which is given out once. When
// they are used up, and to whoever takes too many of one person's, the last
// resort is given out, which is not used up: nobody can drain a child's
// packages, and nobody is refused because somebody else has tried.
//
// # Conversations
//
// People are in a conversation, devices are leaves of its MLS group, and the
// server's own roster of both decides who gets what. The roster changes with
// commits only. A commit names the devices that it adds and removes. The server
// cannot read it, but it can read the GroupInfo that comes with it, and takes a
// commit only if the tree in there has exactly the devices, with the very keys,
// that the roster would have.
//
//	an ordinary commit    by a device that is in: adds and removes others
//	an external commit    by which a member's device comes in by itself: a new
//	                      one, or one that has lost its way (its old leaf goes)
//	a new generation      a new MLS group, for when nothing else helps
//
// Of those that end the same epoch the first wins, with its Welcome, and the
// others are told epoch_taken. It goes to all who are in, the committer
// included, at one place of the conversation. A device applies its own commit
// when it comes out of its own queue; so a reply that was lost changes nothing.
//
// # Who may be in
//
// Before somebody comes in, policy is asked about every pair of people who
// would be in it. Once in, they stay for as long as policy says so. When
// something between people changes, [Service.Recheck] looks at their
// conversations. One of two people is shut while they may not write to each
// other, what waits in it is deleted, and it goes on where it was if they may
// again. Out of a group those leave whom policy names (Part): nothing waits for
// them any more from that moment, nor anything that they have sent, and their
// leaves are flagged: the next commit has to remove them, and before it no
// message is taken. So nothing is ever encrypted to somebody who has left.
//
// Policy is asked outside of the transaction that changes the roster. What may
// change in between is caught twice: emptying queues counts the conversation's
// Drops on, on which the transaction insists; and who comes in new is looked at
// once more afterwards.
package groups
