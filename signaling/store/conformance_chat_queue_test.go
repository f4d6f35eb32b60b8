package store

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func testChatHello(t *testing.T, s *Store) {
	p := openParlour(t, s, "g", 1, "a", "b")
	p.send(t, s, "a-1", 1)
	hello := proto.ChatHello{DeviceID: "b-1", UserID: "b", SecretHash: "secret-b-1", At: 77}
	out, found, err := s.HelloChatDevice(t.Context(), hello)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, proto.ChatAttached{Waiting: 1}, out)
	require.Equal(t, 1, tally(t, s, `SELECT count(*) FROM chat_devices WHERE seen_at = 77 AND id = 'b-1'`))
	for name, change := range map[string]func(*proto.ChatHello){
		"device": func(h *proto.ChatHello) { h.DeviceID = "x" },
		"person": func(h *proto.ChatHello) { h.UserID = "a" },
		"secret": func(h *proto.ChatHello) { h.SecretHash = "" },
	} {
		other := hello
		change(&other)
		_, found, err := s.HelloChatDevice(t.Context(), other)
		require.NoError(t, err)
		require.False(t, found, name)
	}
	out, found, err = s.HelloChatDevice(t.Context(), proto.ChatHello{DeviceID: "a-1", UserID: "a", SecretHash: "secret-a-1"})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, proto.ChatAttached{LastN: 1}, out)

	// The device goes with the login that it came with last.
	login := func() int {
		return tally(t, s, `SELECT count(*) FROM chat_devices WHERE login_hash = 'later' AND id = 'b-1'`)
	}
	require.Zero(t, login())
	hello.LoginHash = "later"
	_, _, err = s.HelloChatDevice(t.Context(), hello)
	require.NoError(t, err)
	require.Equal(t, 1, login())
	hello.LoginHash = ""
	_, _, err = s.HelloChatDevice(t.Context(), hello)
	require.NoError(t, err)
	require.Equal(t, 1, login(), "nothing was said about it")
}

func testChatTaken(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 2, "a", "b")
	out := p.send(t, s, "a-1", 1)
	require.Equal(t, proto.ChatTaken{
		Sent: proto.ChatSent{N: 1, Seq: 1, At: 1001, Tag: []byte("tag@1")},
		To:   []proto.ChatPlace{{ChatReceiver: p.devices[1], Pos: 1}, {ChatReceiver: p.devices[2], Pos: 1}, {ChatReceiver: p.devices[3], Pos: 1}},
	}, out)
	require.Equal(t, proto.ChatTaken{Sent: out.Sent, Again: true}, p.send(t, s, "a-1", 1), "again is the same")
	sent, found, err := s.ChatSentBefore(ctx, "a-1", 1)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, out.Sent, sent)
	require.EqualValues(t, 2, p.send(t, s, "b-2", 1).Sent.Seq)

	list, err := s.ChatQueue(ctx, "a-2", 0, 10, 1000)
	require.NoError(t, err)
	require.Equal(t, []proto.ChatQueued{
		{
			ChatDelivery: proto.ChatDelivery{Pos: 1, ConversationID: "g", Seq: 1, Kind: proto.DeliveryMessage, Generation: 1, Epoch: 7,
				SenderID: "a", DeviceID: "a-1", At: 1001, Body: []byte("a-1@1")},
			Size: 10, Franking: []byte(strings.Repeat("c", 32) + "tag@1"),
		},
		{
			ChatDelivery: proto.ChatDelivery{Pos: 2, ConversationID: "g", Seq: 2, Kind: proto.DeliveryMessage, Generation: 1, Epoch: 7,
				SenderID: "b", DeviceID: "b-2", At: 1001, Body: []byte("b-2@2")},
			Size: 10, Franking: []byte(strings.Repeat("c", 32) + "tag@2"),
		},
	}, list)
	for _, c := range []struct {
		after int64
		limit int
		bytes int64
		want  int
	}{{0, 10, 9, 1}, {0, 10, 10, 2}, {0, 1, 100, 1}, {1, 10, 100, 1}, {2, 10, 100, 0}} {
		list, err := s.ChatQueue(ctx, "a-2", c.after, c.limit, c.bytes)
		require.NoError(t, err)
		require.Len(t, list, c.want, c)
	}
	require.Equal(t, 1, tally(t, s, `SELECT count(*) FROM chat_conversations WHERE seq = 2 AND last_at = 1001`), "what was refused has taken no place")
	tidy(t, s)
}

func testChatNumbers(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 1, "a", "b")
	_, err := s.TakeChat(ctx, p.load("a-1", 2), sealAs("x"))
	refusedAs(t, proto.CodeWrongState, err)
	for n := range int64(4) {
		p.send(t, s, "a-1", n+1)
	}
	in := p.load("a-1", 5)
	in.Send.Settled = 3
	_, err = s.TakeChat(ctx, in, sealAs("x"))
	require.NoError(t, err)
	_, err = s.TakeChat(ctx, p.load("a-1", 3), sealAs("x"))
	refusedAs(t, proto.CodeWrongState, err)
	require.ErrorContains(t, err, "given 3; allowed is 6, the next of this device, or again one of those after 3")
	require.True(t, p.send(t, s, "a-1", 4).Again)
	require.False(t, p.send(t, s, "a-1", 6).Again, "settled does not go back")
	require.Equal(t, 3, tally(t, s, `SELECT count(*) FROM chat_sent`))
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, waiting(t, s, "b-1"))
}

func testChatStale(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 1, "a", "b")
	for name, change := range map[string]func(*proto.ChatLoad){
		"generation":   func(l *proto.ChatLoad) { l.Generation = 2 },
		"epoch":        func(l *proto.ChatLoad) { l.Epoch = 6 },
		"drops":        func(l *proto.ChatLoad) { l.Drops = 1 },
		"conversation": func(l *proto.ChatLoad) { l.Send.ConversationID = "none" },
		"device":       func(l *proto.ChatLoad) { l.DeviceID = "c-1" },
	} {
		in := p.load("a-1", 1)
		change(&in)
		out, err := s.TakeChat(ctx, in, sealAs("x"))
		require.NoError(t, err, name)
		require.Equal(t, proto.ChatTaken{Stale: true}, out, name)
	}
	for name, query := range map[string]string{
		"a leaf is out":    `UPDATE chat_leaves SET state = 'out' WHERE device_id = 'b-1'`,
		"no other is left": `DELETE FROM chat_leaves WHERE device_id = 'b-1'`,
	} {
		setUp(t, s, query)
		out, err := s.TakeChat(ctx, p.load("a-1", 1), sealAs("x"))
		require.NoError(t, err, name)
		require.True(t, out.Stale, name)
	}
	require.Zero(t, tally(t, s, `SELECT seq FROM chat_conversations`), "nothing has changed")
	require.Zero(t, tally(t, s, `SELECT count(*) FROM chat_messages`))
	_, err := s.TakeChat(ctx, openParlour(t, s, "g2", 1, "a", "b").load("a-1", 1),
		func(int64) ([]byte, []byte, error) { return nil, nil, errors.New("no key") })
	require.ErrorContains(t, err, "no key")
	require.Zero(t, tally(t, s, `SELECT count(*) FROM chat_queue`))
	tidy(t, s)
}

func testChatRoster(t *testing.T, s *Store) {
	openParlour(t, s, "g", 1, "a", "b", "c")
	setUp(t, s, `UPDATE chat_members SET state = 'out' WHERE person_id = 'c'`)
	setUp(t, s, `UPDATE chat_leaves SET state = 'out' WHERE device_id = 'c-1'`)
	setUp(t, s, `DELETE FROM chat_devices WHERE id = 'b-1'`)
	r, found, err := s.ChatRoster(t.Context(), "g")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, proto.ChatRoster{
		Generation: 1, Epoch: 7, People: []string{"a", "b"},
		Leaves: []proto.ChatLeaf{
			{ChatReceiver: proto.ChatReceiver{DeviceID: "a-1", UserID: "a"}, In: true},
			{ChatReceiver: proto.ChatReceiver{DeviceID: "b-1"}},
			{ChatReceiver: proto.ChatReceiver{DeviceID: "c-1", UserID: "c"}},
		},
	}, r)
	_, found, err = s.ChatRoster(t.Context(), "none")
	require.NoError(t, err)
	require.False(t, found)
}

func testChatBounds(t *testing.T, s *Store) {
	ctx := t.Context()
	p := openParlour(t, s, "g", 1, "a", "b", "c")
	for name, change := range map[string]func(*proto.ChatLoad){
		"messages": func(l *proto.ChatLoad) { l.QueueMessages = 2 },
		"bytes":    func(l *proto.ChatLoad) { l.QueueBytes = 29 },
	} {
		t.Run(name, func(t *testing.T) {
			in := p.load("a-1", 1)
			for range 2 {
				change(&in)
				_, err := s.TakeChat(ctx, in, sealAs("x"))
				require.NoError(t, err)
				in = p.load("a-1", in.Send.N+1)
			}
			acked, err := s.AckChat(ctx, "b-1", 100, 0)
			require.NoError(t, err)
			require.True(t, acked.Known)
			_, err = s.AckChat(ctx, "b-1", acked.Next-1, 0)
			require.NoError(t, err)
			change(&in)
			_, err = s.TakeChat(ctx, in, sealAs("x"))
			refusedAs(t, proto.CodeQueueFull, err)
			require.Empty(t, waiting(t, s, "b-1"), "it is in no queue where one is full")
			acked, err = s.AckChat(ctx, "c-1", acked.Next-2, 0)
			require.NoError(t, err)
			out, err := s.TakeChat(ctx, in, sealAs("x"))
			require.NoError(t, err)
			require.False(t, out.Again, "what was refused has not been counted")
			for _, d := range p.devices {
				_, err = s.AckChat(ctx, d.DeviceID, acked.Next, 0)
				require.NoError(t, err)
			}
			setUp(t, s, `UPDATE chat_devices SET last_n = 0`)
			setUp(t, s, `DELETE FROM chat_sent`)
			tidy(t, s)
		})
	}
}
