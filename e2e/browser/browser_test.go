package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// page plays the fake camera and microphone and counts what comes.
const page = `<!doctype html><meta charset="utf-8"><title>camera</title>
<style>body{background:#264653}</style><video id="v" autoplay muted playsinline width="320"></video>
<script>
window.frames_ = 0;
window.energy = 0;
window.recorded = 0;
window.start = async () => {
  const s = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 320, height: 180}});
  v.srcObject = s;
  await v.play();
  const count = () => { window.frames_++; v.requestVideoFrameCallback(count); };
  v.requestVideoFrameCallback(count);
  const a = new AudioContext(), n = a.createAnalyser();
  a.resume();
  a.createMediaStreamSource(s).connect(n);
  const buf = new Float32Array(n.fftSize);
  setInterval(() => { n.getFloatTimeDomainData(buf); for (const x of buf) window.energy += x * x; }, 20);
  const m = new MediaRecorder(new MediaStream(s.getAudioTracks()));
  m.ondataavailable = e => { window.recorded += e.data.size; };
  m.start(100);
  return s.getTracks().map(t => t.kind).sort();
};
console.log("page ready");
</script>`

// serve gives the base address of a server on addr.
func serve(t *testing.T, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(addr, "0"))
	require.NoError(t, err)
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return "http://" + l.Addr().String()
}

// ownAddress is an address of this machine that is not loopback.
func ownAddress(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("NOT TESTED: this machine has only loopback addresses")
	return ""
}

var browsers = []struct {
	name  string
	start func(testing.TB, Options) Page
}{{"chromium", Chromium}, {"firefox", Firefox}}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestCameraAndMicrophone(t *testing.T) {
	for _, b := range browsers {
		for _, where := range []string{"loopback", "own address"} {
			t.Run(b.name+" on "+where, func(t *testing.T) {
				addr := "127.0.0.1"
				if where == "own address" {
					addr = ownAddress(t)
				}
				base := serve(t, addr)
				p := b.start(t, Options{InsecureOrigins: []string{base}})
				ctx := limited(t)
				require.NoError(t, p.Open(ctx, base))
				var kinds []string
				require.NoError(t, p.Eval(ctx, `start()`, &kinds))
				require.Equal(t, []string{"audio", "video"}, kinds)
				require.NoError(t, Until(ctx, p, `window.frames_ >= 20`))
				require.NoError(t, Until(ctx, p, `window.recorded > 1000`), "the microphone gives sound")
				if b.name == "chromium" { // Firefox starts no AudioContext without a sound device
					require.NoError(t, Until(ctx, p, `window.energy > 0.01`))
				}
				shot, err := p.Screenshot(ctx)
				require.NoError(t, err)
				img, err := png.Decode(bytes.NewReader(shot))
				require.NoError(t, err)
				require.Equal(t, 1280, img.Bounds().Dx())
			})
		}
	}
}

func TestEval(t *testing.T) {
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			base := serve(t, "127.0.0.1")
			p := b.start(t, Options{})
			ctx := limited(t)
			require.NoError(t, p.Open(ctx, base))

			var title string
			require.NoError(t, p.Eval(ctx, `document.title`, &title))
			require.Equal(t, "camera", title)
			var v map[string]any
			require.NoError(t, p.Eval(ctx, `new Promise(r => setTimeout(() => r({a: [1, "ü"], b: null}), 10))`, &v))
			require.Equal(t, map[string]any{"a": []any{1.0, "ü"}, "b": nil}, v)
			var none any = "before"
			require.NoError(t, p.Eval(ctx, `undefined`, &none))
			require.Nil(t, none)
			require.NoError(t, p.Eval(ctx, `1 // a comment`, nil))

			var se *ScriptError
			require.ErrorAs(t, p.Eval(ctx, `Promise.reject(new RangeError("too far"))`, nil), &se)
			require.Contains(t, se.Text, "too far")
			require.ErrorAs(t, p.Eval(ctx, `no_such_name`, nil), &se)
			require.Error(t, p.Open(ctx, "http://127.0.0.1:1/"))

			soon, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, Until(soon, p, `false`), context.DeadlineExceeded)
			require.NoError(t, p.Open(ctx, base), "a deadline of one evaluation leaves the page alone")
		})
	}
}

func TestConsoleIsKept(t *testing.T) {
	base := serve(t, "127.0.0.1")
	ctx := limited(t)
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			p := b.start(t, Options{})
			require.NoError(t, p.Open(ctx, base))
			require.NoError(t, p.Eval(ctx, `void setTimeout(() => { throw new Error("thrown for the test") })`, nil))
			var c *console
			switch p := p.(type) {
			case *chromium:
				c = &p.console
			case *firefox:
				c = &p.console
			}
			require.Eventually(t, func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				all, err := json.Marshal(c.lines)
				return err == nil && bytes.Contains(all, []byte("page ready")) && bytes.Contains(all, []byte("thrown for the test"))
			}, 20*time.Second, 20*time.Millisecond)
		})
	}
}

func TestKillLeavesNothing(t *testing.T) {
	for _, b := range browsers {
		t.Run(b.name, func(t *testing.T) {
			base := serve(t, "127.0.0.1")
			p := b.start(t, Options{})
			ctx := limited(t)
			require.NoError(t, p.Open(ctx, base))
			var proc *process
			switch p := p.(type) {
			case *chromium:
				proc = p.proc
			case *firefox:
				proc = p.proc
			}
			require.NoError(t, p.Kill())
			require.Error(t, p.Eval(ctx, `1`, nil))
			require.NoError(t, p.Close())
			require.NoError(t, p.Close(), "a second close does nothing")
			_, err := os.Stat(proc.profile)
			require.ErrorIs(t, err, os.ErrNotExist)
			require.Empty(t, living(t, proc.profile))
		})
	}
}

// living lists processes, not yet dead ones, that mention dir.
func living(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	var out []string
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte(dir)) {
			out = append(out, string(b))
		}
	}
	return out
}

func TestStartFailures(t *testing.T) {
	ctx := limited(t)
	dir := t.TempDir()
	_, _, err := startProcess(ctx, launch{profile: dir, marker: "never", program: "/no/such/program"})
	require.ErrorIs(t, err, os.ErrNotExist)

	dir, err = newProfile("test")
	require.NoError(t, err)
	_, _, err = startProcess(ctx, launch{profile: dir, marker: "ready at ", program: "/bin/sh", args: []string{"-c", "echo broken >&2"}})
	require.ErrorContains(t, err, "ended at once")

	dir, err = newProfile("test")
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, _, err = startProcess(short, launch{profile: dir, marker: "ready at ", program: "/bin/sleep", args: []string{"1000"}})
	require.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}
