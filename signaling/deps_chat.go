package signaling

import (
	"context"

	"kinwire/signaling/proto"
)

// What the messages between devices are carried out by, in the words of this
// server. Errors that are the client's fault are *proto.Error. Who may write to
// whom is for these rooms to decide, on every request anew.

// Relay carries messages: the chat.* requests of the WebSocket (package relay).
// What waits for a device it sends through the hub, to the session that the
// device was attached to last.
type Relay interface {
	Attach(ctx context.Context, who proto.ChatWho, in proto.ChatAttach) (proto.ChatAttached, error)
	Send(ctx context.Context, who proto.ChatWho, in proto.ChatSend) (proto.ChatSent, error)
	Ack(ctx context.Context, who proto.ChatWho, in proto.ChatAck) (proto.Empty, error)
	Signal(ctx context.Context, who proto.ChatWho, in proto.ChatSignal) error
	// SessionEnded says that a session is gone for good, not only its socket.
	SessionEnded(who proto.ChatWho)
}

// ChatDevices is the part of package groups about devices and their key
// packages. loginHash and tokenHashes are hex SHA-256 of login tokens.
type ChatDevices interface {
	Info(ctx context.Context, userID string) (proto.ChatInfo, error)
	Devices(ctx context.Context, userID string) (proto.ChatDevices, error)
	NewDevice(ctx context.Context, userID, loginHash string, in proto.ChatDeviceNew) (proto.ChatDeviceMade, error)
	DeleteDevice(ctx context.Context, userID, id string) error
	Keys(ctx context.Context, userID, deviceID string) (proto.KeyPackagesLeft, error)
	AddKeys(ctx context.Context, userID, deviceID string, in proto.KeyPackagesNew) (proto.KeyPackagesLeft, error)
	TakeKeys(ctx context.Context, userID, ofID string, in proto.KeyPackagesTake) (proto.KeyPackages, error)
	// LoginsEnded takes the devices that came with these logins out of
	// everything.
	LoginsEnded(ctx context.Context, userID string, tokenHashes []string) error
}

// ChatGroups is the part of package groups about conversations.
type ChatGroups interface {
	Conversations(ctx context.Context, userID string) (proto.Conversations, error)
	NewConversation(ctx context.Context, userID string, in proto.ConversationNew) (proto.Conversation, error)
	Conversation(ctx context.Context, userID, id string) (proto.Conversation, error)
	Leave(ctx context.Context, userID, id string) error
	Commit(ctx context.Context, userID, id string, in proto.Commit) (proto.Committed, error)
	GroupInfo(ctx context.Context, userID, id string) (proto.GroupInfo, error)
	// Contacts is for the parents of a child.
	Contacts(ctx context.Context, childID string) (proto.ChatContacts, error)
}

// ChatBlobs keeps attachments while they are on their way (package blobs). n is
// the number of a chunk as it stands in the path.
type ChatBlobs interface {
	Begin(ctx context.Context, userID string, in proto.AttachmentNew) (proto.Attachment, error)
	Get(ctx context.Context, userID, id string) (proto.Attachment, error)
	PutChunk(ctx context.Context, userID, id, n string, body []byte) error
	Chunk(ctx context.Context, userID, id, n string) ([]byte, error)
	Done(ctx context.Context, userID, id, deviceID string) error
}

// Chat is all that messages need. groups.Service is both Devices and Groups.
// Without a part its pages answer 404; without Relay the requests chat.* are
// not_found.
type Chat struct {
	Relay   Relay
	Devices ChatDevices
	Groups  ChatGroups
	Blobs   ChatBlobs
}
