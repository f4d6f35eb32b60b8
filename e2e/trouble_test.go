package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// TestSocketCutInMidCall cuts one page's WebSocket while the two talk: the
// picture goes on, the session resumes, and what happened in between arrives
// once.
func TestSocketCutInMidCall(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	leo.seesAndHears()

	var before, after float64
	mia.eval(`window.kinwire.debug.lastSeq()`, &before)
	mia.eval(`(() => { window.states = []; setInterval(() => {
		const c = window.kinwire.debug.connection(); if (window.states.at(-1) !== c) window.states.push(c); }, 5);
		window.kinwire.debug.dropSocket(); })()`, nil)
	// While mia is away leo mutes: mia must hear of it afterwards.
	leo.click("mute")
	mia.until(`window.states.length > 1 && window.states.at(-1) === "online"`)
	mia.until(`window.kinwire.debug.call().others[0].sources.find((x) => x.kind === "audio").muted`)
	mia.eval(`window.kinwire.debug.lastSeq()`, &after)
	require.Greater(t, after, before, "the same session went on")
	var frames float64
	count := `window.kinwire.debug.inbound().then((s) => s.find((x) => x.kind === "video").frames)`
	mia.eval(count, &frames)
	mia.until(count + `.then((n) => n > ` + ftoa(frames+30) + `)`)
	mia.click("hangup")
	leo.until(`document.querySelector('[data-testid="screen-ended"]')`)
}

// TestAPageIsKilled kills one browser: the other side is told within seconds.
func TestAPageIsKilled(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"sfu.disconnected_timeout": "3s"}})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	id := mia.callID()
	killed := time.Now()
	require.NoError(t, leo.Kill())
	mia.until(`window.kinwire.debug.call()?.others.every((p) => p.phase === "reconnecting" || p.phase === "left") ?? true`)
	t.Logf("told after %v", time.Since(killed))
	mia.until(`document.querySelector('[data-testid="screen-ended"]') || window.kinwire.debug.call()?.others.every((p) => p.phase === "left")`)
	t.Logf("left after %v", time.Since(killed))
	mia.until(`document.querySelector('[data-testid="tile-note"]')?.textContent.includes("Leo") || document.querySelector('[data-testid="screen-ended"]')`)
	mia.snap("told")
	require.Less(t, time.Since(killed), 30*time.Second)
	mia.until(`document.querySelector('[data-testid="hangup"],[data-testid="screen-ended"]')`)
	mia.eval(`document.querySelector('[data-testid="hangup"]')?.click()`, nil)
	r := known(t, s, id)
	for _, p := range r.Participants {
		if p.User == "demo-leo" {
			require.Equal(t, "lost", p.Reason)
		}
	}
}
