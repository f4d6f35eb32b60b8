package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"time"

	"kinwire/client/impair/lab"
	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

const (
	// signInWithin is how long it may take until everybody is signed in.
	signInWithin = time.Minute
	// defaultTimeout is for scripts that were not read from a file.
	defaultTimeout = time.Minute
)

// Play plays a script to its end, and judges what it expects. It never fails
// without a result: what went wrong is in Result.Err, in words.
func (p *Player) Play(ctx context.Context, s rehearse.Script, progress rehearse.Progress) *rehearse.Result {
	if s.Timeout <= 0 {
		s.Timeout = defaultTimeout
	}
	r := newRun(s, progress, p.opt.Log)
	if progress != nil {
		progress.Started(s)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.stop = stop
	if err := p.play(ctx, r); err != nil {
		r.fail(err)
	}
	r.mu.Lock()
	r.over = true
	r.result.Took = time.Since(r.began)
	r.mu.Unlock()
	script.Judge(r.result)
	if progress != nil {
		progress.Finished(r.result)
	}
	return r.result
}

// play prepares everything, plays, and takes it all down again.
func (p *Player) play(ctx context.Context, r *run) (err error) {
	defer func() { err = errors.Join(err, r.takeDown()) }()
	if err := p.prepare(ctx, r); err != nil {
		return err
	}
	signing, cancel := context.WithTimeout(ctx, signInWithin)
	err = r.signIn(signing)
	cancel()
	defer r.leave()
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	r.begin()
	looking, done := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { r.watch(looking) })
	timed, cancel := context.WithTimeoutCause(ctx, r.script.Timeout, errTime)
	r.steps(timed)
	cancel()
	r.hangUpAll()
	done()
	watching.Wait()
	r.fetchRecord(context.WithoutCancel(ctx))
	r.measure()
	if cause := context.Cause(ctx); cause != nil && errors.Is(cause, context.Canceled) {
		return errors.New("stopped before the end")
	}
	return nil
}

// prepare finds or starts the server, and makes networks where they are needed.
func (p *Player) prepare(ctx context.Context, r *run) error {
	var hosts []netip.Addr
	if r.script.NeedsLab() {
		switch {
		case !p.opt.Lab:
			return errors.New("somebody in this script has a network of their own, and those are switched off here")
		case p.opt.URL != "":
			return fmt.Errorf("somebody in this script has a network of their own: that needs a server that is started here, not %s", p.opt.URL)
		}
		l, err := lab.New(context.WithoutCancel(ctx), lab.Options{Seed: r.script.Seed})
		if err != nil {
			return err
		}
		r.lab, hosts = l, []netip.Addr{l.ServerAddr()}
	}
	if p.opt.URL != "" {
		r.house = house{url: p.opt.URL, operator: p.opt.Operator, http: p.opt.HTTP}
		if len(r.script.Server) > 0 {
			r.event("", "note", "the script's server keys are not used: the server at %s runs already", p.opt.URL)
		}
	} else if err := p.start(ctx, r, hosts); err != nil {
		return err
	}
	r.result.Server = r.house.url
	return nil
}

func (p *Player) start(ctx context.Context, r *run, hosts []netip.Addr) error {
	program, err := p.find(ctx)
	if err != nil {
		return err
	}
	keys := maps.Clone(p.opt.Server)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, r.script.Server)
	s, err := StartServer(ctx, Launch{Program: program, Keys: keys, Hosts: hosts})
	if err != nil {
		return err
	}
	r.house = house{url: s.URL, operator: s.Operator, tls: s.TLS, server: s}
	return nil
}

// hangUpAll ends the calls of a run that ends before them, so that there are
// records.
func (r *run) hangUpAll() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for _, a := range r.actors {
		a.mu.Lock()
		session, id := a.session, a.callID
		if id == "" {
			id = a.ringing
		}
		a.mu.Unlock()
		if session == nil || id == "" {
			continue
		}
		a.hears.finish(time.Now())
		all.Go(func() { _ = session.Hangup(ctx, id) })
	}
	all.Wait()
}

// leave sends everybody home.
func (r *run) leave() {
	if r.chat != nil {
		r.chat.close()
	}
	r.close()
}

// takeDown ends what was started for the run.
func (r *run) takeDown() error {
	var errs []error
	if r.lab != nil {
		if late := r.lab.Stats(); late.LateP99 > 10*time.Millisecond {
			r.event("", "note", "this machine was too busy for its networks: 1 packet of 100 came %s later than it should have, or more", late.LateP99)
		}
		errs = append(errs, r.lab.Close())
	}
	if s := r.house.server; s != nil {
		errs = append(errs, s.Close())
		r.mu.Lock()
		r.result.LogLines = s.Log()
		r.mu.Unlock()
	}
	return errors.Join(errs...)
}
