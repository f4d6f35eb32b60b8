package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Page is a browser with one page.
type Page interface {
	// Open goes to url and waits for the page's load event.
	Open(ctx context.Context, url string) error
	// Eval evaluates an expression in the page, awaits it if it is a promise,
	// and decodes its JSON form into into, which may be nil. undefined is null.
	// What it throws is a [*ScriptError].
	Eval(ctx context.Context, js string, into any) error
	// Screenshot gives a PNG of what is visible.
	Screenshot(ctx context.Context) ([]byte, error)
	// Kill ends every process of the browser at once (SIGKILL), as a crash does.
	Kill() error
	// Close ends the browser and removes its profile. The test's cleanup does
	// it too.
	Close() error
}

// Options says how a browser is started. The zero value is fine for pages on
// localhost.
type Options struct {
	// InsecureOrigins are http:// origins, "http://192.0.2.7:1234", that count
	// as secure, so that their pages may use cameras. Firefox allows cameras to
	// any page here and ignores the list.
	InsecureOrigins []string
	// FPS of Chromium's fake camera. 0: 30.
	FPS int
	// Width and Height of the window in CSS pixels. 0: 1280×800.
	Width, Height int
	// Args are further arguments of the browser.
	Args []string
	// Command makes the browser's command, such as one that runs in another
	// network namespace. nil: exec.Command. For Chromium only, which is driven
	// through a pipe; Firefox is driven over the network.
	Command func(name string, args ...string) *exec.Cmd
	// Prefs are further preferences of Firefox: booleans, numbers, strings.
	Prefs map[string]any
}

func (o Options) withDefaults() Options {
	if o.FPS == 0 {
		o.FPS = 30
	}
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 800
	}
	return o
}

// ScriptError is what an evaluated expression threw.
type ScriptError struct{ Text string }

// Error is the text of what was thrown.
func (e *ScriptError) Error() string { return "the page threw: " + e.Text }

// Until evaluates the expression js, or what it promises, until it is true, or
// until ctx ends.
func Until(ctx context.Context, p Page, js string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var ok bool
		err := p.Eval(ctx, "Promise.resolve("+js+").then((x) => !!x)", &ok) // a promise itself would be true
		if err == nil && ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w (last evaluation: %v, error %v)", js, ctx.Err(), ok, err)
		case <-tick.C:
		}
	}
}

// wrap makes an expression one that evaluates to JSON text.
func wrap(js string) string {
	return "(async () => JSON.stringify(await (" + js + "\n)) ?? 'null')()"
}

// unwrap decodes what a wrapped expression gave.
func unwrap(text string, into any) error {
	if into == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode the value %.200s: %w", text, err)
	}
	return nil
}

// find looks a browser up on the PATH; without it the test skips or fails.
func find(t testing.TB, name string, programs ...string) string {
	t.Helper()
	for _, p := range programs {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	Missing(t, name, fmt.Sprintf("no %s here (looked for %s on the PATH)", name, strings.Join(programs, ", ")))
	return ""
}

// Missing skips the test loudly, or fails it when KINWIRE_TEST_REQUIRE names
// what is missing.
func Missing(t testing.TB, name, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("KINWIRE_TEST_REQUIRE"), ","), name) {
		t.Fatalf("NOT TESTED: %s, and KINWIRE_TEST_REQUIRE names %s", why, name)
	}
	t.Skip("NOT TESTED: " + why)
}

// console keeps the latest lines a page wrote.
type console struct {
	mu    sync.Mutex
	lines []string
}

const maxConsole = 400

func (c *console) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) == maxConsole {
		c.lines = slices.Delete(c.lines, 0, 1)
	}
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *console) dump(t testing.TB, who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lines {
		t.Logf("%s: %s", who, l)
	}
}

// attach registers the cleanup of a started browser.
func attach(t testing.TB, who string, p Page, c *console, proc *process) {
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close %s: %v", who, err)
		}
		if t.Failed() {
			c.dump(t, who)
			proc.output.dump(t, who+" stderr")
		}
	})
}
