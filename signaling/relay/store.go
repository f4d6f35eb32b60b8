package relay

import (
	"context"

	"kinwire/signaling/proto"
)

// Store keeps queues. Times are UTC ms.
type Store interface {
	// HelloChatDevice notes that a device is here; found is false where it is
	// not that person's or shows another secret.
	HelloChatDevice(ctx context.Context, in proto.ChatHello) (out proto.ChatAttached, found bool, err error)
	ChatRoster(ctx context.Context, conversationID string) (r proto.ChatRoster, found bool, err error)
	// ChatSentBefore returns the answer to a device's number n.
	ChatSentBefore(ctx context.Context, deviceID string, n int64) (sent proto.ChatSent, found bool, err error)
	// TakeChat takes a message into queues, in one transaction, in which it calls
	// seal. Refusals are *proto.Error.
	TakeChat(ctx context.Context, in proto.ChatLoad, seal func(seq int64) (sealed, tag []byte, err error)) (proto.ChatTaken, error)
	// ChatQueue reads what is behind pos, at most limit deliveries, and none
	// after their bodies have more than maxBytes.
	ChatQueue(ctx context.Context, deviceID string, pos int64, limit int, maxBytes int64) ([]proto.ChatQueued, error)
	// AckChat deletes what a device has kept, rows and bodies at once.
	AckChat(ctx context.Context, deviceID string, pos, at int64) (proto.ChatAcked, error)
	// ExpireChat deletes at most limit messages whose time is over.
	ExpireChat(ctx context.Context, now, noticeUntil int64, limit int) (proto.ChatExpired, error)
	// Scrub clears logs of what was deleted.
	Scrub(ctx context.Context) error
}
