package push

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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// phones is who has which handles.
type phones struct {
	mu     sync.Mutex
	of     map[string][]string
	gone   []string
	broken int // how many more look-ups fail
}

func (p *phones) PushHandles(_ context.Context, userID string) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken > 0 {
		p.broken--
		return nil, errors.New("the database is away")
	}
	return p.of[userID], nil
}

func (p *phones) Forget(_ context.Context, handle string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = append(p.gone, handle)
	return nil
}

// hook is a webhook's receiver that keeps what it got.
type hook struct {
	t      *testing.T
	server *httptest.Server
	answer func(n int, w http.ResponseWriter, r *http.Request) // n: how many attempts of this message before

	mu   sync.Mutex
	got  []request
	seen map[string]int
}

type request struct {
	header http.Header
	body   []byte
	wakeUp body
	at     time.Time
}

func newHook(t *testing.T) *hook {
	h := &hook{t: t, seen: map[string]int{}}
	h.server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.server.Close)
	return h
}

func (h *hook) serve(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Error(err)
	}
	req := request{header: r.Header.Clone(), body: raw, at: time.Now()}
	if err := json.Unmarshal(raw, &req.wakeUp); err != nil {
		h.t.Errorf("%q: %v", raw, err)
	}
	h.mu.Lock()
	h.got = append(h.got, req)
	n := h.seen[req.wakeUp.ID]
	h.seen[req.wakeUp.ID]++
	h.mu.Unlock()
	if h.answer != nil {
		h.answer(n, w, r)
	}
}

func (h *hook) requests() []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]request(nil), h.got...)
}

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// verify checks a signature as a stranger's library would.
func (h *hook) verify(r request) {
	h.t.Helper()
	k, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(h.t, err)
	id, timestamp := r.header.Get("webhook-id"), r.header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, k)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, r.body)
	require.Equal(h.t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), r.header.Get("webhook-signature"))
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	require.NoError(h.t, err)
	require.WithinDuration(h.t, r.at, time.Unix(seconds, 0), patience)
	require.Equal(h.t, id, r.wakeUp.ID)
	require.Equal(h.t, "application/json", r.header.Get("Content-Type"))
}

func (h *hook) start(p *phones, set ...func(*Config)) *Service {
	h.t.Helper()
	cfg := Config{URL: h.server.URL, Secret: secret, TTL: patience, Pause: time.Millisecond}
	for _, f := range set {
		f(&cfg)
	}
	s, err := New(cfg, Deps{Handles: p, Gone: p})
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, s.Close(context.Background())) })
	return s
}

func (h *hook) eventually(what string, f func() bool) {
	h.t.Helper()
	require.Eventually(h.t, f, patience, time.Millisecond, what)
}
