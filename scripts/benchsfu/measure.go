//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// options are those of a run.
type options struct {
	window   time.Duration
	settle   time.Duration // from the first packets to the window
	lead     time.Duration // in which the window is announced to everybody
	drain    time.Duration // in which the last packets may still come
	feedback time.Duration // between two transport-wide feedbacks of a client; 0: none
	probes   int           // who join while media flows
	probeGap time.Duration
	limit    time.Duration // of one join, and until all streams run; 0: joinLimit
	knobs    knobs
	profile  string // where the server's CPU profile goes, "": nowhere
}

const joinLimit = 15 * time.Second // of one join, and until all streams run

func (o options) joinLimit() time.Duration { return max(o.limit, joinLimit) }

// process is what is measured.
type process interface {
	pid() int
	usage() (usage, error)
	// window announces the time in which packets count, before it begins.
	window(from, to int64) error
	end() error
}

// stage is what a measurement plays on.
type stage struct {
	ctx     context.Context
	shape   shape
	opts    options
	window  *window
	process process
	clients []*client // all that there are, to be counted and closed
	// Of each participant: the client that receives, and the one that sends, nil
	// where nothing is sent. With some servers they are two.
	receivers []*client
	senders   []*client
	sent      sent

	quit chan struct{} // closed: senders stop
	once sync.Once
	mu   sync.Mutex
	err  error
}

func newStage(ctx context.Context, s shape, o options, p process) *stage {
	return &stage{ctx: ctx, shape: s, opts: o, window: newWindow(), process: p, quit: make(chan struct{})}
}

// failed keeps the first error of a goroutine.
func (s *stage) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *stage) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.err, s.ctx.Err())
}

func (s *stage) hush() { s.once.Do(func() { close(s.quit) }) }

// close ends clients and process.
func (s *stage) close() error {
	s.hush()
	for _, c := range s.clients {
		c.close()
	}
	return errors.Join(s.failure(), s.process.end())
}

// pause waits, unless the run is ended.
func (s *stage) pause(d time.Duration) error {
	select {
	case <-time.After(d):
		return s.failure()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// until waits for something to come true, looking every millisecond.
func (s *stage) until(what string, ok func() bool) error {
	limit := s.opts.joinLimit()
	for end := ticks() + int64(limit); !ok(); {
		if ticks() > end {
			return fmt.Errorf("%s: not within %s", what, limit)
		}
		if err := s.pause(time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// open sets the window for everybody, here and in the process, before it begins.
// On a machine that stalls this may come too late: then nothing of it counts,
// and it is tried again.
func (s *stage) open() (from, to int64, err error) {
	for lead := s.opts.lead; lead < joinLimit; lead *= 2 {
		for _, c := range s.clients {
			c.tally.forget()
		}
		s.sent.forget()
		from = ticks() + int64(lead)
		to = from + int64(s.opts.window)
		if err := s.process.window(from, to); err != nil {
			return 0, 0, err
		}
		s.window.open(from, to)
		if ticks() < from {
			return from, to, nil
		}
		s.window.open(math.MaxInt64, math.MaxInt64)
	}
	return 0, 0, errors.New("the machine stalls for seconds: no window could be opened in time")
}

// measure lets the window pass and reads what the process has used in it, and
// what we have.
func (s *stage) measure() (before, after usage, own time.Duration, err error) {
	from, to, err := s.open()
	if err != nil {
		return
	}
	sleepUntil(from)
	if before, err = s.process.usage(); err != nil {
		return
	}
	ours, err := ownUsage()
	if err != nil {
		return
	}
	if err = s.pause(time.Duration(to - ticks())); err != nil {
		return
	}
	if after, err = s.process.usage(); err != nil {
		return
	}
	ended, err := ownUsage()
	if err != nil {
		return
	}
	return before, after, ended.CPU - ours.CPU, s.pause(s.opts.drain)
}

// complete says whether every receiver has as many streams as it is to have.
func (s *stage) complete(streams func(i int) int) func() bool {
	return func() bool {
		for i, c := range s.receivers {
			if c.tally.sources() < streams(i) {
				return false
			}
		}
		return true
	}
}
