package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"kinwire/client"
	"kinwire/client/media/clip"
	"kinwire/signaling/proto"
)

const (
	// circle is how many of the crowd are friends of one another, and maxCrowd
	// how many a server makes at most: see demo.crowd.
	circle, maxCrowd = 16, 4000
	// signingIn is how many sign in at a time: checking a password costs the
	// server a processor for a moment.
	signingIn = 4
	// Until a call has everybody connected, and until everybody has hung up.
	connectWithin, endWithin = 30 * time.Second, 30 * time.Second
	// reportEvery is how often clients tell the server how their media does.
	reportEvery = 5 * time.Second
)

// load is one run.
type load struct {
	counters
	opt   Options
	url   string
	http  *http.Client
	meter meter
	beat  *clip.Beat
	sound *clip.Clip
	video *clip.Clip // nil: sound alone
	calls []*call
	began time.Time
	last  reading // of the server's metrics

	mu          sync.Mutex
	phase       string
	why         map[string]int
	setup       []float64
	rtt, jitter []float64
}

// call is one of the calls.
type call struct {
	members []*member
}

// check fills in what was left out, and refuses what cannot be.
func (o Options) check() (Options, error) {
	if o.Calls == 0 {
		o.Calls = 10
	}
	if o.PerCall == 0 {
		o.PerCall = 2
	}
	if o.Hold == 0 {
		o.Hold = 10 * time.Second
	}
	if o.Codec == "" {
		o.Codec = "vp8"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Calls < 1 || o.Calls > 1000 {
		return o, fmt.Errorf("calls: given %d; allowed: 1 to 1000", o.Calls)
	}
	if o.PerCall < 2 || o.PerCall > circle {
		return o, fmt.Errorf("people in a call: given %d; allowed: 2 to %d", o.PerCall, circle)
	}
	if n := o.crowd(); n > maxCrowd {
		return o, fmt.Errorf("%d calls of %d need %d people of the demo's crowd; allowed: up to %d", o.Calls, o.PerCall, n, maxCrowd)
	}
	if o.Codec != "vp8" && o.Codec != "h264" {
		return o, fmt.Errorf("codec: given %q; allowed: vp8, h264", o.Codec)
	}
	if o.Ramp < 0 || o.Hold < 0 {
		return o, fmt.Errorf("times: given %s and %s; allowed: 0 or more", o.Ramp, o.Hold)
	}
	return o, nil
}

// crowd is how many people there must be.
func (o Options) crowd() int {
	in := circle / o.PerCall // calls of one circle
	return (o.Calls-1)/in*circle + ((o.Calls-1)%in+1)*o.PerCall
}

// Run puts a load on a server and measures it. It ends by itself; when ctx ends
// first, it hangs up and returns what it has measured so far, with an error.
func Run(ctx context.Context, o Options, p Progress) (*Result, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	l := &load{opt: o, http: o.HTTP, beat: clip.NewBeat(), phase: "preparing", why: map[string]int{}, began: time.Now()}
	if l.sound, err = clip.Load("talk", "opus"); err != nil {
		return nil, err
	}
	if !o.Audio {
		if l.video, err = clip.Load("small", o.Codec); err != nil {
			return nil, err
		}
	}
	r := &Result{Calls: o.Calls, PerCall: o.PerCall, Video: !o.Audio, Began: l.began, HoldMS: ms(o.Hold)}
	if l.http == nil {
		transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
		l.http = &http.Client{Transport: transport}
	}
	server, err := l.server(ctx)
	if err != nil {
		return nil, err
	}
	r.Server = l.url
	ticking, stop := context.WithCancel(context.WithoutCancel(ctx))
	var always sync.WaitGroup
	always.Go(func() { l.beat.Run(ticking) })
	always.Go(func() { l.tell(ticking, p) })
	err = l.run(ctx, r)
	l.enter("ending")
	l.end(ctx)
	l.result(r)
	l.enter("done")
	stop()
	always.Wait()
	if server != nil {
		err = errors.Join(err, server.Close())
		r.LogLines = server.Log()
	}
	r.TookMS = ms(time.Since(l.began))
	return r, err
}

func (l *load) enter(phase string) {
	l.mu.Lock()
	l.phase = phase
	l.mu.Unlock()
}

// run signs everybody in, begins the calls and holds them.
func (l *load) run(ctx context.Context, r *Result) error {
	if err := l.signIn(ctx); err != nil {
		return err
	}
	l.enter("ramp")
	var all sync.WaitGroup
	begin := time.Now()
	for i, c := range l.calls {
		due := begin.Add(l.opt.Ramp * time.Duration(i) / time.Duration(len(l.calls)))
		if !wait(ctx, time.Until(due)) {
			break
		}
		all.Go(func() { l.begin(ctx, c) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped before all calls had begun: %w", ctx.Err())
	}
	l.enter("hold")
	from, known := l.meter.read(ctx)
	held := l.hold(ctx)
	if to, ok := l.meter.read(context.WithoutCancel(ctx)); ok && known {
		r.Cost = cost(from, to)
	}
	if !held {
		return fmt.Errorf("stopped before the end: %w", ctx.Err())
	}
	return nil
}

// begin sets one call up, and notes how long that took.
func (l *load) begin(ctx context.Context, c *call) {
	l.begun.Add(1)
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	var others []string
	for _, m := range c.members[1:] {
		others = append(others, m.me.ID)
	}
	sent := time.Now()
	errs := make([]error, len(c.members))
	var all sync.WaitGroup
	for i, m := range c.members {
		all.Go(func() {
			if i == 0 {
				errs[i] = m.invite(ctx, others)
			} else {
				errs[i] = m.answer(ctx)
			}
			if errs[i] != nil {
				cancel() // the others need not wait for each other
			}
		})
	}
	all.Wait()
	if err := first(errs); err != nil {
		l.failed.Add(1)
		l.mu.Lock()
		l.why[reason(err)]++
		l.mu.Unlock()
		return
	}
	l.up.Add(1)
	l.mu.Lock()
	l.setup = append(l.setup, ms(time.Since(sent)))
	l.mu.Unlock()
}

// first is the error that came before the others gave up for it.
func first(errs []error) error {
	var any error
	for _, err := range errs {
		if err != nil && (any == nil || errors.Is(any, context.Canceled)) {
			any = err
		}
	}
	return any
}

// reason is what a failure has in common with others of its kind.
func reason(err error) string {
	var pe *proto.Error
	switch {
	case errors.As(err, &pe):
		return string(pe.Code)
	case errors.Is(err, client.ErrNotConnected), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("not connected within %s", connectWithin)
	}
	return err.Error()
}

// hold samples once a second until the time is up. False: ctx ended before.
func (l *load) hold(ctx context.Context) bool {
	until := time.Now().Add(l.opt.Hold)
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for time.Now().Before(until) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Until(until)):
		case now := <-t.C:
			l.mu.Lock()
			for _, c := range l.calls {
				for _, m := range c.members {
					m.sample(now, &l.rtt, &l.jitter)
				}
			}
			l.mu.Unlock()
		}
	}
	return true
}

// end has everybody hang up.
func (l *load) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	now := time.Now()
	for _, c := range l.calls {
		for _, m := range c.members {
			m.finish(now)
		}
	}
	var all sync.WaitGroup
	for _, c := range l.calls {
		for _, m := range c.members {
			all.Go(func() { m.hangUp(ctx) })
		}
	}
	all.Wait()
}

// mediaOptions are what each sends and how.
func (l *load) mediaOptions(m *member) client.MediaOptions {
	o := client.MediaOptions{
		AudioSlots: l.opt.PerCall - 1, VideoSlots: -1, NoGrow: true, StatsEvery: reportEvery,
		RelayOnly: l.opt.Relay, NoRelay: !l.opt.Relay, Loopback: onLoopback(l.url),
	}
	if l.opt.Relay {
		o.Protocol = "udp"
	}
	sources := []*clip.Source{l.beat.Source(l.sound, proto.SourceAudio)}
	if l.video != nil {
		o.VideoSlots = l.opt.PerCall - 1
		o.VideoCodecs = []string{l.video.Codec}
		sources = append(sources, l.beat.Source(l.video, proto.SourceVideo))
	}
	for _, s := range sources {
		o.Sources = append(o.Sources, s)
	}
	m.mu.Lock()
	m.sent = sources
	m.mu.Unlock()
	return o
}

func onLoopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// wait waits, unless ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
