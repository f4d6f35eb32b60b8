package proto

// ChatInfo is what a device has to know before it takes part. Sizes are in
// bytes, times in seconds.
type ChatInfo struct {
	Suites          []int64  `json:"suites" doc:"MLS cipher suites by their numbers, the best first: a conversation is made with the first that all its devices have"`
	KeyPackages     int64    `json:"key_packages" doc:"how many a device should have here for each suite"`
	MaxBody         int64    `json:"max_body"`
	MaxAttachment   int64    `json:"max_attachment"`
	ChunkBytes      int64    `json:"chunk_bytes"`
	MaxPeople       int64    `json:"max_people" doc:"in one conversation"`
	Retention       int64    `json:"retention" doc:"how long what nobody fetches is kept"`
	AttachmentTypes []string `json:"attachment_types" doc:"media types that apps should offer; the server cannot see them"`
	Photos          bool     `json:"photos" doc:"whether this person may send and get attachments"`
}

// ChatDeviceNew makes a device of the person's.
type ChatDeviceNew struct {
	Name         string `json:"name" minLength:"1" maxLength:"64" doc:"what it is called in lists"`
	SignatureKey []byte `json:"signature_key" maxLength:"4096" doc:"the public key of its MLS credential"`
}

// ChatDeviceMade answers it.
type ChatDeviceMade struct {
	ID     string `json:"id"`
	Secret string `json:"secret" doc:"shown with chat.attach; it is told only once"`
}

// ChatDevice is a device as its person and their friends see it.
type ChatDevice struct {
	ID           string `json:"id"`
	Name         string `json:"name,omitempty" doc:"to the person only"`
	SignatureKey []byte `json:"signature_key"`
	CreatedAt    int64  `json:"created_at"`
	SeenAt       int64  `json:"seen_at,omitempty" doc:"to the person only"`
}

// ChatDevices lists them.
type ChatDevices struct {
	Devices []ChatDevice `json:"devices"`
}

// KeyPackagesNew adds key packages (RFC 9420, section 10) of one device and
// suite. LastResort replaces the one before.
type KeyPackagesNew struct {
	Suite      int64    `json:"suite" minimum:"1" maximum:"65535"`
	Packages   [][]byte `json:"packages,omitempty" maxItems:"100" doc:"each an MLSMessage with a KeyPackage"`
	LastResort []byte   `json:"last_resort,omitempty" maxLength:"21848"`
}

// KeyPackagesLeft says how many there are.
type KeyPackagesLeft struct {
	Left []KeyPackageCount `json:"left"`
}

// KeyPackageCount is that of one suite.
type KeyPackageCount struct {
	Suite        int64 `json:"suite"`
	Count        int64 `json:"count" doc:"without the last resort"`
	LastResortAt int64 `json:"last_resort_at" doc:"when the last resort was made; 0: there is none"`
}

// KeyPackagesTake takes one key package of each device of a person.
type KeyPackagesTake struct {
	Suite   int64    `json:"suite" minimum:"1" maximum:"65535"`
	Devices []string `json:"devices,omitempty" maxItems:"16" doc:"only of these"`
}

// KeyPackages are those that were taken: of each device that had one.
type KeyPackages struct {
	Packages []KeyPackageOf `json:"packages"`
}

// KeyPackageOf is one.
type KeyPackageOf struct {
	DeviceID   string `json:"device_id"`
	Package    []byte `json:"package"`
	LastResort bool   `json:"last_resort"`
}

// ConversationMember is a person in a conversation, with their devices.
type ConversationMember struct {
	Person    Person       `json:"person"`
	Devices   []ChatDevice `json:"devices" doc:"all that the person has"`
	Delivered int64        `json:"delivered" doc:"one of them has everything up to this seq"`
}

// ConversationShut says why nobody can write in a conversation.
type ConversationShut string

// The reasons.
const (
	ShutNotApproved  ConversationShut = "not_approved"  // the two are not approved friends (any more)
	ShutNeedsConsent ConversationShut = "needs_consent" // a parent has not allowed messages
	ShutSuspended    ConversationShut = "suspended"     // an account is shut
	ShutAlone        ConversationShut = "alone"         // nobody else is in it
)

// Conversation is one as a member sees it. The server knows who is in it and no
// more: a group's name and picture are messages.
type Conversation struct {
	ID         string               `json:"id"`
	Kind       ConversationKind     `json:"kind" enum:"direct,group"`
	Suite      int64                `json:"suite"`
	Generation int64                `json:"generation" doc:"the MLS group id is the id of the conversation, a colon, and this number"`
	Epoch      int64                `json:"epoch"`
	Seq        int64                `json:"seq"`
	CreatedBy  string               `json:"created_by,omitempty" doc:"user id"`
	LastAt     int64                `json:"last_at,omitempty"`
	Members    []ConversationMember `json:"members"`
	Leaves     []string             `json:"leaves" doc:"device ids that are in the MLS group, and stay"`
	Remove     []string             `json:"remove" doc:"device ids in the MLS group that get nothing any more: the next commit has to remove them, and before it no message is taken"`
	Shut       ConversationShut     `json:"shut,omitempty" enum:"not_approved,needs_consent,suspended,alone"`
}

// Conversations lists a person's, the one with the newest message first.
type Conversations struct {
	Conversations []Conversation `json:"conversations"`
}

// ConversationNew starts a conversation with its first commit.
type ConversationNew struct {
	ID     string           `json:"id" minLength:"28" maxLength:"28" pattern:"^g_[a-z2-7]{26}$" doc:"g_ and 130 random bits, made by the device"`
	Kind   ConversationKind `json:"kind" enum:"direct,group"`
	People []string         `json:"people" minItems:"1" maxItems:"31" doc:"user ids, without one's own"`
	Suite  int64            `json:"suite" minimum:"1" maximum:"65535"`
	First  Commit           `json:"first"`
}

// Commit ends an epoch. Of those that name the same one, the first wins.
type Commit struct {
	ID         string   `json:"id" minLength:"1" maxLength:"64" doc:"the device's own name for it: the same one again is the same commit"`
	DeviceID   string   `json:"device_id" minLength:"1" maxLength:"64"`
	Generation int64    `json:"generation" minimum:"1"`
	Epoch      int64    `json:"epoch" minimum:"0" doc:"which it ends"`
	Commit     []byte   `json:"commit,omitempty" doc:"MLSMessage; none starts an MLS group anew, in the generation after"`
	Welcome    []byte   `json:"welcome,omitempty" doc:"MLSMessage; needed with adds"`
	GroupInfo  []byte   `json:"group_info" doc:"MLSMessage with a GroupInfo of the new epoch, with external_pub and ratchet_tree"`
	Adds       []string `json:"adds,omitempty" maxItems:"64" doc:"device ids"`
	Removes    []string `json:"removes,omitempty" maxItems:"64" doc:"device ids"`
	External   bool     `json:"external" doc:"an external commit: the device comes in, or in again, by itself"`
}

// Committed answers it.
type Committed struct {
	Generation int64 `json:"generation"`
	Epoch      int64 `json:"epoch" doc:"the new one"`
	Seq        int64 `json:"seq"`
}

// GroupInfo lets a member's device come in by an external commit.
type GroupInfo struct {
	Generation int64  `json:"generation"`
	Epoch      int64  `json:"epoch"`
	GroupInfo  []byte `json:"group_info"`
}

// AttachmentNew begins an upload.
type AttachmentNew struct {
	ConversationID string `json:"conversation_id" minLength:"1" maxLength:"64"`
	Size           int64  `json:"size" minimum:"1" doc:"of the ciphertext, in bytes"`
}

// Attachment is one that is uploaded or can be fetched. Its chunks are numbered
// from 0; all have ChunkBytes bytes, but for the last.
type Attachment struct {
	ID         string  `json:"id"`
	Size       int64   `json:"size"`
	ChunkBytes int64   `json:"chunk_bytes"`
	Have       []int64 `json:"have" doc:"the chunks that are there"`
	ExpiresAt  int64   `json:"expires_at"`
}

// ChatContact is with whom a child writes, as a parent sees it: never what.
type ChatContact struct {
	People []NameOf         `json:"people" doc:"all but the child"`
	Kind   ConversationKind `json:"kind" enum:"direct,group"`
	Since  int64            `json:"since"`
	LastAt int64            `json:"last_at,omitempty"`
	Shut   ConversationShut `json:"shut,omitempty" enum:"not_approved,needs_consent,suspended,alone"`
}

// ChatContacts lists them.
type ChatContacts struct {
	Contacts []ChatContact `json:"contacts"`
}

// MessageEvidence reveals one message to the operator: what it said and the key
// with which its sender had committed to it.
type MessageEvidence struct {
	ConversationID string `json:"conversation_id" minLength:"1" maxLength:"64"`
	Seq            int64  `json:"seq" minimum:"1"`
	SenderID       string `json:"sender_id" minLength:"1" maxLength:"64"`
	At             int64  `json:"at"`
	Content        []byte `json:"content" maxLength:"87384" doc:"the content, as it was encrypted; 64 KiB, in base64"`
	Opening        []byte `json:"opening" doc:"the key of the commitment, 32 bytes"`
	Tag            []byte `json:"tag" doc:"the server's tag, as it came with the message"`
}

// Evidence is a message that a report revealed, and that was verified: it is
// what the reported person sent.
type Evidence struct {
	ConversationID string `json:"conversation_id"`
	Seq            int64  `json:"seq"`
	At             int64  `json:"at"`
	Content        []byte `json:"content"`
	Until          int64  `json:"until,omitempty" doc:"when it is deleted; 0 while the report is open"`
}

// Octets is a body that is no JSON: application/octet-stream.
type Octets []byte
