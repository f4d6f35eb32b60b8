package turn

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"time"
)

// Defaults for fields of Config that are zero.
const (
	DefaultRealm                 = "kinwire"
	DefaultMaxAllocations        = 1024
	DefaultMaxAllocationsPerUser = 8
)

// Config says where the server listens and what it lets its users do.
type Config struct {
	// UDP, TCP and TLS are the addresses to listen on, as "host:port", ":port"
	// or "[v6]:port". Port 0 takes any free port; Server.Addrs tells which.
	UDP, TCP, TLS []string
	// CertFile and KeyFile are PEM files for TLS. Without them the TLS list is
	// not served. They are read again when they change on disk.
	CertFile, KeyFile string
	// Realm is the STUN realm; DefaultRealm when empty.
	Realm string
	// PublicAddresses are the IP addresses under which clients reach this
	// machine, best first; they become the hosts of URLs and the IP addresses of
	// relayed transport addresses. A host name may stand among them, for the
	// URLs alone (a TLS client checks it against the certificate). Empty: the
	// addresses listened on, or the machine's own.
	PublicAddresses []string
	// AllowedPeers are networks that may be reached besides the SFU, through
	// real sockets. A private, loopback or otherwise special address is reached
	// only when a prefix within that special range names it: 0.0.0.0/0 opens
	// the Internet and not the machine's own network.
	AllowedPeers []netip.Prefix
	// MaxAllocations bounds live allocations in all, MaxAllocationsPerUser those
	// of one user over all of the user's calls and devices. Zero: the defaults.
	MaxAllocations, MaxAllocationsPerUser int
}

// Deps is what the server needs of the rest of the house.
type Deps struct {
	Credentials *Credentials // required
	SFU         MediaPort    // required
	Log         *slog.Logger // nil: slog.Default()
	Now         func() time.Time
}

// MediaPort is the SFU's ICE mux as the relay sees it.
//
// Owns and Inject are called for every packet, from many goroutines. The server
// holds none of its locks during any of these calls.
type MediaPort interface {
	// Owns reports whether addr (UDP) is one the SFU receives media on. Port 0
	// asks about the IP address alone; to answer false to that is allowed and
	// only costs clients that leave the port out of a CreatePermission request.
	Owns(addr netip.AddrPort) bool
	// Attach makes relayed known to the SFU: packets that the SFU sends to it go
	// to deliver, with the SFU's address they come from. deliver does not block
	// and does not keep p. client is where the client's own packets come from, and
	// proto is how the client reaches the relay: "udp",
	// "tcp" or "tls".
	Attach(relayed, client netip.AddrPort, proto string, deliver func(p []byte, from netip.AddrPort)) error
	// Detach ends what Attach began. A call of deliver that is under way may
	// still end after it; later ones are harmless.
	Detach(relayed netip.AddrPort)
	// Inject hands the SFU one packet that relayed sends to the SFU's address
	// to. It copies p. False: the packet was dropped (queue full, or to unknown).
	Inject(p []byte, relayed, to netip.AddrPort) bool
}

// ConfigError says which setting cannot be used, what was given, and what may be.
type ConfigError struct {
	Field, Given, Allowed string
}

// Error implements error.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("turn: %s is %q; allowed: %s", e.Field, e.Given, e.Allowed)
}

// Errors of New for missing parts, to be told from ConfigError with errors.Is.
var (
	ErrNoCredentials = errors.New("turn: Deps.Credentials is nil")
	ErrNoSFU         = errors.New("turn: Deps.SFU is nil")
)

// hostName is a DNS name (RFC 1123 section 2.1), or a single label of one.
var hostName = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

// withDefaults gives cfg with its zero fields filled in, or the first thing
// wrong with it.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Realm == "" {
		cfg.Realm = DefaultRealm
	}
	if len(cfg.Realm) > 127 {
		return cfg, &ConfigError{"realm", cfg.Realm, "at most 127 bytes"}
	}
	for _, n := range []struct {
		field string
		value *int
		std   int
	}{
		{"max_allocations", &cfg.MaxAllocations, DefaultMaxAllocations},
		{"max_allocations_per_user", &cfg.MaxAllocationsPerUser, DefaultMaxAllocationsPerUser},
	} {
		if *n.value < 0 {
			return cfg, &ConfigError{n.field, fmt.Sprint(*n.value), "0 (the default) or more"}
		}
		if *n.value == 0 {
			*n.value = n.std
		}
	}
	if (cfg.CertFile == "") != (cfg.KeyFile == "") {
		return cfg, &ConfigError{"cert_file, key_file", cfg.CertFile + ", " + cfg.KeyFile, "both or neither"}
	}
	for _, l := range []struct {
		field string
		addrs []string
	}{{"udp_listen", cfg.UDP}, {"tcp_listen", cfg.TCP}, {"tls_listen", cfg.TLS}} {
		for _, a := range l.addrs {
			if _, _, err := net.SplitHostPort(a); err != nil {
				return cfg, &ConfigError{l.field, a, "host:port, :port or [v6]:port"}
			}
		}
	}
	for _, a := range cfg.PublicAddresses {
		if _, err := netip.ParseAddr(a); err != nil && !hostName.MatchString(a) {
			return cfg, &ConfigError{"public_addresses", a, "IP addresses and host names, without a port"}
		}
	}
	for _, p := range cfg.AllowedPeers {
		if !p.IsValid() {
			return cfg, &ConfigError{"allowed_peers", p.String(), "networks such as 203.0.113.0/24 or 2001:db8::/32"}
		}
	}
	return cfg, nil
}
