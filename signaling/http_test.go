package signaling_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// answer is a response whose body has been read.
type answer struct {
	*http.Response
	body string
}

func (h *house) do(method, path, token, body string) answer {
	h.t.Helper()
	headers := map[string]string{}
	if token != "" {
		headers["Authorization"] = "Bearer " + token
	}
	if body != "" {
		headers["Content-Type"] = "application/json"
	}
	return h.fetch(method, path, body, headers)
}

func (h *house) fetch(method, path, body string, headers map[string]string) answer {
	h.t.Helper()
	req, err := http.NewRequest(method, h.http.URL+path, strings.NewReader(body))
	require.NoError(h.t, err)
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(h.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(h.t, err)
	h.api.holds(h.t, method, path, body, res, string(text))
	return answer{res, string(text)}
}

// refusedWith holds the answer to the shape of an error.
func (a answer) refusedWith(t *testing.T, status int, code proto.Code) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	var fields map[string]string
	require.NoError(t, json.Unmarshal([]byte(a.body), &fields), a.body)
	require.Len(t, fields, 2)
	require.Equal(t, string(code), fields["code"])
	require.NotEmpty(t, fields["message"])
}

func TestLoginAndMe(t *testing.T) {
	h := newHouse(t, nil)
	a := h.do("POST", "/v1/login", "", `{"user":"ann","password":"right","device":{"os":"x"}}`)
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.JSONEq(t, `{"token":"token-ann","expires_at":1234,"me":{"id":"ann","name":"ANN","avatar":"🦊","role":"child","family":"Test"}}`, a.body)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	a = h.do("GET", "/v1/me", "token-ann", "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Contains(t, a.body, `"ANN"`)
}

func TestHTTPRefusals(t *testing.T) {
	h := newHouse(t, nil)
	long := strings.Repeat("hunter2", 100)
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
		code                      proto.Code
	}{
		"wrong password":     {"POST", "/v1/login", "", `{"user":"ann","password":"hunter2"}`, 401, proto.CodeUnauthenticated},
		"nobody":             {"POST", "/v1/login", "", `{"user":"eve","password":"right"}`, 401, proto.CodeUnauthenticated},
		"no password":        {"POST", "/v1/login", "", `{"user":"ann"}`, 400, proto.CodeBadMessage},
		"long password":      {"POST", "/v1/login", "", `{"user":"ann","password":"` + long + `"}`, 400, proto.CodeBadMessage},
		"password a number":  {"POST", "/v1/login", "", `{"user":"ann","password":7777777}`, 400, proto.CodeBadMessage},
		"unknown field":      {"POST", "/v1/login", "", `{"user":"ann","password":"hunter2","admin":true}`, 400, proto.CodeBadMessage},
		"long device":        {"POST", "/v1/login", "", `{"user":"ann","password":"hunter2","device":{"os":"` + long + `"}}`, 400, proto.CodeBadMessage},
		"no JSON":            {"POST", "/v1/login", "", `hunter2`, 400, proto.CodeBadMessage},
		"no body":            {"POST", "/v1/login", "", ``, 400, proto.CodeBadMessage},
		"too large":          {"POST", "/v1/login", "", `{"user":"` + strings.Repeat("x", 20<<10) + `"}`, 413, proto.CodeTooLarge},
		"me without token":   {"GET", "/v1/me", "", ``, 401, proto.CodeUnauthenticated},
		"me, wrong token":    {"GET", "/v1/me", "hunter2", ``, 401, proto.CodeUnauthenticated},
		"logout, no token":   {"POST", "/v1/logout", "", ``, 401, proto.CodeUnauthenticated},
		"record, no token":   {"GET", "/v1/calls/call-1/record", "", ``, 401, proto.CodeUnauthenticated},
		"record, login":      {"GET", "/v1/calls/call-1/record", "token-ann", ``, 401, proto.CodeUnauthenticated},
		"record, no such":    {"GET", "/v1/calls/call-2/record", operatorToken, ``, 404, proto.CodeNotFound},
		"metrics, no token":  {"GET", "/metrics", "", ``, 401, proto.CodeUnauthenticated},
		"metrics, too short": {"GET", "/metrics", operatorToken[:5], ``, 401, proto.CodeUnauthenticated},
		"no such page":       {"GET", "/v1/nothing", "", ``, 404, proto.CodeNotFound},
		"wrong method":       {"DELETE", "/v1/login", "", ``, 405, proto.CodeBadMessage},
		"post to the app":    {"POST", "/", "", `{}`, 405, proto.CodeBadMessage},
		"no such file":       {"GET", "/assets/b.js", "", ``, 404, proto.CodeNotFound},
		"out of the app":     {"GET", "/..%2f..%2fetc/passwd.txt", "", ``, 404, proto.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.do(c.method, c.path, c.token, c.body)
			a.refusedWith(t, c.status, c.code)
			require.NotContains(t, a.body, "hunter2")
			require.NotContains(t, a.body, "7777777")
		})
	}
	require.NotContains(t, h.logs.String(), "hunter2")
}

func TestOperatorsPages(t *testing.T) {
	h := newHouse(t, nil)
	a := h.do("GET", "/v1/calls/call-1/record", operatorToken, "")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.JSONEq(t, `{"call_id":"call-1"}`, a.body)
	a = h.do("GET", "/metrics", operatorToken, "")
	require.Contains(t, a.body, "kinwire_up 1")
}

func TestWithoutOperatorTokenNobodyGetsIn(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.OperatorToken = "" })
	h.do("GET", "/metrics", "", "").refusedWith(t, 401, proto.CodeUnauthenticated)
	h.do("GET", "/v1/calls/call-1/record", "", "").refusedWith(t, 401, proto.CodeUnauthenticated)
}

func TestLoginThrottle(t *testing.T) {
	h := newHouse(t, nil)
	for range 50 { // success costs nothing
		require.Equal(t, http.StatusOK, h.do("POST", "/v1/login", "", `{"user":"ann","password":"right"}`).StatusCode)
	}
	for range 20 {
		h.do("POST", "/v1/login", "", `{"user":"ann","password":"wrong"}`).refusedWith(t, 401, proto.CodeUnauthenticated)
	}
	a := h.do("POST", "/v1/login", "", `{"user":"ben","password":"right"}`)
	a.refusedWith(t, 429, proto.CodeRateLimited)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
}

func TestDemo(t *testing.T) {
	h := newHouse(t, nil)
	a := h.do("GET", "/v1/demo", "", "")
	require.JSONEq(t, `{"logins":[{"login":"ann","name":"","avatar":"","role":"","family":""}],"password":"right"}`, a.body)
	hub := signaling.NewHub(signaling.Config{}, nil, nil)
	srv, err := signaling.New(signaling.Config{}, signaling.Deps{
		Hub: hub, Accounts: h.kin, Friends: signaling.Friends{FriendsKnown: h.kin},
		Calls: signaling.Calls{CallRequests: h.desk, CallRings: h.desk, CallState: h.desk},
	})
	require.NoError(t, err)
	defer srv.Close(t.Context())
	for path, code := range map[string]int{"/v1/demo": 404, "/": 404, "/healthz": 200, "/readyz": 200} {
		rec := newRecorder(srv, path)
		require.Equal(t, code, rec.Code, path)
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	_, err := signaling.New(signaling.Config{}, signaling.Deps{})
	require.ErrorContains(t, err, "it is required")
}

func TestAppFiles(t *testing.T) {
	h := newHouse(t, nil)
	for path, want := range map[string]struct{ body, typ, cache string }{
		"/":                {"<!doctype html><title>app</title>", "text/html", "no-cache"},
		"/index.html":      {"<!doctype html><title>app</title>", "text/html", "no-cache"},
		"/call/c4Kq":       {"<!doctype html><title>app</title>", "text/html", "no-cache"},
		"/assets/a-123.js": {"export {}", "text/javascript", "public, max-age=31536000, immutable"},
		"/favicon.svg":     {"<svg/>", "image/svg+xml", "no-cache"},
	} {
		a := h.do("GET", path, "", "")
		require.Equal(t, http.StatusOK, a.StatusCode, path)
		require.Equal(t, want.body, a.body, path)
		require.Contains(t, a.Header.Get("Content-Type"), want.typ, path)
		require.Equal(t, want.cache, a.Header.Get("Cache-Control"), path)
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := newHouse(t, nil)
	host := strings.TrimPrefix(h.http.URL, "http://")
	for _, path := range []string{"/", "/assets/a-123.js", "/v1/me", "/healthz", "/metrics", "/v1/nothing"} {
		a := h.do("GET", path, "", "")
		csp := a.Header.Get("Content-Security-Policy")
		require.NotContains(t, csp, "unsafe")
		got := map[string]string{}
		for _, d := range strings.Split(csp, "; ") {
			name, value, _ := strings.Cut(d, " ")
			got[name] = value
		}
		require.Equal(t, map[string]string{
			"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data: blob:",
			"media-src": "'self' blob:", "font-src": "'self'", "manifest-src": "'self'", "worker-src": "'self'",
			"base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'",
			"connect-src": "'self' ws://" + host + " wss://" + host,
		}, got, path)
		require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", a.Header.Get("Referrer-Policy"))
		require.Equal(t, "same-origin", a.Header.Get("Cross-Origin-Opener-Policy"))
		require.Contains(t, a.Header.Get("Permissions-Policy"), "camera=(self), microphone=(self), display-capture=(self)")
	}
}

func TestOrigin(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.AllowedOrigins = []string{"https://family.example"} })
	for origin, ok := range map[string]bool{
		"": true, h.http.URL: true, "https://family.example": true,
		"http://family.example": false, "https://evil.example": false, "https://family.example.evil.example": false, "null": false,
	} {
		head := http.Header{}
		if origin != "" {
			head.Set("Origin", origin)
		}
		ws, res, err := h.dial(&websocket.DialOptions{HTTPHeader: head})
		if ok {
			require.NoError(t, err, origin)
			_ = ws.CloseNow()
			continue
		}
		require.Error(t, err, origin)
		require.Equal(t, http.StatusForbidden, res.StatusCode, origin)
	}
}

func TestOpenAPI(t *testing.T) {
	h := newHouse(t, nil)
	a := h.do("GET", "/v1/openapi.json", "", "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	for path, method := range map[string]string{
		"/v1/login": "post", "/v1/logout": "post", "/v1/me": "get", "/v1/calls/{id}/record": "get",
		"/v1/demo": "get", "/healthz": "get", "/readyz": "get",
		"/v1/whip": "post", "/v1/whep": "post", "/v1/whip/{id}": "patch", "/v1/whep/{id}": "delete",
	} {
		require.Contains(t, doc.Paths, path)
		require.Contains(t, doc.Paths[path], method)
	}
	require.NotContains(t, a.body, "problem+json")
	var fields []string
	for name := range doc.Components.Schemas["ApiError"].Properties {
		fields = append(fields, name)
	}
	require.ElementsMatch(t, []string{"code", "message", "missing"}, fields)
	require.Contains(t, doc.Components.Schemas, "ApiError", "the pages of media name it")
}

func TestLogsHoldNoSecrets(t *testing.T) {
	h := newHouse(t, nil)
	h.do("POST", "/v1/login", "", `{"user":"ann","password":"right","device":{"model":"Ann's phone"}}`)
	h.do("GET", "/v1/me", "token-ann", "")
	h.do("GET", "/v1/calls/call-1/record", operatorToken, "")
	p, w := h.enter("ann")
	p.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{"ben"}})
	p.reply(2)
	p.cut()
	p, _ = h.resume("ann", w.Resume, 2)
	_ = p.ws.Close(websocket.StatusNormalClosure, "")
	h.eventually("the session ends", func() bool { return h.desk.count("ann ended") == 1 })
	logs := h.logs.String()
	require.Contains(t, logs, "route=/v1/login")
	require.Contains(t, logs, "network=127.0.0.0/24")
	require.Contains(t, logs, "session opened")
	for _, secret := range []string{"token-ann", w.Resume, operatorToken, "ANN", "right", "phone", "call-1", "127.0.0.1"} {
		require.NotContains(t, logs, secret)
	}
}

// TestPagesWithoutTheirRoom: a room that the server was not given makes its
// pages 404, after who asks was checked; an empty list is a list.
func TestPagesWithoutTheirRoom(t *testing.T) {
	h := newHouse(t, nil)
	h.kin.set(func(f *family) {
		p := f.people["ben"]
		p.Role = proto.RoleParent
		f.people["ben"] = p
	})
	for page, token := range map[string]string{"/v1/notice": "", "/v1/friends": "token-ann", "/v1/children/ann": "token-ben", "/v1/ops/audit": operatorToken} {
		a := h.do("GET", page, token, "")
		a.refusedWith(t, 404, proto.CodeNotFound)
		require.Contains(t, a.body, "not served here", page)
	}
	h.do("GET", "/v1/friends", "", "").refusedWith(t, 401, proto.CodeUnauthenticated)
	require.JSONEq(t, `{"providers":[]}`, h.do("GET", "/v1/login/providers", "", "").body)
}

// TestTrustedProxiesTellWhoAsks: behind a proxy, guesses are counted for the
// network of the one who guesses.
func TestTrustedProxiesTellWhoAsks(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	h.fetch("GET", "/v1/me", "", map[string]string{"X-Forwarded-For": "203.0.113.9"})
	require.Contains(t, h.logs.String(), "network=203.0.113.0/24")
}
