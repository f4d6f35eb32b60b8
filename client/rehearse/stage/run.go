package stage

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"kinwire/client"
	"kinwire/client/impair/lab"
	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
	"kinwire/signaling/proto"
)

// house is the server that a run is played against.
type house struct {
	url      string
	operator string
	http     *http.Client // nil: a client of its own for each use
	tls      *tls.Config  // for TURN over TLS; nil: what the machine trusts
	server   *Server      // nil: it runs already
}

// run is one script being played.
type run struct {
	script   rehearse.Script
	progress rehearse.Progress
	log      *slog.Logger
	house    house
	lab      *lab.Lab // nil: nobody has a network of their own
	began    time.Time
	actors   []*actor
	chat     *chat
	timers   sync.WaitGroup // outages that will end
	refusals bool           // the script expects some

	playing context.Context // of the steps
	// stop ends the steps: the run has failed, or its time is up.
	stop context.CancelCauseFunc

	mu     sync.Mutex
	result *rehearse.Result
	over   bool
	calls  []*callLog
}

// callLog is what is known of one call of the run, whoever began it.
type callLog struct {
	id        string
	sent      time.Time
	caller    *actor
	rang      time.Time // first, at any device
	answered  time.Time // first
	answerer  *actor
	ended     time.Time // latest, at any device
	connected map[*actor]time.Time
}

func newRun(s rehearse.Script, progress rehearse.Progress, log *slog.Logger) *run {
	r := &run{
		script: s, progress: progress, log: log, began: time.Now(),
		result: &rehearse.Result{Script: s, Scalars: map[string]map[string]float64{}, Texts: map[string]map[string]string{}},
	}
	r.result.Began = r.began
	for _, e := range s.Expect {
		if x, ok := e.Expr.(script.Expr); ok && x.Metric == "error" {
			r.refusals = true
		}
	}
	return r
}

// event notes that something happened.
func (r *run) event(who, kind, format string, args ...any) {
	e := rehearse.Event{Participant: who, Kind: kind, Text: fmt.Sprintf(format, args...)}
	r.mu.Lock()
	e.At = time.Since(r.began)
	over := r.over
	if !over {
		r.result.Events = append(r.result.Events, e)
	}
	r.mu.Unlock()
	if !over && r.progress != nil {
		r.progress.Happened(e)
	}
}

// begin starts the script's time: neither the start of a server nor signing in
// takes any of it.
func (r *run) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = time.Now()
	r.result.Began = r.began
	for i := range r.result.Events {
		r.result.Events[i].At = 0
	}
}

// fail ends the run, the first time that it is called.
func (r *run) fail(err error) {
	r.mu.Lock()
	first := r.result.Err == nil && !r.over
	if first {
		r.result.Err = err
	}
	r.mu.Unlock()
	if first {
		r.event("", "error", "%v", err)
		r.stop(err)
	}
}

// refused notes that the server said no. Unless the script expects that, it is
// the end of the run.
func (r *run) refused(s rehearse.Step, err error) {
	var pe *proto.Error
	if !errors.As(err, &pe) || !r.refusals {
		if pe != nil {
			r.setText("", "error", string(pe.Code))
		}
		r.fail(fmt.Errorf("line %d: %s: %s: %w", s.Line, s.Who, s.Do, err))
		return
	}
	r.setText("", "error", string(pe.Code))
	r.event(s.Who, "error", "%s was refused: %v", s.Do, pe)
}

func (r *run) setText(who, name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result.Texts[who] == nil {
		r.result.Texts[who] = map[string]string{}
	}
	r.result.Texts[who][name] = value
}

func (r *run) setScalar(who, name string, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result.Scalars[who] == nil {
		r.result.Scalars[who] = map[string]float64{}
	}
	r.result.Scalars[who][name] = value
}

// call finds or begins the log of a call.
func (r *run) call(id string, note func(c *callLog)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.calls, func(c *callLog) bool { return c.id == id })
	if i < 0 {
		i = len(r.calls)
		r.calls = append(r.calls, &callLog{id: id, connected: map[*actor]time.Time{}})
	}
	note(r.calls[i])
}

// actor finds a participant by name.
func (r *run) actor(name string) *actor {
	i := slices.IndexFunc(r.actors, func(a *actor) bool { return a.name == name })
	if i < 0 {
		return nil
	}
	return r.actors[i]
}

// signIn brings everybody in, one after the other, as their devices would be
// before the call.
func (r *run) signIn(ctx context.Context) error {
	for _, p := range r.script.Participants {
		a, err := newActor(r, p)
		if err != nil {
			return err
		}
		r.actors = append(r.actors, a)
		if err := a.signIn(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return r.prepareChat(ctx)
}

// close sends everybody home.
func (r *run) close() {
	var all sync.WaitGroup
	for _, a := range r.actors {
		all.Go(a.close)
	}
	all.Wait()
	r.timers.Wait()
}

// httpFor is how an actor reaches the server.
func (r *run) httpFor(a *actor) client.HTTP {
	h := client.HTTP{BaseURL: r.house.url, Client: r.house.http}
	if a != nil && a.host != nil {
		h.Client = a.host.HTTPClient()
	}
	return h
}
