package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"sync"
	"time"
)

// SMTP sends messages by a mail server. Its methods may be called from any
// goroutine; [SMTP.Close] has to be called in the end.
type SMTP struct {
	cfg  Config
	from *mail.Address
	now  func() time.Time
	log  *slog.Logger

	// abort ends attempts that are under way.
	ctx   context.Context
	abort context.CancelFunc

	lines chan struct{} // one place a connection
	hurry chan struct{} // closed by Close: nobody waits for a retry any more

	mu      sync.Mutex
	closed  bool
	waiting int // messages in the queue, those under way included
	lost    int // that could not be delivered since Close
	running sync.WaitGroup
}

// New checks cfg and makes a sender. It does not connect: a mail server that
// is down must not keep this one from starting.
func New(cfg Config, now func() time.Time, log *slog.Logger) (*SMTP, error) {
	cfg = cfg.withDefaults()
	if _, known := defaultPorts[cfg.TLS]; !known {
		return nil, fmt.Errorf("mail: tls is %q: it must be starttls, tls or none", cfg.TLS)
	}
	if cfg.Host == "" {
		return nil, errors.New("mail: no host given: name the mail server")
	}
	if cfg.Port < 1 || cfg.Port > 65535 {
		return nil, fmt.Errorf("mail: port is %d: it must be 1 to 65535", cfg.Port)
	}
	if cfg.TLS == None && (cfg.User != "" || cfg.Password != "") {
		return nil, errors.New("mail: tls is none and there is a user: a password must not go over the network in the clear; use starttls or tls")
	}
	from, err := mail.ParseAddress(cfg.From)
	if err != nil || checkAddress(from.Address) != nil || !plain(from.Name) {
		return nil, fmt.Errorf("mail: from is %q: it must be an address such as \"Kinwire <hello@example.org>\"", cfg.From)
	}
	s := &SMTP{
		cfg: cfg, from: from, now: now, log: log,
		lines: make(chan struct{}, cfg.Connections), hurry: make(chan struct{}),
	}
	s.ctx, s.abort = context.WithCancel(context.Background())
	return s, nil
}

// Send puts a message into the queue and returns at once; ctx does not bound
// its way from there. A message that must not go out is refused with a
// *proto.Error, one for which there is no room with [ErrFull], and after Close
// with [ErrClosed].
func (s *SMTP) Send(_ context.Context, to, subject, text string) error {
	if err := check(to, subject, text); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("send an e-mail: %w", ErrClosed)
	}
	if s.waiting >= s.cfg.Queue {
		return fmt.Errorf("send an e-mail: %w: %d messages wait already", ErrFull, s.waiting)
	}
	s.waiting++
	l := letter{to: to, subject: subject, text: text, date: s.now(), id: newMessageID(s.domain())}
	s.running.Go(func() { s.deliver(l) })
	return nil
}

// domain is that of the sender's address.
func (s *SMTP) domain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

// deliver tries until the message is delivered, is refused for good, or has
// been tried often enough.
func (s *SMTP) deliver(l letter) {
	wait := s.cfg.RetryWait
	for attempt := 1; ; attempt++ {
		err := s.attempt(l)
		if err == nil {
			s.done(false)
			return
		}
		last := attempt >= s.cfg.Attempts || !err.Temporary || s.ctx.Err() != nil
		// Why, and never to whom: a mail server's reply may hold the address,
		// so the log has the reply's code and not its words.
		s.log.Warn("e-mail not delivered", "attempt", attempt, "gave_up", last, "at", err.At, "code", err.Code, "status", err.Status, "cause", err.cause())
		if last {
			s.done(true)
			return
		}
		s.pause(wait)
		wait *= 2
	}
}

// pause waits before the next attempt, unless the end is near.
func (s *SMTP) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.hurry:
	}
}

// attempt waits for a free line and hands the message over.
func (s *SMTP) attempt(l letter) *Failure {
	select {
	case s.lines <- struct{}{}:
	case <-s.ctx.Done():
		return &Failure{At: "queue", Temporary: true, err: s.ctx.Err()}
	}
	defer func() { <-s.lines }()
	return s.handOver(l)
}

func (s *SMTP) done(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
	if lost && s.closed {
		s.lost++
	}
}

// Close takes no more messages and waits until those in the queue are
// delivered or given up; pauses between attempts are cut short. When ctx ends
// first, attempts under way are broken off. The error says how many messages
// were lost since Close began.
func (s *SMTP) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.hurry)
	}
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, s.abort)
	defer stop()
	s.running.Wait()
	s.abort()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost > 0 {
		return fmt.Errorf("close the mail queue: %d e-mails were not delivered", s.lost)
	}
	return nil
}
