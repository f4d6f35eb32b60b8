package calls

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// Service holds all calls of one node. Its methods may be called from any
// goroutine. The errors of those that answer a request are *proto.Error.
type Service struct {
	d Deps

	notices line           // what people are told, across all calls
	lines   sync.WaitGroup // goroutines of lines, and of reviews
	serving sync.WaitGroup // requests under way
	ctx     context.Context
	quit    context.CancelFunc // ends what waits for policy or for a better moment

	// mu guards what follows, and every call. It is held for computing only:
	// nobody outside is called under it.
	mu      sync.Mutex
	closed  bool
	board   board
	entries map[string]*entry // by call id
	asked   map[*asking]struct{}
}

// entry is what drives a call.
type entry struct {
	call  *call
	line  line // media and record
	books line // talk and history
	timer *time.Timer
	due   time.Time // what timer is set to; zero: not set
	turns turns     // whose turn it is to talk to Media

	reviewed bool // a review is under way
	again    bool // and has to look once more
}

// New makes the service. It runs nothing until there are calls.
func New(cfg Config, d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	none := nobody{}
	if d.Settings == nil {
		d.Settings = none
	}
	if d.Push == nil {
		d.Push = none
	}
	if d.History == nil {
		d.History = none
	}
	if d.Talk == nil {
		d.Talk = none
	}
	s := &Service{d: d, board: newBoard(cfg, newID), entries: make(map[string]*entry), asked: make(map[*asking]struct{})}
	s.ctx, s.quit = context.WithCancel(context.Background())
	s.notices.running = &s.lines
	return s
}

// Tune takes over another configuration. MaxParticipants holds at once (who is in
// a call stays in it); the rest holds for calls that begin from then on, the
// others keep what they began with.
func (s *Service) Tune(cfg Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.cfg = cfg
}

// maxParticipants is the largest number of people in a call now.
func (s *Service) maxParticipants() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.board.cfg.MaxParticipants
}

// begin lets a request in; done must be called after it. It refuses when the
// service is closing.
func (s *Service) begin() (done func(), err *proto.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errShuttingDown()
	}
	s.serving.Add(1)
	return s.serving.Done, nil
}

// find returns the call and the user's part in it. The caller holds mu.
func (s *Service) find(callID, userID string) (*call, *participant, *proto.Error) {
	c, ok := s.board.calls[callID]
	if !ok {
		return nil, nil, errNoCall()
	}
	p := c.who(userID)
	if p == nil {
		return nil, nil, errNoCall()
	}
	return c, p, nil
}

// apply lets an event happen and returns the call as p sees it then. The
// caller holds mu.
func (s *Service) apply(c *call, p *participant, ev event, now time.Time) (proto.CallView, *proto.Error) {
	if refused := s.board.apply(c, p, ev, now); refused != nil {
		return proto.CallView{}, refused
	}
	s.carryOut(now)
	return c.viewFor(p), nil
}

// carryOut sends the effects of all that has changed on their way, and sets
// timers. The caller holds mu.
func (s *Service) carryOut(now time.Time) {
	dirty := s.board.dirty
	s.board.dirty = nil
	for _, c := range dirty {
		e := s.entry(c)
		out := c.take()
		jobs := make([]func(), 0, len(out.notices))
		for _, n := range out.notices {
			jobs = append(jobs, func() { deliver[n.to](&s.d, n) })
		}
		s.notices.add(jobs...)
		jobs = make([]func(), 0, len(out.work))
		for _, w := range out.work {
			jobs = append(jobs, func() { perform[w.kind](&s.d, c.id, w) })
		}
		e.line.add(jobs...)
		s.writeDown(e, out)
		s.arm(e, now)
		if c.unsure {
			c.unsure = false
			s.review(e)
		}
	}
}

// entry finds what drives a call, or makes it. A request that comes back
// after its call was forgotten gets one that nobody else has.
func (s *Service) entry(c *call) *entry {
	e := s.entries[c.id]
	if e == nil {
		e = &entry{call: c}
		e.line.running, e.books.running = &s.lines, &s.lines
		if s.board.calls[c.id] == c {
			s.entries[c.id] = e
		}
	}
	return e
}

// arm sets the call's timer to its next deadline.
func (s *Service) arm(e *entry, now time.Time) {
	at := e.call.next()
	if s.closed {
		at = time.Time{}
	}
	if at.Equal(e.due) {
		return
	}
	if e.timer != nil {
		e.timer.Stop()
	}
	if e.due = at; at.IsZero() {
		return
	}
	// Never at once: a clock that lags a little must not make us spin.
	e.timer = time.AfterFunc(max(at.Sub(now), time.Millisecond), func() { s.fire(e, at) })
}

// fire is what the timer that was set to at does.
func (s *Service) fire(e *entry, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !e.due.Equal(at) {
		return // a newer timer has taken over
	}
	e.due = time.Time{}
	now := s.d.Now()
	if e.call.phase == proto.PhaseEnded && due(e.call.forgetAt, now) {
		delete(s.board.calls, e.call.id)
		delete(s.entries, e.call.id)
		return
	}
	s.board.tick(e.call, now)
	s.carryOut(now)
}

// Views returns the calls that a person who opens a session has to know of:
// those that ring for them, the one they are in, and those that they were
// lost from and may join again.
func (s *Service) Views(userID string) []proto.CallView {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := []proto.CallView{}
	for _, c := range s.board.byUser[userID] {
		p := c.who(userID)
		if p.stage == away && p.reason != proto.ReasonLost {
			continue
		}
		views = append(views, c.viewFor(p))
	}
	return views
}

// InCall says whether the user is in a call; one that only rings for them
// does not count.
func (s *Service) InCall(userID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, _ := s.board.active(userID)
	return in != nil
}

// Close ends every call with reason shutdown and waits until everybody has
// been told, what is to be kept is kept, and every request is done, or until
// ctx ends. After it every request is refused.
func (s *Service) Close(ctx context.Context) error {
	s.endAll()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// In this order: a request under way may still add work.
		s.serving.Wait()
		s.lines.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close calls: %w", context.Cause(ctx))
	}
}

func (s *Service) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.quit()
	now := s.d.Now()
	s.board.end(now)
	s.carryOut(now)
	clear(s.board.calls)
}

// newID makes an id that cannot be guessed: 130 random bits.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }
