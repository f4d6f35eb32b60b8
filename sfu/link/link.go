package link

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"

	"kinwire/sfu/datagram"
	"kinwire/sfu/feedback"
	"kinwire/sfu/ice"
	"kinwire/sfu/sdp"
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

// Owner is told what happens on a link. LinkState must not close the link
// while it runs.
type Owner interface {
	Feedback
	Data
	LinkState(State)
}

// Link is one peer.
type Link struct {
	t        *Transport
	terms    *Terms
	owner    Owner
	created  time.Time
	arrivals *feedback.Arrivals // of the peer's packets, for transport-wide feedback
	delivery delivery           // of ours

	routes    atomic.Pointer[routes]
	out       atomic.Pointer[way]  // where our packets go; nil while there is no path
	last      atomic.Pointer[way]  // where they went last
	keys      atomic.Pointer[keys] // nil before the handshake is done and after the end
	heard     atomic.Int64         // when the chosen path last brought a packet of the peer's, Unix nanoseconds
	elsewhere atomic.Pointer[heardOn]
	twccSeq   atomic.Uint32

	unrouted atomic.Uint64

	in        sync.Mutex // held while a packet is opened and forwarded
	incoming  map[uint32]*incoming
	early     []earlyPacket
	rtcpOut   sync.Mutex
	rtcpPlain []byte

	mu       sync.Mutex
	state    State
	told     State // what the owner was told last
	agent    *ice.Agent
	ways     map[ice.Path]*way // those that the agent holds valid
	tasks    []task
	working  bool              // the goroutine that does the tasks runs
	expected []sdp.Fingerprint // of the peer's certificate; nil before the first offer
	remote   ice.Credentials
	before   string // our fragment before the last ICE restart
	session  uint64
	version  uint64
	slots    map[string]*Slot // by mid
	conn     *dtls.Conn
	closed   bool

	data    channels
	tunnel  atomic.Pointer[tunnel] // what DTLS reads and writes, once it has begun
	ctx     context.Context        // ends with the link
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// heardOn is when a path that is not the chosen one last brought a packet.
type heardOn struct {
	path ice.Path
	at   time.Time
}

// NewLink makes a link that waits for an offer, under the terms of now.
func (t *Transport) NewLink(owner Owner) (*Link, error) { return t.NewLinkUnder(t.Terms(), owner) }

// NewLinkUnder makes one under terms that were taken before.
func (t *Transport) NewLinkUnder(terms *Terms, owner Owner) (*Link, error) {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	l := &Link{
		t: t, terms: terms, owner: owner, state: Connecting, told: Connecting, arrivals: feedback.NewArrivals(),
		incoming: map[uint32]*incoming{}, ways: map[ice.Path]*way{}, slots: map[string]*Slot{},
		session: binary.BigEndian.Uint64(id[:]) >> 2, // RFC 8829 section 5.2.1: not above 2^62
		created: t.now(),
	}
	l.data.start(t.cfg.Data)
	l.ctx, l.cancel = context.WithCancel(context.Background())
	local := ice.NewCredentials()
	l.agent = ice.NewAgent(terms.iceConfig(), local, t.now())
	t.directory.enter(l, local.Ufrag)
	return l, nil
}

func (t *Terms) iceConfig() ice.Config {
	return ice.Config{Disconnected: t.disconnected, Failed: t.failed, Consent: consent}
}

// State is the link's present state.
func (l *Link) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// review works out the state from what is the case and lets the owner hear of
// it, on the link's goroutine. Called with mu held.
func (l *Link) review(now time.Time) {
	if l.closed || l.state == Failed {
		return
	}
	path := l.agent.State(now)
	if path != ice.Connected {
		l.syncWays() // time alone can end paths
	}
	switch {
	case path == ice.Failed:
		l.state = Failed
	case l.keys.Load() == nil || l.state == Connecting && l.out.Load() == nil:
		l.state = Connecting
	case path == ice.Disconnected || l.out.Load() == nil:
		l.state = Disconnected // silent, or its connection is gone
	default:
		l.state = Connected
	}
	if l.state != l.told {
		l.post(task{})
	}
}

// fail ends the link by our own finding. Called with mu held.
func (l *Link) fail() {
	if l.closed || l.state == Failed {
		return
	}
	l.state = Failed
	l.post(task{})
}

// watch is called every now and then, to notice silence.
func (l *Link) watch(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if w, at := l.out.Load(), l.heard.Load(); w != nil && at != 0 {
		l.agent.Heard(w.path, time.Unix(0, at))
	}
	if h := l.elsewhere.Swap(nil); h != nil && l.agent.Heard(h.path, h.at) {
		l.choose()
	}
	if l.state == Connecting && now.Sub(l.created) > l.t.cfg.SetUp && l.keys.Load() == nil {
		l.fail()
	}
	l.review(now)
}

// noteHeard says that a packet of the peer's came in on w: it opened with the
// peer's key. It is part of the hot path.
func (l *Link) noteHeard(w *way, now time.Time) {
	if l.out.Load() == w {
		l.heard.Store(now.UnixNano())
		return
	}
	if l.elsewhere.Load() == nil { // once between two looks
		l.elsewhere.Store(&heardOn{path: w.path, at: now})
	}
}

// choose takes over the path that the agent has selected. Called with mu held.
func (l *Link) choose() {
	if p, ok := l.agent.Selected(); ok {
		if w := l.ways[p]; w != nil && l.out.Load() != w {
			l.heard.Store(0)
			l.out.Store(w)
			l.last.Store(w)
		}
	}
}

// Path is the way packets go.
type Path struct {
	Relay    bool
	Protocol string         // "udp", "tcp", "tls": how the peer reaches us, or our relay
	Remote   netip.AddrPort // the peer's own, also behind our relay
}

// Path is that of the chosen path, or of the last one when it is gone: a
// connection that the peer has closed was how it was reached. false before
// there is one.
func (l *Link) Path() (Path, bool) {
	w := l.last.Load()
	if w == nil {
		return Path{}, false
	}
	return w.door.describe(w.path.Remote), true
}

// Profile is the SRTP protection profile in use, "" before the handshake.
func (l *Link) Profile() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.keys.Load(); k != nil {
		return k.profile.String()
	}
	return ""
}

// LinkStats are a link's own counters.
type LinkStats struct {
	Unrouted      uint64 // packets of no known m-section
	Acked, Missed uint64 // packets of ours that the peer's transport-wide feedback reports
	Waiting       int    // packets that a slow TCP connection has not taken yet
}

// Stats may be called by any goroutine.
func (l *Link) Stats() LinkStats {
	st := LinkStats{Unrouted: l.unrouted.Load(), Acked: l.delivery.received.Load(), Missed: l.delivery.lost.Load()}
	if w := l.last.Load(); w != nil {
		if d, ok := w.door.(*tcpDoor); ok {
			st.Waiting = d.queue.len()
		}
	}
	return st
}

// Close ends the link and waits for its goroutines. It says good-bye to the
// peer by DTLS.
func (l *Link) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.running.Wait()
		return nil
	}
	l.closed, l.state = true, Failed
	l.tasks = nil
	conn := l.conn
	ufrags := []string{l.agent.Local().Ufrag, l.before}
	ways := slices.Collect(maps.Values(l.ways))
	l.mu.Unlock()
	l.cancel()
	l.t.directory.leave(l, ufrags, ways)
	var err error
	if conn != nil {
		err = conn.Close()
	}
	if t := l.tunnel.Load(); t != nil {
		t.close()
	}
	for _, w := range ways {
		if d, ok := w.door.(*tcpDoor); ok {
			d.queue.finish() // after the good-bye
		}
	}
	l.running.Wait()
	l.in.Lock()
	l.keys.Store(nil)
	l.early = nil
	l.in.Unlock()
	return closing(err)
}

// dest is where a packet for the peer goes now; nil when there is no path.
func (l *Link) dest() *datagram.Dest {
	if w := l.out.Load(); w != nil {
		return w.dest
	}
	return nil
}
