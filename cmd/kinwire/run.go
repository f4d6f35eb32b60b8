package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"kinwire/configs"
)

// run builds the planes from cfg, serves until ctx ends and takes them down
// in order.
func run(ctx context.Context, cfg *configs.Config, log *slog.Logger) (err error) {
	p, err := build(ctx, cfg, log)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.HTTP.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("opening http.listen: %w", err), p.close(context.Background()))
	}
	printBanner(os.Stdout, cfg, p, l.Addr())

	background, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { sampleMedia(background, p.sfu, p.recorder, cfg.Metrics.SampleInterval) })
	running.Go(func() { sweepRecords(background, p.store, cfg.Metrics.RecordRetention, log) })

	served := make(chan error, 1)
	go func() { served <- serveHTTP(p.http, l, cfg.HTTP.TLS) }()
	log.Info("started", "listen", l.Addr().String())
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	log.Info("stopping")
	// A fresh context: the one that ended would cut the good-byes short.
	down, cancel := context.WithTimeout(context.Background(), cfg.HTTP.ShutdownTimeout)
	defer cancel()
	err = errors.Join(err, p.close(down))
	stop()
	running.Wait()
	log.Info("stopped")
	return err
}

func serveHTTP(s *http.Server, l net.Listener, tls configs.HTTPTLS) error {
	var err error
	if tls.CertFile != "" {
		err = s.ServeTLS(l, tls.CertFile, tls.KeyFile)
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

// sweepRecords deletes records that are older than they may become, at once
// and then every hour.
func sweepRecords(ctx context.Context, s recordSweeper, keep time.Duration, log *slog.Logger) {
	t := time.NewTicker(time.Hour)
	defer t.Stop()
	for {
		n, err := s.DeleteRecordsBefore(ctx, time.Now().Add(-keep))
		switch {
		case err != nil && ctx.Err() == nil:
			log.Warn("deleting old call records", "err", err)
		case n > 0:
			log.Info("old call records deleted", "records", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
