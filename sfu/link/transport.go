package link

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/ice"
)

// Config says where media comes in and what is negotiated.
type Config struct {
	UDPPort         int          // 0: any free one
	TCPPort         int          // -1: no ICE over TCP; 0: any free one
	BindAddresses   []netip.Addr // empty: every address of the machine
	PublicAddresses []netip.Addr // in front of a one-to-one NAT: offered instead of the local ones
	IPv4, IPv6      bool
	IncludeLoopback bool

	Loops     int           // that read each address; 0: one
	FrameHold time.Duration // how long the packets of a picture wait for its last one; 0: not at all

	Audio, Video []codec.Kind // in order of preference
	SRTPProfiles []string     // in order of preference, names of package srtp

	SetUp        time.Duration // until a link must be connected
	Disconnected time.Duration // silence after which a link counts as disconnected
	Failed       time.Duration // and after which it counts as lost
	TCPQueue     int           // packets that may wait for a peer on TCP; the oldest goes first

	RelayOnly                bool // peers are reached through our own TURN server alone
	MaxVideoBPS, MaxAudioBPS int  // that a peer is asked to keep to on each section, in bits per second; 0: any

	Data DataLimits // of each peer's data channels
}

const (
	// socketBuffer holds a burst of key frames to and from sixteen people; the
	// kernel may give less without an error.
	socketBuffer = 4 << 20
	// readBatch is how many packets a loop takes from the kernel at once.
	readBatch = 32
	// sendBatch is how many packets a loop gathers before it must send.
	sendBatch = 512
	// consent is how long after the peer's last connectivity check we may still
	// send to it (RFC 7675 section 5.1).
	consent = 30 * time.Second
)

// Transport owns the sockets that all links share.
type Transport struct {
	cfg         Config
	log         *slog.Logger
	now         func() time.Time
	terms       atomic.Pointer[Terms]
	frameHold   atomic.Int64 // nanoseconds
	certificate tls.Certificate
	fingerprint string

	directory directory
	relays    relayTable
	doors     []*socketDoor
	later     []*laterLane
	watched   time.Time // when Tick last looked for silence
	tcp       *tcpPort
	passes    sync.Pool // of *pass, for those who read no UDP socket
	count     counters

	stop    chan struct{}
	running sync.WaitGroup
}

// counters are those of Stats.
type counters struct {
	queueDrops, malformed, stranger, forged, replayed, streams, early atomic.Uint64

	data dataCounters
}

// ErrNoAddress says that the machine has no address to receive media on.
var ErrNoAddress = errors.New("link: no local address to receive media on: check bind_addresses, ipv4, ipv6 and include_loopback")

// Open opens the sockets and begins to read them.
func Open(cfg Config, log *slog.Logger, now func() time.Time) (*Transport, error) {
	t := &Transport{cfg: cfg, log: log, now: now, stop: make(chan struct{})}
	t.cfg.Loops = max(cfg.Loops, 1)
	t.cfg.Data = cfg.Data.withDefaults()
	t.passes.New = func() any { return newPass(pooledBatch) }
	err := t.Tune(cfg)
	if err != nil {
		return nil, err
	}
	if t.certificate, err = newCertificate(now()); err != nil {
		return nil, err
	}
	t.fingerprint = sha256Fingerprint(t.certificate.Certificate[0])
	if err := errors.Join(t.openUDP(), t.openTCP()); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	for _, d := range t.doors {
		t.running.Add(1)
		go newLoop(t, d, d.socket).run()
	}
	return t, nil
}

func (t *Transport) openUDP() error {
	addrs := t.cfg.BindAddresses
	if len(addrs) == 0 {
		var err error
		if addrs, err = localAddresses(t.cfg); err != nil {
			return err
		}
	}
	if len(addrs) == 0 {
		return ErrNoAddress
	}
	port := uint16(t.cfg.UDPPort)
	for _, a := range addrs {
		at, err := t.listen(netip.AddrPortFrom(a, port))
		if err != nil {
			return fmt.Errorf("link: opening the media socket: %w", err)
		}
		port = at.Port()
	}
	return nil
}

// listen opens the sockets of one address: for a single loop one for what it
// must have at once and one for what can wait, else one for each.
func (t *Transport) listen(at netip.AddrPort) (netip.AddrPort, error) {
	cfg := datagram.Config{ReusePort: true, GRO: true, ReadBuffer: socketBuffer, WriteBuffer: socketBuffer}
	if t.cfg.Loops == 1 {
		s, later, err := datagram.ListenLanes(at, cfg)
		if err != nil {
			return at, err
		}
		d := &socketDoor{socket: s, address: s.Addr()}
		t.doors = append(t.doors, d)
		if later != nil {
			t.later = append(t.later, &laterLane{socket: later, loop: newLoop(t, d, later)})
		}
		return d.address, nil
	}
	if err := datagram.Vacant(at); err != nil {
		return at, err
	}
	for range t.cfg.Loops {
		s, err := datagram.Listen(at, cfg)
		if err != nil {
			return at, err
		}
		at = s.Addr()
		t.doors = append(t.doors, &socketDoor{socket: s, address: at})
	}
	return at, nil
}

// localAddresses lists the machine's addresses that peers could reach.
func localAddresses(cfg Config) ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("link: listing the machine's addresses: %w", err)
	}
	var out []netip.Addr
	for _, a := range all {
		ipnet, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(ipnet.IP)
		if !ok {
			continue
		}
		ip = ip.Unmap()
		switch {
		case ip.Is4() && !cfg.IPv4, ip.Is6() && !cfg.IPv6:
		case ip.IsLoopback() && !cfg.IncludeLoopback:
		case ip.IsLinkLocalUnicast(), ip.IsMulticast():
			// A link-local address needs a zone, which a remote peer cannot know.
		default:
			if !slices.Contains(out, ip) {
				out = append(out, ip)
			}
		}
	}
	return out, nil
}

// candidates are the addresses that peers are told of: all of UDP before those
// of TCP, which are for networks that let no UDP through. A relay reaches us by
// UDP alone.
func (t *Transport) candidates(terms *Terms) []string {
	var addrs []netip.Addr
	for _, a := range t.Addresses() {
		addrs = append(addrs, a.Addr())
	}
	if len(t.cfg.PublicAddresses) > 0 {
		addrs = t.cfg.PublicAddresses
	}
	var list []ice.Candidate
	for _, a := range addrs {
		list = append(list, ice.Candidate{Addr: netip.AddrPortFrom(a, uint16(t.UDPPort()))})
	}
	if t.tcp != nil && !terms.relayOnly {
		for _, a := range addrs {
			list = append(list, ice.Candidate{Addr: netip.AddrPortFrom(a, uint16(t.TCPPort())), TCP: true})
		}
	}
	return ice.Candidates(list)
}

// UDPPort is the port that media comes in on.
func (t *Transport) UDPPort() int { return int(t.doors[0].address.Port()) }

// TCPPort is the port of ICE over TCP, 0 when it is off.
func (t *Transport) TCPPort() int {
	if t.tcp == nil {
		return 0
	}
	return t.tcp.port
}

// Addresses are the local addresses of the sockets.
func (t *Transport) Addresses() []netip.AddrPort {
	var out []netip.AddrPort
	for _, d := range t.doors {
		if !slices.Contains(out, d.address) {
			out = append(out, d.address)
		}
	}
	return out
}

// doorFor finds the socket on which packets to addr arrive. A public address
// stands for the first socket of its family.
func (t *Transport) doorFor(addr netip.AddrPort) *socketDoor {
	if int(addr.Port()) != t.UDPPort() {
		return nil
	}
	a := addr.Addr().Unmap()
	public := slices.Contains(t.cfg.PublicAddresses, a)
	for _, d := range t.doors {
		own := d.address.Addr()
		if own == a || public && own.Is4() == a.Is4() && !own.IsLoopback() {
			return d
		}
	}
	return nil
}

// laterLane is a socket whose packets can wait: Tick reads it.
type laterLane struct {
	socket *datagram.Socket
	loop   *loop
}

// watchEvery is how often silence is looked for. It is a small part of any
// timeout that makes sense.
const watchEvery = 100 * time.Millisecond

// Tick does what time brings: it takes in feedback that the sockets have put
// aside, and notices links that have fallen silent. It is called some fifty
// times a second, by one goroutine, which thereby is the only one that wakes
// without a packet.
func (t *Transport) Tick(now time.Time) {
	for _, l := range t.later {
		l.loop.drain(now)
	}
	if now.Sub(t.watched) < watchEvery {
		return
	}
	t.watched = now
	for _, l := range t.directory.links() {
		l.watch(now)
	}
}

// Stats are the transport's own counters.
type Stats struct {
	QueueDropped uint64 // packets to peers on TCP that were too slow
	Malformed    uint64 // packets that were not what their first byte said
	Stranger     uint64 // packets from addresses that are no peer's
	Forged       uint64 // packets that did not open with the peer's key
	Replayed     uint64 // packets that had been here before
	Streams      uint64 // packets of SSRCs beyond the most that a peer may have
	Early        uint64 // packets that came before the keys and found no room to wait
	Data         DataStats
	Sockets      datagram.Stats
}

// Stats may be called by any goroutine.
func (t *Transport) Stats() Stats {
	c := &t.count
	st := Stats{
		QueueDropped: c.queueDrops.Load(), Malformed: c.malformed.Load(), Stranger: c.stranger.Load(),
		Forged: c.forged.Load(), Replayed: c.replayed.Load(), Streams: c.streams.Load(), Early: c.early.Load(), Data: c.data.stats(),
	}
	for _, d := range t.doors {
		st.Sockets.Add(d.socket.Stats())
	}
	for _, l := range t.later {
		st.Sockets.Add(l.socket.Stats())
	}
	return st
}

// Close closes the sockets and waits for their readers; links must be closed
// before.
func (t *Transport) Close() error {
	select {
	case <-t.stop:
		return nil
	default:
		close(t.stop)
	}
	var errs []error
	for _, d := range t.doors {
		errs = append(errs, d.socket.Close())
	}
	for _, l := range t.later {
		errs = append(errs, l.socket.Close())
	}
	if t.tcp != nil {
		errs = append(errs, t.tcp.close())
	}
	t.running.Wait()
	return errors.Join(errs...)
}
