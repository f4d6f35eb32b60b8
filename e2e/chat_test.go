package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// What is written in TestTwoBrowsersWrite, and must be found nowhere in the
// server.
const (
	secretText   = "zirconium-otter-falls-asleep-at-noon"
	secretAnswer = "periwinkle-gecko-rides-the-tram"
	secretTitle  = "the-bumblebee-orchestra-of-tuesday"
	secretGroup  = "marzipan-submarine-for-four"
	secretAfter  = "three-of-us-and-a-quince-tart"
)

// TestTwoBrowsersWrite: Mia and Leo, each in a browser of their own, write to
// each other: text, a sticker, a photo, a voice message. Then a group of four, in
// which one is blocked in the middle. At the end nothing of what they wrote is
// in the server's files, log or memory.
func TestTwoBrowsersWrite(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"relay.scrub_interval": "200ms"}})
	one, two := browser.Chromium(t, browser.Options{}), browser.Chromium(t, browser.Options{})
	mia, leo := openApp(t, s, one, "mia", ""), openApp(t, s, two, "leo", "")
	priya, tomek := openApp(t, s, browser.Tab(t, one), "priya", ""), openApp(t, s, browser.Tab(t, two), "tomek", "")
	for _, u := range []*person{mia, leo, priya, tomek} {
		u.click("chats")
		u.sees("screen-chats")
		u.until(sel("chat-state") + `?.dataset.state === "ready" || ` + sel("chat-friend"))
	}
	mia.snap("list-empty")

	t.Run("OneToOne", func(t *testing.T) { writeToEachOther(mia, leo) })
	t.Run("SafetyNumbers", func(t *testing.T) { comparePictures(mia, leo) })
	t.Run("GroupOfFour", func(t *testing.T) { groupOfFour(t, s, mia, leo, priya, tomek) })
	t.Run("ParentSeesWithWhom", func(t *testing.T) { seesWithWhom(priya) })

	var needles []needle
	for _, text := range []string{secretText, secretAnswer, secretTitle, secretGroup, secretAfter} {
		needles = append(needles, needleOf(text, []byte(text)))
	}
	for _, kind := range []string{"photo", "voice"} {
		needles = append(needles, needleOf("a "+kind, leo.fileOf("Mia", kind)))
	}
	require.Empty(t, hunt(t, s, needles...), "the server has something of what was written")

	t.Run("Report", func(t *testing.T) { reportMessage(t, s, leo) })
}

func writeToEachOther(mia, leo *person) {
	mia.press("chat-friend", "Leo")
	mia.sees("screen-chat")
	mia.write(secretText)
	leo.opens("Mia")
	leo.hears("text", secretText)
	leo.write(secretAnswer)
	mia.hears("text", secretAnswer)
	mia.until(`[...document.querySelectorAll('[data-testid="chat-message"][data-mine="true"]')].every((m) => m.querySelector('[data-testid="chat-mark"]')?.dataset.mark === "opened")`)

	mia.click("chat-stickers")
	mia.sees("chat-board")
	mia.snap("stickers")
	mia.click("chat-board-sticker")
	leo.hears("sticker", "")

	mia.sendsPicture()
	leo.hears("photo", "")
	leo.until(sel("chat-picture") + `?.dataset.state === "here" && ` + sel("chat-picture") + `.querySelector("img")?.naturalWidth > 0`)

	leo.click("chat-voice")
	leo.sees("chat-recording")
	leo.until(`/[1-9]/.test(` + sel("chat-recording-time") + `?.textContent.replace(/^0:0?/, ""))`)
	leo.snap("recording")
	leo.click("chat-voice-send")
	mia.hears("voice", "")
	mia.click("chat-voice-play")
	mia.until(sel("chat-voice-play") + `?.dataset.state === "playing"`)
	mia.until(sel("chat-voice-play") + `?.dataset.state === "idle"`)
	mia.snap("thread")
	leo.snap("thread")
}

// comparePictures: both see the same pictures in the same order.
func comparePictures(mia, leo *person) {
	pictures := func(u *person) (names []string) {
		u.click("chat-info")
		u.sees("screen-chat-info")
		u.click("chat-compare")
		u.sees("screen-chat-safety")
		u.sees("chat-safety-picture")
		u.eval(`[...document.querySelectorAll('[data-testid="chat-safety-picture"]')].map((p) => p.dataset.name)`, &names)
		u.snap("safety")
		return names
	}
	a, b := pictures(mia), pictures(leo)
	require.NotEmpty(mia.t, a)
	require.Equal(mia.t, a, b)
	mia.click("chat-safety-same")
	mia.until(sel("screen-chat-safety") + `.dataset.verified === "yes"`)
	for _, u := range []*person{mia, leo} {
		u.toChats()
	}
}

func groupOfFour(t *testing.T, s *kinwire.Server, mia, leo, priya, tomek *person) {
	mia.click("chat-group-new")
	for _, name := range []string{"Leo", "Priya", "Tomek"} {
		mia.press("chat-choose", name)
	}
	mia.fill("chat-group-name", secretTitle)
	mia.snap("group-new")
	mia.click("chat-group-make")
	mia.sees("screen-chat")
	mia.write(secretGroup)
	for _, u := range []*person{leo, priya, tomek} {
		u.opens(secretTitle)
		u.hears("text", secretGroup)
	}

	// In the middle of it Priya blocks Tomek. Mia and Leo go on with Priya.
	block(t, s, "priya", "demo-tomek")
	mia.until(`[...document.querySelectorAll('[data-testid="chat-event"][data-what="left"]')].length > 0`)
	mia.write(secretAfter)
	for _, u := range []*person{leo, priya} {
		u.hears("text", secretAfter)
	}
	tomek.sees("chat-shut")
	var heard bool
	tomek.eval(fmt.Sprintf(`document.body.textContent.includes(%q)`, secretAfter), &heard)
	require.False(t, heard, "Tomek was taken out before that")
	for _, u := range []*person{mia, leo, priya, tomek} {
		u.snap("group")
	}
	mia.toChats()
	mia.snap("list")
}

// seesWithWhom: Mia's parent sees that she writes to Leo, and in which group,
// but nothing of it.
func seesWithWhom(priya *person) {
	priya.toChats()
	priya.click("back")
	priya.press("child-card", "Mia")
	priya.click("tab-chats")
	priya.until(`[...document.querySelectorAll('[data-testid="child-chat"]')].some((c) => c.textContent.includes("Leo"))`)
	var told bool
	priya.eval(fmt.Sprintf(`[%q, %q, %q].some((s) => document.body.textContent.includes(s))`, secretText, secretAnswer, secretTitle), &told)
	require.False(priya.t, told)
	priya.snap("with-whom")
}

// reportMessage: Leo reports one message of Mia's. The operator sees that one,
// proven, and no other.
func reportMessage(t *testing.T, s *kinwire.Server, leo *person) {
	leo.toChats()
	leo.opens("Mia")
	leo.until(`document.querySelector('[data-testid="chat-message"][data-kind="text"]:not([data-mine="true"]) [data-testid="chat-more"]')`)
	leo.eval(`document.querySelector('[data-testid="chat-message"][data-kind="text"]:not([data-mine="true"]) [data-testid="chat-more"]').click()`, nil)
	leo.click("chat-report")
	leo.sees("report-kind")
	leo.eval(`document.querySelector('[data-testid="report-kind"] input, input[data-testid="report-kind"]').click()`, nil)
	leo.snap("report")
	leo.click("report-send")
	leo.sees("report-done")
	var list struct{ Reports []struct{ ID string } }
	ops(t, s, "/v1/ops/reports", &list)
	require.Len(t, list.Reports, 1)
	var one struct {
		About    struct{ Person struct{ ID string } }
		Evidence *struct{ Content []byte }
	}
	ops(t, s, "/v1/ops/reports/"+list.Reports[0].ID, &one)
	require.NotNil(t, one.Evidence)
	require.Equal(t, "demo-mia", one.About.Person.ID)
	require.Contains(t, string(one.Evidence.Content), secretText)
	require.NotContains(t, string(one.Evidence.Content), secretAnswer)
}

// ops reads one of the operator's pages.
func ops(t *testing.T, s *kinwire.Server, path string, into any) {
	t.Helper()
	code, body, err := s.Get(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code, "%s", body)
	require.NoError(t, json.Unmarshal(body, into))
}

// fileOf is the piece of the first file of a kind in the conversation with
// somebody, as the person's device has it, that is the least like any other:
// there are long rows of zeros in a picture, and in a server.
func (u *person) fileOf(name, kind string) []byte {
	u.t.Helper()
	var piece string
	u.eval(fmt.Sprintf(`(async () => {
		const chat = window.kinwire.chat;
		for (const c of chat.conversations()) {
			for (const m of await chat.messages(c.id)) {
				if (m.content.kind !== %q) continue;
				const bytes = new Uint8Array(await (await chat.media(m.id)).arrayBuffer());
				let best = [], most = 0;
				for (let at = 0; at + 48 <= bytes.length; at += 16) {
					const piece = [...bytes.slice(at, at + 48)], different = new Set(piece).size;
					if (different > most) [best, most] = [piece, different];
				}
				return btoa(String.fromCharCode(...best));
			}
		}
		return "";
	})()`, kind), &piece)
	bytes, err := base64.StdEncoding.DecodeString(piece)
	require.NoError(u.t, err)
	require.Len(u.t, bytes, 48, "%s has a %s of %s's", u.name, kind, name)
	return bytes
}

// write sends a text in the conversation that is open.
func (u *person) write(text string) {
	u.t.Helper()
	u.fill("chat-input", text)
	u.click("chat-send")
	u.until(fmt.Sprintf(`[...document.querySelectorAll('[data-testid="chat-message"][data-mine="true"]')].some((m) => m.textContent.includes(%q) && ["sent", "delivered", "opened"].includes(m.dataset.status))`, text))
}

// opens opens a conversation out of the list, when it is there.
func (u *person) opens(name string) {
	u.t.Helper()
	u.press("chat-row", name)
	u.sees("screen-chat")
}

// hears waits for a message of somebody else's.
func (u *person) hears(kind, text string) {
	u.t.Helper()
	u.until(fmt.Sprintf(`[...document.querySelectorAll('[data-testid="chat-message"][data-kind=%q]')].some((m) => m.dataset.mine !== "true" && m.textContent.includes(%q))`, kind, text))
}

// toChats goes back to the list of conversations.
func (u *person) toChats() {
	u.t.Helper()
	for range 4 {
		var there bool
		u.eval(sel("screen-chats")+" !== null", &there)
		if there {
			return
		}
		u.click("back")
	}
	u.sees("screen-chats")
}

// sendsPicture takes a picture with the camera and sends it.
func (u *person) sendsPicture() {
	u.t.Helper()
	u.click("chat-photo")
	u.sees("chat-lens")
	u.until(sel("chat-lens") + `.videoWidth > 0`)
	u.click("chat-snap")
	u.sees("chat-camera-result")
	u.snap("photo")
	u.click("chat-camera-send")
}

// block has a demo person block somebody, from another device of theirs.
func block(t *testing.T, s *kinwire.Server, login, userID string) {
	t.Helper()
	in, err := client.Login(t.Context(), s.URL, login, kinwire.Password)
	require.NoError(t, err)
	body, err := json.Marshal(map[string]string{"user_id": userID})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/blocks", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+in.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.HTTP.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNoContent, res.StatusCode)
}
