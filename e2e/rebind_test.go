package e2e

import (
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
)

// nat stands between the pages and the server as a home router does: to the
// server each page is a port of the router's, and rebind gives everybody
// another, as a router does that has been restarted.
type nat struct {
	t       testing.TB
	inside  *net.UDPConn
	server  *net.UDPAddr
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	ports  map[netip.AddrPort]*net.UDPConn // by the page's address
}

func startNAT(t testing.TB, inside, server string) *nat {
	in, err := net.ResolveUDPAddr("udp4", inside)
	require.NoError(t, err)
	n := &nat{t: t, ports: map[netip.AddrPort]*net.UDPConn{}}
	n.server, err = net.ResolveUDPAddr("udp4", server)
	require.NoError(t, err)
	n.inside, err = net.ListenUDP("udp4", in)
	require.NoError(t, err)
	n.running.Add(1)
	go n.outwards()
	t.Cleanup(func() {
		_ = n.inside.Close()
		n.mu.Lock()
		n.closed = true
		for _, p := range n.ports {
			_ = p.Close()
		}
		n.mu.Unlock()
		n.running.Wait()
	})
	return n
}

func (n *nat) outwards() {
	defer n.running.Done()
	b := make([]byte, 2048)
	for {
		size, from, err := n.inside.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if p := n.port(from); p != nil {
			_, _ = p.Write(b[:size])
		}
	}
}

// port is the router's port for a page, made when first needed.
func (n *nat) port(page netip.AddrPort) *net.UDPConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.ports[page]; p != nil || n.closed {
		return p
	}
	p, err := net.DialUDP("udp4", nil, n.server)
	if err != nil {
		return nil
	}
	n.ports[page] = p
	n.running.Add(1)
	go func() {
		defer n.running.Done()
		b := make([]byte, 2048)
		for {
			size, err := p.Read(b)
			if err != nil {
				return
			}
			_, _ = n.inside.WriteToUDPAddrPort(b[:size], page)
		}
	}()
	return p
}

// rebind forgets all ports.
func (n *nat) rebind() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for page, p := range n.ports {
		_ = p.Close()
		delete(n.ports, page)
	}
}

func freeUDPPort(t testing.TB) string {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	return strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
}

// TestAPageChangesItsPortInMidCall gives both pages another port twice while
// they talk; sound and picture go on, without a new negotiation.
func TestAPageChangesItsPortInMidCall(t *testing.T) {
	port := freeUDPPort(t)
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{
		"sfu.udp_port": port, "sfu.tcp_port": "0", "sfu.public_addresses": "127.0.0.2",
	}})
	router := startNAT(t, "127.0.0.2:"+port, "127.0.0.1:"+port)
	mia := openApp(t, s, browser.Chromium(t, browser.Options{}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	leo.seesAndHears()
	for range 2 {
		router.rebind()
		for _, u := range []*person{mia, leo} {
			var frames float64
			count := `window.kinwire.debug.inbound().then((s) => s.find((x) => x.kind === "video").frames)`
			u.eval(count, &frames)
			u.until(count + `.then((n) => n > ` + ftoa(frames+60) + `)`)
		}
	}
	mia.click("hangup")
	leo.until(`document.querySelector('[data-testid="screen-ended"]')`)
}
