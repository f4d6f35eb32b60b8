package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/configs"
)

// running is the server while it serves: the planes, and what of it takes over
// changes of the configuration.
type running struct {
	planes   *planes
	dataDir  string
	public   string
	shape    *logShape
	pair     *keyPair // nil without TLS
	sampler  *sampler
	sweeper  *sweeper
	reloader *reloader
	grace    atomic.Int64 // http.shutdown_timeout, in nanoseconds
}

// run builds the planes from cfg, which came from src, serves until ctx ends
// and takes them down in order.
func run(ctx context.Context, cfg *configs.Config, src source, log *slog.Logger) error {
	p, err := build(ctx, cfg, log)
	if err != nil {
		return err
	}
	s, err := newRunning(cfg, src, p, log)
	if err != nil {
		return errors.Join(err, p.close(context.Background()))
	}
	l, err := net.Listen("tcp", cfg.HTTP.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("opening http.listen: %w", err), p.close(context.Background()))
	}
	printBanner(os.Stdout, cfg, p, l.Addr())
	return s.serve(ctx, l, log)
}

func newRunning(cfg *configs.Config, src source, p *planes, log *slog.Logger) (*running, error) {
	s := &running{
		planes: p, dataDir: cfg.DataDir, public: publicURL(cfg), shape: &logShape{},
		sampler:  newSampler(p.sfu, p.recorder, p.calls, cfg.Metrics.SampleInterval),
		sweeper:  newSweeper(p.store, cfg.Metrics.RecordRetention, log),
		reloader: &reloader{source: src, status: p.reloads, log: log, now: time.Now, running: cfg, applied: p.noteConfig},
	}
	if h, ok := log.Handler().(*logHandler); ok {
		s.shape = h.shape
	}
	var err error
	s.pair, err = newKeyPair(cfg.HTTP.TLS.CertFile, cfg.HTTP.TLS.KeyFile, log, time.Now)
	s.setGrace(cfg.HTTP.ShutdownTimeout)
	s.reloader.watch.Store(cfg.Reload.Watch)
	s.reloader.setters = s.setters()
	return s, err
}

// serve serves on l until ctx ends.
func (s *running) serve(ctx context.Context, l net.Listener, log *slog.Logger) (err error) {
	background, stop := context.WithCancel(context.Background())
	var busy sync.WaitGroup
	for _, f := range []func(context.Context){s.sampler.run, s.sweeper.run, s.reloader.run} {
		busy.Go(func() { f(background) })
	}
	served := make(chan error, 1)
	go func() { served <- serveHTTP(s.planes.http, l, s.pair) }()
	log.Info("started", "listen", l.Addr().String())
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	log.Info("stopping")
	// A fresh context: the one that ended would cut the good-byes short.
	down, cancel := context.WithTimeout(context.Background(), time.Duration(s.grace.Load()))
	defer cancel()
	err = errors.Join(err, s.planes.close(down))
	stop()
	busy.Wait()
	log.Info("stopped")
	return err
}

func serveHTTP(s *http.Server, l net.Listener, pair *keyPair) error {
	var err error
	if pair != nil {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
		err = s.ServeTLS(l, "", "")
	} else {
		err = s.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving HTTP: %w", err)
}

// recordSweeper deletes call records; the store does.
type recordSweeper interface {
	DeleteRecordsBefore(ctx context.Context, endedBefore time.Time) (int64, error)
}

// sweeper deletes records that are older than they may become.
type sweeper struct {
	store   recordSweeper
	keep    atomic.Int64  // nanoseconds
	changed chan struct{} // keep is another
	log     *slog.Logger
}

func newSweeper(store recordSweeper, keep time.Duration, log *slog.Logger) *sweeper {
	s := &sweeper{store: store, changed: make(chan struct{}, 1), log: log}
	s.keep.Store(int64(keep))
	return s
}

// setKeep changes how old records may become, and has those looked for that are
// older.
func (s *sweeper) setKeep(keep time.Duration) {
	s.keep.Store(int64(keep))
	select {
	case s.changed <- struct{}{}:
	default: // it will look
	}
}

// run looks at once, every hour and after a change.
func (s *sweeper) run(ctx context.Context) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		n, err := s.store.DeleteRecordsBefore(ctx, time.Now().Add(-time.Duration(s.keep.Load())))
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Warn("deleting old call records", "err", err)
		case n > 0:
			s.log.Info("old call records deleted", "records", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-s.changed:
		}
	}
}
