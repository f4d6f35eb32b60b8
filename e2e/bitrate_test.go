package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// TestBrowsersKeepToTheBitrate: Chromium takes an answer with limits, and sends
// its camera within them. Its pretended camera comes to about 150 kbit/s without.
func TestBrowsersKeepToTheBitrate(t *testing.T) {
	const kbps = 60
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"sfu.max_video_kbps": itoa(kbps), "sfu.max_audio_kbps": "24"}})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	leo.click("answer")
	leo.seesAndHears()
	leo.until(`window.kinwire.debug.inbound().then((s) => s.some((x) => x.kind === "video" && x.frames > 150))`)
	bits := func() (at time.Time, n float64) {
		leo.eval(`window.kinwire.debug.inbound().then((s) => 8 * s.filter((x) => x.kind === "video").reduce((n, x) => n + x.bytes, 0))`, &n)
		return time.Now(), n
	}
	from, before := bits()
	leo.until(`window.kinwire.debug.inbound().then((s) => s.some((x) => x.kind === "video" && x.frames > 350))`)
	to, after := bits()
	rate := (after - before) / to.Sub(from).Seconds() / 1000
	t.Logf("%.0f kbit/s with a limit of %d", rate, kbps)
	require.Greater(t, rate, 5.0)
	require.Less(t, rate, 1.4*kbps)
	leo.click("hangup")
}
