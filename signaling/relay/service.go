package relay

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

// Service is the relay. Its methods may be called from any goroutine; what is
// delivered, swept and told is the work of Run.
type Service struct {
	store Store
	now   func() time.Time
	conf  atomic.Pointer[Config] // of now, see Tune
	d     Deps

	sends   *pace.Limiter
	signals *pace.Limiter
	lanes   *lanes
	tidings *tidings
	rosters *rosters
	counts  counts
	deleted atomic.Bool // something was, since the last scrub
}

// New makes a relay. Nothing is delivered before Run.
func New(store Store, now func() time.Time, cfg Config, d Deps) *Service {
	cfg = cfg.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		store: store, now: now, d: d,
		sends:   pace.New(cfg.SendBurst, each(cfg.SendRate)),
		signals: pace.New(cfg.SignalBurst, each(cfg.SignalRate)),
		lanes:   newLanes(cfg.Window, cfg.WindowBytes),
		tidings: newTidings(),
		rosters: newRosters(),
		counts:  counts{refused: map[proto.Code]int64{}, expired: map[proto.DeliveryKind]int64{}},
	}
	s.conf.Store(&cfg)
	return s
}

// cfg is the configuration of now.
func (s *Service) cfg() *Config { return s.conf.Load() }

// Tune takes over another configuration: limits, rates and times for whatever is
// sent from then on. Window, WindowBytes, Workers and the intervals stay as they
// were when Run began. Retention also cuts what waits already.
func (s *Service) Tune(cfg Config) {
	cfg = cfg.withDefaults()
	s.conf.Store(&cfg)
	s.sends.Tune(cfg.SendBurst, each(cfg.SendRate))
	s.signals.Tune(cfg.SignalBurst, each(cfg.SignalRate))
}

// Run delivers, sweeps and scrubs until ctx ends, and returns when all of it
// has come to rest.
func (s *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range s.cfg().Workers {
		all.Go(func() { s.work(ctx) })
	}
	all.Go(func() { s.tell(ctx) })
	all.Go(func() { every(ctx, s.cfg().SweepInterval, s.sweep) })
	all.Go(func() { every(ctx, s.cfg().ScrubInterval, s.scrub) })
	all.Go(func() { every(ctx, retryInterval, func(context.Context) { s.lanes.retry() }) })
	<-ctx.Done()
	s.lanes.close()
	all.Wait()
}

// retryInterval is how long a lane rests whose queue could not be read.
const retryInterval = time.Second

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

func (s *Service) scrub(ctx context.Context) {
	if !s.deleted.Swap(false) {
		return
	}
	if err := s.store.Scrub(ctx); err != nil && ctx.Err() == nil {
		s.deleted.Store(true)
		s.counts.scrubFails.Add(1)
		s.d.Log.Warn("deleted messages are still in the log of the database", "err", err)
	}
}

func refuse(code proto.Code, format string, args ...any) *proto.Error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// each is the time between two at a rate a second.
func each(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }
