package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// TestControlsByKeyboard goes through a call without a mouse: m mutes, v stops
// the camera, s shares the screen, h hangs up; the other side sees each.
func TestControlsByKeyboard(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{Args: []string{"--auto-accept-this-tab-capture"}}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{Width: 360, Height: 740}), "leo", "")
	leo.snap("people-phone")
	mia.call("Leo")
	leo.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	leo.snap("incoming-phone")
	leo.click("answer")
	mia.seesAndHears()
	leo.seesAndHears()
	leo.snap("call-phone")

	muted := func(kind string) string {
		return `window.kinwire.debug.call().others[0].sources.find((x) => x.kind === "` + kind + `")?.muted`
	}
	mia.key("m")
	leo.until(muted("audio") + ` === true`)
	mia.key("m")
	leo.until(muted("audio") + ` === false`)
	mia.key("v")
	leo.until(muted("video") + ` === true`)
	leo.snap("camera-off-phone")
	mia.key("v")
	leo.until(muted("video") + ` === false`)
	frames := `window.kinwire.debug.inbound().then((s) => s.find((x) => x.kind === "video").frames)`
	var n float64
	leo.eval(frames, &n)
	leo.until(frames + `.then((n) => n > ` + ftoa(n+20) + `)`)

	mia.key("s")
	leo.until(`window.kinwire.debug.inbound().then((s) => s.some((x) => x.kind === "screen" && x.frames > 0))`)
	leo.until(`document.querySelector('[data-testid="tile-screen"]')`)
	leo.snap("screen-phone")
	mia.snap("sharing")
	mia.key("s")
	leo.until(`!document.querySelector('[data-testid="tile-screen"]')`)
	mia.click("stats-toggle")
	mia.until(`document.querySelector('[data-testid="stats-rtt"]')?.textContent.match(/[0-9]/)`)
	mia.snap("panel")
	id := mia.callID()
	mia.key("h")
	leo.until(`document.querySelector('[data-testid="screen-ended"]')`)

	r := known(t, s, id)
	var kinds []string
	for _, p := range r.Participants {
		for _, st := range p.Streams {
			if st.Kind == "screen" && st.Server != nil {
				kinds = append(kinds, p.User+" "+st.Direction)
			}
		}
	}
	require.ElementsMatch(t, []string{"demo-mia up", "demo-leo down"}, kinds, "the shared screen is in the record, once for each end")
}

// key presses a key where the focus is.
func (u *person) key(k string) {
	u.t.Helper()
	u.eval(`(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", {key: "`+k+`", bubbles: true}))`, nil)
}
