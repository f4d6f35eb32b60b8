package signaling

import (
	"context"
	"encoding/hex"

	"kinwire/signaling/proto"
)

// chatParts are the pages about messages: devices, conversations, attachments.
func (s *Server) chatParts() []part {
	c := s.d.Chat
	return []part{
		{c.Devices != nil, chatDevicePages(c.Devices)},
		{c.Groups != nil, conversationPages(c.Groups)},
		{c.Blobs != nil, attachmentPages(c.Blobs)},
	}
}

func chatDevicePages(d ChatDevices) pages {
	return pages{
		"GET /v1/chat": shows(func(ctx context.Context, q *asked) (proto.ChatInfo, error) {
			return d.Info(ctx, q.person.ID)
		}),
		"GET /v1/chat/devices": shows(func(ctx context.Context, q *asked) (proto.ChatDevices, error) {
			return d.Devices(ctx, q.person.ID)
		}),
		"POST /v1/chat/devices": answers(func(ctx context.Context, q *asked, in proto.ChatDeviceNew) (proto.ChatDeviceMade, error) {
			return d.NewDevice(ctx, q.person.ID, q.loginHash(), in)
		}),
		"DELETE /v1/chat/devices/{id}": does(func(ctx context.Context, q *asked) error {
			return d.DeleteDevice(ctx, q.person.ID, q.id)
		}),
		"GET /v1/chat/devices/{id}/keys": shows(func(ctx context.Context, q *asked) (proto.KeyPackagesLeft, error) {
			return d.Keys(ctx, q.person.ID, q.id)
		}),
		"POST /v1/chat/devices/{id}/keys": answers(func(ctx context.Context, q *asked, in proto.KeyPackagesNew) (proto.KeyPackagesLeft, error) {
			return d.AddKeys(ctx, q.person.ID, q.id, in)
		}),
		"POST /v1/chat/people/{id}/keys": answers(func(ctx context.Context, q *asked, in proto.KeyPackagesTake) (proto.KeyPackages, error) {
			return d.TakeKeys(ctx, q.person.ID, q.id, in)
		}),
	}
}

// loginHash names the login that a request came with, as EndLogins does.
func (q *asked) loginHash() string {
	key := hashed(q.token)
	return hex.EncodeToString(key[:])
}

func conversationPages(g ChatGroups) pages {
	return pages{
		"GET /v1/chat/conversations": shows(func(ctx context.Context, q *asked) (proto.Conversations, error) {
			return g.Conversations(ctx, q.person.ID)
		}),
		"POST /v1/chat/conversations": answers(func(ctx context.Context, q *asked, in proto.ConversationNew) (proto.Conversation, error) {
			return g.NewConversation(ctx, q.person.ID, in)
		}),
		"GET /v1/chat/conversations/{id}": shows(func(ctx context.Context, q *asked) (proto.Conversation, error) {
			return g.Conversation(ctx, q.person.ID, q.id)
		}),
		"DELETE /v1/chat/conversations/{id}": does(func(ctx context.Context, q *asked) error {
			return g.Leave(ctx, q.person.ID, q.id)
		}),
		"POST /v1/chat/conversations/{id}/commits": answers(func(ctx context.Context, q *asked, in proto.Commit) (proto.Committed, error) {
			return g.Commit(ctx, q.person.ID, q.id, in)
		}),
		"GET /v1/chat/conversations/{id}/group-info": shows(func(ctx context.Context, q *asked) (proto.GroupInfo, error) {
			return g.GroupInfo(ctx, q.person.ID, q.id)
		}),
		"GET /v1/children/{id}/chats": shows(func(ctx context.Context, q *asked) (proto.ChatContacts, error) {
			return g.Contacts(ctx, q.id)
		}),
	}
}

func attachmentPages(b ChatBlobs) pages {
	return pages{
		"POST /v1/chat/attachments": answers(func(ctx context.Context, q *asked, in proto.AttachmentNew) (proto.Attachment, error) {
			return b.Begin(ctx, q.person.ID, in)
		}),
		"GET /v1/chat/attachments/{id}": shows(func(ctx context.Context, q *asked) (proto.Attachment, error) {
			return b.Get(ctx, q.person.ID, q.id)
		}),
		"PUT /v1/chat/attachments/{id}/chunks/{other}": takesOctets(func(ctx context.Context, q *asked) error {
			return b.PutChunk(ctx, q.person.ID, q.id, q.other, q.raw)
		}),
		"GET /v1/chat/attachments/{id}/chunks/{other}": shows(func(ctx context.Context, q *asked) (proto.Octets, error) {
			return b.Chunk(ctx, q.person.ID, q.id, q.other)
		}),
		"DELETE /v1/chat/attachments/{id}/devices/{other}": does(func(ctx context.Context, q *asked) error {
			return b.Done(ctx, q.person.ID, q.id, q.other)
		}),
	}
}
