package proto

// What follows goes between the relay and those who remember, and never over
// the wire. Times are UTC ms.

// ChatHello is a device that shows its secret.
type ChatHello struct {
	DeviceID   string
	UserID     string
	SecretHash string // hex SHA-256
	LoginHash  string // of the login that it comes with; empty leaves what is known
	At         int64
}

// ChatLeaf is a device in the MLS group of a conversation.
type ChatLeaf struct {
	ChatReceiver      // UserID is empty where the device is gone
	In           bool // or out: it gets nothing any more
}

// ChatRoster is what is asked of a conversation before a message is taken.
type ChatRoster struct {
	Generation, Epoch int64
	Drops             int64    // how often its queues were emptied because of who is in it
	People            []string // who are in
	Leaves            []ChatLeaf
}

// ChatLoad is a message to be taken: what the sender sent, and what was true of
// its conversation when it was checked. It is taken only while that is so.
type ChatLoad struct {
	Send              ChatSend // without its body
	UserID, DeviceID  string   // of the sender
	Generation, Epoch int64
	Drops             int64
	At, ExpiresAt     int64
	Size              int64 // of the body
	// A queue that would hold more than this takes nothing.
	QueueMessages, QueueBytes int64
}

// ChatTaken answers it.
type ChatTaken struct {
	Sent  ChatSent
	Stale bool        // nothing was taken: what was checked is no longer so
	Again bool        // it had been taken before
	To    []ChatPlace // in whose queues it is
}

// ChatPlace is a place in a device's queue.
type ChatPlace struct {
	ChatReceiver
	Pos int64
}

// ChatQueued is one row of a queue: a delivery whose body is sealed.
type ChatQueued struct {
	ChatDelivery
	Size     int64  // of the body before it was sealed
	Franking []byte // the commitment, then the tag
	Detail   string // JSON: a ChatChange with a commit or a welcome, a ChatNotice with a notice
}

// ChatAcked answers an acknowledgement.
type ChatAcked struct {
	Known bool  // there is such a device
	Next  int64 // the position that the next delivery gets: what is to be acknowledged is below
	Count int64 // how many were deleted from its queue
	Marks []ChatMark
}

// ChatMark is that a person has all of a conversation up to Seq, and whose
// messages are among what is new.
type ChatMark struct {
	ConversationID string
	Seq            int64
	Senders        []string // user ids, without the person
}

// ChatExpired is what one batch of expiry did.
type ChatExpired struct {
	Found int                    // how many were due; fewer than asked for: these were all
	Gone  map[DeliveryKind]int64 // messages deleted
	Lost  int64                  // pairs of a message and a person whom it did not reach
	Told  []ChatReceiver         // whose queues hold a notice of it
}
