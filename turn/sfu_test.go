package turn

import (
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// injected is one packet that came to the SFU from a relay.
type injected struct {
	data        []byte
	relayed, to netip.AddrPort
}

// sfu is a MediaPort that keeps to the interface's word: it copies what is
// injected into a bounded queue of its own, never blocks, and knows only
// attached addresses. What a test wants done with packets, it sets as handle.
type sfu struct {
	addrs  []netip.AddrPort
	queue  chan injected
	handle func(injected)
	done   chan struct{}
	refuse atomic.Bool

	mu       sync.Mutex
	attached map[netip.AddrPort]attachment
}

type attachment struct {
	client  netip.AddrPort
	proto   string
	deliver func(p []byte, from netip.AddrPort)
}

func newSFU(t testing.TB, addrs ...string) *sfu {
	s := &sfu{
		queue: make(chan injected, 64), done: make(chan struct{}),
		attached: make(map[netip.AddrPort]attachment),
	}
	for _, a := range addrs {
		s.addrs = append(s.addrs, netip.MustParseAddrPort(a))
	}
	s.handle = func(p injected) { s.send(p.data, p.to, p.relayed) } // echo
	go func() {
		defer close(s.done)
		for p := range s.queue {
			s.handle(p)
		}
	}()
	t.Cleanup(func() { close(s.queue); <-s.done })
	return s
}

func (s *sfu) Owns(addr netip.AddrPort) bool {
	for _, a := range s.addrs {
		if a == addr || addr.Port() == 0 && a.Addr() == addr.Addr() {
			return true
		}
	}
	return false
}

func (s *sfu) Attach(relayed, client netip.AddrPort, proto string, deliver func(p []byte, from netip.AddrPort)) error {
	if s.refuse.Load() {
		return errors.New("full")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.attached[relayed]; taken {
		return errors.New("attached already")
	}
	s.attached[relayed] = attachment{client, proto, deliver}
	return nil
}

func (s *sfu) Detach(relayed netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.attached, relayed)
}

func (s *sfu) Inject(p []byte, relayed, to netip.AddrPort) bool {
	s.mu.Lock()
	_, known := s.attached[relayed]
	s.mu.Unlock()
	if !known || !s.Owns(to) {
		return false
	}
	select {
	case s.queue <- injected{append([]byte(nil), p...), relayed, to}:
		return true
	default:
		return false
	}
}

// send is the SFU sending from its address from to a relayed one.
func (s *sfu) send(p []byte, from, relayed netip.AddrPort) bool {
	s.mu.Lock()
	a, ok := s.attached[relayed]
	s.mu.Unlock()
	if ok {
		a.deliver(p, from)
	}
	return ok
}

// protos gives how the clients of all attached addresses reach the relay.
func (s *sfu) protos() (protos []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.attached {
		protos = append(protos, a.proto)
	}
	return protos
}

// clientOf is who the server said is behind a relayed address.
func (s *sfu) clientOf(relayed netip.AddrPort) netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attached[relayed].client
}

// sfuAddr is where the SFU of most tests receives media: no socket is there.
const sfuAddr = "127.0.0.1:7"

var testSecret = []byte("correct horse battery staple")

// start gives a server with cfg, for an SFU at sfuAddr, on UDP unless cfg says
// otherwise.
func start(t testing.TB, cfg Config) (*Server, *sfu, *Credentials) {
	t.Helper()
	if cfg.UDP == nil && cfg.TCP == nil && cfg.TLS == nil {
		cfg.UDP = []string{"127.0.0.1:0"}
	}
	media := newSFU(t, sfuAddr, "[::1]:7")
	creds := NewCredentials(testSecret, time.Hour, nil)
	srv, err := New(cfg, Deps{Credentials: creds, SFU: media, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	return srv, media, creds
}

// eventually waits until cond holds.
func eventually(t testing.TB, cond func() bool, what string) {
	t.Helper()
	require.Eventually(t, cond, 20*time.Second, 2*time.Millisecond, what)
}
