package signaling_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

func TestWHIPCandidates(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	for name, match := range map[string]string{"the tag": s.tag, "any": "*", "one of several": `"x", ` + s.tag} {
		a := h.patch(s, candidates, match)
		require.Equal(t, http.StatusNoContent, a.StatusCode, name)
		require.Empty(t, a.body)
		require.Empty(t, a.Header.Get("ETag"))
	}
	require.Equal(t, http.StatusNoContent, h.patch(s, "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n", s.tag).StatusCode)
	require.Equal(t, []string{"join"}, h.media.done(), "none of it concerns the media")
}

func TestWHIPRestart(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	a := h.patch(s, restart, "*")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Equal(t, fragmentType, a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "a=ice-lite\r\na=answer:"+restart, a.body)
	tag := a.Header.Get("ETag")
	require.NotEmpty(t, tag)
	require.NotEqual(t, s.tag, tag)

	// The old ICE session is over, and the new one's candidates are its own.
	h.patch(s, candidates, s.tag).refusedWith(t, 412, proto.CodeWrongState)
	h.patch(s, candidates, tag).refusedWith(t, 422, proto.CodeBadOffer)
	fresh := strings.NewReplacer("abcd", "efgh", "aaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbb").Replace(candidates)
	require.Equal(t, http.StatusNoContent, h.patch(s, fresh, tag).StatusCode)
	require.Equal(t, http.StatusNoContent, h.patch(s, restart, "*").StatusCode, "the same credentials again are no restart")
	require.Equal(t, []string{"join", "restart"}, h.media.done())

	// Back to the first credentials is a restart like any other.
	a = h.patch(s, candidates, "*")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.NotContains(t, []string{s.tag, tag}, a.Header.Get("ETag"))
}

func TestWHIPPatchRefusals(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	for name, c := range map[string]struct {
		typ, body, match string
		status           int
		code             proto.Code
	}{
		"no condition":     {fragmentType, candidates, "", 428, proto.CodeWrongState},
		"empty condition":  {fragmentType, candidates, " , ", 428, proto.CodeWrongState},
		"another tag":      {fragmentType, candidates, `"x"`, 412, proto.CodeWrongState},
		"without quotes":   {fragmentType, candidates, strings.Trim(s.tag, `"`), 412, proto.CodeWrongState},
		"a weak tag":       {fragmentType, candidates, "W/" + s.tag, 412, proto.CodeWrongState},
		"restart by tag":   {fragmentType, restart, s.tag, 422, proto.CodeBadOffer},
		"restart, old tag": {fragmentType, restart, `"x"`, 412, proto.CodeWrongState},
		"no type":          {"", candidates, s.tag, 415, proto.CodeBadMessage},
		"SDP":              {sdpType, candidates, s.tag, 415, proto.CodeBadMessage},
		"no fragment":      {fragmentType, "hello", s.tag, 400, proto.CodeBadMessage},
		"nothing":          {fragmentType, "", s.tag, 400, proto.CodeBadMessage},
		"half a restart":   {fragmentType, "a=ice-ufrag:efgh\r\n", "*", 400, proto.CodeBadMessage},
		"too large":        {fragmentType, candidates + strings.Repeat("a=x\r\n", 4<<10), s.tag, 413, proto.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if c.match != "" {
				headers = []string{"If-Match", c.match}
			}
			a := h.send(http.MethodPatch, s.location, s.token, c.typ, c.body, headers...)
			a.refusedWith(t, c.status, c.code)
			require.Equal(t, c.status == 415, a.Header.Get("Accept-Patch") == fragmentType)
		})
	}
	require.Equal(t, []string{"join"}, h.media.done())
}

// TestWHIPRestartFails: the ICE session that there was goes on.
func TestWHIPRestartFails(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	h.media.set(func(m *plane) { m.refuse = &proto.Error{Code: proto.CodeBadOffer, Message: "no"} })
	h.patch(s, restart, "*").refusedWith(t, 422, proto.CodeBadOffer)
	h.media.set(func(m *plane) { m.refuse = fmt.Errorf("a secret place is full") })
	a := h.patch(s, restart, "*")
	a.refusedWith(t, 500, proto.CodeInternal)
	require.NotContains(t, a.body, "secret")
	h.media.set(func(m *plane) { m.refuse = nil })
	require.Equal(t, http.StatusNoContent, h.patch(s, candidates, s.tag).StatusCode)
	require.Equal(t, http.StatusOK, h.patch(s, restart, "*").StatusCode)
}

// TestRestartsOneByOne: of many restarts at once the last one's tag is the one
// that holds.
func TestRestartsOneByOne(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	answers := make([]answer, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			answers[i] = h.patch(s, fmt.Sprintf("a=ice-ufrag:user%d\r\na=ice-pwd:%022d\r\n", i, i), "*")
		})
	}
	wg.Wait()
	holds := 0
	for i, a := range answers {
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		b := h.patch(s, fmt.Sprintf("a=ice-ufrag:user%d\r\na=ice-pwd:%022d\r\n", i, i), a.Header.Get("ETag"))
		if b.StatusCode == http.StatusNoContent {
			holds++
		} else {
			require.Equal(t, http.StatusPreconditionFailed, b.StatusCode, b.body)
		}
	}
	require.Equal(t, 1, holds)
}

func TestWHIPOptions(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	for path, header := range map[string]string{"/v1/whip": "Accept-Post", "/v1/whep": "Accept-Post", s.location: "Accept-Patch", "/v1/whep/x": "Accept-Patch"} {
		a := h.send(http.MethodOptions, path, "", "", "")
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.Equal(t, map[string]string{"Accept-Post": sdpType, "Accept-Patch": fragmentType}[header], a.Header.Get(header))
		require.Contains(t, a.Header.Get("Allow"), "OPTIONS")
		require.Empty(t, a.Header.Values("Link"), "servers are for those who show a token")
		require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
	}
	a := h.send(http.MethodOptions, "/v1/whip", s.token, "", "")
	require.Len(t, a.Header.Values("Link"), 2)
	h.send(http.MethodOptions, "/v1/whip", "x", "", "").refusedWith(t, 401, proto.CodeUnauthenticated)
}

// TestWHIPOrigins: pages of strangers are refused, as at the WebSocket.
func TestWHIPOrigins(t *testing.T) {
	h := newCallHouse(t, func(c *signaling.Config) {
		c.AllowedOrigins = []string{"https://family.example", "*.tools.example"}
	})
	token := h.token("ann")
	for origin, ok := range map[string]bool{
		h.http.URL: true, "https://family.example": true, "https://a.tools.example": true, "HTTPS://FAMILY.example": true,
		"http://family.example": false, "https://evil.example": false, "https://family.example.evil.example": false, "null": false, "%": false,
	} {
		pre := h.send(http.MethodOptions, "/v1/whip", "", "", "", "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		a := h.send(http.MethodPost, "/v1/whip", token, sdpType, sendOffer, "Origin", origin)
		if !ok {
			for _, refused := range []answer{pre, a} {
				refused.refusedWith(t, 403, proto.CodeNotAllowed)
				require.Empty(t, refused.Header.Get("Access-Control-Allow-Origin"))
			}
			continue
		}
		require.Equal(t, http.StatusOK, pre.StatusCode, origin)
		require.Equal(t, "OPTIONS, POST", pre.Header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, "Authorization, Content-Type, If-Match", pre.Header.Get("Access-Control-Allow-Headers"))
		require.Equal(t, http.StatusCreated, a.StatusCode, origin)
		for _, shared := range []answer{pre, a} {
			require.Equal(t, origin, shared.Header.Get("Access-Control-Allow-Origin"))
			require.Empty(t, shared.Header.Get("Access-Control-Allow-Credentials"))
			require.Contains(t, shared.Header.Get("Access-Control-Expose-Headers"), "Location")
			require.Equal(t, "Origin", shared.Header.Get("Vary"))
		}
	}
}

// TestWHIPThrottle: wrong tokens are slowed by network, good ones are not.
func TestWHIPThrottle(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	for range 50 {
		require.Equal(t, http.StatusNoContent, h.patch(s, candidates, s.tag).StatusCode)
	}
	statuses := map[int]int{}
	for range 30 {
		statuses[h.send(http.MethodPost, "/v1/whip", "wrong", sdpType, sendOffer).StatusCode]++
	}
	require.Equal(t, map[int]int{401: 20, 429: 10}, statuses)
	a := h.patch(s, candidates, s.tag)
	a.refusedWith(t, 429, proto.CodeRateLimited)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, h.do("POST", "/v1/login", "", `{"user":"ann","password":"right"}`).StatusCode, "logins have their own count")
	h.wait(7e9)
	require.Equal(t, http.StatusNoContent, h.patch(s, candidates, s.tag).StatusCode)
}

// TestWHIPRate: requests over HTTP count like messages of the session.
func TestWHIPRate(t *testing.T) {
	h := newCallHouse(t, func(c *signaling.Config) { c.RatePerSecond, c.Burst = 0.001, 10 })
	s := h.start("ann", "/v1/whip", sendOffer)
	statuses := map[int]int{}
	for range 20 {
		statuses[h.patch(s, candidates, s.tag).StatusCode]++
	}
	require.Positive(t, statuses[204])
	require.Positive(t, statuses[429])
	require.Len(t, statuses, 2)
	require.NotEmpty(t, h.patch(s, candidates, s.tag).Header.Get("Retry-After"))
	h.start("ben", "/v1/whep", receiveOffer) // is not held up by ann
}

// TestTokensOfASession: a few at once, and the one that media runs on stays.
func TestTokensOfASession(t *testing.T) {
	h := newCallHouse(t, nil)
	s := h.start("ann", "/v1/whip", sendOffer)
	first := h.token("ann")
	for range 10 {
		h.token("ann")
	}
	h.send(http.MethodOptions, "/v1/whip", first, "", "").refusedWith(t, 401, proto.CodeUnauthenticated)
	require.Equal(t, http.StatusNoContent, h.patch(s, candidates, s.tag).StatusCode)
}

// TestWithoutSeats: a server whose calls give no seats takes no media over
// HTTP and says so.
func TestWithoutSeats(t *testing.T) {
	h := newHouse(t, nil)
	hub := signaling.NewHub(signaling.Config{}, nil, nil)
	srv, err := signaling.New(signaling.Config{}, signaling.Deps{
		Hub: hub, Accounts: h.kin, Friends: signaling.Friends{FriendsKnown: h.kin},
		Calls: signaling.Calls{CallRequests: h.desk, CallRings: h.desk, CallState: h.desk},
	})
	require.NoError(t, err)
	defer srv.Close(t.Context())
	require.Equal(t, 404, newRecorder(srv, "/v1/whip").Code)
	require.NotContains(t, newRecorder(srv, "/v1/openapi.json").Body.String(), "whip")
}
