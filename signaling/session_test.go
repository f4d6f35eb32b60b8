package signaling_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

func TestHelloWelcomes(t *testing.T) {
	h := newHouse(t, nil)
	h.desk.views["ann"] = []proto.CallView{someCall("rings")}
	_, w := h.enter("ann")
	require.Equal(t, proto.Version, w.Version)
	require.NotEmpty(t, w.Resume)
	require.EqualValues(t, 30000, w.ResumeMS)
	require.False(t, w.Resumed)
	require.Equal(t, "ann", w.Me.ID)
	require.Len(t, w.People, 2)
	require.Len(t, w.Calls, 1)
	require.True(t, h.hub.Online("ann"))
	require.False(t, h.hub.Online("ben"))
}

func TestHelloRefused(t *testing.T) {
	h := newHouse(t, nil)
	for name, c := range map[string]struct {
		text string
		code proto.Code
	}{
		"wrong token":    {`{"id":4,"type":"hello","data":{"version":1,"token":"x","device":{}}}`, proto.CodeUnauthenticated},
		"no token":       {`{"id":4,"type":"hello","data":{"version":1,"device":{}}}`, proto.CodeBadMessage},
		"other version":  {`{"id":4,"type":"hello","data":{"version":9,"token":"token-ann","device":{},"new":1}}`, proto.CodeVersionUnsupported},
		"no version":     {`{"id":4,"type":"hello","data":{"token":"token-ann"}}`, proto.CodeBadMessage},
		"unknown resume": {`{"id":4,"type":"hello","data":{"version":1,"token":"token-ann","resume":"x","device":{}}}`, proto.CodeResumeGone},
		"long device":    {`{"id":4,"type":"hello","data":{"version":1,"token":"token-ann","device":{"os":"` + strings.Repeat("x", 65) + `"}}}`, proto.CodeBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			p := h.connect()
			p.send(c.text)
			m := p.reply(4)
			require.Zero(t, m.Seq)
			require.NotNil(t, m.Error)
			require.Equal(t, c.code, m.Error.Code, m.Error.Message)
			p.hello(5, proto.Hello{Version: 1, Token: "token-ann"}) // the socket lives
			require.Nil(t, p.reply(5).Error)
			_ = p.ws.Close(websocket.StatusNormalClosure, "")
			h.eventually("the session ends", func() bool { return !h.hub.Online("ann") })
		})
	}
}

func TestHelloNeedsAnID(t *testing.T) {
	p := newHouse(t, nil).connect()
	p.send(`{"type":"hello","data":{"version":1,"token":"token-ann","device":{}}}`)
	require.Equal(t, proto.CodeBadMessage, p.refused().Code)
}

func TestSecondHelloIsRefused(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	p.hello(2, proto.Hello{Version: 1, Token: "token-ben"})
	require.Equal(t, proto.CodeWrongState, p.reply(2).Error.Code)
}

func TestHelloDeadline(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.HelloTimeout = 500 * time.Millisecond })
	code, _ := h.connect().closed()
	require.Equal(t, proto.CloseHelloTimeout, code)
	p, _ := h.enter("ann") // one that greets stays
	p.ask(2, proto.TypePeople, proto.Empty{})
	require.Nil(t, p.reply(2).Error)
}

func TestTooManyWrongHellos(t *testing.T) {
	p := newHouse(t, nil).connect()
	for i := range uint64(5) {
		p.hello(i+1, proto.Hello{Version: 1, Token: "x"})
	}
	require.Equal(t, proto.CodeUnauthenticated, p.reply(5).Error.Code)
	code, _ := p.closed()
	require.Equal(t, proto.CloseHelloTimeout, code)
}

// asks has one good request of each type that a session's worker carries out,
// and what the desk notes of it.
var asks = map[string]struct {
	data string
	note string
}{
	proto.TypePeople:      {`{}`, ""},
	proto.TypeCallInvite:  {`{"to":["ben"],"video":true}`, "ann invite ben"},
	proto.TypeCallAdd:     {`{"call_id":"c","to":["ben"]}`, "ann add c ben"},
	proto.TypeCallRinging: {`{"call_id":"c"}`, "ann ringing c"},
	proto.TypeCallAccept:  {`{"call_id":"c"}`, "ann accept c"},
	proto.TypeCallDecline: {`{"call_id":"c"}`, "ann decline c"},
	proto.TypeCallHangup:  {`{"call_id":"c"}`, "ann hangup c"},
	proto.TypeCallJoin:    {`{"call_id":"c","sdp":"v=0","sources":[]}`, "ann join c"},
	proto.TypeCallLeave:   {`{"call_id":"c"}`, "ann leave c"},
	proto.TypeMediaOffer:  {`{"call_id":"c","sdp":"v=0","sources":[]}`, "ann offer c"},
	proto.TypeMediaMute:   {`{"call_id":"c","kind":"audio","muted":true}`, "ann mute c"},
	proto.TypeMediaToken:  {`{"call_id":"c"}`, "ann seat c"},
	proto.TypeStatsReport: {`{"call_id":"c","path":{},"streams":[]}`, "ann report c"},
	proto.TypeChatAttach:  {`{"device_id":"d","secret":"right"}`, "ann attach d"},
	proto.TypeChatSend:    {`{"conversation_id":"g","n":1,"settled":0,"body":"aGk=","commitment":"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="}`, "ann send hi"},
	proto.TypeChatAck:     {`{"pos":4}`, "ann ack 4"},
	proto.TypeChatSignal:  {`{"conversation_id":"g","body":"aGk="}`, "ann signal hi"},
}

func message(id, typ, data string) string {
	return `{"id":` + id + `,"type":"` + typ + `","data":` + data + `}`
}

func TestEveryRequest(t *testing.T) {
	for _, spec := range proto.Requests() {
		if spec.Type == proto.TypeHello || spec.Type == proto.TypeAck || spec.Type == proto.TypePing {
			continue
		}
		t.Run(spec.Type, func(t *testing.T) {
			ask, ok := asks[spec.Type]
			require.True(t, ok, "the table of this test has no request of this type")
			h, post := newPostHouse(t, nil, nil)

			stranger := h.connect()
			stranger.send(message("7", spec.Type, ask.data))
			m := stranger.reply(7)
			require.Equal(t, proto.CodeUnauthenticated, m.Error.Code)

			p, _ := h.enter("ann")
			p.send(message("2", spec.Type, `{"surprise":1}`))
			m = p.reply(2)
			require.Equal(t, proto.CodeBadMessage, m.Error.Code)
			require.NotZero(t, m.Seq)
			p.send(message("3", spec.Type, `[]`))
			require.Equal(t, proto.CodeBadMessage, p.reply(3).Error.Code)
			p.send(message("4", spec.Type, `{"call_id":"`+strings.Repeat("x", 200<<10)+`"}`))
			m = p.reply(4)
			require.Equal(t, proto.CodeTooLarge, m.Error.Code)
			require.Empty(t, h.desk.list())
			require.Empty(t, post.list())

			if spec.Reply == nil {
				p.send(`{"type":"` + spec.Type + `","data":` + ask.data + `}`)
			} else {
				p.send(`{"type":"` + spec.Type + `","data":` + ask.data + `}`)
				require.Equal(t, proto.CodeBadMessage, p.refused().Code)
				p.send(message("5", spec.Type, ask.data))
				p.reply(5)
			}
			if ask.note != "" {
				h.eventually("it is carried out", func() bool {
					return h.desk.count(ask.note) == 1 || slices.Equal(post.list(), []string{ask.note})
				})
			}
		})
	}
}

func TestRefusalsAndFaultsOfHandlers(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	p.ask(2, proto.TypeCallDecline, proto.CallRef{CallID: "c"})
	require.Equal(t, &proto.Error{Code: proto.CodeNotFound, Message: "no such call"}, p.reply(2).Error)
	p.ask(3, proto.TypeMediaMute, proto.MediaMute{CallID: "c", Kind: proto.SourceAudio})
	e := p.reply(3).Error
	require.Equal(t, proto.CodeInternal, e.Code)
	require.NotContains(t, e.Message, "secret")
	require.Contains(t, h.logs.String(), "/secret/place")

	h.desk.onInvite = func(context.Context, signaling.Who, proto.CallInvite) (proto.CallEntered, error) { panic("boom") }
	p.ask(4, proto.TypeCallInvite, proto.CallInvite{To: []string{"ben"}})
	require.Equal(t, proto.CodeInternal, p.reply(4).Error.Code)
	p.ask(5, proto.TypePeople, proto.Empty{}) // the worker lives
	require.Nil(t, p.reply(5).Error)
}

func TestHandlerTimeout(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.HandlerTimeout = 20 * time.Millisecond })
	h.desk.onInvite = func(ctx context.Context, _ signaling.Who, _ proto.CallInvite) (proto.CallEntered, error) {
		<-ctx.Done()
		return proto.CallEntered{}, ctx.Err()
	}
	p, _ := h.enter("ann")
	p.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{"ben"}})
	require.Equal(t, proto.CodeUnavailable, p.reply(2).Error.Code)
}

func TestPingAndUnknownAndMalformed(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	p.send(`{"type":"ping"}`)
	require.Zero(t, p.event(proto.TypePong).Seq)
	for _, text := range []string{`{`, ``, `[1]`, `{"type":"ping","x":1}`, "{\"type\":\"\xff\"}"} {
		p.send(text)
		require.Equal(t, proto.CodeBadMessage, p.refused().Code, text)
	}
	p.send(message("2", "call.sing", `{}`))
	require.Equal(t, proto.CodeUnknownType, p.reply(2).Error.Code)
	p.send(`{"type":"call.sing"}`)
	require.Equal(t, proto.CodeUnknownType, p.refused().Code)
	p.send(`{"type":"ack","data":{"seq":99}}`)
	require.Equal(t, proto.CodeBadMessage, p.refused().Code)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, p.ws.Write(ctx, websocket.MessageBinary, []byte(`{"type":"ping"}`)))
	require.Equal(t, proto.CodeBadMessage, p.refused().Code)
	p.send(`{"type":"ping"}`)
	p.event(proto.TypePong)
}

func TestTooLargeLivesUpToTheHardLimit(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.MaxMessageBytes = 4096 })
	p, _ := h.enter("ann")
	p.send(`{"type":"call.join","data":{"sdp":"` + strings.Repeat("x", 5000) + `"}, "id":9}`) // id out of sight
	require.Equal(t, proto.CodeTooLarge, p.refused().Code)
	p.send(message("2", "people.list", `{"x":"`+strings.Repeat("x", 500000)+`"}`))
	require.Equal(t, proto.CodeTooLarge, p.reply(2).Error.Code)
	_ = p.raw(message("3", "people.list", `{"x":"`+strings.Repeat("x", 2<<20)+`"}`))
	code, _ := p.closed()
	require.Equal(t, proto.CloseTooLarge, code)
}

func TestIDsMustGrow(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	p.ask(5, proto.TypeCallAccept, proto.CallRef{CallID: "a"})
	m := p.reply(5)
	p.send(`{"type":"ack","data":{"seq":` + jsonNumber(m.Seq) + `}}`)
	p.ask(5, proto.TypeCallAccept, proto.CallRef{CallID: "a"})
	m = p.until(func(m proto.Message) bool { return m.Re == 5 && m.Error != nil })
	require.Zero(t, m.Seq)
	require.Contains(t, m.Error.Message, "given 5, which was used before; allowed is more than 5")
	p.ask(6, proto.TypeCallAccept, proto.CallRef{CallID: "b"})
	p.reply(6)
	require.Equal(t, 1, h.desk.count("ann accept a"))
	require.Equal(t, 1, h.desk.count("ann accept b"))
}

func jsonNumber(n uint64) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestRateLimit(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.RatePerSecond, c.Burst = 0.001, 10 })
	p, _ := h.enter("ann")
	for id := uint64(2); id <= 15; id++ {
		p.ask(id, proto.TypeCallAccept, proto.CallRef{CallID: "c"})
	}
	for range 14 { // refusals may overtake what the worker is at
		m := p.until(func(m proto.Message) bool { return m.Re != 0 })
		require.Equal(t, m.Re > 11, m.Error != nil, "request %d: %v", m.Re, m.Error)
		if m.Error != nil {
			require.Equal(t, proto.CodeRateLimited, m.Error.Code)
		}
	}
	require.Equal(t, 10, h.desk.count("ann accept c"))
	p.send(`{"type":"ping"}`) // the socket lives
	p.event(proto.TypePong)
	for range 60 { // whoever goes on is cut
		if p.raw(`{"id":99,"type":"people.list"}`) != nil {
			break
		}
	}
	code, _ := p.closed()
	require.Equal(t, proto.CloseFlood, code)
}
