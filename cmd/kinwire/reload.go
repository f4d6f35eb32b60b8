package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"kinwire/configs"
	"kinwire/configs/watch"
)

// source is where the configuration came from and can be read again.
type source struct {
	file string // "" without --config
	load func() (*configs.Config, error)
}

// reloader takes over changes of the configuration while the server runs.
type reloader struct {
	source  source
	setters []setter
	status  *reloadStatus
	log     *slog.Logger
	now     func() time.Time
	watch   atomic.Bool // reload.watch of now
	applied func(keys []string, at time.Time)

	mu      sync.Mutex      // one at a time
	running *configs.Config // what is in effect
}

// reload reads the configuration once more and goes over to it: as a whole, or
// not at all.
func (r *reloader) reload(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	applied, pending, err := r.take()
	if err != nil {
		r.status.refused(err)
		for _, text := range reasons(err) {
			r.log.Error("configuration refused, the old one goes on", "why", why, "err", text)
		}
		return
	}
	keys := keysOf(pending)
	if len(applied) == 0 && slices.Equal(keys, r.status.NodeConfig().Pending) {
		r.status.unchanged()
		r.log.Info("configuration read again, nothing has changed", "why", why)
		return
	}
	r.status.applied(r.now(), keys)
	if len(applied) > 0 && r.applied != nil {
		r.applied(keysOf(applied), r.now())
	}
	for _, c := range applied {
		r.log.Info("configuration changed", "key", c.Key, "from", c.Old, "to", c.New, "acts", string(c.Acts), "where", c.Where)
	}
	for _, c := range pending {
		r.log.Warn("configuration changed, and waits for a restart", "key", c.Key, "from", c.Old, "to", c.New, "where", c.Where)
	}
}

func (r *reloader) take() (applied, pending []configs.Change, err error) {
	next, err := r.source.load()
	if err != nil {
		return nil, nil, err
	}
	taken, applied, pending, err := r.running.Take(next)
	if err != nil {
		return nil, nil, err
	}
	if err := r.set(taken, keysOf(applied)); err != nil {
		return nil, nil, err
	}
	r.running = taken
	return applied, pending, nil
}

// set hands each part that has changed to whom it is for. Where one cannot use
// it, those before it get back what they had.
func (r *reloader) set(next *configs.Config, keys []string) error {
	var done []setter
	for _, s := range r.setters {
		if !slices.ContainsFunc(s.keys, func(k string) bool { return slices.Contains(keys, k) }) {
			continue
		}
		if err := s.set(next); err != nil {
			for _, d := range done {
				err = errors.Join(err, d.set(r.running))
			}
			return err
		}
		done = append(done, s)
	}
	return nil
}

// config is what is in effect.
func (r *reloader) config() *configs.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}

// run reloads on SIGHUP and when the file changes, until ctx ends.
func (r *reloader) run(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	var watching sync.WaitGroup
	defer watching.Wait()
	if r.source.file != "" {
		w, err := watch.New(r.source.file, r.log)
		if err != nil {
			r.log.Warn("the configuration is not watched; SIGHUP has it read again", "err", err)
		} else {
			watching.Go(func() { w.Run(ctx, r.fileChanged) })
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			r.reload("SIGHUP")
		}
	}
}

func (r *reloader) fileChanged() {
	if r.watch.Load() {
		r.reload("file changed")
	}
}

// reasons are what is wrong, a line of log each.
func reasons(err error) []string {
	var refused *configs.Error
	if !errors.As(err, &refused) {
		return []string{err.Error()}
	}
	out := make([]string, len(refused.Problems))
	for i, p := range refused.Problems {
		out[i] = p.String()
	}
	return out
}

func keysOf(changes []configs.Change) []string {
	keys := make([]string, len(changes))
	for i, c := range changes {
		keys[i] = c.Key
	}
	return keys
}
