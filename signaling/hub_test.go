package signaling_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// presenceOf reads on to an event about somebody in the given standing.
func (p *peer) presenceOf(id string, online, inCall bool) {
	p.t.Helper()
	p.until(func(m proto.Message) bool {
		if m.Type != proto.TypePresence {
			return false
		}
		v := as[proto.Presence](p.t, m)
		return v.Person.ID == id && v.Online == online && v.InCall == inCall
	})
}

func TestPresence(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.PresenceGrace = 20 * time.Millisecond })
	ann, _ := h.enter("ann")
	ben, w := h.enter("ben")
	ann.presenceOf("ben", true, false)
	require.Len(t, w.People, 2)
	for _, p := range w.People {
		require.Equal(t, p.Person.ID == "ann", p.Online, p.Person.ID)
	}

	h.desk.setInCall("ben", true)
	h.hub.PresenceChanged("ben")
	ann.presenceOf("ben", true, true)
	h.desk.setInCall("ben", false)
	h.hub.PresenceChanged("ben")
	ann.presenceOf("ben", true, false)

	ben.cut()
	ann.presenceOf("ben", false, false)
	h.resume("ben", w.Resume, 1)
	ann.presenceOf("ben", true, false)
}

func TestTheHubCountsWhoIsThere(t *testing.T) {
	h := newHouse(t, nil)
	require.Zero(t, h.hub.Stats())
	ann, _ := h.enter("ann")
	ben, _ := h.enter("ben")
	ann.presenceOf("ben", true, false)
	st := h.hub.Stats()
	require.Equal(t, []int{2, 0, 2}, []int{st.Sessions, st.Detached, st.Sockets})
	require.NotZero(t, st.Messages, "nobody has acknowledged anything yet")
	require.Greater(t, st.Bytes, st.Messages)
	messages := 0
	for _, s := range h.hub.Sessions() {
		require.NotEmpty(t, s.ID)
		require.True(t, s.Attached)
		require.Zero(t, s.Requests)
		messages += s.Messages
	}
	require.Equal(t, st.Messages, messages)
	ben.cut()
	h.eventually("a session waits to be resumed", func() bool {
		st := h.hub.Stats()
		return st.Sessions == 2 && st.Detached == 1 && st.Sockets == 1
	})
}

func TestPresenceIsToldOnce(t *testing.T) {
	h := newHouse(t, nil)
	ann, _ := h.enter("ann")
	one, _ := h.enter("ben")
	ann.presenceOf("ben", true, false)
	two, _ := h.enter("ben") // a second device is no news
	_ = one.ws.Close(websocket.StatusNormalClosure, "")
	h.eventually("one session ends", func() bool { return h.desk.count("ben ended") == 1 })
	_ = two.ws.Close(websocket.StatusNormalClosure, "")
	m := ann.event(proto.TypePresence)
	require.False(t, as[proto.Presence](t, m).Online)
}

func TestToSessionAndToOthers(t *testing.T) {
	h := newHouse(t, nil)
	one, _ := h.enter("ann")
	two, _ := h.enter("ann")
	var who signaling.Who
	h.desk.onInvite = func(_ context.Context, w signaling.Who, _ proto.CallInvite) (proto.CallEntered, error) {
		who = w
		return proto.CallEntered{Call: someCall("c")}, nil
	}
	one.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{"ben"}})
	one.reply(2)
	h.hub.ToSession(who.SessionID, proto.TypeCallState, stateOf("mine"))
	h.hub.ToOthers("ann", who.SessionID, proto.TypeCallState, stateOf("theirs"))
	h.hub.ToSession("nobody", proto.TypeCallState, stateOf("lost"))
	h.hub.ToUser("nobody", proto.TypeCallState, stateOf("lost"))
	h.hub.ToUser("ann", proto.TypeCallState, stateOf("all"))
	for p, first := range map[*peer]string{one: "mine", two: "theirs"} {
		require.Equal(t, first, as[proto.CallState](t, p.event(proto.TypeCallState)).Call.CallID)
		require.Equal(t, "all", as[proto.CallState](t, p.event(proto.TypeCallState)).Call.CallID)
	}
}

func TestSessionsPerUser(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.MaxSessionsPerUser = 2 })
	first, w := h.enter("ann")
	h.enter("ann")
	p := h.connect()
	p.hello(1, proto.Hello{Version: 1, Token: "token-ann"})
	require.Equal(t, proto.CodeRateLimited, p.reply(1).Error.Code)
	h.enter("ben") // others are not concerned

	first.cut()
	h.eventually("the drop is noticed", func() bool { return h.desk.count("ann dropped") == 1 })
	p.hello(2, proto.Hello{Version: 1, Token: "token-ann"}) // one without socket makes room
	require.Nil(t, p.reply(2).Error)
	h.gone("ann", w.Resume, 1)
}

func TestLogoutEndsItsSessions(t *testing.T) {
	h := newHouse(t, nil)
	ann, w := h.enter("ann")
	ben, _ := h.enter("ben")
	require.Equal(t, http.StatusNoContent, h.do("POST", "/v1/logout", "token-ann", "").StatusCode)
	code, _ := ann.closed()
	require.Equal(t, proto.CloseLoggedOut, code)
	p := h.connect()
	p.hello(1, proto.Hello{Version: 1, Token: "token-ann", Resume: w.Resume})
	require.Equal(t, proto.CodeUnauthenticated, p.reply(1).Error.Code)
	ben.ask(2, proto.TypePeople, proto.Empty{})
	require.Nil(t, ben.reply(2).Error)
}

func TestShutdown(t *testing.T) {
	h := newHouse(t, nil)
	ann, _ := h.enter("ann")
	fresh := h.connect()
	h.hub.ToUser("ann", proto.TypeCallState, stateOf("last words"))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- h.srv.Close(ctx) }()
	require.Equal(t, "last words", as[proto.CallState](t, ann.event(proto.TypeCallState)).Call.CallID)
	for _, p := range []*peer{ann, fresh} {
		code, reason := p.closed()
		require.Equal(t, proto.CloseRestart, code)
		require.Equal(t, "server restarts", reason)
	}
	require.NoError(t, <-closed)
	require.Equal(t, 1, h.desk.count("ann ended"))
	require.Equal(t, http.StatusServiceUnavailable, h.do("GET", "/readyz", "", "").StatusCode)
	require.Equal(t, http.StatusOK, h.do("GET", "/healthz", "", "").StatusCode)
	_, res, err := h.dial(nil)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
}

func TestShutdownDoesNotWaitForThoseWhoDoNotRead(t *testing.T) {
	h := newHouse(t, nil)
	h.enter("ann") // reads nothing, so answers no closing handshake
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, h.srv.Close(ctx), context.DeadlineExceeded)
	require.Equal(t, 1, h.desk.count("ann ended"))
}
