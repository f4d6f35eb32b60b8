package groups

import (
	"context"

	"kinwire/signaling/proto"
)

// Devices remembers devices.
type Devices interface {
	AddChatDevice(ctx context.Context, d proto.ChatDeviceRow, most int64) (had int64, added bool, err error)
	ChatDevices(ctx context.Context, personID string) ([]proto.ChatDeviceRow, error)
	ChatDevicesByID(ctx context.Context, ids []string) ([]proto.ChatDeviceRow, error)
	ChatDevicesAround(ctx context.Context, personID, conversationID string) ([]proto.ChatDeviceRow, error)
	ChatDevicesOfLogins(ctx context.Context, personID string, loginHashes []string) ([]proto.ChatDeviceRow, error)
	IdleChatDevices(ctx context.Context, before int64, limit int) ([]proto.ChatDeviceRow, error)
	ChatLeafOf(ctx context.Context, deviceID string) ([]string, error)
	RemoveChatDevices(ctx context.Context, ids []string) error
}

// Keys remembers key packages.
type Keys interface {
	AddKeyPackages(ctx context.Context, stock proto.KeyPackageStock) (found bool, err error)
	KeyPackagesLeft(ctx context.Context, deviceID string) ([]proto.KeyPackageCount, error)
	TakeKeyPackage(ctx context.Context, deviceID string, suite int64, single bool, at int64) (of proto.KeyPackageOf, found bool, err error)
	ForgetKeyPackages(ctx context.Context, made, taken int64) (forgotten int64, err error)
}

// decide decides what becomes of a conversation that nobody else changes
// meanwhile. It may be called more than once.
type decide = func(c proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error)

// Rooms remembers conversations.
type Rooms interface {
	Conversation(ctx context.Context, id string) (c proto.ConversationRow, found bool, err error)
	ConversationsOf(ctx context.Context, personID string) ([]proto.ConversationRow, error)
	ConversationInfo(ctx context.Context, id string) (c proto.ConversationRow, found bool, err error)
	StartConversation(ctx context.Context, c proto.ConversationRow, pair [2]string, deviceIDs []string, decide decide) (changed proto.ConversationChanged, existing string, err error)
	ChangeConversation(ctx context.Context, id string, deviceIDs []string, decide decide) (changed proto.ConversationChanged, found bool, err error)
}

// Loose finds what has to be looked at, and forgets what nobody is in any more.
type Loose interface {
	ChatPersonGone(ctx context.Context, id string) (gone bool, err error)
	NextWaiting(ctx context.Context, after string) (id string, err error)
	LooseConversations(ctx context.Context, limit int) ([]string, error)
	DropConversation(ctx context.Context, id string) error
}
