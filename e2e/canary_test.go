package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/client/impair/lab"
	"kinwire/client/media"
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
	places := told(t, s, mia.call.ID())
	id := mia.call.ID()
	hangup(t, ctx, mia, tomek)
	afterwards(t, s, id, places)
	require.Eventually(t, func() bool {
		return bytes.Contains(col.texts("/hook"), []byte(id)) && bytes.Contains(col.texts("/v1/logs"), []byte(id))
	}, time.Minute, 20*time.Millisecond, "the record is handed on")
	places["the webhook"], places["OTLP"] = col.texts("/hook"), col.texts("/v1/logs")
	silent(t, places, needles)
	for _, place := range []string{"the metrics", "the live record", "the record", "the list of calls", "NDJSON", "CSV", "the webhook", "OTLP"} {
		for _, login := range []string{"demo-mia", "demo-tomek"} {
			require.False(t, bytes.Contains(places[place], []byte(login)), "%s holds the user id %s, not a pseudonym", place, login)
		}
	}
	doc := places["the record"]
	// The masked networks are there: so what was looked for had its chance.
	require.Contains(t, s.Log(), "198.51.100.0")
	require.Contains(t, s.Log(), "2001:db8:77::")
	require.Contains(t, string(doc), `"pn_`)
}

// told is what the server tells of a call while it goes on.
func told(t testing.TB, s *kinwire.Server, id string) map[string][]byte {
	t.Helper()
	places := map[string][]byte{}
	for place, path := range map[string]string{
		"the metrics": "/metrics", "the debug dump": "/v1/ops/debug", "the node's state": "/v1/ops/node",
		"the goroutines": "/debug/pprof/goroutine?debug=2", "the live record": "/v1/calls/" + id + "/record",
	} {
		places[place] = pageOf(t, s, path)
	}
	return places
}

// afterwards adds what it tells when the call is over.
func afterwards(t testing.TB, s *kinwire.Server, id string, places map[string][]byte) {
	t.Helper()
	var doc json.RawMessage
	s.Record(t, id, &doc)
	places["the record"] = doc
	for place, path := range map[string]string{
		"the list of calls": "/v1/calls", "NDJSON": "/v1/calls/export?format=ndjson", "CSV": "/v1/calls/export?format=csv", "the audit log": "/v1/ops/audit",
	} {
		places[place] = pageOf(t, s, path)
	}
	places["the log"] = []byte(s.Log())
}

// silent holds that nothing of what is looked for is anywhere.
func silent(t testing.TB, places map[string][]byte, needles map[string]string) {
	t.Helper()
	for place, text := range places {
		require.NotEmpty(t, text, place)
		for what, needle := range needles {
			for _, form := range needleOf(what, []byte(needle)).forms {
				require.False(t, bytes.Contains(text, form), "%s holds %s (%q)", place, what, form)
			}
		}
	}
}

// TestNoAddressSings: the addresses from which media comes, directly and through
// TURN, stand in full nowhere, even while sockets drop and networks change.
func TestNoAddressSings(t *testing.T) {
	l := openLab(t, lab.Options{Seed: 3})
	s := startIn(t, l, map[string]string{"log.level": "debug"})
	ctx := limit(t)
	miaAt, leoAt := attach(t, l, "mia", "lan"), attach(t, l, "leo", "lan")
	needles := map[string]string{"an address": miaAt.Addr().String(), "the other address": leoAt.Addr().String()}
	mia, leo := dialFrom(t, s, "mia", miaAt, client.Options{}), dialFrom(t, s, "leo", leoAt, client.Options{})
	ringFrom(t, ctx, mia, leo, miaAt, leoAt, media.VP8Config{FPS: 10}, client.MediaOptions{}, client.MediaOptions{RelayOnly: true})
	mia.hears(t, leo, 20, audioVideo...)
	leo.hears(t, mia, 20, audioVideo...)
	moved, err := miaAt.Move()
	require.NoError(t, err)
	needles["a third address"] = moved.String()
	mia.NetworkChanged()
	leo.hears(t, mia, 20, audioVideo...)
	id := mia.call.ID()
	places := told(t, s, id)
	hangup(t, ctx, mia, leo)
	afterwards(t, s, id, places)
	silent(t, places, needles)
	network := netip.PrefixFrom(moved, 24).Masked().String()
	require.Contains(t, string(places["the record"]), network, "the masked one is there")
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
