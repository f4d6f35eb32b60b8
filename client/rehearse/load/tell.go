package load

import (
	"context"
	"time"
)

// tell says once a second, and when the phase changes, how far the load is.
func (l *load) tell(ctx context.Context, p Progress) {
	if p == nil {
		return
	}
	look, second := time.NewTicker(50*time.Millisecond), time.NewTicker(time.Second)
	defer look.Stop()
	defer second.Stop()
	said := ""
	for {
		due := false
		select {
		case <-ctx.Done():
			p.Loading(l.state(ctx))
			return
		case <-look.C:
		case <-second.C:
			due = true
		}
		l.mu.Lock()
		phase := l.phase
		l.mu.Unlock()
		if due || phase != said {
			said = phase
			p.Loading(l.state(ctx))
		}
	}
}

// state is how far it is now.
func (l *load) state(ctx context.Context) State {
	s := State{At: time.Since(l.began), CPU: -1, Received: l.received.Load(), Connected: int(l.up.Load()), Failed: int(l.failed.Load())}
	s.Calls = int(l.begun.Load()) - s.Failed
	l.mu.Lock()
	s.Phase = l.phase
	l.mu.Unlock()
	if s.Phase != "preparing" { // until then the calls are being made
		for _, c := range l.calls {
			for _, m := range c.members {
				s.Sent += m.packets()
			}
		}
	}
	if now, ok := l.meter.read(ctx); ok {
		if was := l.last; was.values != nil {
			s.CPU = cost(was, now).Cores
		}
		l.last = now
	}
	return s
}
