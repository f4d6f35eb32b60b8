package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// The pens' colours as a pixel has them.
const (
	red    = "217,43,43,255"
	orange = "240,140,0,255"
	blue   = "31,95,208,255"
	paper  = "255,255,255,255"
)

// pixel is the colour of a place of the board, of 1000 by 1000.
func pixel(x, y int) string {
	return fmt.Sprintf(`document.querySelector('[data-testid="board"]').getContext("2d").getImageData(%d, %d, 1, 1).data.join()`, x, y)
}

// paints waits until a place of the board has a colour.
func (u *person) paints(x, y int, colour string) {
	u.t.Helper()
	u.until(pixel(x, y) + ` === "` + colour + `"`)
}

// draw moves the mouse or a finger over places of the board.
func (u *person) draw(finger bool, places ...browser.Point) {
	u.t.Helper()
	var box struct{ Left, Top, Width, Height float64 }
	u.eval(`document.querySelector('[data-testid="board"]').getBoundingClientRect().toJSON()`, &box)
	require.InDelta(u.t, box.Width, box.Height, 1, "the board is a square")
	require.Greater(u.t, box.Width, 200.0, "and large enough to draw on")
	points := make([]browser.Point, 0, len(places))
	for _, p := range places {
		points = append(points, browser.Point{X: box.Left + p.X*box.Width/1000, Y: box.Top + p.Y*box.Height/1000})
	}
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	require.NoError(u.t, browser.Draw(ctx, u.Page, finger, points...))
}

// resize makes the window one of a phone: a window of Chromium's is never
// less than 500 pixels wide.
func (u *person) resize(width, height int) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	require.NoError(u.t, browser.Resize(ctx, u.Page, width, height))
}

// line is the way from one place to another, in steps.
func line(x1, y1, x2, y2 float64) (way []browser.Point) {
	for i := range 21 {
		f := float64(i) / 20
		way = append(way, browser.Point{X: x1 + f*(x2-x1), Y: y1 + f*(y2-y1)})
	}
	return way
}

// says waits for what the game tells.
func (u *person) says(text string) {
	u.t.Helper()
	u.until(fmt.Sprintf(`document.querySelector('[data-testid="game-status"]').textContent === %q`, text))
}

// fits looks for what sticks out of the window, lies below something else or
// is too small to tap.
func (u *person) fits() {
	u.t.Helper()
	var out []string
	u.eval(`[...document.querySelectorAll("button, canvas, figure, .pens li")].filter((e) => e.offsetParent).flatMap((e) => {
		const b = e.getBoundingClientRect(), name = e.dataset.testid ?? e.textContent;
		if (b.left < -1 || b.top < -1 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1) return [name + " sticks out"];
		if (e.tagName !== "FIGURE" && !e.contains(document.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2))) return [name + " is covered"];
		return e.tagName === "BUTTON" && Math.min(b.width, b.height) < 40 ? [name + " is small"] : [];
	})`, &out)
	require.Empty(u.t, out, u.name)
}

// TestDoodleAndGameInACall: two draw on one board, one with a mouse and one
// with a finger on a phone, take back, wipe, and play a game to its end.
func TestDoodleAndGameInACall(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	leo.resize(360, 640)
	mia.call("Leo")
	leo.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	leo.click("answer")
	mia.seesAndHears()
	leo.seesAndHears()

	mia.click("play-toggle")
	mia.until(`document.querySelector('[data-testid="doodle"]').dataset.ready === "true"`)
	mia.snap("board-empty")
	mia.draw(false, line(100, 500, 900, 500)...)
	mia.paints(500, 500, red)
	leo.until(`!document.querySelector('[data-testid="play-news"]').hidden`)
	leo.snap("news")
	leo.click("play-toggle")
	leo.paints(500, 500, red)
	leo.paints(500, 300, paper)
	leo.click("width-1")
	leo.snap("board-phone")
	leo.draw(true, line(500, 100, 500, 400)...)
	mia.paints(500, 250, orange)
	leo.click("ink-3")
	leo.draw(true, browser.Point{X: 800, Y: 800}) // a dot
	mia.paints(800, 800, blue)
	blot := `getComputedStyle(document.querySelector('[data-testid="tile"] figcaption'), "::before").backgroundColor`
	mia.until(blot + ` === "rgb(31, 95, 208)"`)
	leo.until(blot + ` === "rgb(217, 43, 43)"`)
	for _, u := range []*person{mia, leo} {
		u.snap("board")
		u.fits()
	}
	leo.click("undo")
	mia.paints(800, 800, paper)
	mia.paints(500, 250, orange)
	leo.click("wipe")
	leo.until(`document.querySelector('[data-testid="dialog-yes"]')`)
	leo.snap("wipe")
	leo.click("dialog-yes")
	for _, u := range []*person{mia, leo} {
		u.paints(500, 500, paper)
		u.paints(500, 250, paper)
	}

	playToTheEnd(mia, leo)

	code, body, err := s.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	require.Equal(t, 200, code)
	for _, want := range []string{`kinwire_sfu_data_messages_dropped_total{reason="behind"} 0`, `kinwire_sfu_data_channels_closed_total{reason="too_large"} 0`} {
		require.Contains(t, string(body), want)
	}
	require.NotContains(t, string(body), "kinwire_sfu_data_messages_received_total 0\n")
	mia.click("play-close")
	mia.until(`document.querySelector('[data-testid="play"]').hidden`)
	leo.key("Escape")
	leo.until(`document.querySelector('[data-testid="play"]').hidden`)
	mia.seesAndHears()
	leo.click("hangup")
	mia.until(`document.querySelector('[data-testid="screen-ended"]')`)
	for _, never := range []string{`"sheet"`, `"piece"`, `"moves"`} {
		require.False(t, strings.Contains(s.Log(), never), "the log holds nothing of what is said")
	}
}

// playToTheEnd has mia begin a game and win it, and leo begin another.
func playToTheEnd(mia, leo *person) {
	mia.click("tab-game")
	mia.says("Get three in a row!")
	mia.snap("game-before")
	mia.click("game-start")
	mia.says("Your turn!")
	leo.says("Mia’s turn")
	leo.click("field-0") // not his turn: nothing
	leo.snap("game-begun")
	for i, field := range []string{"0", "3", "1", "4"} {
		now, other := mia, leo
		if i%2 == 1 {
			now, other = leo, mia
		}
		now.click("field-" + field)
		other.until(fmt.Sprintf(`document.querySelector('[data-testid="field-%s"] .sign')`, field))
		other.says("Your turn!")
	}
	leo.snap("game")
	leo.fits()
	mia.click("field-2")
	mia.says("You have won! 🎉")
	leo.says("Mia has won! 🎉")
	for _, u := range []*person{mia, leo} {
		u.until(`document.querySelectorAll(".field.won").length === 3`)
		u.snap("game-won")
		u.fits()
	}
	leo.click("game-start")
	mia.says("Leo’s turn")
	leo.click("field-8")
	mia.until(`document.querySelector('[data-testid="field-8"] .sign')`)
}

// TestDoodleIsToldToWhoComesLate: a third person is added to a call by voice,
// sees the board and the game as they are, and plays in the next.
func TestDoodleIsToldToWhoComesLate(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	open := func(name string, width, height int) *person {
		u := openApp(t, s, browser.Chromium(t, browser.Options{}), name, "")
		u.resize(width, height)
		return u
	}
	mia, leo, priya := open("mia", 1280, 720), open("leo", 360, 740), open("priya", 740, 340)
	mia.until(`[...document.querySelectorAll('[data-testid="person"]')].find((e) => e.textContent.includes("Leo"))?.querySelector('[data-testid="call-voice"]')?.disabled === false`)
	mia.eval(`[...document.querySelectorAll('[data-testid="person"]')].find((e) => e.textContent.includes("Leo")).querySelector('[data-testid="call-voice"]').click()`, nil)
	leo.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	leo.click("answer")
	for _, u := range []*person{mia, leo} {
		u.click("play-toggle")
		u.until(`document.querySelector('[data-testid="doodle"]').dataset.ready === "true"`)
	}
	mia.draw(false, line(100, 100, 900, 900)...)
	leo.paints(500, 500, red)
	leo.draw(true, line(900, 100, 100, 900)...)
	mia.paints(700, 300, orange)
	leo.click("tab-game")
	leo.click("game-start")
	leo.click("field-4")
	mia.until(`document.querySelector('[data-testid="field-4"] .sign')`)

	mia.key("a")
	add := `[...document.querySelectorAll('[data-testid="add-person"]')].find((e) => e.dataset.name === "Priya")`
	mia.until(add)
	mia.eval(add+".click()", nil)
	mia.click("add-close")
	priya.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	priya.click("answer")
	priya.click("play-toggle")
	priya.paints(300, 300, red)
	priya.paints(700, 300, orange)
	priya.until(`document.querySelector('[data-testid="field-4"] .sign')`)
	priya.snap("late")
	priya.click("tab-game")
	priya.says("Mia’s turn")
	priya.snap("late-game")
	priya.fits()
	priya.until(`!document.querySelector('[data-testid="game-start"]').disabled`)
	priya.click("game-start")
	for _, u := range []*person{mia, leo, priya} {
		u.until(`document.querySelectorAll('[data-testid^="field-"]').length === 25`)
	}
	for i, move := range []struct {
		u     *person
		field string
	}{{priya, "12"}, {mia, "0"}, {leo, "4"}, {priya, "6"}, {mia, "1"}, {leo, "9"}, {priya, "18"}} {
		move.u.says("Your turn!")
		move.u.click("field-" + move.field)
		if i == 4 {
			leo.snap("three")
			leo.fits()
		}
	}
	priya.says("You have won! 🎉")
	mia.says("Priya has won! 🎉")
	mia.snap("three-won")
	mia.click("tab-draw")
	mia.draw(false, line(100, 500, 900, 500)...)
	priya.click("tab-draw")
	priya.paints(200, 500, red)
	priya.snap("on-its-side")
	priya.fits()
	mia.click("hangup")
}

// TestDoodleInFirefox has Firefox and Chromium draw for one another.
func TestDoodleInFirefox(t *testing.T) {
	host := ownAddress(t)
	s := kinwire.Start(t, kinwire.Options{Host: host})
	mia := openApp(t, s, browser.Firefox(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{InsecureOrigins: []string{s.URL}}), "leo", "")
	mia.call("Leo")
	leo.until(`document.querySelector('[data-testid="screen-incoming"]')`)
	leo.click("answer")
	for _, u := range []*person{mia, leo} {
		u.click("play-toggle")
		u.until(`document.querySelector('[data-testid="doodle"]').dataset.ready === "true"`)
	}
	leo.draw(false, line(100, 500, 900, 500)...)
	mia.paints(500, 500, orange)
	mia.eval(`window.kinwire.debug.call().data.open("play").send(JSON.stringify({type: "draw", piece:
		{sheet: 0, id: "ff.1", at: 9, colour: 3, width: 1, from: 0, points: [500, 100, 500, 900]}}))`, nil)
	leo.paints(500, 200, blue)
	leo.click("tab-game")
	leo.click("game-start")
	mia.says("Leo’s turn")
	leo.click("field-4")
	mia.says("Your turn!")
	mia.click("field-0")
	leo.until(`document.querySelector('[data-testid="field-0"] .sign')`)
	mia.snap("game")
	leo.click("hangup")
}
