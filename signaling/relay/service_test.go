package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
	"kinwire/signaling/relay/frank"
)

func TestMessageGoesToAllOtherDevices(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(2), h.person(2)
	c := h.conversation(append(ana, ben...)...)
	require.Equal(t, proto.ChatAttached{}, ana[0].attach())
	ana[1].attach()
	ben[0].attach()
	sent := ana[0].send(c, "<hello")
	require.Equal(t, proto.ChatSent{N: 1, Seq: 1, At: t0.UnixMilli(), Tag: sent.Tag}, sent)
	want := proto.ChatDelivery{
		Pos: 1, ConversationID: c.id, Seq: 1, Kind: proto.DeliveryMessage, Generation: 1, Epoch: 1,
		SenderID: ana[0].user, DeviceID: ana[0].id, At: t0.UnixMilli(),
		Body: c.body("<hello"), Commitment: commitment("<hello"), Tag: sent.Tag,
	}
	for _, p := range []*phone{ana[1], ben[0]} {
		require.Equal(t, []proto.ChatDelivery{want}, p.waitFor(1))
	}
	require.Equal(t, proto.ChatAttached{Waiting: 1}, ben[1].attach(), "it waits for who was away")
	require.Equal(t, []proto.ChatDelivery{want}, ben[1].waitFor(1))
	h.idle()
	require.Empty(t, ana[0].got())

	in, opening := ana[0].compose(c, "<proof"), bytes.Repeat([]byte{3}, 32)
	in.Commitment = frank.Commit(opening, []byte("proof"))
	sent, err := h.Send(t.Context(), ana[0].who(), in)
	require.NoError(t, err)
	require.NoError(t, h.tags.Verify(proto.MessageEvidence{ConversationID: c.id, Seq: sent.Seq, SenderID: ana[0].user, At: sent.At,
		Content: []byte("proof"), Opening: opening, Tag: ben[0].waitFor(2)[1].Tag}))
}

func TestAckForgets(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	ben.attach()
	for i := range 3 {
		ana.send(c, fmt.Sprint("<", i))
	}
	ben.waitFor(3)
	ben.ack(2)
	eventually(t, func() bool { return len(of[proto.ChatDelivered](h.hub.of(ana.session))) == 1 }, func() string { return "ana is told" })
	require.Equal(t, proto.ChatDelivered{ConversationID: c.id, UserID: ben.user, Seq: 2}, of[proto.ChatDelivered](h.hub.of(ana.session))[0])
	require.EqualValues(t, 1, ben.attach().Waiting)
	require.EqualValues(t, 3, ben.waitFor(1)[0].Seq)
	ben.ack(3)
	ben.ack(3)
	ben.ack(1)
	refused := requireCode(t, proto.CodeBadMessage, errOf(h.Ack(t.Context(), ben.who(), proto.ChatAck{Pos: 4})))
	require.Contains(t, refused.Message, "given 4; allowed is at most 3")
	require.Zero(t, ben.attach().Waiting)
	stats := h.Stats()
	require.EqualValues(t, 3, stats.Acked)
	require.EqualValues(t, 3, stats.Taken)
	require.Equal(t, 2, stats.Attached)
	require.Zero(t, stats.Unackd)
}

func errOf[T any](_ T, err error) error { return err }

func TestReceiptsAreGathered(t *testing.T) {
	h := newHouse(t, Config{TellInterval: time.Hour})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	ben.attach()
	for i := range 20 {
		ana.send(c, fmt.Sprint("<", i))
	}
	ben.waitFor(20)
	for i := range int64(20) {
		ben.ack(i + 1)
	}
	h.tellAll(t.Context())
	got := of[proto.ChatDelivered](h.hub.of(ana.session))
	require.LessOrEqual(t, len(got), 2)
	require.EqualValues(t, 20, got[len(got)-1].Seq)
}

func TestRefusals(t *testing.T) {
	h := newHouse(t, Config{MaxBody: 200})
	ana, ben, cat := h.person(2), h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana[0], ben)
	alone := h.conversation(ana[0], ana[1])
	other := h.conversation(ben, cat)
	ana[0].attach()
	ana[1].attach()
	good := func() proto.ChatSend {
		return proto.ChatSend{ConversationID: c.id, N: 1, Body: c.body("<a"), Commitment: commitment("<a")}
	}
	for name, test := range map[string]struct {
		by     *phone
		change func(in *proto.ChatSend)
		code   proto.Code
		says   string
	}{
		"not attached":     {ben, func(*proto.ChatSend) {}, proto.CodeNoDevice, "chat.attach comes first"},
		"large":            {ana[0], func(in *proto.ChatSend) { in.Body = c.body(long(200)) }, proto.CodeTooLarge, "allowed are 200"},
		"commitment":       {ana[0], func(in *proto.ChatSend) { in.Commitment = make([]byte, 31) }, proto.CodeBadMessage, "given 31 bytes; allowed are 32"},
		"settled":          {ana[0], func(in *proto.ChatSend) { in.Settled = 1 }, proto.CodeBadMessage, "given 1 with n 1"},
		"never settled":    {ana[0], func(in *proto.ChatSend) { in.N = 1001 }, proto.CodeWrongState, "allowed is at least 1,"},
		"n":                {ana[0], func(in *proto.ChatSend) { in.N = 3 }, proto.CodeWrongState, "given 3; allowed is 1"},
		"no frame":         {ana[0], func(in *proto.ChatSend) { in.Body = []byte("hello") }, proto.CodeBadMessage, "body: "},
		"a commit":         {ana[0], func(in *proto.ChatSend) { in.Body = frametest.Commit(c.id+":1", 1, nil) }, proto.CodeBadMessage, "given a PrivateMessage with a commit"},
		"a welcome":        {ana[0], func(in *proto.ChatSend) { in.Body = frametest.Welcome(1, 1, nil) }, proto.CodeBadMessage, "given a Welcome"},
		"epoch":            {ana[0], func(in *proto.ChatSend) { in.Body = frametest.Application(c.id+":1", 2, nil) }, proto.CodeEpochTaken, "given epoch 2"},
		"generation":       {ana[0], func(in *proto.ChatSend) { in.Body = frametest.Application(c.id+":2", 1, nil) }, proto.CodeEpochTaken, "allowed is epoch 1"},
		"another's frame":  {ana[0], func(in *proto.ChatSend) { in.Body = other.body("<a") }, proto.CodeEpochTaken, "given epoch 1"},
		"no conversation":  {ana[0], func(in *proto.ChatSend) { in.ConversationID = "g_none" }, proto.CodeNotFound, `"g_none" is not there`},
		"not in it":        {ana[0], func(in *proto.ChatSend) { in.ConversationID = other.id }, proto.CodeNotFound, "is not there"},
		"device not in it": {ana[1], func(*proto.ChatSend) {}, proto.CodeNotAllowed, "has to come in first"},
		"nobody else":      {ana[0], func(in *proto.ChatSend) { in.ConversationID, in.Body = alone.id, alone.body("<a") }, proto.CodeNoDevice, "nobody else"},
		"no attachment":    {ana[0], func(in *proto.ChatSend) { in.Attachments = []string{"a_none"} }, proto.CodeNotFound, "a_none"},
	} {
		in := good()
		test.change(&in)
		_, err := h.Send(t.Context(), test.by.who(), in)
		refused := requireCode(t, test.code, err, name)
		require.Contains(t, refused.Message, test.says, name)
	}
	require.EqualValues(t, 3, h.Stats().Refused[proto.CodeEpochTaken])
	_, err := h.Send(t.Context(), ana[0].who(), good())
	require.NoError(t, err, "nothing of all that has left a trace")
	require.EqualValues(t, 1, h.Stats().Taken)
}

func TestPolicyIsAskedEachTime(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	ben.attach()
	no := refuse(proto.CodeNotApproved, "no")
	h.rule(func(ids []string) error {
		require.Equal(t, []string{ana.user, ben.user}, ids)
		return no
	}, nil)
	in := ana.compose(c, "<a")
	require.ErrorIs(t, errOf(h.Send(t.Context(), ana.who(), in)), no)
	require.ErrorIs(t, h.Signal(t.Context(), ana.who(), proto.ChatSignal{ConversationID: c.id, Body: []byte("x")}), no)
	h.rule(nil, func([]string) error { return no })
	in.Attachments = []string{"a"}
	require.ErrorIs(t, errOf(h.Send(t.Context(), ana.who(), in)), no)
	h.rule(func([]string) error { return errors.New("no database") }, nil)
	in.Attachments = nil
	require.ErrorContains(t, errOf(h.Send(t.Context(), ana.who(), in)), "no database")
	h.rule(nil, nil)
	require.NoError(t, errOf(h.Send(t.Context(), ana.who(), in)))
}

// TestStoppedBetweenTheQuestionAndTheQueue lets a conversation be emptied right
// after policy has said yes: the message is asked about again.
func TestStoppedBetweenTheQuestionAndTheQueue(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	asked := 0
	h.rule(func([]string) error {
		if asked++; asked > 1 {
			return refuse(proto.CodeNotApproved, "they are not friends any more")
		}
		c.change(func(proto.ConversationRow) proto.ConversationChange { return proto.ConversationChange{Void: true} })
		return nil
	}, nil)
	requireCode(t, proto.CodeNotApproved, errOf(h.Send(t.Context(), ana.who(), ana.compose(c, "<a"))))
	require.Equal(t, 2, asked)
	h.rule(func([]string) error {
		c.change(func(proto.ConversationRow) proto.ConversationChange { return proto.ConversationChange{Void: true} })
		return nil
	}, nil)
	ana.last = 0
	requireCode(t, proto.CodeEpochTaken, errOf(h.Send(t.Context(), ana.who(), ana.compose(c, "<a"))), "it does not go round for ever")
	require.Zero(t, ben.attach().Waiting)
	h.rule(nil, nil)
	ana.last = 0
	ana.send(c, "<a")
}

func TestAgainIsTheSame(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	in := ana.compose(c, "<a")
	first, err := h.Send(t.Context(), ana.who(), in)
	require.NoError(t, err)
	h.later(time.Minute)
	c.next(ben)
	again, err := h.Send(t.Context(), ana.who(), in)
	require.NoError(t, err, "of an epoch that has ended, and taken before that")
	require.Equal(t, first, again)
	h.crash()
	require.EqualValues(t, 1, ana.attach().LastN)
	again, err = h.Send(t.Context(), ana.who(), in)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.EqualValues(t, 1, h.Stats().Again)
	require.EqualValues(t, 2, ben.attach().Waiting)
	require.Equal(t, []proto.DeliveryKind{proto.DeliveryMessage, proto.DeliveryCommit}, kinds(ben.waitFor(2)))
	require.Equal(t, &proto.ChatChange{ID: "next"}, ben.got()[1].Commit)
	require.Equal(t, "commit", string(ben.got()[1].Body))
}

func kinds(list []proto.ChatDelivery) (kinds []proto.DeliveryKind) {
	for _, d := range list {
		kinds = append(kinds, d.Kind)
	}
	return kinds
}

func TestLimits(t *testing.T) {
	h := newHouse(t, Config{SendBurst: 4, SendRate: 0.5, QueueMessages: 3, SignalBurst: 1, SignalRate: 1})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	for range 3 {
		ana.send(c, "<a")
	}
	in := ana.compose(c, "<a")
	requireCode(t, proto.CodeQueueFull, errOf(h.Send(t.Context(), ana.who(), in)))
	refused := requireCode(t, proto.CodeRateLimited, errOf(h.Send(t.Context(), ana.who(), in)))
	require.Contains(t, refused.Message, "0.5 messages a second; try again in 2s")
	ben.attach()
	ben.waitFor(3)
	require.Equal(t, []string{"<a", "<a", "<a"}, ben.texts(), "what was taken before is not lost")
	ben.ack(1)
	h.later(2 * time.Second)
	require.NoError(t, errOf(h.Send(t.Context(), ana.who(), in)))
	signal := proto.ChatSignal{ConversationID: c.id, Body: []byte("typing")}
	require.NoError(t, h.Signal(t.Context(), ana.who(), signal))
	requireCode(t, proto.CodeRateLimited, h.Signal(t.Context(), ana.who(), signal))
}

func TestSignals(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben, cat := h.person(2), h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana[0], ana[1], ben)
	for _, p := range []*phone{ana[0], ana[1], ben, cat} {
		p.attach()
	}
	signal := proto.ChatSignal{ConversationID: c.id, Body: []byte("typing")}
	require.NoError(t, h.Signal(t.Context(), ana[0].who(), signal))
	want := []proto.ChatSignalled{{ConversationID: c.id, SenderID: ana[0].user, DeviceID: ana[0].id, Body: []byte("typing")}}
	require.Equal(t, want, of[proto.ChatSignalled](h.hub.of(ben.session)))
	require.Equal(t, want, of[proto.ChatSignalled](h.hub.of(ana[1].session)))
	require.Empty(t, of[proto.ChatSignalled](h.hub.of(ana[0].session)))
	requireCode(t, proto.CodeNotFound, h.Signal(t.Context(), cat.who(), signal))
	requireCode(t, proto.CodeNoDevice, h.Signal(t.Context(), proto.ChatWho{UserID: ana[0].user, SessionID: "x"}, signal))
	require.Zero(t, ben.attach().Waiting, "it is nowhere")
}

func TestAttach(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(2), h.person(1)[0]
	c := h.conversation(ana[0], ana[1], ben)
	for name, in := range map[string]proto.ChatAttach{
		"secret": {DeviceID: ana[0].id, Secret: "x"}, "device": {DeviceID: "x", Secret: ana[0].secret()}, "person": {DeviceID: ben.id, Secret: ben.secret()},
	} {
		requireCode(t, proto.CodeNotFound, errOf(h.Attach(t.Context(), proto.ChatWho{UserID: ana[0].user, SessionID: "s"}, in)), name)
	}
	ana[0].attach()
	ben.attach()
	ben.send(c, "<a")
	ana[0].waitFor(1)
	old := ana[0].who()
	ana[0].attach()
	require.Len(t, ana[0].waitFor(1), 1, "from the beginning")
	require.Equal(t, proto.TypeChatDetached, last(h.hub.of(old.SessionID)).typ)
	requireCode(t, proto.CodeNoDevice, errOf(h.Ack(t.Context(), old, proto.ChatAck{Pos: 1})))
	h.SessionEnded(old) // late, and nobody's any more
	ana[0].ack(1)

	// Another device on the same session, and the same one again.
	session := ana[0].session
	_, err := h.Attach(t.Context(), ana[0].who(), proto.ChatAttach{DeviceID: ana[1].id, Secret: ana[1].secret()})
	require.NoError(t, err)
	_, err = h.Attach(t.Context(), ana[0].who(), proto.ChatAttach{DeviceID: ana[1].id, Secret: ana[1].secret()})
	require.NoError(t, err)
	require.Equal(t, 2, h.Stats().Attached)
	require.Empty(t, of[proto.Empty](h.hub.of(session)))
	h.Detach(ana[1].id, "nobody")
	require.Len(t, of[proto.Empty](h.hub.of(session)), 1)
	h.SessionEnded(ben.who())
	require.Zero(t, h.Stats().Attached)
	require.Empty(t, h.lanes.bySess)
	require.Empty(t, h.lanes.byUser)
}

func last[T any](list []T) T { return list[len(list)-1] }

func TestStoreFails(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := ana.compose(c, "<a")
	for name, err := range map[string]error{
		"send":   errOf(h.Send(ctx, ana.who(), in)),
		"ack":    errOf(h.Ack(ctx, ana.who(), proto.ChatAck{Pos: 1})),
		"attach": errOf(h.Attach(ctx, ben.who(), proto.ChatAttach{DeviceID: ben.id, Secret: ben.secret()})),
		"signal": h.Signal(ctx, ana.who(), proto.ChatSignal{ConversationID: c.id, Body: []byte("x")}),
	} {
		require.ErrorIs(t, err, context.Canceled, name)
		_, refused := errors.AsType[*proto.Error](err)
		require.False(t, refused, strings.Join([]string{name, "a fault of the server is no refusal"}, ": "))
	}
	require.NoError(t, errOf(h.Send(t.Context(), ana.who(), in)))
}
