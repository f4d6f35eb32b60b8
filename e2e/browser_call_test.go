package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
	"kinwire/web"
)

// patience is how long a browser may take for a step on a busy machine.
const patience = 90 * time.Second

// person is somebody with the app open in a browser of their own.
type person struct {
	browser.Page
	t          testing.TB
	name       string
	noAnalyser bool // Firefox's AudioContext stands still without a sound card
}

func openApp(t testing.TB, s *kinwire.Server, p browser.Page, login, query string) *person {
	t.Helper()
	if _, err := web.App(); err != nil {
		browser.Missing(t, "web", err.Error())
	}
	u := &person{Page: p, t: t, name: login}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.Open(ctx, s.URL+"/"+query))
	u.click("demo-" + login)
	u.until(sel("screen-people") + " || " + sel("screen-parent"))
	return u
}

func (u *person) until(js string) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	if err := browser.Until(ctx, u.Page, js); err != nil {
		u.snap("failed")
		require.NoError(u.t, err, u.name)
	}
}

func (u *person) eval(js string, into any) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	require.NoError(u.t, u.Eval(ctx, js, into), u.name)
}

func (u *person) click(testid string) {
	u.t.Helper()
	sel := fmt.Sprintf(`document.querySelector('[data-testid="%s"]')`, testid)
	u.until(sel + " && !" + sel + ".disabled")
	u.eval(sel+".click()", nil)
}

// snap keeps a picture where KINWIRE_TEST_SCREENSHOTS names a folder.
func (u *person) snap(name string) {
	dir := os.Getenv("KINWIRE_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if png, err := u.Screenshot(ctx); err == nil {
		file := strings.ReplaceAll(u.t.Name(), "/", "-") + "-" + u.name + "-" + name + ".png"
		_ = os.WriteFile(filepath.Join(dir, file), png, 0o600)
	}
}

// call rings somebody up from the list of people.
func (u *person) call(name string) {
	u.t.Helper()
	card := fmt.Sprintf(`[...document.querySelectorAll('[data-testid="person"]')].find((e) => e.textContent.includes(%q))`, name)
	button := card + `?.querySelector('[data-testid="call-video"]')`
	u.until(button + " && !" + button + ".disabled")
	u.eval(button+".click()", nil)
}

// seesAndHears waits until frames are decoded and sound is played here:
// samples that came in packets and were not concealed, and, where the browser
// runs an AudioContext without a sound card, loudness by an AnalyserNode.
// (Chromium's totalAudioEnergy stays 0 without a sound card.)
func (u *person) seesAndHears() {
	u.t.Helper()
	u.until(`window.kinwire.debug.inbound().then((s) =>
		s.some((x) => x.kind === "video" && x.frames > 30 && x.width > 0) &&
		s.some((x) => x.kind === "audio" && x.total_samples - x.concealed_samples > 48000))`)
	if !u.noAnalyser {
		u.until(`window.kinwire.debug.level() > 0.001`)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func ftoa(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (u *person) callID() (id string) {
	u.eval(`window.kinwire.debug.call().id`, &id)
	return id
}

// ownAddress is an address of this machine that is not loopback: Firefox
// ignores candidates on 127.0.0.1.
func ownAddress(t testing.TB) string {
	addrs, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	browser.Missing(t, "firefox", "this machine has no IPv4 address but loopback, whose candidates Firefox ignores")
	return ""
}

func TestTwoChromiumPagesCall(t *testing.T) {
	for _, c := range []struct {
		name, query, path, protocol string
		set                         map[string]string
	}{
		{"direct", "", "host", "udp", nil},
		// With both to choose from a browser takes what answered first, and on a busy
		// machine that is not always UDP.
		{"relay over UDP", "?relay=1", "relay", "udp", map[string]string{"turn.tcp_listen": ""}},
		{"relay over TCP", "?relay=1", "relay", "tcp", map[string]string{"turn.udp_listen": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := kinwire.Start(t, kinwire.Options{Set: c.set})
			mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
			leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", c.query)
			id := talk(t, mia, leo)
			r := known(t, s, id)
			r.check(t, expect{
				paths:  map[string]string{"demo-mia": "host/udp", "demo-leo": c.path + "/" + c.protocol},
				codec:  "vp8",
				client: true,
			})
			require.Contains(t, s.Log(), id, "one line at hang-up")
			checkMetrics(t, s, id)
		})
	}
}

// talk lets a call b, both see and hear for a while, then b hangs up.
func talk(t testing.TB, a, b *person) string {
	t.Helper()
	a.snap("people")
	a.call(strings.ToUpper(b.name[:1]) + b.name[1:])
	b.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	a.snap("ringing")
	b.snap("incoming")
	b.click("answer")
	a.seesAndHears()
	b.seesAndHears()
	// The client's reports come every two seconds; the record wants two.
	for _, u := range []*person{a, b} {
		u.until(`window.kinwire.debug.inbound().then((s) => s.some((x) => x.kind === "video" && x.frames > 150))`)
	}
	a.snap("call")
	b.snap("call")
	id := a.callID()
	b.click("hangup")
	for _, u := range []*person{a, b} {
		u.until(`document.querySelector('[data-testid="screen-ended"]')`)
		u.snap("ended")
	}
	return id
}

// checkMetrics looks for the call's figures on /metrics, and for what must
// never stand there.
func checkMetrics(t testing.TB, s *kinwire.Server, id string) {
	t.Helper()
	code, body, err := s.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	text := string(body)
	for _, want := range []string{
		"kinwire_sfu_packets_sent_total", "kinwire_sfu_packets_dropped_total", "kinwire_turn_allocations", "go_goroutines",
		`kinwire_calls_ended_total{reason="hangup"} 1`,
	} {
		require.Contains(t, text, want)
	}
	require.NotRegexp(t, `kinwire_sfu_packets_sent_total 0\n`, text)
	for _, never := range []string{id, "mia", "leo", "Mia", "Leo", "127.0.0.1"} {
		require.NotContains(t, text, never)
	}
}
