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
	cfg Config
	d   Deps

	notices line           // what people are told, across all calls
	lines   sync.WaitGroup // goroutines of lines
	serving sync.WaitGroup // requests under way

	// mu guards what follows, and every call. It is held for computing only:
	// nobody outside is called under it.
	mu     sync.Mutex
	closed bool
	calls  map[string]*entry
	byUser map[string]map[string]*entry // user → call → entry; those the user is in, or may come back to
}

// entry is a call and what drives it.
type entry struct {
	call  *call
	line  line // media and record
	timer *time.Timer
	due   time.Time                // what timer is set to; zero: not set
	turns map[string]chan struct{} // by participant: whose turn it is to talk to Media
}

// New makes the service. It runs nothing until there are calls.
func New(cfg Config, d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Service{cfg: cfg, d: d, calls: make(map[string]*entry), byUser: make(map[string]map[string]*entry)}
	s.notices.running = &s.lines
	return s
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
func (s *Service) find(callID, userID string) (*entry, *participant, *proto.Error) {
	e, ok := s.calls[callID]
	if !ok {
		return nil, nil, errNoCall()
	}
	p := e.call.who(userID)
	if p == nil {
		return nil, nil, errNoCall()
	}
	return e, p, nil
}

// occupied returns the call that keeps the user busy, nil if none does. The
// caller holds mu.
func (s *Service) occupied(userID string) (*entry, *participant) {
	for _, e := range s.byUser[userID] {
		if p := e.call.who(userID); p.stage == invited || p.stage == active {
			return e, p
		}
	}
	return nil, nil
}

// vacate makes sure that the user is in no other call, so that they may enter
// one: a call that rings for them is answered with busy. The caller holds mu.
func (s *Service) vacate(userID string, now time.Time) *proto.Error {
	e, p := s.occupied(userID)
	if e == nil {
		return nil
	}
	if p.stage == active {
		return errBusy()
	}
	err := e.call.apply(p, event{kind: evBusy}, now)
	s.carryOut(e, now)
	return err
}

// carryOut sends the effects of a call on their way, and brings index and
// timer up to date. The caller holds mu.
func (s *Service) carryOut(e *entry, now time.Time) {
	notices, todo := e.call.take()
	jobs := make([]func(), 0, len(notices))
	for _, n := range notices {
		jobs = append(jobs, func() { deliver[n.to](s.d.Notify, n) })
	}
	s.notices.add(jobs...)
	jobs = make([]func(), 0, len(todo))
	for _, w := range todo {
		jobs = append(jobs, func() { perform[w.kind](&s.d, e.call.id, w) })
	}
	e.line.add(jobs...)
	s.index(e)
	s.arm(e, now)
}

// index keeps byUser right for the people of e.
func (s *Service) index(e *entry) {
	for _, p := range e.call.people {
		user := p.person.ID
		if p.stage != gone {
			if s.byUser[user] == nil {
				s.byUser[user] = make(map[string]*entry)
			}
			s.byUser[user][e.call.id] = e
			continue
		}
		delete(s.byUser[user], e.call.id)
		if len(s.byUser[user]) == 0 {
			delete(s.byUser, user)
		}
	}
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
		delete(s.calls, e.call.id)
		return
	}
	e.call.tick(now)
	s.carryOut(e, now)
}

// Views returns the calls that a person who opens a session has to know of:
// those that ring for them, the one they are in, and those that they were
// lost from and may join again.
func (s *Service) Views(userID string) []proto.CallView {
	s.mu.Lock()
	defer s.mu.Unlock()
	views := []proto.CallView{}
	for _, e := range s.byUser[userID] {
		p := e.call.who(userID)
		if p.stage == away && p.reason != proto.ReasonLost {
			continue
		}
		views = append(views, e.call.viewFor(p))
	}
	return views
}

// InCall says whether the user is in a call; one that only rings for them
// does not count.
func (s *Service) InCall(userID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, p := s.occupied(userID)
	return p != nil && p.stage == active
}

// Close ends every call with reason shutdown and waits until everybody has
// been told and every request is done, or until ctx ends. After it every
// request is refused.
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
	now := s.d.Now()
	for id, e := range s.calls {
		e.call.shutdown(now)
		s.carryOut(e, now)
		delete(s.calls, id)
	}
}

// newID makes an id that cannot be guessed: 130 random bits.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }
