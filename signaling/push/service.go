package push

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	random "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Service sends wake-ups. Its methods may be called from any goroutine.
type Service struct {
	cfg    Config
	ttl    atomic.Int64 // of a wake-up for a call, in nanoseconds
	d      Deps
	key    []byte
	client *http.Client
	queue  *queue
	recent recent

	work    sync.WaitGroup
	stop    context.Context // ended: no further jobs
	quit    context.CancelFunc
	running context.Context // ended: requests under way are cut
	cut     context.CancelFunc

	sent, retried, givenUp, dropped, forgotten atomic.Uint64
}

// New makes the service and starts its workers. Close ends them.
func New(cfg Config, d Deps) (*Service, error) {
	cfg = cfg.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Service{cfg: cfg, d: d, queue: newQueue(cfg.Queue, cfg.Workers)}
	s.SetTTL(cfg.TTL)
	s.stop, s.quit = context.WithCancel(context.Background())
	s.running, s.cut = context.WithCancel(context.Background())
	if cfg.URL == "" {
		return s, nil
	}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("push: the webhook's address must be http://… or https://… with a host") // not the address: it may hold a password
	}
	if s.key, err = key(cfg.Secret); err != nil {
		return nil, err
	}
	if d.Handles == nil {
		return nil, errors.New("push: Deps.Handles: given nil; it is required")
	}
	s.client = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: cfg.Workers, IdleConnTimeout: 30 * time.Second,
			TLSHandshakeTimeout: cfg.Timeout, ForceAttemptHTTP2: true,
		},
		// A redirect would take a signed message to an address that nobody has
		// configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for range cfg.Workers {
		s.work.Go(s.run)
	}
	return s, nil
}

// Stats counts what became of wake-ups.
func (s *Service) Stats() Stats {
	return Stats{
		Sent: s.sent.Load(), Retried: s.retried.Load(), GivenUp: s.givenUp.Load(),
		Dropped: s.dropped.Load(), Forgotten: s.forgotten.Load(),
	}
}

// Close gives up what waits, lets requests under way finish until ctx ends,
// and waits for the workers.
func (s *Service) Close(ctx context.Context) error {
	s.quit()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.work.Wait()
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("close push: requests were cut: %w", context.Cause(ctx))
	}
	s.cut()
	<-done
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	return err
}

func (s *Service) enqueue(j job) {
	if !s.queue.add(j) {
		s.dropped.Add(1)
		s.d.Log.Warn("push: a wake-up was dropped; the queue is full", "queue", s.cfg.Queue)
	}
}

// run is one worker.
func (s *Service) run() {
	for {
		j, ok := s.queue.next(s.stop, s.d.Now)
		if !ok {
			return
		}
		if j.user != "" {
			s.lookUp(j)
		} else {
			s.deliver(j)
		}
	}
}

// lookUp puts a job for each of a person's handles in the place of theirs.
func (s *Service) lookUp(j job) {
	ctx, cancel := context.WithTimeout(s.running, s.cfg.Timeout)
	defer cancel()
	handles, err := s.d.Handles.PushHandles(ctx, j.user)
	if err != nil {
		s.again(j, 0, err)
		return
	}
	for _, handle := range handles {
		s.enqueue(job{kind: j.kind, handle: handle, id: "msg_" + strings.ToLower(rand.Text()), due: j.due, deadline: j.deadline})
	}
}

// deliver makes one attempt.
func (s *Service) deliver(j job) {
	left := j.deadline.Sub(s.d.Now())
	if left <= 0 {
		s.giveUp("its time is over", nil)
		return
	}
	if j.attempts > 0 {
		s.retried.Add(1)
	}
	status, pause, err := s.post(j, left)
	switch {
	case err != nil:
		s.again(j, 0, err)
	case status >= 200 && status < 300:
		s.sent.Add(1)
	case status == http.StatusGone:
		s.forget(j.handle)
	case status >= 500 || passing[status]:
		s.again(j, pause, fmt.Errorf("status %d", status))
	default:
		s.giveUp("the webhook refused it", fmt.Errorf("status %d", status))
	}
}

// passing are refusals that may not be the last word.
var passing = map[int]bool{http.StatusRequestTimeout: true, http.StatusTooEarly: true, http.StatusTooManyRequests: true}

// body is what is sent.
type body struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Handle string `json:"handle"`
	TTLMS  int64  `json:"ttl_ms"`
}

// post sends one request and gives the status and for how long the webhook
// asks to be left alone.
func (s *Service) post(j job, left time.Duration) (status int, pause time.Duration, err error) {
	ctx, cancel := context.WithTimeout(s.running, min(s.cfg.Timeout, left))
	defer cancel()
	raw, err := json.Marshal(body{ID: j.id, Kind: j.kind, Handle: j.handle, TTLMS: left.Milliseconds()})
	if err != nil {
		return 0, 0, fmt.Errorf("encode a wake-up: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(raw))
	if err != nil {
		return 0, 0, bare(err)
	}
	timestamp, signature := sign(s.key, j.id, s.d.Now(), raw)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "kinwire",
		"Webhook-Id": j.id, "Webhook-Timestamp": timestamp, "Webhook-Signature": signature,
	} {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, 0, bare(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection can be used again
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	return res.StatusCode, time.Duration(max(0, min(seconds, 3600))) * time.Second, nil
}

// bare takes the address out of an error of the HTTP client: it may hold a
// password, and ends in a log.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// again tries a job once more after a pause, if that is in time.
func (s *Service) again(j job, asked time.Duration, why error) {
	pause := s.cfg.Pause << min(j.attempts, 4)
	pause -= time.Duration(random.Float64() * float64(pause) / 2)
	j.attempts++
	j.due = s.d.Now().Add(max(pause, asked))
	if s.stop.Err() != nil || !j.due.Before(j.deadline) {
		s.giveUp("it could not be delivered in time", why)
		return
	}
	s.enqueue(j)
}

func (s *Service) giveUp(because string, err error) {
	s.givenUp.Add(1)
	s.d.Log.Warn("push: a wake-up was given up: "+because, "error", err)
}

func (s *Service) forget(handle string) {
	s.forgotten.Add(1)
	if s.d.Gone == nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.running, s.cfg.Timeout)
	defer cancel()
	if err := s.d.Gone.Forget(ctx, handle); err != nil {
		s.d.Log.Error("push: forget a handle that is gone", "error", err)
	}
}
