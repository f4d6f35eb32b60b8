package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"kinwire/signaling/proto"
)

// ChatAPI is the HTTP part of messages, for one login: devices, key packages,
// conversations, attachments. A refusal is a [*proto.Error].
type ChatAPI struct {
	http  HTTP
	token string
}

// Chat gives the pages about messages for the login that token stands for.
func (h HTTP) Chat(token string) ChatAPI { return ChatAPI{h, token} }

// ChatAPI gives the pages about messages for this session's login.
func (s *Session) ChatAPI() ChatAPI {
	return HTTP{BaseURL: s.opt.BaseURL, Client: s.opt.HTTPClient}.Chat(s.opt.Token)
}

// chatPage asks for a page of the chat; in may be nil.
func chatPage[Out any](ctx context.Context, a ChatAPI, method, path string, in any) (Out, error) {
	var out Out
	if err := a.http.do(ctx, method, "/v1/chat"+path, a.token, in, &out); err != nil {
		return out, fmt.Errorf("%s /v1/chat%s: %w", method, path, err)
	}
	return out, nil
}

// tell is chatPage for a page that answers nothing.
func (a ChatAPI) tell(ctx context.Context, method, path string) error {
	if err := a.http.do(ctx, method, "/v1/chat"+path, a.token, nil, nil); err != nil {
		return fmt.Errorf("%s /v1/chat%s: %w", method, path, err)
	}
	return nil
}

// under joins parts of a path, each of which may be anything.
func under(parts ...string) string {
	path := ""
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// Info says which cipher suites and sizes the server wants.
func (a ChatAPI) Info(ctx context.Context) (proto.ChatInfo, error) {
	return chatPage[proto.ChatInfo](ctx, a, http.MethodGet, "", nil)
}

// NewDevice makes a device. Its id and secret go into [ChatState].
func (a ChatAPI) NewDevice(ctx context.Context, name string, signatureKey []byte) (proto.ChatDeviceMade, error) {
	return chatPage[proto.ChatDeviceMade](ctx, a, http.MethodPost, "/devices", proto.ChatDeviceNew{Name: name, SignatureKey: signatureKey})
}

// Devices lists one's own.
func (a ChatAPI) Devices(ctx context.Context) ([]proto.ChatDevice, error) {
	list, err := chatPage[proto.ChatDevices](ctx, a, http.MethodGet, "/devices", nil)
	return list.Devices, err
}

// DeleteDevice takes a device of one's own out of everything.
func (a ChatAPI) DeleteDevice(ctx context.Context, id string) error {
	return a.tell(ctx, http.MethodDelete, under("devices", id))
}

// Keys says how many key packages of a device of one's own are left.
func (a ChatAPI) Keys(ctx context.Context, deviceID string) (proto.KeyPackagesLeft, error) {
	return chatPage[proto.KeyPackagesLeft](ctx, a, http.MethodGet, under("devices", deviceID, "keys"), nil)
}

// AddKeys adds key packages of a device of one's own.
func (a ChatAPI) AddKeys(ctx context.Context, deviceID string, in proto.KeyPackagesNew) (proto.KeyPackagesLeft, error) {
	return chatPage[proto.KeyPackagesLeft](ctx, a, http.MethodPost, under("devices", deviceID, "keys"), in)
}

// TakeKeys takes a key package of each device of a friend, or of one's own.
func (a ChatAPI) TakeKeys(ctx context.Context, userID string, in proto.KeyPackagesTake) ([]proto.KeyPackageOf, error) {
	taken, err := chatPage[proto.KeyPackages](ctx, a, http.MethodPost, under("people", userID, "keys"), in)
	return taken.Packages, err
}

// Conversations lists one's own.
func (a ChatAPI) Conversations(ctx context.Context) ([]proto.Conversation, error) {
	list, err := chatPage[proto.Conversations](ctx, a, http.MethodGet, "/conversations", nil)
	return list.Conversations, err
}

// NewConversation starts one with its first commit.
func (a ChatAPI) NewConversation(ctx context.Context, in proto.ConversationNew) (proto.Conversation, error) {
	return chatPage[proto.Conversation](ctx, a, http.MethodPost, "/conversations", in)
}

// Conversation is one that one is in.
func (a ChatAPI) Conversation(ctx context.Context, id string) (proto.Conversation, error) {
	return chatPage[proto.Conversation](ctx, a, http.MethodGet, under("conversations", id), nil)
}

// Leave leaves a group.
func (a ChatAPI) Leave(ctx context.Context, id string) error {
	return a.tell(ctx, http.MethodDelete, under("conversations", id))
}

// Commit ends an epoch. With epoch_taken another was first.
func (a ChatAPI) Commit(ctx context.Context, id string, in proto.Commit) (proto.Committed, error) {
	return chatPage[proto.Committed](ctx, a, http.MethodPost, under("conversations", id, "commits"), in)
}

// GroupInfo is what an external commit needs.
func (a ChatAPI) GroupInfo(ctx context.Context, id string) (proto.GroupInfo, error) {
	return chatPage[proto.GroupInfo](ctx, a, http.MethodGet, under("conversations", id, "group-info"), nil)
}

// Contacts is with whom a child of this parent's writes.
func (a ChatAPI) Contacts(ctx context.Context, childID string) ([]proto.ChatContact, error) {
	var out proto.ChatContacts
	if err := a.http.do(ctx, http.MethodGet, "/v1/children"+under(childID, "chats"), a.token, nil, &out); err != nil {
		return nil, fmt.Errorf("with whom %s writes: %w", childID, err)
	}
	return out.Contacts, nil
}

// Upload begins an upload and carries it out.
func (a ChatAPI) Upload(ctx context.Context, conversationID string, ciphertext []byte) (proto.Attachment, error) {
	made, err := chatPage[proto.Attachment](ctx, a, http.MethodPost, "/attachments", proto.AttachmentNew{ConversationID: conversationID, Size: int64(len(ciphertext))})
	if err != nil {
		return made, err
	}
	for n := int64(0); n*made.ChunkBytes < made.Size; n++ {
		if err := a.PutChunk(ctx, made.ID, n, ciphertext[n*made.ChunkBytes:min((n+1)*made.ChunkBytes, made.Size)]); err != nil {
			return made, err
		}
	}
	return made, nil
}

// Attachment says what is there of one.
func (a ChatAPI) Attachment(ctx context.Context, id string) (proto.Attachment, error) {
	return chatPage[proto.Attachment](ctx, a, http.MethodGet, under("attachments", id), nil)
}

// PutChunk uploads one chunk; again is the same.
func (a ChatAPI) PutChunk(ctx context.Context, id string, n int64, body []byte) error {
	path := "/v1/chat" + under("attachments", id, "chunks", strconv.FormatInt(n, 10))
	if _, err := a.http.exchange(ctx, http.MethodPut, path, a.token, "application/octet-stream", body); err != nil {
		return fmt.Errorf("upload chunk %d of %s: %w", n, id, err)
	}
	return nil
}

// Download fetches all chunks of an attachment.
func (a ChatAPI) Download(ctx context.Context, id string) ([]byte, error) {
	at, err := a.Attachment(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []byte
	for n := int64(0); int64(len(all)) < at.Size; n++ {
		path := "/v1/chat" + under("attachments", id, "chunks", strconv.FormatInt(n, 10))
		chunk, err := a.http.exchange(ctx, http.MethodGet, path, a.token, "", nil)
		if err != nil {
			return nil, fmt.Errorf("fetch chunk %d of %s: %w", n, id, err)
		}
		if len(chunk) == 0 {
			return nil, fmt.Errorf("fetch chunk %d of %s: it is empty", n, id)
		}
		all = append(all, chunk...)
	}
	return all, nil
}

// HaveAttachment says that a device has it, or gives it up.
func (a ChatAPI) HaveAttachment(ctx context.Context, id, deviceID string) error {
	return a.tell(ctx, http.MethodDelete, under("attachments", id, "devices", deviceID))
}
