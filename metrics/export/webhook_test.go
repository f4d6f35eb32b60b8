package export

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var ended = time.Date(2026, 3, 1, 18, 1, 1, 250e6, time.UTC)

func call() Record {
	return Record{
		CallID: "c1", StartedAt: ended.Add(-time.Minute), EndedAt: ended, Reason: "hangup", Participants: 2, Video: true,
		DurationMS: 60_000, TalkMS: 58_000, Codecs: []string{"opus", "vp8"}, Paths: []string{"host/udp"}, Score: 4.2, Verdict: "mild loss",
		Document: json.RawMessage(`{"version":1,"id":"c1","participants":[]}`),
	}
}

// receiver is a far end that answers with what answer says.
type receiver struct {
	*httptest.Server
	got    chan *http.Request
	bodies chan []byte
	answer atomic.Value // func(http.ResponseWriter)
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{got: make(chan *http.Request, 16), bodies: make(chan []byte, 16)}
	r.answers(func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) })
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.got <- req.Clone(context.Background())
		r.bodies <- body
		r.answer.Load().(func(http.ResponseWriter))(w)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(f func(http.ResponseWriter)) { r.answer.Store(f) }

func (r *receiver) status(code int, header ...string) {
	r.answers(func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "secret words of the far end")
	})
}

func newHook(t *testing.T, cfg WebhookConfig) *Webhook {
	t.Helper()
	if cfg.Secret == "" {
		cfg.Secret = secret
	}
	w, err := NewWebhook(cfg, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func TestAWebhookIsSignedAndWhole(t *testing.T) {
	far := newReceiver(t)
	w := newHook(t, WebhookConfig{URL: far.URL + "/hook"})
	require.NoError(t, w.Export(t.Context(), call()))
	req, body := <-far.got, <-far.bodies
	require.Equal(t, http.MethodPost, req.Method)
	require.Equal(t, "/hook", req.URL.Path)
	require.Equal(t, "application/json", req.Header.Get("Content-Type"))
	require.JSONEq(t, `{"type":"call.ended","timestamp":"2026-03-01T18:01:01.25Z","data":{"version":1,"id":"c1","participants":[]}}`, string(body))

	// As a receiver's library verifies it, and as the scheme's text has it.
	library, err := webhooks.NewWebhook(secret)
	require.NoError(t, err)
	require.NoError(t, library.Verify(body, req.Header))
	require.Error(t, library.Verify(append(body, ' '), req.Header), "a changed body")
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "call_c1.%s.%s", req.Header.Get("webhook-timestamp"), body)
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), req.Header.Get("webhook-signature"))

	// Again: the same message to whoever looks for repeats.
	require.NoError(t, w.Export(t.Context(), call()))
	require.Equal(t, req.Header.Get("webhook-id"), (<-far.got).Header.Get("webhook-id"))
	require.Equal(t, body, <-far.bodies)
}

func TestASecretInPlainWords(t *testing.T) {
	far := newReceiver(t)
	const words = "a secret of more than 24 bytes"
	require.NoError(t, newHook(t, WebhookConfig{URL: far.URL, Secret: words}).Export(t.Context(), call()))
	library, err := webhooks.NewWebhookRaw([]byte(words))
	require.NoError(t, err)
	require.NoError(t, library.Verify(<-far.bodies, (<-far.got).Header))
}

func TestWhatAWebhooksStatusMeans(t *testing.T) {
	far := newReceiver(t)
	w := newHook(t, WebhookConfig{URL: far.URL})
	for _, c := range []struct {
		status int
		header []string
		final  bool
		after  time.Duration
	}{
		{status: 500}, {status: 503, header: []string{"Retry-After", "7"}, after: 7 * time.Second}, {status: 502}, {status: 599},
		{status: 429, header: []string{"Retry-After", "999999"}, after: time.Hour}, {status: 429, header: []string{"Retry-After", "soon"}},
		{status: 429, header: []string{"Retry-After", "-3"}}, {status: 408}, {status: 425},
		{status: 400, final: true}, {status: 401, final: true}, {status: 404, final: true}, {status: 410, final: true}, {status: 304, final: true},
	} {
		far.status(c.status, c.header...)
		var e *Error
		require.ErrorAs(t, w.Export(t.Context(), call()), &e, c.status)
		require.Equal(t, c.final, e.Final, c.status)
		require.Equal(t, c.after, e.After, c.status)
		require.Contains(t, e.Error(), fmt.Sprint(c.status))
		require.NotContains(t, e.Error(), "secret words")
		<-far.got
		<-far.bodies
	}
}

// elsewhere fails the test when anybody comes.
func elsewhere(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAWebhookFollowsNoRedirect(t *testing.T) {
	far := newReceiver(t)
	to := elsewhere(t)
	w := newHook(t, WebhookConfig{URL: far.URL})
	for _, status := range []int{301, 302, 303, 307, 308} {
		far.status(status, "Location", to)
		var e *Error
		require.ErrorAs(t, w.Export(t.Context(), call()), &e)
		require.True(t, e.Final)
	}
}

func TestAWebhookThatHangsOrIsNotThere(t *testing.T) {
	far := newReceiver(t)
	release := make(chan struct{})
	far.answers(func(http.ResponseWriter) { <-release })
	defer close(release)
	var e *Error
	require.ErrorAs(t, newHook(t, WebhookConfig{URL: far.URL, Timeout: 20 * time.Millisecond}).Export(t.Context(), call()), &e)
	require.False(t, e.Final)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, newHook(t, WebhookConfig{URL: far.URL}).Export(ctx, call()), context.Canceled)

	gone := httptest.NewServer(http.NotFoundHandler())
	address := strings.Replace(gone.URL, "http://", "http://user:password@", 1) + "/path?token=abc"
	gone.Close()
	err := newHook(t, WebhookConfig{URL: address}).Export(t.Context(), call())
	require.ErrorAs(t, err, &e)
	require.False(t, e.Final)
	for _, hidden := range []string{"password", "abc", "path"} {
		require.NotContains(t, err.Error(), hidden)
	}
}

func TestWebhooksThatCannotBe(t *testing.T) {
	for name, cfg := range map[string]WebhookConfig{
		"no address":     {Secret: secret},
		"no scheme":      {URL: "hook.example/x?token=abc", Secret: secret},
		"another scheme": {URL: "ftp://hook.example/token=abc", Secret: secret},
		"no secret":      {URL: "https://hook.example"},
		"short secret":   {URL: "https://hook.example", Secret: "abc"},
		"broken secret":  {URL: "https://hook.example", Secret: "whsec_abc!abc!abc!abc!abc!abc!abc!"},
	} {
		_, err := NewWebhook(cfg, time.Now)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "abc", name)
		require.False(t, errors.As(err, new(*Error)), "%s: this is no attempt", name)
	}
}
