package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"kinwire/sfu/feedback"
)

const (
	// replayWindow is how many packets late one may come (RFC 3711 section
	// 3.3.2): a second of video at 8 Mbit/s. The RFC's smallest is 64.
	replayWindow = 1024
	// keepAlive has no effect on a lite agent, which sends no checks.
	keepAlive = 2 * time.Second
)

// State is where a link is.
type State string

// The states.
const (
	Connecting   State = "connecting"
	Connected    State = "connected"
	Disconnected State = "disconnected" // silence; may come back
	Failed       State = "failed"       // will not come back
)

// Owner is told what happens on a link. Its methods must not close the link
// while they run.
type Owner interface {
	Feedback
	LinkState(State)
}

// Link is one peer.
type Link struct {
	t        *Transport
	owner    Owner
	pc       *webrtc.PeerConnection
	arrivals *feedback.Arrivals // of the peer's packets, for transport-wide feedback
	delivery delivery           // of ours
	routes   atomic.Pointer[routes]
	profile  atomic.Pointer[string]
	unrouted atomic.Uint64
	twccSeq  atomic.Uint32
	ready    atomic.Bool
	queue    *queue
	cancel   context.CancelFunc

	mu      sync.Mutex
	state   State
	slots   map[string]*Slot // by mid
	writers map[uint32]interceptor.RTPWriter
}

// NewLink makes a link that waits for an offer.
func (t *Transport) NewLink(owner Owner) (*Link, error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Link{
		t: t, owner: owner, cancel: cancel, state: Connecting,
		arrivals: feedback.NewArrivals(),
		slots:    map[string]*Slot{}, writers: map[uint32]interceptor.RTPWriter{},
	}
	l.queue = newQueue(ctx, t.cfg.TCPQueue, &t.queueDrops)
	pc, err := l.peerConnection()
	if err != nil {
		cancel()
		return nil, err
	}
	l.pc = pc
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { l.stateChanged() })
	l.iceTransport().OnSelectedCandidatePairChange(func(p *webrtc.ICECandidatePair) {
		l.queue.use(p.Remote.Protocol == webrtc.ICEProtocolTCP)
	})
	return l, nil
}

func (l *Link) peerConnection() (*webrtc.PeerConnection, error) {
	m, err := l.t.mediaEngine()
	if err != nil {
		return nil, err
	}
	s, err := l.t.settings(l)
	if err != nil {
		return nil, err
	}
	var reg interceptor.Registry
	reg.Add(&tap{link: l})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s), webrtc.WithInterceptorRegistry(&reg))
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{l.t.cert}})
	if err != nil {
		return nil, fmt.Errorf("link: making the peer connection: %w", err)
	}
	return pc, nil
}

func (l *Link) iceTransport() *webrtc.ICETransport { return l.pc.SCTP().Transport().ICETransport() }

// states maps pion's to ours. Closed is what a peer's DTLS close_notify
// leads to: it went away in an orderly manner.
var states = map[webrtc.PeerConnectionState]State{
	webrtc.PeerConnectionStateNew:          Connecting,
	webrtc.PeerConnectionStateConnecting:   Connecting,
	webrtc.PeerConnectionStateConnected:    Connected,
	webrtc.PeerConnectionStateDisconnected: Disconnected,
	webrtc.PeerConnectionStateFailed:       Failed,
	webrtc.PeerConnectionStateClosed:       Failed,
}

// stateChanged is called by pion on a goroutine of its own for each change,
// in no certain order: so it looks at what is the case now.
func (l *Link) stateChanged() {
	now := states[l.pc.ConnectionState()]
	l.mu.Lock()
	if now == l.state || l.state == Failed {
		l.mu.Unlock()
		return
	}
	l.state = now
	l.ready.Store(now == Connected || now == Disconnected)
	l.mu.Unlock()
	l.owner.LinkState(now)
}

// State is the link's present state.
func (l *Link) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// bind takes pion's writer for a slot's stream.
func (l *Link) bind(ssrc uint32, w interceptor.RTPWriter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writers[ssrc] = w
	for _, s := range l.slots {
		if s.ssrc == ssrc {
			s.writer.Store(&w)
		}
	}
}

// WriteRTCP sends packets to the peer.
func (l *Link) WriteRTCP(packets []rtcp.Packet) error {
	if !l.ready.Load() || len(packets) == 0 {
		return nil
	}
	if l.queue.active() {
		l.queue.pushRTCP(l, packets)
		return nil
	}
	return l.sendRTCP(packets)
}

func (l *Link) sendRTCP(packets []rtcp.Packet) error {
	if err := l.pc.WriteRTCP(packets); err != nil {
		return fmt.Errorf("link: sending RTCP: %w", err)
	}
	return nil
}

// RequestKeyFrame sends a PLI (RFC 4585 section 6.3.1) for the peer's stream.
func (l *Link) RequestKeyFrame(ssrc uint32) {
	_ = l.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

// TransportFeedback is the transport-wide congestion control feedback due
// now, about the stream with the given SSRC and all others of the link.
func (l *Link) TransportFeedback(media uint32, now time.Time) []rtcp.Packet {
	return l.arrivals.Feedback(0, media, now)
}

// Path is the way packets go.
type Path struct {
	Relay    bool
	Protocol string         // "udp", "tcp", "tls": how the peer reaches us, or our relay
	Remote   netip.AddrPort // the peer's own, also behind our relay
}

// Path is that of the selected candidate pair; false before there is one.
func (l *Link) Path() (Path, bool) {
	pair, err := l.iceTransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Remote == nil {
		return Path{}, false
	}
	ip, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return Path{}, false
	}
	p := Path{Protocol: pair.Remote.Protocol.String(), Remote: netip.AddrPortFrom(ip.Unmap(), pair.Remote.Port)}
	if r := l.t.relays.get(p.Remote); r != nil {
		p.Relay, p.Protocol, p.Remote = true, r.proto, r.client
	}
	return p, true
}

// Profile is the SRTP protection profile in use, "" before the handshake.
func (l *Link) Profile() string {
	if p := l.profile.Load(); p != nil {
		return *p
	}
	return ""
}

// LinkStats are a link's own counters.
type LinkStats struct {
	Unrouted      uint64 // packets of no known m-section
	Acked, Missed uint64 // packets of ours that the peer's transport-wide feedback reports
}

// Stats may be called by any goroutine.
func (l *Link) Stats() LinkStats {
	return LinkStats{Unrouted: l.unrouted.Load(), Acked: l.delivery.received.Load(), Missed: l.delivery.lost.Load()}
}

// Close ends the link and waits for its writer. It says good-bye to the peer
// by DTLS.
func (l *Link) Close() error {
	l.mu.Lock()
	l.state = Failed
	l.ready.Store(false)
	l.mu.Unlock()
	l.cancel()
	err := l.pc.Close() // ends a write that blocks
	l.queue.wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("link: closing: %w", err)
	}
	return nil
}
