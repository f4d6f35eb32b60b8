package turn

import "sync/atomic"

// Flow counts packets, and bytes of their payload, in one direction.
type Flow struct {
	Packets, Bytes uint64
}

// Stats is a reading of the server's counters. Counters only grow; maps hold
// every reason, also those that never happened, so that their label sets are
// bounded and known.
type Stats struct {
	// Allocations are live ones, AllocationsBy splits them by how the client
	// reaches the relay ("udp", "tcp", "tls"); AllocationsTotal counts all made.
	Allocations      int
	AllocationsBy    map[string]int
	AllocationsTotal uint64
	// Streams are the open TCP and TLS connections.
	Streams int
	// Relayed packets by direction. Peers are those of Config.AllowedPeers.
	ToSFU, FromSFU, ToPeers, FromPeers Flow
	// Drops counts packets that were not passed on, by reason.
	Drops map[string]uint64
	// AuthFailures counts requests whose credentials were refused, by reason.
	AuthFailures map[string]uint64
	// Refusals counts requests of rightful users that were refused, by reason.
	Refusals map[string]uint64
}

// drop is a reason for which a packet is not passed on.
type drop int

const (
	dropQueueFull   drop = iota // the client is slower than the SFU: the oldest packet went
	dropOversize                // longer than a relay carries
	dropClosed                  // came for an allocation that had ended
	dropPeerDenied              // to a peer nobody may reach
	dropSFURefused              // MediaPort.Inject said no
	dropPeerWrite               // the real socket did not take it
	dropPeerSource              // came to a real socket from somewhere not allowed
	dropClientWrite             // the client's own transport did not take it
	dropNoPath                  // to a peer without a permission, or on a channel never bound
	dropBadMessage              // neither a sound TURN message nor channel data
	dropStreamLimit             // one TCP or TLS connection too many
	drops
)

var dropNames = [drops]string{
	"queue_full", "oversize", "closed", "peer_denied", "sfu_refused", "peer_write",
	"peer_source", "client_write", "no_path", "bad_message", "stream_limit",
}

// authFailure is a reason for which credentials are refused.
type authFailure int

const (
	authMalformed authFailure = iota // user name or realm that this server never gives out
	authExpired                      // rightful once
	authForged                       // message integrity does not fit the user name
	authWrongUser                    // the allocation on this 5-tuple is another user's
	authFailures
)

var authNames = [authFailures]string{"malformed", "expired", "forged", "wrong_user"}

// refusal is a reason for which a rightful user's request is refused.
type refusal int

const (
	refusedQuota        refusal = iota // the user's allocations, or all, are used up
	refusedPeer                        // a permission or channel for a peer nobody may reach
	refusedFamily                      // an address family the relay does not have, or of another family than the relayed address
	refusedKind                        // a TCP relay (RFC 6062), or an even or reserved port
	refusedNoAllocation                // there is no allocation on this 5-tuple
	refusedSFU                         // the SFU would not attach the relayed address
	refusals
)

var refusalNames = [refusals]string{"quota", "peer_denied", "family", "kind", "no_allocation", "sfu"}

// transports are the values that Attach's proto takes.
var transports = [...]string{"udp", "tcp", "tls"}

type flow struct {
	packets, bytes atomic.Uint64
}

func (f *flow) add(n int) {
	f.packets.Add(1)
	f.bytes.Add(uint64(n))
}

func (f *flow) read() Flow { return Flow{Packets: f.packets.Load(), Bytes: f.bytes.Load()} }

type counters struct {
	live, streams                      atomic.Int64
	liveBy                             [len(transports)]atomic.Int64
	made                               atomic.Uint64
	toSFU, fromSFU, toPeers, fromPeers flow
	drops                              [drops]atomic.Uint64
	auth                               [authFailures]atomic.Uint64
	refusals                           [refusals]atomic.Uint64
}

func (c *counters) drop(why drop)              { c.drops[why].Add(1) }
func (c *counters) authFailed(why authFailure) { c.auth[why].Add(1) }
func (c *counters) refused(why refusal)        { c.refusals[why].Add(1) }

// allocations moves the counts of live allocations by delta.
func (c *counters) allocations(proto string, delta int64) {
	c.live.Add(delta)
	for i, name := range transports {
		if name == proto {
			c.liveBy[i].Add(delta)
		}
	}
	if delta > 0 {
		c.made.Add(uint64(delta))
	}
}

func (c *counters) read() Stats {
	st := Stats{
		Allocations:      int(c.live.Load()),
		AllocationsBy:    make(map[string]int, len(transports)),
		AllocationsTotal: c.made.Load(),
		Streams:          int(c.streams.Load()),
		ToSFU:            c.toSFU.read(),
		FromSFU:          c.fromSFU.read(),
		ToPeers:          c.toPeers.read(),
		FromPeers:        c.fromPeers.read(),
		Drops:            byName(c.drops[:], dropNames[:]),
		AuthFailures:     byName(c.auth[:], authNames[:]),
		Refusals:         byName(c.refusals[:], refusalNames[:]),
	}
	for i, name := range transports {
		st.AllocationsBy[name] = int(c.liveBy[i].Load())
	}
	return st
}

func byName(values []atomic.Uint64, names []string) map[string]uint64 {
	m := make(map[string]uint64, len(names))
	for i, name := range names {
		m[name] = values[i].Load()
	}
	return m
}
