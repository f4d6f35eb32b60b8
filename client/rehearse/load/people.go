package load

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strconv"
	"sync"

	"kinwire/client/rehearse/stage"
)

// server takes the one there is, or starts one with people enough.
func (l *load) server(ctx context.Context) (*stage.Server, error) {
	l.url, l.meter = l.opt.URL, meter{l.http, l.opt.URL, l.opt.Operator}
	if l.opt.URL != "" {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "kincall-build-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	program := l.opt.Program
	if program == "" {
		if program, err = stage.FindProgram(ctx, dir); err != nil {
			return nil, err
		}
	}
	keys := map[string]string{
		"demo.crowd": strconv.Itoa(l.opt.crowd()), "calls.max_participants": strconv.Itoa(max(2, l.opt.PerCall)),
		"metrics.sample_interval": "1s", "log.level": "warn",
	}
	maps.Copy(keys, l.opt.Server)
	s, err := stage.StartServer(ctx, stage.Launch{Program: program, Keys: keys})
	if err != nil {
		return nil, err
	}
	l.url, l.meter = s.URL, meter{l.http, s.URL, s.Operator}
	return s, nil
}

// people makes the calls and who is in them.
func (l *load) people() []*member {
	var all []*member
	in := circle / l.opt.PerCall
	for i := range l.opt.Calls {
		c := &call{}
		for j := range l.opt.PerCall {
			n := i/in*circle + i%in*l.opt.PerCall + j + 1
			c.members = append(c.members, &member{load: l, number: n, login: fmt.Sprintf("crowd-%d", n), ears: map[string]*stream{}})
		}
		l.calls = append(l.calls, c)
		all = append(all, c.members...)
	}
	return all
}

// signIn signs the calls' people in, a few at a time.
func (l *load) signIn(ctx context.Context) error {
	todo := l.people()
	next := make(chan *member)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for range signingIn {
		all.Go(func() {
			for m := range next {
				if err := m.signIn(ctx); err != nil {
					cancel(fmt.Errorf("%s: %w", m.login, err))
				}
			}
		})
	}
	for _, m := range todo {
		if ctx.Err() != nil {
			break
		}
		next <- m
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}
