package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"runtime"
	"slices"
	"time"

	"kinwire/internal/mask"
	"kinwire/metrics"
	"kinwire/sfu"
	"kinwire/signaling"
)

// debugDump is what is in the server's memory, for whoever looks for a fault. It
// has ids and counters; addresses are masked, and there is no name, no token and
// nothing that anybody wrote.
type debugDump struct {
	Now        int64                    `json:"now"` // UTC milliseconds
	Version    string                   `json:"version"`
	Goroutines int                      `json:"goroutines"`
	Rooms      []debugRoom              `json:"rooms"` // by call id
	Sessions   []debugSession           `json:"sessions"`
	Queues     map[string]int           `json:"queues"` // what waits, and where
	Relays     map[string]int           `json:"turn_allocations"`
	Metrics    map[string]debugReadings `json:"metrics"` // of the planes, by name
}

type debugRoom struct {
	ID    string      `json:"id"`
	Peers []debugPeer `json:"peers"`
}

type debugPeer struct {
	ID       string      `json:"id"`
	State    string      `json:"state"`
	Path     string      `json:"path,omitempty"`   // type/protocol
	Remote   string      `json:"remote,omitempty"` // its network
	Profile  string      `json:"srtp_profile,omitempty"`
	RTTMS    float64     `json:"rtt_ms"`
	Waiting  int         `json:"tcp_packets_waiting"`
	Unrouted uint64      `json:"packets_unrouted"`
	Acked    uint64      `json:"packets_acknowledged"`
	Missed   uint64      `json:"packets_missed"`
	Up       []debugUp   `json:"up"`
	Down     []debugDown `json:"down"`
}

type debugUp struct {
	Kind      string  `json:"kind"`
	MID       string  `json:"mid"`
	SSRC      uint32  `json:"ssrc"`
	Codec     string  `json:"codec"`
	Muted     bool    `json:"muted"`
	Packets   uint64  `json:"packets"`
	Lost      uint64  `json:"lost"`
	Repaired  uint64  `json:"repaired"`
	Forwarded uint64  `json:"forwarded"`
	NACKs     uint64  `json:"nacks"`
	PLIs      uint64  `json:"plis"`
	KeyFrames uint64  `json:"key_frames"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	JitterMS  float64 `json:"jitter_ms"`
}

type debugDown struct {
	Kind          string  `json:"kind"`
	MID           string  `json:"mid"`
	From          string  `json:"from"`
	SSRC          uint32  `json:"ssrc"`
	Codec         string  `json:"codec"`
	Packets       uint64  `json:"packets"`
	Retransmitted uint64  `json:"retransmitted"`
	NACKs         uint64  `json:"nacks"`
	PLIs          uint64  `json:"plis"`
	RemoteLost    int64   `json:"remote_lost"`
	RTTMS         float64 `json:"rtt_ms"`
}

type debugSession struct {
	ID       string `json:"id"`
	Attached bool   `json:"attached"`
	Messages int    `json:"messages_unacknowledged"`
	Bytes    int    `json:"bytes"`
	Requests int    `json:"requests_open"`
}

type debugReadings map[string]float64 // by label values, joined by /

// debugHandler serves the dump.
func debugHandler(p *planes, hub *signaling.Hub) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		if err := out.Encode(dump(p, hub)); err != nil {
			p.log.Debug("a debug dump broke off", "err", err)
		}
	})
}

func dump(p *planes, hub *signaling.Hub) debugDump {
	d := debugDump{
		Now: time.Now().UnixMilli(), Version: version(), Goroutines: runtime.NumGoroutine(),
		Rooms: []debugRoom{}, Sessions: []debugSession{}, Queues: p.recorder.Waiting(), Relays: map[string]int{}, Metrics: map[string]debugReadings{},
	}
	rooms := map[string][]debugPeer{}
	p.sfu.Peek(func(st sfu.PeerStats) { rooms[st.Room] = append(rooms[st.Room], debugPeerOf(st)) })
	for id, peers := range rooms {
		d.Rooms = append(d.Rooms, debugRoom{ID: id, Peers: peers})
	}
	slices.SortFunc(d.Rooms, func(a, b debugRoom) int { return cmp.Compare(a.ID, b.ID) })
	for _, s := range hub.Sessions() {
		d.Sessions = append(d.Sessions, debugSession(s))
	}
	slices.SortFunc(d.Sessions, func(a, b debugSession) int { return cmp.Compare(a.ID, b.ID) })
	relay := p.messages.relay.Stats()
	d.Queues["relay_devices_waiting"], d.Queues["relay_deliveries_open"] = relay.Backlog, relay.Unackd
	if p.turn != nil {
		d.Relays = p.turn.Stats().AllocationsBy
	}
	for _, r := range p.recorder.Readings() {
		if d.Metrics[r.Metric] == nil {
			d.Metrics[r.Metric] = debugReadings{}
		}
		d.Metrics[r.Metric][joined(r)] = r.Value
	}
	return d
}

func joined(r metrics.Reading) (out string) {
	for i, l := range r.Labels {
		if i > 0 {
			out += "/"
		}
		out += l
	}
	return out
}

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func debugPeerOf(st sfu.PeerStats) debugPeer {
	p := debugPeer{
		ID: st.Peer, State: string(st.State), Remote: mask.Addr(st.Path.Remote.Addr()), Profile: st.Profile, RTTMS: inMS(st.RTT),
		Waiting: st.Link.Waiting, Unrouted: st.Link.Unrouted, Acked: st.Link.Acked, Missed: st.Link.Missed,
		Up: []debugUp{}, Down: []debugDown{},
	}
	if way := linkPath(st.Path); way.Protocol != "" {
		p.Path = way.Type + "/" + way.Protocol
	}
	for _, u := range st.Up {
		p.Up = append(p.Up, debugUp{
			Kind: string(u.Kind), MID: u.MID, SSRC: u.SSRC, Codec: u.Codec.String(), Muted: u.Muted, Packets: u.Reception.Packets,
			Lost: u.Reception.Lost, Repaired: u.Repaired, Forwarded: u.Forwarded, NACKs: u.NACKs, PLIs: u.PLIs, KeyFrames: u.KeyFrames,
			Width: u.Width, Height: u.Height, JitterMS: inMS(u.Reception.Jitter),
		})
	}
	for _, d := range st.Down {
		p.Down = append(p.Down, debugDown{
			Kind: string(d.Kind), MID: d.MID, From: d.From, SSRC: d.SSRC, Codec: d.Codec, Packets: d.Packets, Retransmitted: d.Retransmitted,
			NACKs: d.NACKs, PLIs: d.PLIs, RemoteLost: d.Remote.Lost, RTTMS: inMS(d.Remote.RTT),
		})
	}
	return p
}

// pprofHandler serves Go's profiles (package net/http/pprof), all but the
// command line.
func pprofHandler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/debug/pprof/", pprof.Index)
	m.HandleFunc("/debug/pprof/cmdline", http.NotFound)
	m.HandleFunc("/debug/pprof/profile", pprof.Profile)
	m.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	m.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return m
}
