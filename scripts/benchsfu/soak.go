//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// soakPlan says how calls come and go against our server.
type soakPlan struct {
	Duration time.Duration `json:"duration"`
	Joins    float64       `json:"joins_per_second"`
	Seed     uint64        `json:"seed"`
	Every    time.Duration `json:"sample_every"`
	Stay     time.Duration `json:"stay"`   // of a member at least; three times it at most
	Failed   time.Duration `json:"failed"` // silence after which the server gives a link up
}

// soakMedia are thinner than those of the shapes: what is looked for is what
// stays behind, and that comes of joining and leaving.
var soakMedia = []media{
	{Every: 60 * time.Millisecond, Packets: 1, Payload: 100},
	{Video: true, Every: time.Second / 10, Packets: 2, Payload: 1042},
}

// way is how a member of a call leaves it.
type way string

const (
	orderly   way = "orderly"   // says so to the server, then to DTLS
	crashed   way = "crashed"   // its socket is just closed
	silent    way = "silent"    // its socket stays open, and nothing comes from it
	replaced  way = "replaced"  // joins again under its name before its first link is gone
	abandoned way = "abandoned" // has an answer to its offer, and never connects
)

// ways to leave, as often as they stand here.
var waysToLeave = []way{
	orderly, orderly, orderly, orderly, orderly, orderly, orderly, orderly, orderly, orderly,
	crashed, crashed, crashed, crashed, silent, silent, silent, replaced, replaced, abandoned,
}

// memberPlan is one member of a call: it joins After the call has begun, and
// leaves Stay later.
type memberPlan struct {
	after, stay time.Duration
	way         way
}

// planCall draws a call of 2 to 5.
func (p *soakPlan) planCall(r *rand.Rand) []memberPlan {
	out := make([]memberPlan, 2+r.IntN(4))
	for i := range out {
		out[i] = memberPlan{
			after: time.Duration(r.Int64N(int64(p.Stay)/2 + 1)),
			stay:  p.Stay + time.Duration(r.Int64N(2*int64(p.Stay)+1)),
			way:   waysToLeave[r.IntN(len(waysToLeave))],
		}
	}
	return out
}

// soak is a run.
type soak struct {
	soakPlan
	feedback time.Duration
	ctx      context.Context
	child    *child
	window   *window // never opens
	sent     sent
	calls    sync.WaitGroup
	people   atomic.Int64

	mu    sync.Mutex
	state soakReport
}

// soakReport is what --json keeps of a run.
type soakReport struct {
	Plan     soakPlan     `json:"plan"`
	Calls    int          `json:"calls"`
	Joins    int          `json:"joins"`
	Left     map[way]int  `json:"left"`
	Errors   int          `json:"errors"`
	Texts    []string     `json:"error_texts,omitempty"` // the first ones
	Baseline soakSample   `json:"baseline"`              // after one call, before all others
	Samples  []soakSample `json:"samples"`
	Final    soakSample   `json:"final"` // when all have left
	Verdict  soakVerdict  `json:"verdict"`
}

const maxTexts = 20

// wrong counts an unexpected error, and keeps the first ones.
func (s *soak) wrong(err error) {
	if err == nil || s.ctx.Err() != nil { // what ends with the run is no fault
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Errors++
	if len(s.state.Texts) < maxTexts {
		s.state.Texts = append(s.state.Texts, err.Error())
	}
}

func (s *soak) joined() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Joins++
}

func (s *soak) left(w way) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Left[w]++
}

var errNotFlat = errors.New("the soak has found what the last lines tell")

// runSoak is the whole of --soak.
func runSoak(ctx context.Context, p soakPlan, feedback time.Duration, out io.Writer) (*soakReport, error) {
	if _, err := identity(); err != nil {
		return nil, err
	}
	c, err := startChild(ctx, "serve-sfu", "--disconnected", (p.Failed / 2).String(), "--failed", p.Failed.String(), "--set-up", (2 * p.Failed).String())
	if err != nil {
		return nil, err
	}
	s := &soak{soakPlan: p, feedback: feedback, ctx: ctx, child: c, window: newWindow(), state: soakReport{Plan: p, Left: map[way]int{}}}
	err = s.run(out)
	err = errors.Join(err, c.end())
	if err == nil && len(s.state.Verdict.Faults) > 0 {
		err = errNotFlat
	}
	return &s.state, err
}

func (s *soak) run(out io.Writer) error {
	rng := rand.New(rand.NewPCG(s.Seed, 0))
	s.call("first", []memberPlan{{stay: s.Stay, way: orderly}, {stay: s.Stay, way: orderly}})
	base, err := s.settle(soakSample{}, time.Second)
	if err != nil {
		return err
	}
	s.state.Baseline = base
	err = s.comeAndGo(rng, out)
	s.calls.Wait()
	if err != nil { // the server is gone, or we are to go: there is no verdict, but there are samples
		s.state.Final = s.state.Baseline
		s.state.Verdict = judge(&s.state)
		s.state.Verdict.Faults = append(s.state.Verdict.Faults, "ended before its time; what is told of after is not known")
		return errors.Join(err, s.state.tell(out))
	}
	// The last may have gone silent just now. Then the server has to notice.
	if s.state.Final, err = s.settle(base, 4*s.Failed+10*time.Second); err != nil {
		return err
	}
	s.state.Verdict = judge(&s.state)
	return s.state.tell(out)
}

// comeAndGo begins calls and takes samples until the time is over.
func (s *soak) comeAndGo(rng *rand.Rand, out io.Writer) error {
	begin := time.Now()
	end := time.NewTimer(s.Duration)
	defer end.Stop()
	sample := time.NewTicker(s.Every)
	defer sample.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	told := begin
	for {
		select {
		case <-s.ctx.Done():
			return fmt.Errorf("the soak after %s: %w", time.Since(begin).Round(time.Second), s.ctx.Err())
		case <-end.C:
			return nil
		case <-next.C:
			members := s.planCall(rng)
			s.state.Calls++
			name := "call" + strconv.Itoa(s.state.Calls)
			s.calls.Go(func() { s.call(name, members) })
			next.Reset(time.Duration(float64(len(members)) / s.Joins * float64(time.Second)))
		case <-sample.C:
			now, err := s.sample(time.Since(begin))
			if err != nil {
				return err
			}
			s.state.Samples = append(s.state.Samples, now)
			if time.Since(told) >= time.Minute-s.Every/2 {
				told = time.Now()
				if err := s.progress(out); err != nil {
					return err
				}
			}
		}
	}
}

// settle waits until there are no peers, and no more goroutines and files than
// in the sample given, but no longer than it may; it returns what there is.
func (s *soak) settle(base soakSample, limit time.Duration) (soakSample, error) {
	for end := time.Now().Add(limit); ; {
		now, err := s.sample(0)
		if err != nil || time.Now().After(end) {
			return now, err
		}
		if base.Goroutines > 0 && now.Peers == 0 && now.Goroutines <= base.Goroutines && now.Files <= base.Files {
			return now, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ctx.Done():
			return now, fmt.Errorf("waiting for all to be gone: %w", s.ctx.Err())
		}
	}
}

// progress prints a line about the newest sample.
func (s *soak) progress(out io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.state.Samples[len(s.state.Samples)-1]
	return say(out, "%-8s %4d joins, %2d here  server %.2f cores, clients %.2f  RSS %5.1f MB, heap %5.2f MB, %4d goroutines, %3d files  %d errors\n",
		time.Duration(n.At*float64(time.Second)).Round(time.Second), s.state.Joins, n.Peers, n.ServerCores, n.ClientCores,
		n.RSS, n.Heap, n.Goroutines, n.Files, s.state.Errors)
}

// sample asks the server, collecting garbage first.
func (s *soak) sample(at time.Duration) (soakSample, error) {
	var n soakSample
	told, err := s.child.ask(request{Do: "gc"})
	if err != nil {
		return n, err
	}
	totals, err := s.child.ask(request{Do: "totals"})
	if err != nil {
		return n, err
	}
	own, err := ownUsage()
	if err != nil {
		return n, err
	}
	// The same, seen from here: Go's runtime does not tell of files.
	if n.Files, err = openFiles(s.child.pid()); err != nil {
		return n, err
	}
	u := told.Usage
	n.At, n.RSS, n.Heap, n.Goroutines, n.Peers = at.Seconds(), float64(u.RSS)/(1<<20), float64(u.Heap)/(1<<20), u.Goroutines, totals.Totals.Peers
	n.Here = int(s.people.Load())
	n.serverCPU, n.clientCPU = u.CPU, own.CPU
	if k := len(s.state.Samples); k > 0 && at > 0 {
		last := s.state.Samples[k-1]
		n.ServerCores = (n.serverCPU - last.serverCPU).Seconds() / (n.At - last.At)
		n.ClientCores = (n.clientCPU - last.clientCPU).Seconds() / (n.At - last.At)
	}
	return n, nil
}
