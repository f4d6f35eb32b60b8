package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// startTimeout bounds the start of a browser on a busy machine.
const startTimeout = 60 * time.Second

type chromium struct {
	proc    *process
	console console
	ctx     context.Context // the page's
	cancel  context.CancelFunc
}

// Chromium starts headless Chromium with an empty page.
func Chromium(t testing.TB, o Options) Page {
	t.Helper()
	path := find(t, "chromium", "chromium", "chromium-browser", "google-chrome")
	p, err := startChromium(path, o.withDefaults())
	if err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	attach(t, "chromium", p, &p.console, p.proc)
	return p
}

func startChromium(path string, o Options) (*chromium, error) {
	profile, err := newProfile("chromium")
	if err != nil {
		return nil, err
	}
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
		"--disable-extensions", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
		"--disable-background-timer-throttling", "--mute-audio", "--password-store=basic", "--use-mock-keychain",
		"--autoplay-policy=no-user-gesture-required",
		fmt.Sprintf("--use-fake-device-for-media-stream=fps=%d", o.FPS), "--use-fake-ui-for-media-stream",
		"--auto-select-desktop-capture-source=Entire screen",
		fmt.Sprintf("--window-size=%d,%d", o.Width, o.Height),
		"--remote-debugging-pipe", "--user-data-dir=" + profile,
	}
	if len(o.InsecureOrigins) > 0 {
		args = append(args, "--unsafely-treat-insecure-origin-as-secure="+strings.Join(o.InsecureOrigins, ","))
	}
	args = append(append(args, o.Args...), "about:blank")
	ctx, done := context.WithTimeout(context.Background(), startTimeout)
	defer done()
	// Chromium reads commands from descriptor 3 and writes replies to 4.
	cmdR, cmdW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	repR, repW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	proc, _, err := startProcess(ctx, launch{profile: profile, program: path, args: args, files: []*os.File{cmdR, repW}, command: o.Command})
	err = errors.Join(err, cmdR.Close(), repW.Close())
	if err != nil {
		return nil, errors.Join(err, cmdW.Close(), repR.Close())
	}
	c := &chromium{proc: proc}
	alloc, stop := chromedp.NewAllocatorContext(context.Background(), pipe{chromedp.NewPipeConn(repR, cmdW)})
	page, leave := chromedp.NewContext(alloc, chromedp.WithErrorf(c.console.add), chromedp.WithLogf(c.console.add), chromedp.WithListener(c.heard))
	c.ctx, c.cancel = page, sync.OnceFunc(func() { leave(); stop() }) // leave hangs when called twice
	if err := c.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open a page: %w", err), fmt.Errorf("chromium wrote: %s", proc.wrote()), c.Close())
	}
	return c, nil
}

// pipe is an allocator for a browser that runs already.
type pipe struct{ conn *chromedp.PipeConn }

func (p pipe) Allocate(ctx context.Context, opts ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	return chromedp.NewBrowserTransport(ctx, p.conn, opts...)
}

func (p pipe) Wait() {}

// begin makes the page. The first Run does it, and its context must last as
// long as the page.
func (c *chromium) begin(ctx context.Context) error {
	made := make(chan error, 1)
	go func() {
		_, err := chromedp.Run(c.ctx, chromedp.Evaluate[int]("1"))
		made <- err
	}()
	select {
	case err := <-made:
		return err
	case <-ctx.Done():
		c.cancel()
		return errors.Join(ctx.Err(), <-made)
	}
}

// heard keeps what the page writes to its console.
func (c *chromium) heard(ev any) {
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		var parts []string
		for _, a := range e.Args {
			if len(a.Value) > 0 {
				parts = append(parts, string(a.Value))
			} else {
				parts = append(parts, a.Description)
			}
		}
		c.console.add("console.%s: %s", e.Type, strings.Join(parts, " "))
	case *runtime.EventExceptionThrown:
		c.console.add("uncaught: %s", thrown(e.ExceptionDetails))
	case *log.EventEntryAdded:
		c.console.add("log %s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
	}
}

// thrown is the text of an exception.
func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	if d.Exception != nil && len(d.Exception.Value) > 0 {
		return d.Text + " " + string(d.Exception.Value)
	}
	return d.Text
}

// within gives the page's context, ended by ctx too.
func (c *chromium) within(ctx context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(c.ctx)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return both, func() { stop(); cancel(nil) }
}

func (c *chromium) Open(ctx context.Context, url string) error {
	ctx, done := c.within(ctx)
	defer done()
	if _, err := chromedp.Run(ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("open %s: %w", url, errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func (c *chromium) Eval(ctx context.Context, js string, into any) error {
	ctx, done := c.within(ctx)
	defer done()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](wrap(js), chromedp.EvalAwaitPromise))
	if ex, ok := errors.AsType[*chromedp.ExceptionError](err); ok {
		return &ScriptError{Text: thrown(ex.ExceptionDetails)}
	}
	if err != nil {
		return fmt.Errorf("evaluate: %w", errors.Join(err, context.Cause(ctx)))
	}
	return unwrap(text, into)
}

func (c *chromium) Screenshot(ctx context.Context) ([]byte, error) {
	ctx, done := c.within(ctx)
	defer done()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, fmt.Errorf("take a screenshot: %w", errors.Join(err, context.Cause(ctx)))
	}
	return png, nil
}

func (c *chromium) Kill() error { return c.proc.kill() }

func (c *chromium) Close() error {
	err := c.proc.close()
	c.cancel()
	return err
}
