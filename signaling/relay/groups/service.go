package groups

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/signaling/pace"
	"kinwire/signaling/proto"
)

// Service keeps devices and conversations. Its methods may be called from any
// goroutine; errors that are the caller's fault are *proto.Error. What Recheck
// asks for and what members are told is the work of Run.
type Service struct {
	store Store
	now   func() time.Time
	conf  atomic.Pointer[Config] // of now, see Tune
	d     Deps

	takes, takesOf, starts, commits, anew, newDevices *pace.Limiter

	news     *gathering[news]
	rechecks *gathering[recheck]
	retries  *gathering[recheck]
}

// New makes the service. Nobody is told anything before Run.
func New(store Store, now func() time.Time, cfg Config, d Deps) *Service {
	cfg = cfg.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		store: store, now: now, d: d,
		takes: paced(cfg.Takes), takesOf: paced(cfg.TakesOf), starts: paced(cfg.Starts),
		commits: paced(cfg.Commits), anew: paced(cfg.Anew), newDevices: paced(cfg.NewDevice),
		news: newGathering[news](), rechecks: newGathering[recheck](), retries: newGathering[recheck](),
	}
	s.conf.Store(&cfg)
	return s
}

// cfg is the configuration of now.
func (s *Service) cfg() *Config { return s.conf.Load() }

// Tune takes over another configuration, for whatever is asked for from then on.
// Rates and the interval of sweeps stay as they were.
func (s *Service) Tune(cfg Config) {
	cfg = cfg.withDefaults()
	s.conf.Store(&cfg)
}

const (
	// newsInterval is how long news of one conversation are gathered.
	newsInterval = 30 * time.Millisecond
	// recheckRetry is after how long a recheck that failed is tried again.
	recheckRetry = time.Second
)

// Run carries out rechecks, tells members what has changed, and sweeps, until
// ctx ends; it returns when all of it has come to rest. It begins with all
// conversations in which something waits: what ended while nothing ran here, or
// in the moment in which it stopped, stops it now.
func (s *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { s.news.run(ctx, newsInterval, s.tell) })
	all.Go(func() { s.rechecks.run(ctx, 0, func(some []recheck) { s.recheckAll(ctx, some) }) })
	all.Go(func() {
		s.retries.run(ctx, recheckRetry, func(some []recheck) {
			for _, r := range some {
				s.rechecks.add(r)
			}
		})
	})
	all.Go(func() { s.recheckWaiting(ctx) })
	all.Go(func() { every(ctx, s.cfg().SweepInterval, s.sweep) })
	all.Go(func() { every(ctx, looseInterval, s.looseEnds) })
	all.Wait()
}

// every runs do at once and then again after each interval.
func every(ctx context.Context, interval time.Duration, do func(ctx context.Context)) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// news is that somebody has to be told of a conversation.
type news struct{ userID, conversationID string }

// changed tells people that a conversation has changed.
func (s *Service) changed(conversationID string, userIDs ...string) {
	for _, id := range userIDs {
		s.news.add(news{id, conversationID})
	}
}

func (s *Service) tell(some []news) {
	for _, n := range some {
		s.d.Notifier.ToUser(n.userID, proto.TypeChatChanged, proto.ChatChanged{ConversationID: n.conversationID})
	}
}

// gathering hands on what is added, each thing once for each time that it is
// taken out.
type gathering[T comparable] struct {
	wake  chan struct{}
	mu    sync.Mutex
	seen  map[T]bool
	order []T
}

func newGathering[T comparable]() *gathering[T] {
	return &gathering[T]{wake: make(chan struct{}, 1), seen: map[T]bool{}}
}

func (g *gathering[T]) add(one T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen[one] {
		return
	}
	g.seen[one] = true
	g.order = append(g.order, one)
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *gathering[T]) takeAll() []T {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.order
	g.order = nil
	clear(g.seen)
	return all
}

// run hands on what there is, and waits before it does, so that more comes
// together.
func (g *gathering[T]) run(ctx context.Context, wait time.Duration, do func([]T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		}
		if !pause(ctx, wait) {
			return
		}
		if all := g.takeAll(); len(all) > 0 {
			do(all)
		}
	}
}

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func refuse(code proto.Code, format string, args ...any) *proto.Error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func tooFast(what string, wait time.Duration) *proto.Error {
	return refuse(proto.CodeRateLimited, "too many %s: try again in %v", what, wait.Round(time.Second)+time.Second)
}

func paced(r Rate) *pace.Limiter { return pace.New(r.Burst, r.Every) }
