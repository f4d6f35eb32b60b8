package signaling_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// post stands where the rooms of messages stand: it notes what it is told to
// do. What they do themselves is in TestEveryPage, on the real ones.
type post struct {
	signaling.ChatDevices // nil: only what is below may be asked

	mu     sync.Mutex
	done   []string
	login  string // of the last attach
	chunks map[string][]byte
	ended  func(times int) error // what LoginsEnded does
	ends   int
}

func (p *post) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, what)
}

func (p *post) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.done...)
}

func (p *post) Attach(_ context.Context, who proto.ChatWho, in proto.ChatAttach) (proto.ChatAttached, error) {
	p.note(who.UserID + " attach " + in.DeviceID)
	p.login = who.LoginHash
	if in.Secret != "right" {
		return proto.ChatAttached{}, &proto.Error{Code: proto.CodeNotFound, Message: "no such device"}
	}
	return proto.ChatAttached{Waiting: 3, LastN: 7}, nil
}

func (p *post) Send(_ context.Context, who proto.ChatWho, in proto.ChatSend) (proto.ChatSent, error) {
	p.note(who.UserID + " send " + string(in.Body))
	return proto.ChatSent{N: in.N, Seq: 9, At: 1, Tag: []byte{1, 2, 3}}, nil
}

func (p *post) Ack(_ context.Context, who proto.ChatWho, in proto.ChatAck) (proto.Empty, error) {
	p.note(who.UserID + " ack " + jsonNumber(uint64(in.Pos)))
	return proto.Empty{}, nil
}

func (p *post) Signal(_ context.Context, who proto.ChatWho, in proto.ChatSignal) error {
	p.note(who.UserID + " signal " + string(in.Body))
	return &proto.Error{Code: proto.CodeNoDevice, Message: "no device"}
}

func (p *post) SessionEnded(who proto.ChatWho) { p.note(who.UserID + " ended " + who.SessionID) }

func (p *post) LoginsEnded(_ context.Context, userID string, tokenHashes []string) error {
	p.mu.Lock()
	p.ends++
	ended, times := p.ended, p.ends
	p.mu.Unlock()
	if ended != nil {
		if err := ended(times); err != nil {
			return err
		}
	}
	p.note(userID + " out " + strings.Join(tokenHashes, " "))
	return nil
}

func (p *post) Begin(context.Context, string, proto.AttachmentNew) (proto.Attachment, error) {
	return proto.Attachment{ID: "a_1", Size: 5, ChunkBytes: 5}, nil
}

func (p *post) Get(context.Context, string, string) (proto.Attachment, error) {
	return proto.Attachment{}, &proto.Error{Code: proto.CodeQueueFull, Message: "full"}
}

func (p *post) PutChunk(_ context.Context, userID, id, n string, body []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chunks[userID+" "+id+" "+n] = body
	return nil
}

func (p *post) Chunk(_ context.Context, userID, id, n string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, ok := p.chunks[userID+" "+id+" "+n]
	if !ok {
		return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no such chunk"}
	}
	return body, nil
}

func (p *post) Done(context.Context, string, string, string) error { return nil }

// newPostHouse is a house with messages.
func newPostHouse(t *testing.T, set func(*signaling.Config), now func() time.Time) (*house, *post) {
	p := &post{chunks: map[string][]byte{}}
	return newHouseWith(t, set, nil, now, func(d *signaling.Deps) {
		d.Chat = signaling.Chat{Relay: p, Devices: p, Blobs: p}
	}), p
}

var commitment = make([]byte, 32)

func TestChatRequestsReachTheRelay(t *testing.T) {
	h, post := newPostHouse(t, nil, nil)
	ann, _ := h.enter("ann")
	ann.ask(2, proto.TypeChatAttach, proto.ChatAttach{DeviceID: "md_a", Secret: "right"})
	require.Equal(t, proto.ChatAttached{Waiting: 3, LastN: 7}, as[proto.ChatAttached](t, ann.reply(2)))
	ann.ask(3, proto.TypeChatAttach, proto.ChatAttach{DeviceID: "md_b", Secret: "wrong"})
	require.Equal(t, proto.CodeNotFound, ann.refusal(3).Code)
	ann.ask(4, proto.TypeChatSend, proto.ChatSend{ConversationID: "g", N: 8, Body: []byte("b8"), Commitment: commitment})
	require.Equal(t, proto.ChatSent{N: 8, Seq: 9, At: 1, Tag: []byte{1, 2, 3}}, as[proto.ChatSent](t, ann.reply(4)))
	ann.ask(5, proto.TypeChatAck, proto.ChatAck{Pos: 4})
	require.Nil(t, ann.reply(5).Error)
	ann.ask(0, proto.TypeChatSignal, proto.ChatSignal{ConversationID: "g", Body: []byte("typing")})
	require.Equal(t, proto.CodeNoDevice, ann.refused().Code)
	hash := sha256.Sum256([]byte("token-ann"))
	require.Equal(t, hex.EncodeToString(hash[:]), post.login, "a device goes with the login that it last came by")
	require.Equal(t, []string{"ann attach md_a", "ann attach md_b", "ann send b8", "ann ack 4", "ann signal typing"}, post.list())

	ann.send(`{"id":6,"type":"chat.send","data":{"conversation_id":"g","n":9,"settled":8,"body":"AAEC*","commitment":"AAAA"}}`)
	require.Contains(t, ann.refusal(6).Message, "data.body: given a text that is not base64")
	ann.send(`{"type":"chat.ack","data":{"pos":1}}`)
	require.Contains(t, ann.refused().Message, "id: given none")
}

// TestSessionsEndAtTheRelay: for good means for good; a socket that drops ends
// nothing.
func TestSessionsEndAtTheRelay(t *testing.T) {
	h, post := newPostHouse(t, nil, nil)
	ann, w := h.enter("ann")
	ann.cut()
	h.eventually("the socket is gone", func() bool { return h.desk.count("ann dropped") == 1 })
	again, _ := h.resume("ann", w.Resume, 1)
	again.ask(9, proto.TypeChatAck, proto.ChatAck{Pos: 1})
	require.Nil(t, again.reply(9).Error)
	require.Equal(t, []string{"ann ack 1"}, post.list())
	_ = again.ws.Close(websocket.StatusNormalClosure, "")
	h.eventually("the session has ended", func() bool { return len(post.list()) == 2 })
	require.Regexp(t, "^ann ended .{16}$", post.list()[1])
}

func TestWithoutARelay(t *testing.T) {
	h := newHouse(t, nil)
	ann, _ := h.enter("ann")
	ann.ask(2, proto.TypeChatAck, proto.ChatAck{Pos: 1})
	require.Equal(t, proto.CodeNotFound, ann.refusal(2).Code)
	for _, path := range []string{"/v1/chat", "/v1/chat/conversations", "/v1/chat/attachments/a_1/chunks/0"} {
		h.do("GET", path, "token-ann", "").refusedWith(t, 404, proto.CodeNotFound)
	}
	ann.cut() // its end reaches nobody, and harms nothing
}

// TestEndedLoginsTakeTheirDevicesOut, at the second try if need be; a server
// that shuts down waits for it.
func TestEndedLoginsTakeTheirDevicesOut(t *testing.T) {
	h, post := newPostHouse(t, nil, nil)
	hash := sha256.Sum256([]byte("token-ann"))
	want := "ann out " + hex.EncodeToString(hash[:])
	post.ended = func(times int) error {
		if times == 1 {
			return errors.New("the database is locked")
		}
		return nil
	}
	require.Equal(t, http.StatusNoContent, h.do("POST", "/v1/logout", "token-ann", "").StatusCode)
	h.eventually("the devices are out", func() bool { return len(post.list()) == 1 })
	require.Equal(t, []string{want}, post.list())

	entered, release := make(chan struct{}), make(chan struct{})
	post.mu.Lock()
	post.ended = func(int) error {
		close(entered)
		<-release
		return nil
	}
	post.mu.Unlock()
	h.hub.EndLogins("ben", []string{"h"})
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- h.srv.Close(context.Background()) }()
	h.eventually("the server is closing", func() bool { return h.do("GET", "/readyz", "", "").StatusCode == 503 })
	select {
	case <-closed:
		t.Fatal("the server did not wait")
	default:
	}
	close(release)
	require.NoError(t, <-closed)
	require.Equal(t, []string{want, "ben out h"}, post.list())
	post.mu.Lock()
	post.ended = nil
	post.mu.Unlock()
	h.hub.EndLogins("cleo", []string{"i"})
	require.Equal(t, "cleo out i", post.list()[2], "nobody would wait for it any more: it is done at once")
}

// TestAServerThatShutsDownTriesNoLonger: what fails then is not tried again.
func TestAServerThatShutsDownTriesNoLonger(t *testing.T) {
	h, post := newPostHouse(t, nil, nil)
	failed := make(chan struct{}, 10)
	post.ended = func(int) error {
		failed <- struct{}{}
		return errors.New("the disk is gone")
	}
	h.hub.EndLogins("ann", []string{"h"})
	<-failed
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, h.srv.Close(ctx))
	require.Contains(t, h.logs.String(), "devices of ended logins not removed")
}

func (h *house) octets(method, path, token string, body []byte) answer {
	return h.fetch(method, path, string(body), map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/octet-stream"})
}

const chunkPage = "/v1/chat/attachments/a_1/chunks/0"

// TestChunksAreBytes: what goes in comes out, as it is, and nothing else goes in.
func TestChunksAreBytes(t *testing.T) {
	h, _ := newPostHouse(t, func(c *signaling.Config) { c.MaxChunkBytes = 100 << 10 }, nil)
	chunk := make([]byte, 100<<10)
	for i := range chunk {
		chunk[i] = byte(i * 7)
	}
	require.Equal(t, http.StatusNoContent, h.octets("PUT", chunkPage, "token-ann", chunk).StatusCode)
	a := h.octets("GET", chunkPage, "token-ann", nil)
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, string(chunk), a.body)
	require.Equal(t, "application/octet-stream", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "attachment", a.Header.Get("Content-Disposition"))
	h.octets("GET", chunkPage, "token-ben", nil).refusedWith(t, 404, proto.CodeNotFound)
	h.octets("PUT", chunkPage, "token-ann", nil).refusedWith(t, 400, proto.CodeBadMessage)
	h.octets("PUT", chunkPage, "", chunk).refusedWith(t, 401, proto.CodeUnauthenticated)
	h.octets("PUT", chunkPage, "token-ann", make([]byte, 110<<10)).refusedWith(t, 413, proto.CodeTooLarge)
	a = h.fetch("PUT", chunkPage, "{}", map[string]string{"Authorization": "Bearer token-ann", "Content-Type": "application/json"})
	a.refusedWith(t, 415, proto.CodeBadMessage)
	require.Contains(t, a.body, "application/octet-stream")
	h.do("GET", "/v1/chat/attachments/a_1", "token-ann", "").refusedWith(t, 429, proto.CodeQueueFull)
}

// TestASlowUploadIsLetFinish: the server's timeout for whole requests is for
// those that are small. Here it has passed before the body is read.
func TestASlowUploadIsLetFinish(t *testing.T) {
	h, post := newPostHouse(t, nil, nil)
	server := h.srv.HTTPServer()
	server.ReadTimeout, server.WriteTimeout = time.Nanosecond, time.Nanosecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path, typ string, body io.Reader) (*http.Response, error) {
		req, err := http.NewRequest(method, "http://"+l.Addr().String()+path, body)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer token-ann")
		req.Header.Set("Content-Type", typ)
		return client.Do(req)
	}
	chunk := strings.Repeat("x", 1<<20)
	res, err := ask("PUT", chunkPage, "application/octet-stream", strings.NewReader(chunk))
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	require.NoError(t, res.Body.Close())
	require.Len(t, post.chunks["ann a_1 0"], 1<<20)
	res, err = ask("GET", chunkPage, "", nil)
	require.NoError(t, err)
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Len(t, got, 1<<20)
	_, err = ask("POST", "/v1/chat/attachments", "application/json", strings.NewReader(`{"conversation_id":"g","size":1}`))
	require.Error(t, err, "a small request has the usual time, which has passed")
}

// TestWorkForOthersIsSlowed: who makes much of it waits, and only they, and
// only for that.
func TestWorkForOthersIsSlowed(t *testing.T) {
	now := time.Unix(1e9, 0)
	h, _ := newPostHouse(t, nil, func() time.Time { return now })
	begin := func(who string) answer {
		return h.do("POST", "/v1/chat/attachments", "token-"+who, `{"conversation_id":"g","size":5}`)
	}
	for range 120 {
		require.Equal(t, http.StatusOK, begin("ann").StatusCode)
	}
	a := begin("ann")
	a.refusedWith(t, 429, proto.CodeRateLimited)
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	require.Contains(t, a.body, "from this account")
	require.Equal(t, http.StatusOK, begin("ben").StatusCode)
	for range 128 {
		require.Equal(t, http.StatusNoContent, h.octets("PUT", chunkPage, "token-ann", []byte("hello")).StatusCode)
	}
	h.octets("GET", chunkPage, "token-ann", nil).refusedWith(t, 429, proto.CodeRateLimited)
}
