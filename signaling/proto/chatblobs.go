package proto

// AttachmentState says how far an attachment has come.
type AttachmentState string

// The states.
const (
	AttachmentOpen AttachmentState = "open" // chunks are missing
	AttachmentDone AttachmentState = "done" // all are there
	AttachmentSent AttachmentState = "sent" // a message has named it: the devices that get the message fetch it
)

// AttachmentRow is what the store knows of an attachment, as one person asks
// for it. It never goes over the wire.
type AttachmentRow struct {
	ID             string
	OwnerID        string // who uploaded it
	ConversationID string
	Size           int64 // of the ciphertext
	ChunkBytes     int64
	State          AttachmentState
	CreatedAt      int64
	ExpiresAt      int64
	Have           []int64  // chunk numbers, ascending
	Members        []string // user ids of those who are in the conversation, ascending
	// Granted: a device of the person who asks may fetch it and has not yet,
	// and both are in the conversation still.
	Granted bool
}

// AttachmentQuota is what one person may have in the blob store at a time.
type AttachmentQuota struct {
	Bytes int64
	Count int64
}

// AttachmentsSwept are the ids of attachments that were deleted because
// nobody will fetch them, by the reason.
type AttachmentsSwept struct {
	Unsent    []string // never named by a message
	Expired   []string // not fetched by all in time
	Abandoned []string // those who had not fetched are out of the conversation
}
