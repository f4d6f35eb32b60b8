package e2e

import (
	"testing"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// TestFirefoxAndChromiumCall binds to the machine's own address: Firefox
// drops a server's candidate on 127.0.0.1.
func TestFirefoxAndChromiumCall(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Host: ownAddress(t)})
	mia := openApp(t, s, browser.Chromium(t, browser.Options{InsecureOrigins: []string{s.URL}}), "mia", "")
	leo := openApp(t, s, browser.Firefox(t, browser.Options{}), "leo", "")
	leo.noAnalyser = true
	id := talk(t, mia, leo)
	r := known(t, s, id)
	r.check(t, expect{paths: map[string]string{"demo-mia": "host/udp", "demo-leo": "host/udp"}, codec: "vp8", client: true})
}
