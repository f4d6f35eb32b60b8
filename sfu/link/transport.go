package link

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"kinwire/sfu/codec"
)

// Config says where media comes in and what is negotiated.
type Config struct {
	UDPPort         int          // 0: any free one
	TCPPort         int          // -1: no ICE over TCP; 0: any free one
	BindAddresses   []netip.Addr // empty: every address of the machine
	PublicAddresses []netip.Addr // in front of a one-to-one NAT: offered instead of the local ones
	IPv4, IPv6      bool
	IncludeLoopback bool

	Audio, Video []codec.Kind // in order of preference
	SRTPProfiles []string     // in order of preference, names of Profiles

	Disconnected time.Duration // silence after which a link counts as disconnected
	Failed       time.Duration // and after which it counts as lost
	TCPQueue     int           // packets that may wait for a peer on TCP; the oldest goes first
}

// Transport owns the sockets that all links share.
type Transport struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	profiles []dtls.SRTPProtectionProfile
	relays   relayTable
	sockets  []*socket
	udpMux   ice.UDPMux
	tcpMux   *ice.TCPMuxDefault
	cert     webrtc.Certificate

	queueDrops atomic.Uint64
	malformed  atomic.Uint64
}

// Profiles are the SRTP protection profiles (RFC 5764, RFC 7714) by their
// names in the configuration.
var Profiles = map[string]dtls.SRTPProtectionProfile{
	"aead_aes_128_gcm":  dtls.SRTP_AEAD_AES_128_GCM,
	"aead_aes_256_gcm":  dtls.SRTP_AEAD_AES_256_GCM,
	"aes128_cm_sha1_80": dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

// ErrNoAddress says that the machine has no address to receive media on.
var ErrNoAddress = errors.New("link: no local address to receive media on: check bind_addresses, ipv4, ipv6 and include_loopback")

// Open opens the sockets.
func Open(cfg Config, log *slog.Logger, now func() time.Time) (*Transport, error) {
	t := &Transport{cfg: cfg, log: log, now: now}
	for _, name := range cfg.SRTPProfiles {
		p, ok := Profiles[name]
		if !ok {
			return nil, fmt.Errorf("link: unknown SRTP profile %q", name)
		}
		t.profiles = append(t.profiles, p)
	}
	cert, err := newCertificate(now())
	if err != nil {
		return nil, err
	}
	t.cert = cert
	if err := t.openUDP(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	if err := t.openTCP(); err != nil {
		return nil, errors.Join(err, t.Close())
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
	var muxes []ice.UDPMux
	for _, a := range addrs {
		s, err := listen(netip.AddrPortFrom(a, port), &t.relays)
		if err != nil {
			return err
		}
		port = s.local.Port()
		t.sockets = append(t.sockets, s)
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s, Logger: pionLog{t.log}}))
	}
	t.udpMux = ice.NewMultiUDPMuxDefault(muxes...)
	return nil
}

func (t *Transport) openTCP() error {
	if t.cfg.TCPPort < 0 {
		return nil
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{Port: t.cfg.TCPPort})
	if err != nil {
		return fmt.Errorf("link: opening the ICE-TCP port: %w", err)
	}
	t.tcpMux = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: l, Logger: pionLog{t.log}, ReadBufferSize: 64,
		// Without a buffer in the mux a write blocks: the link's own queue
		// (queue.go) stands before it and drops the oldest.
		FirstStunBindTimeout: 10 * time.Second,
	})
	return nil
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

// offers says which local addresses peers are told of: those with a socket.
func (t *Transport) offers(ip net.IP) bool {
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return false
	}
	return slices.ContainsFunc(t.sockets, func(s *socket) bool { return s.local.Addr() == a.Unmap() })
}

// UDPPort is the port that media comes in on.
func (t *Transport) UDPPort() int { return int(t.sockets[0].local.Port()) }

// TCPPort is the port of ICE over TCP, 0 when it is off.
func (t *Transport) TCPPort() int {
	if t.tcpMux == nil {
		return 0
	}
	return t.tcpMux.LocalAddr().(*net.TCPAddr).Port
}

// Addresses are the local addresses of the sockets.
func (t *Transport) Addresses() []netip.AddrPort {
	out := make([]netip.AddrPort, len(t.sockets))
	for i, s := range t.sockets {
		out[i] = s.local
	}
	return out
}

// socketFor finds the socket on which packets to addr arrive. A public
// address stands for the first socket of its family.
func (t *Transport) socketFor(addr netip.AddrPort) *socket {
	if int(addr.Port()) != t.UDPPort() {
		return nil
	}
	a := addr.Addr().Unmap()
	public := slices.Contains(t.cfg.PublicAddresses, a)
	for _, s := range t.sockets {
		if s.local.Addr() == a || public && s.local.Addr().Is4() == a.Is4() && !s.local.Addr().IsLoopback() {
			return s
		}
	}
	return nil
}

// Stats are the transport's own counters.
type Stats struct {
	RelayDropped uint64 // relayed packets for which the inbox had no room
	QueueDropped uint64 // packets to peers on TCP that were too slow
	Malformed    uint64 // decrypted packets that were not RTP
}

// Stats may be called by any goroutine.
func (t *Transport) Stats() Stats {
	st := Stats{QueueDropped: t.queueDrops.Load(), Malformed: t.malformed.Load()}
	for _, s := range t.sockets {
		st.RelayDropped += s.dropped.Load()
	}
	return st
}

// Close closes the sockets; links must be closed before.
func (t *Transport) Close() error {
	var errs []error
	if t.udpMux != nil {
		errs = append(errs, t.udpMux.Close())
	} else {
		for _, s := range t.sockets {
			errs = append(errs, s.Close())
		}
	}
	if t.tcpMux != nil {
		errs = append(errs, t.tcpMux.Close())
	}
	return errors.Join(errs...)
}
