package store

import (
	"context"
	"database/sql"
	"sync"
)

// groupSize is how many jobs share a transaction at most.
const groupSize = 64

// group joins jobs that come at the same time into one transaction. An engine
// with one writer has to put them one after the other anyway; in one
// transaction they share what beginning and ending it costs, and the pages that
// all of them change are written once.
//
// Whoever comes when nobody is at work does the work of one transaction, for
// itself and for those who have come by then, and hands on to the first of those
// who have come meanwhile.
type group struct {
	mu      sync.Mutex
	working bool
	waiting []*job
}

type job struct {
	ctx  context.Context
	do   func(tx hotTx) error
	lead chan struct{} // holds one when it is this one's turn to work
	done chan error    // holds one when it is done
}

// run has do carried out in a transaction and returns its error, after which
// nothing of what it did is there. do may run more than once.
func (g *group) run(ctx context.Context, s *Store, do func(tx hotTx) error) error {
	j := &job{ctx: ctx, do: do, lead: make(chan struct{}, 1), done: make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, j)
	if !g.working {
		g.working = true
		j.lead <- struct{}{}
	}
	g.mu.Unlock()
	select {
	case err := <-j.done:
		return err
	case <-j.lead:
	}
	s.together(g.take())
	g.handOn()
	return <-j.done
}

// take takes who has come, the one who works at their head.
func (g *group) take() []*job {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.waiting[:min(len(g.waiting), groupSize)]
	if g.waiting = g.waiting[len(now):]; len(g.waiting) == 0 {
		g.waiting = nil
	}
	return now
}

func (g *group) handOn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.working = len(g.waiting) > 0; g.working {
		g.waiting[0].lead <- struct{}{}
	}
}

// together carries out jobs in one transaction, or, where one of them fails,
// each in its own.
func (s *Store) together(jobs []*job) {
	if len(jobs) > 1 {
		// The transaction does not end with the patience of one of them.
		ctx := context.WithoutCancel(jobs[0].ctx)
		err := s.tx(ctx, func(tx *sql.Tx) error {
			for _, j := range jobs {
				if err := j.do(hotTx{tx, &s.hotWrites}); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			for _, j := range jobs {
				j.done <- nil
			}
			return
		}
	}
	for _, j := range jobs {
		j.done <- s.chatTx(j.ctx, func(tx *sql.Tx) error { return j.do(hotTx{tx, &s.hotWrites}) })
	}
}
