package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// strict notes in the page whatever the Content-Security-Policy refuses.
func (u *person) strict() {
	u.t.Helper()
	u.eval(`(window.refused = [], addEventListener("securitypolicyviolation", (e) => window.refused.push(e.violatedDirective + " " + e.sourceFile)), null)`, nil)
}

func (u *person) nothingRefused() {
	u.t.Helper()
	var refused []string
	u.eval(`window.refused`, &refused)
	require.Empty(u.t, refused, "what the Content-Security-Policy refused")
}

// TestTheCallsPageShowsACall: a call of two goes on while an operator looks at
// it; the page refreshes, its plots have one time axis, and who it was is told
// for a reason that stands in the audit log.
func TestTheCallsPageShowsACall(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	// Everybody's sign is there, one's own too, with words for who cannot see it.
	for _, u := range []*person{mia, leo} {
		u.until(`["tile", "self"].every((place) => {
			const sign = document.querySelector('[data-testid="' + place + '"] [data-testid="sign"]');
			return sign?.checkVisibility() && sign.dataset.level && sign.getAttribute("aria-label");
		})`)
	}
	leo.click("mute")

	ops := operator(t, s)
	ops.strict()
	ops.click("tab-calls")
	ops.until(sel("call") + `?.dataset.live === "true"`)
	ops.snap("live")
	ops.click("call-open")
	ops.until(sel("call-head") + `?.dataset.live === "true"`)
	ops.until(`document.querySelectorAll('[data-testid="plot"] canvas').length >= 5`)
	ops.until(`document.querySelector('[data-testid="call-event"][data-event="mute"]')`)
	id := mia.callID()
	leo.click("hangup")
	ops.until(sel("call-head") + `?.dataset.live === "false"`)
	ops.until(`document.querySelector('[data-testid="call-event"][data-event="end"]')`)
	ops.snap("call")

	var r struct {
		Score        float64
		Participants []struct{ ID, User string }
	}
	s.Record(t, id, &r)
	require.Contains(t, ops.text("call-head"), fmt.Sprintf("%.1f", r.Score))
	linesUp(t, ops)
	whoIsIt(t, ops, r.Participants[0].User)

	ops.click("call-back")
	ops.until(sel("call") + `?.dataset.live === "false"`)
	ops.fill("calls-reason", "declined")
	ops.sees("calls-none")
	ops.fill("calls-reason", "hangup")
	ops.until(sel("call") + `?.dataset.id === ` + fmt.Sprintf("%q", id))
	ops.click("tab-node")
	ops.until(`Number(document.querySelector('[data-testid="node-goroutines"]')?.textContent) > 0`)
	ops.until(sel("node-sockets") + `.textContent.includes("udp")`)
	ops.until(`document.querySelector('.figure .spark path')?.getAttribute("d")`)
	ops.snap("node")
	ops.nothingRefused()

	// A link with the call's id, as one of Grafana's exemplars has it, opens that
	// call, whatever was open last.
	ops.open(s.URL + "/#call=" + id)
	ops.until(sel("call-head") + `?.textContent.includes(` + fmt.Sprintf("%q", id) + `)`)
	ops.click("call-back")
	ops.until(sel("call") + `?.dataset.id === ` + fmt.Sprintf("%q", id))
}

// linesUp holds the plots to one time axis: the same place, the same span, the
// same cursor when an event is chosen.
func linesUp(t testing.TB, ops *person) {
	t.Helper()
	var places, cursors []string
	ops.eval(`[...document.querySelectorAll(".u-over")].map((o) => { const r = o.getBoundingClientRect(); return r.left + " " + r.width; })`, &places)
	require.GreaterOrEqual(t, len(places), 5)
	for _, p := range places {
		require.Equal(t, places[0], p)
	}
	ops.eval(`document.querySelector('[data-testid="call-event"][data-event="end"] button').click()`, nil)
	ops.eval(`[...document.querySelectorAll(".u-cursor-x")].map((c) => c.style.transform)`, &cursors)
	require.Len(t, cursors, len(places))
	for _, c := range cursors {
		require.Equal(t, cursors[0], c)
	}
	ops.until(sel("legend-at") + `.textContent.startsWith("At ")`)
	ops.until(`document.querySelector('[data-testid="call-events"] .near')`)
}

// whoIsIt asks for a participant's name, with a reason.
func whoIsIt(t testing.TB, ops *person, pseudonym string) {
	t.Helper()
	card := fmt.Sprintf(`document.querySelector('[data-testid="call-person"][data-user=%q]')`, pseudonym)
	require.True(t, strings.HasPrefix(pseudonym, "pn_"), pseudonym)
	ops.eval(card+`.querySelector('[data-testid="who"]').click()`, nil)
	ops.fill("who-reason", "case 4711")
	ops.click("who-send")
	ops.until(card + `?.querySelector('[data-testid="who-is"]')?.textContent.match(/Mia|Leo/)`)
	ops.click("tab-audit")
	ops.until(`document.querySelector('[data-testid="audit-entry"][data-action="pseudonym.resolved"]')?.textContent.includes("case 4711")`)
	ops.click("tab-calls")
	ops.until(sel("calls"))
	ops.click("call-open")
	ops.sees("call-page")
}

// TestOperatorsSeeTheirTabs: whoever may look at calls alone sees neither
// reports nor names.
func TestOperatorsSeeTheirTabs(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Secrets: map[string]string{
		"operator.staff": "nora(calls):0123456789abcdef-nora,sam(safety):0123456789abcdef-sam",
	}})
	tabs := func(token string) (names []string) {
		u := at(t, s, browser.Chromium(t, browser.Options{}), "ops", "#ops")
		u.fill("ops-token", token)
		u.click("ops-enter")
		u.sees("ops-part")
		u.eval(`[...document.querySelectorAll(".tab")].map((e) => e.dataset.testid.slice(4))`, &names)
		return names
	}
	require.Equal(t, []string{"calls", "node"}, tabs("0123456789abcdef-nora"))
	require.Equal(t, []string{"reports", "reviews", "users", "audit", "mail"}, tabs("0123456789abcdef-sam"))
}

// checks runs the check of the network from the first page and gives its
// result, its advice and the table for support.
func (u *person) checks() (verdict string, advice []string, table string) {
	u.t.Helper()
	u.strict()
	u.click("login-check")
	u.click("check-start")
	u.sees("check-result")
	u.snap("checked")
	u.eval(sel("check-result")+`.dataset.verdict`, &verdict)
	u.eval(`[...document.querySelectorAll('[data-testid="check-advice-item"]')].map((e) => e.dataset.advice)`, &advice)
	u.eval(sel("check-table")+`.textContent`, &table)
	u.nothingRefused()
	u.click("back")
	u.sees("screen-login")
	return verdict, advice, table
}

// blackCamera is a file of two black pictures for Chromium's fake camera.
func blackCamera(t testing.TB) string {
	const width, height = 320, 180
	var y4m bytes.Buffer
	fmt.Fprintf(&y4m, "YUV4MPEG2 W%d H%d F30:1 Ip A1:1 C420\n", width, height)
	for range 2 {
		y4m.WriteString("FRAME\n")
		y4m.Write(bytes.Repeat([]byte{16}, width*height))
		y4m.Write(bytes.Repeat([]byte{128}, width*height/2))
	}
	file := filepath.Join(t.TempDir(), "black.y4m")
	require.NoError(t, os.WriteFile(file, y4m.Bytes(), 0o600))
	return file
}

// TestTheCheckOfTheNetwork: nobody is signed in; what is blocked is told apart
// from what this server does not have, and a black picture from none.
func TestTheCheckOfTheNetwork(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	for _, c := range []struct {
		name, verdict string
		args          []string
		advice        []string
		rows          []string
	}{
		{"everything open", "good", nil, []string{}, []string{
			`https: +ok +\d+ ms`, `websocket: +ok`, `stun: +ok`, `turn_udp: +ok +\d+ ms`, `turn_tcp: +ok +\d+ ms`, `turn_tls: +absent`,
			`sfu_udp: +ok +\d+ ms`, `sfu_tcp: +ok +\d+ ms`, `camera: +ok`, `microphone: +ok`, `video codecs: VP8`, `network: +127\.0\.0\.0/24`,
		}},
		{"no UDP", "slow", []string{"--webrtc-ip-handling-policy=disable_non_proxied_udp"}, []string{"tcpOnly", "otherNetwork", "askHelper"}, []string{
			`stun: +failed`, `turn_udp: +failed +no_relay`, `turn_tcp: +ok`, `sfu_udp: +failed`,
		}},
		{"a black picture", "good", []string{"--use-file-for-fake-video-capture=" + blackCamera(t)}, []string{"cameraBlack"}, []string{`camera: +black`, `microphone: +ok`}},
		{"not allowed", "good", []string{"--use-fake-ui-for-media-stream=deny"}, []string{"cameraDenied", "microphoneDenied"}, []string{`camera: +denied`, `microphone: +denied`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := at(t, s, browser.Chromium(t, browser.Options{Args: c.args}), "somebody", "")
			verdict, advice, table := u.checks()
			require.Equal(t, c.verdict, verdict, table)
			require.Equal(t, c.advice, advice, table)
			for _, row := range c.rows {
				require.Regexp(t, row, table)
			}
			require.NotRegexp(t, `\d+\.\d+\.\d+\.[1-9]`, table, "no full address")
		})
	}
}
