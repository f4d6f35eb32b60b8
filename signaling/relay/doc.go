// Package relay passes on messages that it cannot read. A device sends one
// ciphertext; the relay puts it into the queue of every other device of the
// conversation, hands it to those that are connected, and forgets it when the
// last of them has said that it is kept there. What nobody fetches is deleted
// when its time is over.
//
// # Exactly once, in order
//
// Every device numbers what it sends (n, without gaps) and keeps it until the
// relay has answered. The number is remembered in the transaction that takes the
// message, so a repeat gets the first answer and is queued once. Towards the
// receiver each queue numbers what is in it (pos); a delivery comes until it is
// acknowledged, and the acknowledgement deletes row and body in one transaction.
// A device that notes the pos of what it has kept sees each message once. A
// conversation's row is held while a message is put into the queues, so that all
// queues have the messages of a conversation in the same order, that of seq.
//
// Nothing of this is in memory. A relay that is killed is followed by one that
// knows as much.
//
// # Who may
//
// A message is taken from a device that is in the MLS group of the conversation,
// in the group's current epoch, while policy lets every pair of the people in it
// write to each other. Policy is asked on every send, before the transaction;
// whoever empties a conversation's queues because policy has changed counts its
// drops, and a message that was checked before that is checked again. So a
// message is either refused or was in the queue before it was emptied.
//
// # Delivery
//
// A session says which device speaks on it (Attach). For each attached device
// there is a lane: how far it has been handed deliveries, and which of them are
// not acknowledged. A few workers serve all lanes in turn, each lane by one at a
// time. A lane waits in line when there may be something in its queue and its
// window is not full, so one that does not acknowledge costs nothing and holds
// back nobody. A new message goes straight to a lane that has been handed all
// before it; else it is read from the queue, as all is that waited. Look says
// that there is something new in a queue; it is a hint: what counts is in the
// store, from which an attached device is served from the beginning.
//
//	Send → store: one transaction → lane → line of lanes → worker:
//	    what is ready, or store: a batch of the queue → open the seal
//	    → session
//	Ack  → store: one transaction → the lane's window opens → line of lanes
//
// # Deletion
//
// The sweeper deletes what has expired in small batches and tells the senders by
// notices in their queues. Soon after anything was deleted the store is asked to
// scrub: to see to it that no page of a log holds it any more.
package relay
