package proto

// ConversationKind says how many a conversation is for.
type ConversationKind string

// The kinds.
const (
	ConversationDirect ConversationKind = "direct" // of two, who have only one with each other
	ConversationGroup  ConversationKind = "group"
)

// DeliveryKind says what is delivered.
type DeliveryKind string

// The kinds.
const (
	DeliveryMessage DeliveryKind = "message" // an application message of MLS
	DeliveryCommit  DeliveryKind = "commit"  // the commit that ended an epoch; the device that made it gets it, too
	DeliveryWelcome DeliveryKind = "welcome" // the Welcome of a commit, for the devices that it added
	DeliveryNotice  DeliveryKind = "notice"  // the server's own word: messages that did not arrive
)

// Undelivered says why a message did not arrive.
type Undelivered string

// The reasons.
const (
	UndeliveredExpired Undelivered = "expired" // nobody fetched it in time
	UndeliveredStopped Undelivered = "stopped" // the two may not write to each other any more
)

// ChatAttach says which device speaks on this session from now on. Until then
// a session takes part in no conversation. A device is on one session at a
// time: the newest.
type ChatAttach struct {
	DeviceID string `json:"device_id" validate:"required,max=64"`
	Secret   string `json:"secret" validate:"required,max=128"` // from POST /v1/chat/devices
}

// ChatAttached answers ChatAttach. What waits is delivered by itself.
type ChatAttached struct {
	Waiting int64 `json:"waiting"` // how much is in this device's queue
	LastN   int64 `json:"last_n"`  // the highest n that this device has sent; it goes on with the next
}

// ChatSend sends one application message to all other devices in a
// conversation. N numbers what a device sends, from 1, without gaps of its own
// making: a second send with the same n is the same message and gets the same
// reply. All up to Settled are known to have been taken and are never sent
// again, so that the server may forget them.
type ChatSend struct {
	ConversationID string `json:"conversation_id" validate:"required,max=64"`
	N              int64  `json:"n" validate:"required,min=1,max=9007199254740991"`
	Settled        int64  `json:"settled" validate:"min=0,max=9007199254740991"`
	// Body is an MLSMessage (RFC 9420, section 6) with a PrivateMessage of the
	// conversation's current epoch.
	Body []byte `json:"body" validate:"required,min=1,max=65536"`
	// Commitment is HMAC-SHA-256 of the content under a key that only the
	// content's readers have: see POST /v1/reports.
	Commitment  []byte   `json:"commitment" validate:"required,len=32"`
	Attachments []string `json:"attachments,omitempty" validate:"max=10,unique,dive,required,max=64"` // ids
	// ExpireS is for how many seconds it waits for those who are away at most,
	// where that is less than what the server allows.
	ExpireS int64 `json:"expire_s,omitempty" validate:"min=0,max=31536000"`
}

// ChatSent answers ChatSend.
type ChatSent struct {
	N   int64  `json:"n"`
	Seq int64  `json:"seq"` // its place in the conversation
	At  int64  `json:"at"`
	Tag []byte `json:"tag"` // the server's tag over the commitment, sender, conversation, seq and time
}

// ChatAck says that everything up to Pos has arrived and is kept by the device:
// the server forgets it.
type ChatAck struct {
	Pos int64 `json:"pos" validate:"required,min=1,max=9007199254740991"`
}

// ChatSignal sends something that is true for a moment only (typing, opened,
// here) to the other devices in a conversation that are connected now. It is
// encrypted by the devices, never stored, and may get lost.
type ChatSignal struct {
	ConversationID string `json:"conversation_id" validate:"required,max=64"`
	Body           []byte `json:"body" validate:"required,min=1,max=1024"`
}

// ChatDelivery is one thing out of a device's queue. Deliveries come in order of
// Pos, each until it is acknowledged: after a reconnect some come again.
type ChatDelivery struct {
	Pos            int64        `json:"pos"`
	ConversationID string       `json:"conversation_id"`
	Seq            int64        `json:"seq"` // its place in the conversation
	Kind           DeliveryKind `json:"kind"`
	Generation     int64        `json:"generation"`           // which MLS group of the conversation, from 1
	Epoch          int64        `json:"epoch"`                // in which the body was made
	SenderID       string       `json:"sender_id,omitempty"`  // user id; none of a notice
	DeviceID       string       `json:"device_id,omitempty"`  // of the sender
	At             int64        `json:"at"`                   // when the server took it
	Body           []byte       `json:"body,omitempty"`       // an MLSMessage; none of a notice
	Commitment     []byte       `json:"commitment,omitempty"` // with a message
	Tag            []byte       `json:"tag,omitempty"`        // with a message
	Commit         *ChatChange  `json:"commit,omitempty"`     // with a commit or a welcome
	Notice         *ChatNotice  `json:"notice,omitempty"`     // with a notice
}

// ChatChange is what a commit says to change. A device refuses a commit that
// does something else.
type ChatChange struct {
	ID       string   `json:"id"`                // the committer's name for it
	Adds     []string `json:"adds,omitempty"`    // device ids
	Removes  []string `json:"removes,omitempty"` // device ids
	External bool     `json:"external,omitempty"`
}

// ChatNotice says that messages of this person's did not reach somebody.
type ChatNotice struct {
	Reason Undelivered `json:"reason"`
	UserID string      `json:"user_id"` // who did not get them
	Seqs   []int64     `json:"seqs"`
}

// ChatSignalled is a signal as it arrives.
type ChatSignalled struct {
	ConversationID string `json:"conversation_id"`
	SenderID       string `json:"sender_id"` // user id
	DeviceID       string `json:"device_id"`
	Body           []byte `json:"body"`
}

// ChatDelivered says that one of a person's devices has everything of a
// conversation up to Seq.
type ChatDelivered struct {
	ConversationID string `json:"conversation_id"`
	UserID         string `json:"user_id"`
	Seq            int64  `json:"seq"`
}

// ChatChanged says that a conversation's members, devices or state have changed,
// or that one is new: ask for it again.
type ChatChanged struct {
	ConversationID string `json:"conversation_id"`
}
