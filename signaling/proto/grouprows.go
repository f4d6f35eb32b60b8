package proto

// What follows goes between those who decide about devices and conversations
// and those who remember, and never over the wire. Times are UTC ms.

// ChatDeviceRow is a device as it is kept.
type ChatDeviceRow struct {
	ID, PersonID  string
	Name          string
	SecretHash    string // hex SHA-256
	LoginHash     string // hex SHA-256 of the login that it came with
	SignatureKey  []byte
	CreatedAt     int64
	SeenAt        int64
	Conversations []string // in which it is a leaf; where it is asked for
}

// KeyPackageRow is a key package of a device. ID is its hex SHA-256.
type KeyPackageRow struct {
	ID      string
	Package []byte
}

// KeyPackageStock is what is added to a device's key packages of one suite.
type KeyPackageStock struct {
	DeviceID   string
	Suite      int64
	Packages   []KeyPackageRow
	LastResort *KeyPackageRow // replaces the one before
	Keep       int64          // so many at most, the newest; older ones go
	At         int64
}

// ConversationRow is a conversation as it is kept, with all who were ever in it
// and all devices that are leaves of its MLS group.
type ConversationRow struct {
	ID                string
	Kind              ConversationKind
	Suite             int64
	Generation, Epoch int64
	Seq               int64
	GroupInfo         []byte // sealed
	Committer         string // the device of the last commit
	CommittedID       string // by which name it knows the commit
	CommittedSeq      int64  // the commit's place in the conversation
	CreatedBy         string
	CreatedAt, LastAt int64
	Shut              ConversationShut // as its members were last told
	Drops             int64            // how often its queues were emptied because of who is in it
	Members           []MemberRow      // in the order in which they came
	Leaves            []LeafRow        // in the order of their device ids
}

// MemberRow is a person in a conversation, or one who was. To write one, the id
// of the person is enough.
type MemberRow struct {
	Person    Person
	In        bool
	Since     int64
	Delivered int64 // one of the person's devices has all up to here
}

// LeafRow is a device in the MLS group of a conversation. PersonID is empty where
// the device is gone.
type LeafRow struct {
	DeviceID, PersonID string
	In                 bool // or out: it gets nothing any more, and has to be removed
}

// ConversationChange is what becomes of a conversation. What is nil or empty
// stays as it is.
type ConversationChange struct {
	Epoch   *EpochChange
	In      []MemberRow // come in, or in again
	Out     []string    // people who leave
	Flag    []string    // device ids: leaves that are out from now on
	Shut    *ConversationShut
	Creator *string
	// Nothing waits any more for the devices Drop and all devices of the people
	// DropOf, and nothing for anybody of what the people Unsend have sent. Void
	// counts Drops on even where nothing is dropped.
	Drop, DropOf []string
	Unsend       []string
	Void         bool
	// At is when; notices about what is dropped wait until ExpiresAt.
	At, ExpiresAt int64
}

// EpochChange is a commit that has won: it ends one epoch.
type EpochChange struct {
	Generation, Epoch int64 // from here on
	ID                string
	DeviceID          string // who committed it
	UserID            string
	SealInfo          func() ([]byte, error) // the new GroupInfo
	// Leaves are all devices in the MLS group from here on, flagged ones too.
	Leaves []LeafRow
	Send   []ConversationSend
}

// ConversationSend is something for the queues of devices, at the next place of
// the conversation.
type ConversationSend struct {
	Kind              DeliveryKind
	Generation, Epoch int64
	Size              int64                           // of the body
	Seal              func(seq int64) ([]byte, error) // the body, for that place
	Detail            string                          // JSON: a ChatChange
	To                []string                        // device ids
}

// ConversationChanged answers it.
type ConversationChanged struct {
	Seq  int64          // of the first thing that was sent
	Told []ChatReceiver // in whose queues there is something new
}
