package main

import (
	"maps"
	"slices"

	"kinwire/metrics"
)

// exposeTURN declares the TURN server's counters. Its maps hold every reason
// from the start, so they are the closed lists of label values.
func exposeTURN(p *planes) error {
	all := p.turn.Stats()
	label := func(name string, m map[string]uint64) []metrics.Label {
		return []metrics.Label{{Name: name, Values: slices.Sorted(maps.Keys(m))}}
	}
	protocols := []metrics.Label{{Name: "protocol", Values: slices.Sorted(maps.Keys(all.AllocationsBy))}}
	directions := []metrics.Label{{Name: "direction", Values: []string{"to_sfu", "from_sfu", "to_peers", "from_peers"}}}
	return p.recorder.Source("turn", []metrics.Metric{
		{Name: "kinwire_turn_allocations", Help: "Live allocations, by how the client reaches the relay.", Kind: metrics.Gauge, Labels: protocols},
		{Name: "kinwire_turn_allocations_made_total", Help: "Allocations made."},
		{Name: "kinwire_turn_streams", Help: "Open TCP and TLS connections.", Kind: metrics.Gauge},
		{Name: "kinwire_turn_relayed_packets_total", Help: "Packets relayed.", Labels: directions},
		{Name: "kinwire_turn_relayed_bytes_total", Help: "Payload of the packets relayed.", Labels: directions},
		{Name: "kinwire_turn_dropped_total", Help: "Packets not relayed, by reason.", Labels: label("reason", all.Drops)},
		{Name: "kinwire_turn_auth_failures_total", Help: "Requests whose credentials were refused, by reason.", Labels: label("reason", all.AuthFailures)},
		{Name: "kinwire_turn_refused_total", Help: "Requests of rightful users that were refused, by reason.", Labels: label("reason", all.Refusals)},
	}, func(emit metrics.Emit) { emitTURN(p, emit) })
}

func emitTURN(p *planes, emit metrics.Emit) {
	s := p.turn.Stats()
	for proto, n := range s.AllocationsBy {
		emit("kinwire_turn_allocations", float64(n), proto)
	}
	emit("kinwire_turn_allocations_made_total", float64(s.AllocationsTotal))
	emit("kinwire_turn_streams", float64(s.Streams))
	flows := []struct {
		direction      string
		packets, bytes uint64
	}{
		{"to_sfu", s.ToSFU.Packets, s.ToSFU.Bytes}, {"from_sfu", s.FromSFU.Packets, s.FromSFU.Bytes},
		{"to_peers", s.ToPeers.Packets, s.ToPeers.Bytes}, {"from_peers", s.FromPeers.Packets, s.FromPeers.Bytes},
	}
	for _, f := range flows {
		emit("kinwire_turn_relayed_packets_total", float64(f.packets), f.direction)
		emit("kinwire_turn_relayed_bytes_total", float64(f.bytes), f.direction)
	}
	for name, m := range map[string]map[string]uint64{
		"kinwire_turn_dropped_total": s.Drops, "kinwire_turn_auth_failures_total": s.AuthFailures, "kinwire_turn_refused_total": s.Refusals,
	} {
		for reason, n := range m {
			emit(name, float64(n), reason)
		}
	}
}
