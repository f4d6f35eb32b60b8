package ice_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	pion "github.com/pion/ice/v4"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

// server is the small loop around an Agent that a server has.
type server struct {
	conn  *net.UDPConn
	mu    sync.Mutex
	agent *ice.Agent
	data  chan received
	done  chan struct{}
}

type received struct {
	text string
	path ice.Path
}

func newServer(t *testing.T) *server {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	s := &server{
		conn:  conn,
		agent: ice.NewAgent(config, ice.NewCredentials(), time.Now()),
		data:  make(chan received, 16),
		done:  make(chan struct{}),
	}
	go s.read(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	t.Cleanup(func() {
		_ = conn.Close()
		<-s.done
	})
	return s
}

func (s *server) read(local netip.AddrPort) {
	defer close(s.done)
	b := make([]byte, 2000)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		p := ice.Path{Local: local, Remote: from}
		s.mu.Lock()
		if _, _, ok := ice.Username(b[:n]); ok {
			r, _ := s.agent.Check(b[:n], p, time.Now())
			_, _ = s.conn.WriteToUDPAddrPort(r.Response, from)
		} else if s.agent.Valid(p) && b[0] > 3 {
			s.agent.Heard(p, time.Now())
			s.data <- received{string(b[:n]), p}
		}
		s.mu.Unlock()
	}
}

func (s *server) with(f func(*ice.Agent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.agent)
}

func (s *server) selected() (p ice.Path, ok bool) {
	s.with(func(a *ice.Agent) { p, ok = a.Selected() })
	return p, ok
}

// client is pion's full agent, which takes the controlling role.
func newClient(t *testing.T) *pion.Agent {
	client, err := pion.NewAgentWithOptions(
		pion.WithNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4}),
		pion.WithCandidateTypes([]pion.CandidateType{pion.CandidateTypeHost}),
		pion.WithIncludeLoopback(),
		pion.WithIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }),
		pion.WithMulticastDNSMode(pion.MulticastDNSModeDisabled),
		pion.WithCheckInterval(20*time.Millisecond),
		pion.WithKeepaliveInterval(50*time.Millisecond),
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	require.NoError(t, client.OnCandidate(func(pion.Candidate) {}))
	require.NoError(t, client.SetRemoteICELite(true))
	return client
}

func credentials(t *testing.T, client *pion.Agent) ice.Credentials {
	ufrag, pwd, err := client.GetLocalUserCredentials()
	require.NoError(t, err)
	c := ice.Credentials{Ufrag: ufrag, Pwd: pwd}
	require.NoError(t, c.Check())
	return c
}

// offer has the client gather and gives it the server's candidate, by way of
// the text that stands in an SDP.
func offer(t *testing.T, s *server, client *pion.Agent) {
	require.NoError(t, client.GatherCandidates())
	lines := ice.Candidates([]ice.Candidate{{Addr: s.conn.LocalAddr().(*net.UDPAddr).AddrPort()}})
	remote, err := pion.UnmarshalCandidate(lines[0])
	require.NoError(t, err)
	require.NoError(t, client.AddRemoteCandidate(remote))
}

// agree waits until both sides have selected the same pair, another than
// before, and sends a packet over it in either direction.
func agree(t *testing.T, s *server, client *pion.Agent, conn *pion.Conn, before ice.Path) ice.Path {
	t.Helper()
	var p ice.Path
	require.Eventually(t, func() bool {
		var ok bool
		p, ok = s.selected()
		pair, err := client.GetSelectedCandidatePair()
		return ok && p != before && err == nil && pair != nil &&
			pair.Local.Port() == int(p.Remote.Port()) && pair.Remote.Port() == int(p.Local.Port())
	}, 10*time.Second, 5*time.Millisecond)

	_, err := conn.Write([]byte("hello"))
	require.NoError(t, err)
	select {
	case r := <-s.data:
		require.Equal(t, received{"hello", p}, r)
	case <-time.After(10 * time.Second):
		t.Fatal("nothing arrived")
	}
	_, err = s.conn.WriteToUDPAddrPort([]byte("welcome"), p.Remote)
	require.NoError(t, err)
	b := make([]byte, 100)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	n, err := conn.Read(b)
	require.NoError(t, err)
	require.Equal(t, "welcome", string(b[:n]))
	return p
}

func TestWithPionAsControllingClient(t *testing.T) {
	s, client := newServer(t), newClient(t)
	s.with(func(a *ice.Agent) { a.SetRemote(credentials(t, client)) })
	offer(t, s, client)
	var local ice.Credentials
	s.with(func(a *ice.Agent) { local = a.Local() })
	conn, err := client.StartDial(local.Ufrag, local.Pwd)
	require.NoError(t, err)
	first := agree(t, s, client, conn, ice.Path{})

	// The client goes on checking, which is its consent.
	var sooner time.Time
	s.with(func(a *ice.Agent) { sooner, _ = a.NextChange(time.Now()) })
	require.Eventually(t, func() bool {
		var later time.Time
		s.with(func(a *ice.Agent) { later, _ = a.NextChange(time.Now()) })
		return later.After(sooner)
	}, 10*time.Second, 5*time.Millisecond)

	require.NoError(t, client.Restart("", ""))
	renewed := ice.NewCredentials()
	s.with(func(a *ice.Agent) { a.Restart(renewed, credentials(t, client), time.Now()) })
	p, ok := s.selected()
	require.True(t, ok)
	require.Equal(t, first, p, "the old path serves on")
	require.NoError(t, client.SetRemoteCredentials(renewed.Ufrag, renewed.Pwd))
	offer(t, s, client)
	second := agree(t, s, client, conn, first) // pion restarts with new sockets
	require.NotEqual(t, first.Remote, second.Remote)
	s.with(func(a *ice.Agent) { require.Equal(t, ice.Connected, a.State(time.Now())) })
}
