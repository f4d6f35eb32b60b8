package sdp_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/sfu/sdp"
)

var record = flag.Bool("record", false, "write the offers of the browsers and of pion to testdata; -update comes after")

// offers makes a connection like that of our clients and a function for each
// step: an offer, and what the page has of it after the answer.
const offers = `<!doctype html><meta charset="utf-8"><title>offers</title><script>
window.begin = async ({simulcast, policy}) => {
  window.pc?.close();
  const pc = window.pc = new RTCPeerConnection({bundlePolicy: policy ?? "max-bundle"});
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 1280, height: 720}});
  const encodings = simulcast ? ["q", "h", "f"].map((rid, i) => ({rid, scaleResolutionDownBy: 4 >> i})) : [{}];
  pc.addTransceiver(media.getAudioTracks()[0], {direction: "sendonly", streams: [media]});
  pc.addTransceiver(media.getVideoTracks()[0], {direction: "sendonly", streams: [media], sendEncodings: encodings});
  pc.addTransceiver("video", {direction: "sendonly"});
  pc.createDataChannel("kinwire");
  window.more(["audio", "video", "video"]);
};
window.more = (kinds) => { for (const k of kinds) window.pc.addTransceiver(k, {direction: "recvonly"}); };
window.offer = async () => { await pc.setLocalDescription(); return pc.localDescription.sdp; };
window.answer = async (sdp) => {
  await pc.setRemoteDescription({type: "answer", sdp});
  return {state: pc.signalingState, tricks: pc.canTrickleIceCandidates, sections: pc.getTransceivers().map((t) => ({
    mid: t.mid ?? "", direction: t.currentDirection ?? "", encodings: t.sender.getParameters().encodings.length,
    codecs: t.currentDirection === "sendonly" ? t.sender.getParameters().codecs.map((c) => c.mimeType) : []}))};
};
</script>`

// applied is what a browser made of an answer.
type applied struct {
	State    string
	Tricks   bool
	Sections []struct {
		MID, Direction string
		Encodings      int
		Codecs         []string
	}
}

// browsers are those that answers are tried on.
var browsers = map[string]func(testing.TB, browser.Options) browser.Page{"chromium": browser.Chromium, "firefox": browser.Firefox}

// TestBrowsersTakeAnswers has real browsers apply the answers to their offers.
func TestBrowsersTakeAnswers(t *testing.T) {
	for name, start := range browsers {
		t.Run(name, func(t *testing.T) {
			ctx, done := context.WithTimeout(t.Context(), 2*time.Minute)
			defer done()
			page := start(t, browser.Options{})
			require.NoError(t, page.Open(ctx, browser.Serve(t, offers)))
			b := &session{ctx: ctx, page: page, name: name}
			b.join(t)
			b.grow(t)
			b.refuseFirst(t)
			b.declineSimulcast(t)
			b.onlyData(t)
		})
	}
}

type session struct {
	ctx     context.Context
	page    browser.Page
	name    string
	version uint64
}

func (b *session) begin(t *testing.T, how string) {
	t.Helper()
	require.NoError(t, b.page.Eval(b.ctx, "begin("+how+")", nil))
}

func (b *session) offer(t *testing.T) *sdp.Offer {
	t.Helper()
	return parse(t, b.text(t))
}

func (b *session) text(t *testing.T) string {
	t.Helper()
	var text string
	require.NoError(t, b.page.Eval(b.ctx, "offer()", &text))
	return text
}

func (b *session) answer(t *testing.T, o *sdp.Offer, a sdp.Answer) map[string]string {
	t.Helper()
	b.version++
	a.Version = b.version
	text, err := o.Answer(a)
	require.NoError(t, err)
	var got applied
	require.NoError(t, b.page.Eval(b.ctx, fmt.Sprintf("answer(%q)", text), &got), text)
	require.Equal(t, "stable", got.State)
	require.True(t, got.Tricks)
	directions := map[string]string{}
	for _, s := range got.Sections {
		directions[s.MID] = s.Direction
		if s.Direction != "sendonly" {
			continue
		}
		accepted := a.Sections[s.MID]
		require.Equal(t, max(1, len(accepted.RIDs)), s.Encodings)
		require.Equal(t, strings.ToLower(accepted.Codecs[0].Kind.MimeType()), strings.ToLower(s.Codecs[0]))
	}
	return directions
}

// join: sources, encodings, data channels and slots, all accepted.
func (b *session) join(t *testing.T) {
	b.begin(t, `{simulcast: true}`)
	text := b.text(t)
	keep(t, b.name, text)
	o := parse(t, text)
	require.Len(t, o.Sections, 7)
	require.Equal(t, []string{"q", "h", "f"}, o.Sections[1].RIDs)
	got := b.answer(t, o, acceptAll(o))
	require.Equal(t, map[string]string{"0": "sendonly", "1": "sendonly", "2": "sendonly", "3": "recvonly", "4": "recvonly", "5": "recvonly"}, got)
}

// grow: more slots, one stopped, in a second round.
func (b *session) grow(t *testing.T) {
	require.NoError(t, b.page.Eval(b.ctx, `(pc.getTransceivers()[2].stop(), more(["audio", "video"]))`, nil))
	text := b.text(t)
	keep(t, b.name+"-again", text)
	o := parse(t, text)
	require.True(t, o.Section("2").Stopped)
	got := b.answer(t, o, acceptAll(o))
	require.Equal(t, "sendonly", got["1"])
	require.Len(t, slices.DeleteFunc(slicesOf(got), func(d string) bool { return d != "recvonly" }), 5)
}

func slicesOf(m map[string]string) (values []string) {
	for _, v := range m {
		values = append(values, v)
	}
	return values
}

// refuseFirst: the section that stood for the bundle in the offer is refused,
// and a slot is inactive.
func (b *session) refuseFirst(t *testing.T) {
	b.begin(t, `{}`)
	o := b.offer(t)
	a := acceptAll(o)
	delete(a.Sections, "0")
	delete(a.Sections, "3")
	delete(a.Sections, "6")
	a.Sections["4"] = sdp.Accepted{Inactive: true}
	got := b.answer(t, o, a)
	require.Equal(t, "inactive", got["0"])
	require.Equal(t, "sendonly", got["1"])
	require.Equal(t, "inactive", got["4"])
	require.Equal(t, "recvonly", got["5"])
}

// declineSimulcast: three encodings offered, one taken.
func (b *session) declineSimulcast(t *testing.T) {
	b.begin(t, `{simulcast: true}`)
	o := b.offer(t)
	require.Equal(t, []string{"q", "h", "f"}, o.Section("1").RIDs)
	a := acceptAll(o)
	for mid, c := range a.Sections {
		c.RIDs = nil
		a.Sections[mid] = c
	}
	b.answer(t, o, a)
}

// onlyData: all media are refused.
func (b *session) onlyData(t *testing.T) {
	b.begin(t, `{}`)
	o := b.offer(t)
	a := own
	require.True(t, o.Section("6").Data)
	a.Sections = map[string]sdp.Accepted{"6": {}}
	for mid, direction := range b.answer(t, o, a) {
		require.NotContains(t, []string{"sendonly", "recvonly"}, direction, mid)
	}
}

// What is particular to one machine or moment is replaced in a kept offer.
var scrubs = []struct{ find, replace string }{
	{`a=candidate:[^\r\n]*\r\n`, ""},
	{`(m=\w+) [1-9]\d* `, "$1 9 "},
	{`c=IN IP[46] \S+`, "c=IN IP4 0.0.0.0"},
	{`a=rtcp:\d+ IN IP[46] \S+`, "a=rtcp:9 IN IP4 0.0.0.0"},
	{`a=ice-ufrag:\S+`, "a=ice-ufrag:ufrg"},
	{`a=ice-pwd:\S+`, "a=ice-pwd:0123456789abcdefghijklmn"},
	{`(a=fingerprint:sha-256) \S+`, "$1 00" + strings.Repeat(":11", 31)},
	{`a=end-of-candidates\r\n`, ""},
}

// keep writes an offer to testdata when that is wanted.
func keep(t *testing.T, name, text string) {
	if !*record {
		return
	}
	for _, s := range scrubs {
		text = regexp.MustCompile(s.find).ReplaceAllString(text, s.replace)
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	require.NoError(t, os.WriteFile(filepath.Join("testdata", name+".sdp"), []byte(text), 0o644))
}
