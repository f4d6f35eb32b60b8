package main

import (
	"cmp"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kinwire/configs"
	"kinwire/metrics"
	"kinwire/signaling/proto"
)

// node tells the state of this server.
type node struct {
	p       *planes
	started time.Time
	sockets []proto.NodeSocket
	config  func() proto.NodeConfig
}

func newNode(p *planes, cfg *configs.Config, started time.Time, config func() proto.NodeConfig) *node {
	return &node{p: p, started: started, sockets: nodeSockets(p, cfg), config: config}
}

// State is what is so at this moment.
func (n *node) State() proto.NodeState {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	hub, media := n.p.families.changes.hub.Stats(), n.p.sfu.Totals()
	st := proto.NodeState{
		Version: version(), StartedAt: n.started.UnixMilli(), Now: time.Now().UnixMilli(),
		CPU: processorSeconds(), Processors: runtime.GOMAXPROCS(0),
		Memory: residentBytes(int64(memory.Sys)), Heap: int64(memory.HeapAlloc), Goroutines: runtime.NumGoroutine(), Files: openFiles(),
		Sessions: hub.Sessions, Calls: len(n.p.recorder.LiveCalls()), Peers: media.Peers,
		Sockets: n.sockets, Counters: []proto.NodeCount{}, Drops: []proto.NodeCount{},
		Config: n.config(),
	}
	if n.p.turn != nil {
		st.Relays = n.p.turn.Stats().Allocations
	}
	for _, r := range n.p.recorder.Readings() {
		n.count(&st, r)
	}
	return st
}

// count puts a counter where it belongs: what was lost, refused or dropped for a
// reason is among the drops, if it ever happened.
func (n *node) count(st *proto.NodeState, r metrics.Reading) {
	plane, name, ok := strings.Cut(strings.TrimPrefix(r.Metric, "kinwire_"), "_")
	if !ok || r.Kind != metrics.Counter || !slices.Contains(nodePlanes, plane) {
		return
	}
	c := proto.NodeCount{Plane: plane, Name: strings.TrimSuffix(name, "_total"), Value: r.Value}
	into := &st.Counters
	if slices.ContainsFunc(lossNames, func(end string) bool { return strings.HasSuffix(c.Name, end) }) {
		if into = &st.Drops; r.Value == 0 {
			return
		}
	}
	if len(r.Labels) > 0 {
		c.Name += "/" + strings.Join(r.Labels, "/")
	}
	*into = append(*into, c)
}

var (
	nodePlanes = []string{"sfu", "turn", "relay", "signaling"}
	lossNames  = []string{"dropped", "lost", "refused", "unrouted", "closed", "auth_failures", "expired", "undelivered", "unreadable"}
)

// nodeSockets lists what this server listens on.
func nodeSockets(p *planes, cfg *configs.Config) []proto.NodeSocket {
	plain := "tcp"
	if cfg.HTTP.TLS.CertFile != "" {
		plain = "tls"
	}
	out := []proto.NodeSocket{{Plane: "http", Protocol: plain, Address: cfg.HTTP.Listen}}
	media := p.sfu.Transport()
	for _, a := range media.Addresses() {
		out = append(out, proto.NodeSocket{Plane: "sfu", Protocol: "udp", Address: a.String()})
		if port := media.TCPPort(); port != 0 {
			out = append(out, proto.NodeSocket{Plane: "sfu", Protocol: "tcp", Address: netip.AddrPortFrom(a.Addr(), uint16(port)).String()})
		}
	}
	if p.turn != nil {
		for protocol, list := range map[string][]string{"udp": cfg.TURN.UDPListen, "tcp": cfg.TURN.TCPListen, "tls": cfg.TURN.TLSListen} {
			for _, address := range list {
				out = append(out, proto.NodeSocket{Plane: "turn", Protocol: protocol, Address: address})
			}
		}
	}
	slices.SortFunc(out, func(a, b proto.NodeSocket) int {
		return cmp.Or(cmp.Compare(a.Plane, b.Plane), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Address, b.Address))
	})
	return slices.Compact(out)
}

// processorSeconds is the time that this process has used, user and system.
func processorSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / float64(time.Second)
}

// residentBytes is the memory that this process has in RAM; otherwise where the
// kernel does not tell.
func residentBytes(otherwise int64) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return otherwise
	}
	fields := strings.Fields(string(text)) // size resident …, in pages
	if len(fields) < 2 {
		return otherwise
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return otherwise
	}
	return pages * int64(os.Getpagesize())
}

// openFiles is how many files and sockets are open; 0 where the kernel does not
// tell.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return max(0, len(entries)-1) // without the folder that is being read
}
