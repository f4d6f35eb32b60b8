package e2e

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// forwardTCP passes connections on, as a router does that has been told to;
// for UDP it does nothing.
func forwardTCP(t testing.TB, outside, inside string) {
	l, err := net.Listen("tcp", outside)
	require.NoError(t, err)
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	keep := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
	}
	running.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", inside)
			if err != nil {
				_ = from.Close()
				continue
			}
			keep(from)
			keep(to)
			for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
				running.Go(func() {
					_, _ = io.Copy(pair[0], pair[1])
					_ = pair[0].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
}

func freeTCPPort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// TestTwoPagesCallOverTCP lets no UDP through between pages and server: they
// meet over ICE-TCP.
func TestTwoPagesCallOverTCP(t *testing.T) {
	port := freeTCPPort(t)
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"sfu.tcp_port": port, "sfu.public_addresses": "127.0.0.3"}})
	forwardTCP(t, "127.0.0.3:"+port, "127.0.0.1:"+port)
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	id := talk(t, mia, leo)
	r := known(t, s, id)
	// To the server the pages come from the router's address.
	r.check(t, expect{paths: map[string]string{"demo-mia": "srflx/tcp", "demo-leo": "srflx/tcp"}, codec: "vp8", client: true})
}
