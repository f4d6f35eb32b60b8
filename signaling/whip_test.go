package signaling_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

func TestWHIPSends(t *testing.T) {
	h := newCallHouse(t, nil)
	m := h.request("ann", proto.TypeMediaToken, proto.CallRef{CallID: h.call})
	require.Nil(t, m.Error)
	got := as[proto.MediaToken](t, m)
	require.Equal(t, "/v1/whip", got.WHIPURL)
	require.Equal(t, "/v1/whep", got.WHEPURL)
	require.WithinDuration(t, h.now().Add(2*time.Minute), time.UnixMilli(got.ExpiresAt), 30*time.Second)

	a := h.send(http.MethodPost, got.WHIPURL, got.Token, "application/sdp; charset=utf-8", sendOffer)
	require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
	require.Equal(t, "answer to "+sendOffer, a.body)
	require.Equal(t, sdpType, a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, fragmentType, a.Header.Get("Accept-Patch"))
	require.Regexp(t, `^/v1/whip/[A-Za-z0-9_-]{43}$`, a.Header.Get("Location"))
	require.Regexp(t, `^"[A-Za-z0-9_-]{16}"$`, a.Header.Get("ETag"))
	require.Equal(t, []string{
		`<stun:192.0.2.1:3478>; rel="ice-server"`,
		`<turn:192.0.2.1:3478?transport=udp>; rel="ice-server"; username="ann"; credential="secret of ann"; credential-type="password"`,
	}, a.Header.Values("Link"))
	j, ok := h.media.of(h.id["ann"])
	require.True(t, ok)
	require.Equal(t, []proto.Source{{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1"}}, j.Sources)
	require.Equal(t, h.call, j.CallID)

	// The others see ann join.
	e := h.peers["ben"].until(func(m proto.Message) bool {
		return m.Type == proto.TypeCallParticipant && strings.Contains(string(m.Data), `"joined"`)
	})
	require.Equal(t, h.id["ann"], as[proto.ParticipantEvent](t, e).Participant.ID)

	a = h.send(http.MethodDelete, a.Header.Get("Location"), got.Token, "", "", "If-Match", `"what it says does not matter"`)
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Empty(t, a.body)
	e = h.peers["ben"].event(proto.TypeCallParticipant)
	require.Equal(t, proto.ParticipantLeft, as[proto.ParticipantEvent](t, e).Participant.Phase)
	h.eventually("the media is gone", func() bool { _, ok := h.media.of(h.id["ann"]); return !ok })
	require.True(t, h.calls.InCall("ben"), "the call goes on")
	require.Nil(t, h.request("ann", proto.TypeCallJoin, proto.CallJoin{CallID: h.call, SDP: "v=0", Sources: []proto.Source{}}).Error, "and ann may come back")
}

func TestWHEPReceives(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ben", "/v1/whep", receiveOffer)
	require.Regexp(t, `^/v1/whep/`, s.location)
	j, _ := h.media.of(h.id["ben"])
	require.Empty(t, j.Sources)
	h.send(http.MethodDelete, strings.Replace(s.location, "whep", "whip", 1), s.token, "", "").refusedWith(t, 404, proto.CodeNotFound)
	require.Equal(t, http.StatusOK, h.send(http.MethodDelete, s.location, s.token, "", "").StatusCode)
}

// TestMediaTokenRefused: who could not join gets no token.
func TestMediaTokenRefused(t *testing.T) {
	h := newCallHouse(t, nil)
	for user, code := range map[string]proto.Code{"cleo": proto.CodeNotFound} {
		m := h.request(user, proto.TypeMediaToken, proto.CallRef{CallID: h.call})
		require.Equal(t, code, m.Error.Code)
	}
	h.ask("ben", proto.TypeCallHangup)
	for _, user := range []string{"ann", "ben"} {
		m := h.request(user, proto.TypeMediaToken, proto.CallRef{CallID: h.call})
		require.Equal(t, proto.CodeWrongState, m.Error.Code)
	}
	invited := as[proto.CallEntered](t, h.request("ann", proto.TypeCallInvite, proto.CallInvite{To: []string{"cleo"}}))
	m := h.request("cleo", proto.TypeMediaToken, proto.CallRef{CallID: invited.Call.CallID})
	require.Equal(t, proto.CodeWrongState, m.Error.Code, "it rings still")
}

func TestWHIPRefusals(t *testing.T) {
	h := newCallHouse(t, nil)
	token := h.token("ann")
	long := sendOffer + strings.Repeat("a=x\r\n", 20<<10)
	for name, c := range map[string]struct {
		page, token, typ, body string
		status                 int
		code                   proto.Code
	}{
		"no token":        {"/v1/whip", "", sdpType, sendOffer, 401, proto.CodeUnauthenticated},
		"made-up token":   {"/v1/whip", "hunter2", sdpType, sendOffer, 401, proto.CodeUnauthenticated},
		"a login's token": {"/v1/whip", "token-ann", sdpType, sendOffer, 401, proto.CodeUnauthenticated},
		"no type":         {"/v1/whip", token, "", sendOffer, 415, proto.CodeBadMessage},
		"JSON":            {"/v1/whip", token, "application/json", sendOffer, 415, proto.CodeBadMessage},
		"a fragment":      {"/v1/whip", token, fragmentType, sendOffer, 415, proto.CodeBadMessage},
		"too large":       {"/v1/whip", token, sdpType, long, 413, proto.CodeTooLarge},
		"nothing":         {"/v1/whip", token, sdpType, "", 400, proto.CodeBadMessage},
		"no SDP":          {"/v1/whip", token, sdpType, "hello", 400, proto.CodeBadMessage},
		"receives":        {"/v1/whip", token, sdpType, receiveOffer, 422, proto.CodeBadOffer},
		"sends":           {"/v1/whep", token, sdpType, sendOffer, 422, proto.CodeBadOffer},
		"no such page":    {"/v1/whap", token, sdpType, sendOffer, 404, proto.CodeNotFound},
		"no such media":   {"/v1/whip/abc", token, sdpType, sendOffer, 405, proto.CodeBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.send(http.MethodPost, c.page, c.token, c.typ, c.body)
			a.refusedWith(t, c.status, c.code)
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
			require.Equal(t, c.status == 401, a.Header.Get("WWW-Authenticate") == "Bearer")
			require.Equal(t, c.status == 415, a.Header.Get("Accept-Post") == sdpType)
		})
	}
	require.Empty(t, h.media.done(), "nothing has reached the media")
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH"} {
		a := h.send(method, "/v1/whip", token, "", "")
		require.Equal(t, 405, a.StatusCode)
		require.Equal(t, "OPTIONS, POST", a.Header.Get("Allow"))
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "POST"} {
		a := h.send(method, "/v1/whep/abc", token, "", "")
		require.Equal(t, 405, a.StatusCode)
		require.Equal(t, "DELETE, OPTIONS, PATCH", a.Header.Get("Allow"))
	}
	require.NotContains(t, h.logs.String(), "hunter2")
	require.NotContains(t, h.logs.String(), token)
}

// TestWHIPMediaSaysNo: the media plane's refusals reach the client, its faults
// without detail.
func TestWHIPMediaSaysNo(t *testing.T) {
	h := newCallHouse(t, nil)
	token := h.token("ann")
	for code, status := range map[proto.Code]int{
		proto.CodeBadOffer: 422, proto.CodeCodecUnsupported: 422, proto.CodeCallFull: 409, proto.CodeUnavailable: 503, proto.CodeInternal: 500,
	} {
		h.media.set(func(m *plane) { m.refuse = &proto.Error{Code: code, Message: "no"} })
		h.send(http.MethodPost, "/v1/whip", token, sdpType, sendOffer).refusedWith(t, status, code)
	}
	h.media.set(func(m *plane) { m.refuse = http.ErrBodyNotAllowed })
	a := h.send(http.MethodPost, "/v1/whip", token, sdpType, sendOffer)
	a.refusedWith(t, 500, proto.CodeInternal)
	require.NotContains(t, a.body, "http:")
	h.media.set(func(m *plane) { m.refuse = nil })
	h.startWith(token, "/v1/whip", sendOffer)
}

func TestMediaTokenExpires(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	late := h.token("ben")
	h.wait(2*time.Minute + time.Second)
	h.send(http.MethodPost, "/v1/whip", late, sdpType, sendOffer).refusedWith(t, 401, proto.CodeUnauthenticated)
	h.send(http.MethodPost, "/v1/whip", s.token, sdpType, sendOffer).refusedWith(t, 401, proto.CodeUnauthenticated)
	require.Equal(t, http.StatusOK, h.patch(s, restart, "*").StatusCode, "what runs stays in its token's hand")
	h.wait(time.Hour)
	h.token("ben") // sweeps
	require.Equal(t, http.StatusOK, h.send(http.MethodDelete, s.location, s.token, "", "").StatusCode)
}

// TestForeignTokens: nobody reaches what another has, with whatever token.
func TestForeignTokens(t *testing.T) {
	h := newCallHouse(t, nil)
	ann, ben := h.start("ann", "/v1/whip", sendOffer), h.start("ben", "/v1/whep", receiveOffer)
	second := h.token("ann")
	for token, c := range map[string]struct {
		status int
		code   proto.Code
	}{
		"": {401, proto.CodeUnauthenticated}, "x": {401, proto.CodeUnauthenticated}, "token-ann": {401, proto.CodeUnauthenticated}, operatorToken: {401, proto.CodeUnauthenticated},
		ben.token: {404, proto.CodeNotFound}, second: {404, proto.CodeNotFound},
	} {
		h.send(http.MethodDelete, ann.location, token, "", "").refusedWith(t, c.status, c.code)
		h.send(http.MethodPatch, ann.location, token, fragmentType, restart, "If-Match", "*").refusedWith(t, c.status, c.code)
	}
	require.Equal(t, []string{"join", "join"}, h.media.done())
	require.Equal(t, http.StatusNoContent, h.patch(ann, candidates, ann.tag).StatusCode)
	require.Equal(t, http.StatusNoContent, h.patch(ben, candidates, ben.tag).StatusCode)
	h.send(http.MethodPatch, "/v1/whip/other", ann.token, fragmentType, restart, "If-Match", "*").refusedWith(t, 404, proto.CodeNotFound)
}

// TestMediaEndsOtherwise: whatever ends the media, its page is gone, and
// whatever ends the stay, the token is dead.
func TestMediaEndsOtherwise(t *testing.T) {
	join := func(h *callHouse) {
		require.Nil(h.t, h.request("ann", proto.TypeCallJoin, proto.CallJoin{CallID: h.call, SDP: "v=0", Sources: []proto.Source{}}).Error)
	}
	for name, c := range map[string]struct {
		end  func(h *callHouse)
		stay bool
	}{
		"leave":           {func(h *callHouse) { h.ask("ann", proto.TypeCallLeave) }, false},
		"hang up":         {func(h *callHouse) { h.ask("ann", proto.TypeCallHangup) }, false},
		"the other's end": {func(h *callHouse) { h.ask("ben", proto.TypeCallHangup) }, false},
		"the app joins":   {join, true},
		"leave and join":  {func(h *callHouse) { h.ask("ann", proto.TypeCallLeave); join(h) }, false},
		"another device": {func(h *callHouse) {
			p, _ := h.enter("ann")
			p.ask(2, proto.TypeCallJoin, proto.CallJoin{CallID: h.call, SDP: "v=0", Sources: []proto.Source{}})
			require.Nil(h.t, p.reply(2).Error)
		}, true},
		"once more":  {func(h *callHouse) { h.startWith(h.token("ann"), "/v1/whep", receiveOffer) }, true},
		"by ann":     {func(h *callHouse) { h.startWith(h.token("ann"), "/v1/whip", sendOffer) }, true},
		"end of all": {func(h *callHouse) { require.NoError(h.t, h.calls.Close(h.t.Context())) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newCallHouse(t, nil)
			s := h.start("ann", "/v1/whip", sendOffer)
			c.end(h)
			h.gone(s)
			a := h.send(http.MethodPost, "/v1/whip", s.token, sdpType, sendOffer)
			if c.stay {
				require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
			} else {
				a.refusedWith(t, 401, proto.CodeUnauthenticated)
			}
		})
	}
}

// TestReplayAfterDelete: a token that has left cannot come back by itself.
func TestReplayAfterDelete(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	require.Equal(t, http.StatusOK, h.send(http.MethodDelete, s.location, s.token, "", "").StatusCode)
	h.gone(s)
	h.send(http.MethodPost, "/v1/whip", s.token, sdpType, sendOffer).refusedWith(t, 401, proto.CodeUnauthenticated)
	h.start("ann", "/v1/whip", sendOffer) // by asking again
}

// TestStartedTwice: a client that repeats its POST, for the answer got lost,
// ends up with the second; the first is gone.
func TestStartedTwice(t *testing.T) {
	h := newCallHouse(t, nil)
	first := h.start("ann", "/v1/whip", sendOffer)
	second := h.startWith(first.token, "/v1/whip", sendOffer)
	require.NotEqual(t, first.location, second.location)
	require.NotEqual(t, first.tag, second.tag)
	h.gone(first)
	require.Equal(t, http.StatusNoContent, h.patch(second, candidates, second.tag).StatusCode)
}

// TestMediaTokenEndsWithItsSession: by a log-out, by a goodbye, and by not
// coming back.
func TestMediaTokenEndsWithItsSession(t *testing.T) {
	for name, end := range map[string]func(h *callHouse){
		"log-out": func(h *callHouse) { require.Equal(h.t, 204, h.do("POST", "/v1/logout", "token-ann", "").StatusCode) },
		"goodbye": func(h *callHouse) { _ = h.peers["ann"].ws.Close(websocket.StatusNormalClosure, "") },
		"a drop":  func(h *callHouse) { h.peers["ann"].cut() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newCallHouse(t, func(c *signaling.Config) { c.ResumeWindow = 50 * time.Millisecond; c.PresenceGrace = time.Millisecond })
			// The media is on another device of ann's, so that the call goes on.
			p, _ := h.enter("ann")
			p.ask(2, proto.TypeCallJoin, proto.CallJoin{CallID: h.call, SDP: "v=0", Sources: []proto.Source{}})
			require.Nil(t, p.reply(2).Error)
			token := h.token("ann")
			end(h)
			h.eventually("the token is dead", func() bool {
				return h.send(http.MethodOptions, "/v1/whip", token, "", "").StatusCode == 401
			})
			h.send(http.MethodPost, "/v1/whip", token, sdpType, sendOffer).refusedWith(t, 401, proto.CodeUnauthenticated)
			h.send(http.MethodDelete, "/v1/whip/x", token, "", "").refusedWith(t, 401, proto.CodeUnauthenticated) // it is forgotten
			require.Equal(t, name != "log-out", h.calls.InCall("ann"))
		})
	}
}

// TestNoStartWithoutSocket: while the app is out of reach nothing starts.
func TestNoStartWithoutSocket(t *testing.T) {
	h := newCallHouse(t, nil)
	token := h.token("ann")
	h.peers["ann"].cut()
	h.eventually("the server has noticed", func() bool {
		a := h.send(http.MethodPost, "/v1/whip", token, sdpType, sendOffer)
		return a.StatusCode == http.StatusServiceUnavailable
	})
}

// TestSessionEndsDuringTheJoin: what was under way is undone.
func TestSessionEndsDuringTheJoin(t *testing.T) {
	h := newCallHouse(t, nil)
	token := h.token("ann")
	hold := make(chan struct{})
	h.media.set(func(m *plane) { m.hold = hold })
	result := make(chan answer)
	go func() { result <- h.send(http.MethodPost, "/v1/whip", token, sdpType, sendOffer) }()
	<-h.media.holding
	require.Equal(t, 204, h.do("POST", "/v1/logout", "token-ann", "").StatusCode)
	h.eventually("the session has ended", func() bool { return !h.calls.InCall("ann") })
	close(hold)
	require.GreaterOrEqual(t, (<-result).StatusCode, 400)
	h.eventually("the media is gone", func() bool { _, ok := h.media.of(h.id["ann"]); return !ok })
}
