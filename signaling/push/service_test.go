package push

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

func TestEveryHandleIsWoken(t *testing.T) {
	h := newHook(t)
	p := &phones{of: map[string][]string{"u_ana": {"phone \"1\"", "tablet"}}}
	s := h.start(p)
	s.Wake("u_ana")
	s.Wake("u_nobody")
	h.eventually("both", func() bool { return s.Stats().Sent == 2 })
	got := h.requests()
	require.Len(t, got, 2)
	handles := map[string]bool{}
	for _, r := range got {
		h.verify(r)
		handles[r.wakeUp.Handle] = true
		require.Equal(t, "call", r.wakeUp.Kind)
		require.InDelta(t, patience.Milliseconds(), r.wakeUp.TTLMS, float64(patience.Milliseconds()))
		require.Positive(t, r.wakeUp.TTLMS)
		require.LessOrEqual(t, r.wakeUp.TTLMS, patience.Milliseconds())
		var fields map[string]any
		require.NoError(t, json.Unmarshal(r.body, &fields))
		require.Len(t, fields, 4, "id, kind, handle and ttl_ms, and nothing about anybody")
		require.NotContains(t, string(r.body), "u_ana")
	}
	require.Equal(t, map[string]bool{"phone \"1\"": true, "tablet": true}, handles)
	require.NotEqual(t, got[0].wakeUp.ID, got[1].wakeUp.ID)
	require.Equal(t, Stats{Sent: 2}, s.Stats())
}

func TestRetriesUntilItIsTaken(t *testing.T) {
	h := newHook(t)
	statuses := []int{500, 503, 429, 408, 425, 204}
	h.answer = func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 2 { // the connection is cut without an answer
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
			return
		}
		w.WriteHeader(statuses[min(n, 5)])
	}
	p := &phones{of: map[string][]string{"u": {"h"}}, broken: 2}
	s := h.start(p)
	s.Wake("u")
	h.eventually("sent", func() bool { return s.Stats().Sent == 1 })
	got := h.requests()
	require.GreaterOrEqual(t, len(got), 6)
	for i, r := range got {
		h.verify(r)
		require.Equal(t, got[0].wakeUp.ID, r.wakeUp.ID, "a receiver can tell that it is the same")
		require.LessOrEqual(t, r.wakeUp.TTLMS, got[max(0, i-1)].wakeUp.TTLMS)
	}
	require.EqualValues(t, len(got)-1, s.Stats().Retried)
	require.Zero(t, s.Stats().GivenUp)
}

func TestRetryAfterIsHeeded(t *testing.T) {
	h := newHook(t)
	h.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 0 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	s := h.start(&phones{of: map[string][]string{"u": {"h"}}})
	s.Wake("u")
	h.eventually("sent", func() bool { return s.Stats().Sent == 1 })
	got := h.requests()
	require.GreaterOrEqual(t, got[1].at.Sub(got[0].at), 900*time.Millisecond)
}

func TestGivenUpWhenTheRingIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		ttl    time.Duration
		answer func(w http.ResponseWriter)
	}{
		"always fails":     {50 * time.Millisecond, func(w http.ResponseWriter) { w.WriteHeader(500) }},
		"asks for an hour": {patience, func(w http.ResponseWriter) { w.Header().Set("Retry-After", "3600"); w.WriteHeader(503) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t)
			h.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { c.answer(w) }
			s := h.start(&phones{of: map[string][]string{"u": {"h"}}}, func(cfg *Config) { cfg.TTL = c.ttl })
			s.Wake("u")
			h.eventually("given up", func() bool { return s.Stats().GivenUp == 1 })
			require.Zero(t, s.Stats().Sent)
		})
	}
	t.Run("nobody knows the handles", func(t *testing.T) {
		h := newHook(t)
		s := h.start(&phones{broken: 1 << 30}, func(cfg *Config) { cfg.TTL = 30 * time.Millisecond })
		s.Wake("u")
		h.eventually("given up", func() bool { return s.Stats().GivenUp == 1 })
		require.Empty(t, h.requests())
	})
}

func TestRefusedIsFinal(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 301, 307} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			elsewhere := newHook(t)
			h := newHook(t)
			h.answer = func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.server.URL)
				w.WriteHeader(status)
			}
			p := &phones{of: map[string][]string{"u": {"h"}}}
			s := h.start(p)
			s.Wake("u")
			h.eventually("given up", func() bool { return s.Stats().GivenUp == 1 })
			require.Len(t, h.requests(), 1)
			require.Empty(t, elsewhere.requests(), "redirects are not followed")
			require.Empty(t, p.gone)
		})
	}
}

func TestGoneIsForgotten(t *testing.T) {
	h := newHook(t)
	h.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }
	p := &phones{of: map[string][]string{"u": {"dead"}}}
	s := h.start(p)
	s.Wake("u")
	h.eventually("forgotten", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.gone) == 1 })
	require.Equal(t, []string{"dead"}, p.gone)
	require.Len(t, h.requests(), 1)
	require.EqualValues(t, 1, s.Stats().Forgotten)
}

// TestSlowWebhook: one that hangs costs its time limit, holds up nobody who
// calls Wake, and what finds no room is counted.
func TestSlowWebhook(t *testing.T) {
	h := newHook(t)
	release := make(chan struct{})
	h.answer = func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	s := h.start(&phones{of: map[string][]string{"u": {"h"}}}, func(cfg *Config) { cfg.Workers, cfg.Queue = 2, 3 })
	for range 2 {
		s.Wake("u")
	}
	h.eventually("both workers are busy", func() bool { return len(h.requests()) == 2 })
	for range 5 {
		s.Wake("u")
	}
	require.EqualValues(t, 2, s.Stats().Dropped)
	close(release)
	h.eventually("the rest is sent", func() bool { return s.Stats().Sent == 5 })
}

func TestTimeLimit(t *testing.T) {
	h := newHook(t)
	h.answer = func(n int, _ http.ResponseWriter, r *http.Request) {
		if n == 0 {
			<-r.Context().Done() // until the client has given up
		}
	}
	s := h.start(&phones{of: map[string][]string{"u": {"h"}}}, func(cfg *Config) { cfg.Timeout = 50 * time.Millisecond })
	s.Wake("u")
	h.eventually("the second attempt is taken", func() bool { return s.Stats().Sent == 1 })
	require.EqualValues(t, len(h.requests())-1, s.Stats().Retried)
}

func TestClose(t *testing.T) {
	t.Run("lets requests finish", func(t *testing.T) {
		h := newHook(t)
		release := make(chan struct{})
		h.answer = func(int, http.ResponseWriter, *http.Request) { <-release }
		s := h.start(&phones{of: map[string][]string{"u": {"h"}}})
		s.Wake("u")
		h.eventually("under way", func() bool { return len(h.requests()) == 1 })
		closed := make(chan error, 1)
		go func() { closed <- s.Close(context.Background()) }()
		h.eventually("closing", func() bool { return s.stop.Err() != nil })
		close(release)
		require.NoError(t, <-closed)
		require.EqualValues(t, 1, s.Stats().Sent)
		s.Wake("u") // goes nowhere
		require.Len(t, h.requests(), 1)
	})
	t.Run("cuts them when its time is over", func(t *testing.T) {
		h := newHook(t)
		h.answer = func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		s := h.start(&phones{of: map[string][]string{"u": {"h"}}}, func(cfg *Config) { cfg.Timeout = patience })
		s.Wake("u")
		h.eventually("under way", func() bool { return len(h.requests()) == 1 })
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorIs(t, s.Close(ctx), context.Canceled)
	})
	t.Run("gives up what waits", func(t *testing.T) {
		h := newHook(t)
		h.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
		s := h.start(&phones{of: map[string][]string{"u": {"h"}}}, func(cfg *Config) { cfg.Pause = patience / 2 })
		s.Wake("u")
		h.eventually("tried", func() bool { return len(h.requests()) == 1 })
		require.NoError(t, s.Close(context.Background()))
	})
}

// TestNothingInTheLog: neither handle nor secret nor what the address holds.
func TestNothingInTheLog(t *testing.T) {
	h := newHook(t)
	h.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }
	var log safeBuilder
	for _, address := range []string{strings.Replace(h.server.URL, "http://", "http://me:canary@", 1), "http://canary.invalid/canary"} {
		s, err := New(Config{URL: address, Secret: secret, Pause: time.Millisecond, TTL: 20 * time.Millisecond}, Deps{
			Handles: &phones{of: map[string][]string{"u_canary": {"canary"}}}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.NoError(t, err)
		s.Wake("u_canary")
		h.eventually("given up", func() bool { return s.Stats().GivenUp == 1 })
		require.NoError(t, s.Close(context.Background()))
	}
	require.Contains(t, log.String(), "given up")
	require.NotContains(t, strings.ReplaceAll(log.String(), "lookup canary.invalid", ""), "canary")
	require.NotContains(t, log.String(), "MfKQ")
}

type safeBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safeBuilder) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuilder) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestConfig(t *testing.T) {
	p := &phones{}
	for name, cfg := range map[string]Config{
		"no scheme":    {URL: "push.example.org", Secret: secret},
		"other scheme": {URL: "ftp://push.example.org", Secret: secret},
		"no host":      {URL: "https://", Secret: secret},
		"no secret":    {URL: "https://push.example.org"},
		"short secret": {URL: "https://push.example.org", Secret: "short"},
		"not base64":   {URL: "https://push.example.org", Secret: "whsec_***"},
	} {
		_, err := New(cfg, Deps{Handles: p})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "push.example.org")
	}
	_, err := New(Config{URL: "https://push.example.org", Secret: secret}, Deps{})
	require.Error(t, err)
	s, err := New(Config{}, Deps{})
	require.NoError(t, err)
	s.Wake("u") // nobody is woken up, and nothing breaks
	require.NoError(t, s.Close(context.Background()))
}

// TestSignature holds the scheme to the worked example that its specification
// gives.
func TestSignature(t *testing.T) {
	k, err := key("whsec_plJ3nmyCDGBKInavdOK15jsl")
	require.NoError(t, err)
	timestamp, signature := sign(k, "msg_loFOjxBNrRLzqYUf", time.Unix(1731705121, 0), []byte(`{"event_type":"ping","data":{"success":true}}`))
	require.Equal(t, "1731705121", timestamp)
	require.Equal(t, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", signature)
	plain, err := key("0123456789abcdef01234567")
	require.NoError(t, err)
	require.Equal(t, "0123456789abcdef01234567", string(plain))
}
