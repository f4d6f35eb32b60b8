package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// What is distinctive in TestNoCanarySings. The addresses are of networks for
// documentation (RFC 5737, RFC 3849).
const (
	canaryName     = "Quillaveth"
	canaryChild    = "Brontolime"
	canaryPassword = "heliotrope-walrus-49-tango"
	canaryMail     = "canary.ibex@example.org"
	canaryText     = "the-tangerine-submarine-leaves-at-four"
	canaryV4       = "198.51.100.23"
	canaryV6       = "2001:db8:77:88:99:aa:bb:cc"
)

// collector takes in what the server hands on by itself: webhooks and OTLP.
type collector struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string][]byte
}

func newCollector(t testing.TB) *collector {
	c := &collector{got: map[string][]byte{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(body)
			if err != nil {
				return
			}
			body = unpacked
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got[r.URL.Path] = append(c.got[r.URL.Path], text...)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) texts(paths ...string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []byte
	for _, p := range paths {
		all = append(all, c.got[p]...)
	}
	return all
}

// behind is an HTTP client whose requests come, as a trusted proxy says, from
// an address.
type behind struct {
	address string
	next    http.RoundTripper
}

func (b behind) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", b.address)
	return b.next.RoundTrip(r)
}

// request makes a request of the API as somebody and gives the answer's body.
func request(t testing.TB, s *kinwire.Server, from, token, method, path string, in any, want int) []byte {
	t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		require.NoError(t, err)
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	require.NoError(t, err)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{Transport: behind{from, http.DefaultTransport}}).Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, want, res.StatusCode, "%s %s: %s", method, path, answer)
	return answer
}

// TestNoCanarySings: a run with distinctive names, messages, tokens and
// addresses; then nothing of them is in logs, metrics, records, or what is handed
// on. The log is at debug.
func TestNoCanarySings(t *testing.T) {
	col := newCollector(t)
	s := kinwire.Start(t, kinwire.Options{
		Set: map[string]string{
			"log.level": "debug", "http.trusted_proxies": "127.0.0.0/8", "metrics.export.webhook.url": col.URL + "/hook", "metrics.export.otlp.endpoint": col.URL + "/v1/logs",
		},
		Secrets: map[string]string{"metrics.export.webhook.secret": "whsec_" + "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"},
	})
	ctx := limit(t)
	needles := map[string]string{
		"a parent's name": canaryName, "a child's name": canaryChild, "a password": canaryPassword, "an e-mail address": canaryMail,
		"a message": canaryText, "an IPv4 address": canaryV4, "an IPv6 address": canaryV6, "the operator's token": s.Operator,
	}
	nameThem(t, s, needles)
	mia, tomek := canaryPeer(t, s, "mia", kinwire.Password, canaryV6, needles), canaryPeer(t, s, "tomek", kinwire.Password, canaryV4, needles)

	ring(t, ctx, mia, tomek, client.MediaOptions{}, client.MediaOptions{RelayOnly: true})
	mia.hears(t, tomek, 60, audioVideo...)
	tomek.hears(t, mia, 60, audioVideo...)
	require.NoError(t, mia.call.Mute(ctx, proto.SourceAudio, true))
	require.NoError(t, tomek.call.RestartICE(ctx))
	whip, err := mia.call.MediaToken(ctx)
	require.NoError(t, err)
	needles["a token for media"] = whip.Token
	writeCanary(t, s)
	metrics := pageOf(t, s, "/metrics")
	dump := pageOf(t, s, "/v1/ops/debug")
	node := pageOf(t, s, "/v1/ops/node")
	goroutines := pageOf(t, s, "/debug/pprof/goroutine?debug=2")
	id := mia.call.ID()
	live := pageOf(t, s, "/v1/calls/"+id+"/record")
	hangup(t, ctx, mia, tomek)
	var doc json.RawMessage
	s.Record(t, id, &doc)
	require.Eventually(t, func() bool {
		return bytes.Contains(col.texts("/hook"), []byte(id)) && bytes.Contains(col.texts("/v1/logs"), []byte(id))
	}, time.Minute, 20*time.Millisecond, "the record is handed on")

	places := map[string][]byte{
		"the log": []byte(s.Log()), "the metrics": metrics, "the debug dump": dump, "the node's state": node, "the goroutines": goroutines,
		"the live record": live, "the record": doc, "the list of calls": pageOf(t, s, "/v1/calls"),
		"NDJSON": pageOf(t, s, "/v1/calls/export?format=ndjson"), "CSV": pageOf(t, s, "/v1/calls/export?format=csv"),
		"the webhook": col.texts("/hook"), "OTLP": col.texts("/v1/logs"), "the audit log": pageOf(t, s, "/v1/ops/audit"),
	}
	for place, text := range places {
		require.NotEmpty(t, text, place)
		for what, needle := range needles {
			for _, form := range needleOf(what, []byte(needle)).forms {
				require.False(t, bytes.Contains(text, form), "%s holds %s (%q)", place, what, form)
			}
		}
		for _, login := range []string{"demo-mia", "demo-tomek"} {
			if place != "the audit log" && place != "the debug dump" && place != "the log" {
				require.False(t, bytes.Contains(text, []byte(login)), "%s holds the user id %s, not a pseudonym", place, login)
			}
		}
	}
	// The masked networks are there: so what was looked for had its chance.
	require.Contains(t, s.Log(), "198.51.100.0")
	require.Contains(t, s.Log(), "2001:db8:77::")
	require.Contains(t, string(doc), `"pn_`)
}

func pageOf(t testing.TB, s *kinwire.Server, path string) []byte {
	t.Helper()
	code, body, err := s.Get(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code, "%s: %s", path, body)
	return body
}

// nameThem gives the demo's parent and child the canaries' names, a password
// and a friend code, and starts a sign-up with an e-mail address.
func nameThem(t *testing.T, s *kinwire.Server, needles map[string]string) {
	in, err := client.Login(t.Context(), s.URL, "priya", kinwire.Password)
	require.NoError(t, err)
	needles["a login's token"] = in.Token
	request(t, s, canaryV4, in.Token, http.MethodPut, "/v1/account", proto.AccountEdit{Name: canaryName, Avatar: "🌻"}, http.StatusOK)
	var child proto.Child
	require.NoError(t, json.Unmarshal(request(t, s, canaryV4, in.Token, http.MethodGet, "/v1/children/demo-mia", nil, http.StatusOK), &child))
	request(t, s, canaryV4, in.Token, http.MethodPut, "/v1/children/demo-mia", proto.ChildEdit{Nickname: canaryChild, BirthDate: child.BirthDate, Country: child.Country, Avatar: "🦊"}, http.StatusOK)
	request(t, s, canaryV6, in.Token, http.MethodPut, "/v1/password", proto.PasswordChange{Old: kinwire.Password, New: canaryPassword}, http.StatusNoContent)
	var code proto.FriendCode
	require.NoError(t, json.Unmarshal(request(t, s, canaryV6, in.Token, http.MethodGet, "/v1/friends/code", nil, http.StatusOK), &code))
	needles["a friend code"] = code.Code
	request(t, s, canaryV6, "", http.MethodPost, "/v1/signup/parent", proto.SignUpParent{Email: canaryMail, Password: canaryPassword, Name: canaryName, Avatar: "🌻"}, http.StatusOK)
	// A wrong password and a wrong token are not written down either.
	request(t, s, canaryV4, "", http.MethodPost, "/v1/login", map[string]string{"user": canaryMail, "password": canaryPassword}, http.StatusUnauthorized)
	request(t, s, canaryV4, canaryText, http.MethodGet, "/v1/me", nil, http.StatusUnauthorized)
	request(t, s, canaryV4, canaryText, http.MethodGet, "/v1/calls?find="+canaryText, nil, http.StatusUnauthorized)
}

// canaryPeer is a demo person whose requests come from an address.
func canaryPeer(t *testing.T, s *kinwire.Server, login, password, address string, needles map[string]string) *peer {
	in, err := client.Login(t.Context(), s.URL, login, password)
	require.NoError(t, err)
	needles["the token of "+login] = in.Token
	c, err := client.Dial(t.Context(), client.Options{
		BaseURL: s.URL, Token: in.Token, Device: proto.Device{App: "e2e"},
		HTTPClient: &http.Client{Transport: behind{address, &http.Transport{DisableKeepAlives: true}}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &peer{Session: c, events: c.Events(), ear: newEar()}
}

// writeCanary sends a message whose body is not even encrypted.
func writeCanary(t *testing.T, s *kinwire.Server) {
	mia, leo := openDevice(t, s, "mia"), openDevice(t, s, "leo")
	id := converse(t, []*chatDevice{mia, leo})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	body := client.Frame(mlsGroup(id), 1, []byte(strings.Repeat(canaryText+" ", 3)))
	_, err := mia.Send(ctx, client.ChatOut{ConversationID: id, Body: body, Commitment: random(32)})
	require.NoError(t, err)
	for {
		in, err := leo.Next(ctx)
		require.NoError(t, err)
		leo.Done(in.Pos)
		if bytes.Contains(in.Body, []byte(canaryText)) {
			return
		}
	}
}
