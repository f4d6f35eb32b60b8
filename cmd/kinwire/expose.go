package main

import (
	"errors"

	"kinwire/metrics"
	"kinwire/sfu/forward"
)

// exposeMetrics puts what the planes count on /metrics.
func exposeMetrics(p *planes) error {
	if err := errors.Join(exposeSFU(p), exposeSockets(p), exposeRelay(p), exposeSignaling(p)); err != nil {
		return err
	}
	if p.turn == nil {
		return nil
	}
	return exposeTURN(p)
}

func exposeSFU(p *planes) error {
	reasons := forward.Reasons()
	return p.recorder.Source("sfu", []metrics.Metric{
		{Name: "kinwire_sfu_rooms", Help: "Calls with media now.", Kind: metrics.Gauge},
		{Name: "kinwire_sfu_peers", Help: "Peers with media now.", Kind: metrics.Gauge},
		{Name: "kinwire_sfu_packets_received_total", Help: "RTP packets received from peers."},
		{Name: "kinwire_sfu_packets_sent_total", Help: "RTP packets sent to peers, without retransmissions."},
		{Name: "kinwire_sfu_payload_sent_bytes_total", Help: "RTP payload of the packets sent."},
		{Name: "kinwire_sfu_packets_retransmitted_total", Help: "RTP packets sent again after a NACK."},
		{Name: "kinwire_sfu_nacks_received_total", Help: "Sequence numbers that peers asked for again."},
		{Name: "kinwire_sfu_key_frames_requested_total", Help: "Key frames that the server asked peers for (PLI)."},
		{Name: "kinwire_sfu_packets_unrouted_total", Help: "RTP packets of no known m-section."},
		{Name: "kinwire_sfu_packets_dropped_total", Help: "RTP packets that were not forwarded, by reason.", Labels: []metrics.Label{{Name: "reason", Values: reasons}}},
	}, func(emit metrics.Emit) {
		t := p.sfu.Totals()
		emit("kinwire_sfu_rooms", float64(t.Rooms))
		emit("kinwire_sfu_peers", float64(t.Peers))
		emit("kinwire_sfu_packets_received_total", float64(t.Received))
		emit("kinwire_sfu_packets_sent_total", float64(t.Sent))
		emit("kinwire_sfu_payload_sent_bytes_total", float64(t.SentBytes))
		emit("kinwire_sfu_packets_retransmitted_total", float64(t.Resent))
		emit("kinwire_sfu_nacks_received_total", float64(t.NACKs))
		emit("kinwire_sfu_key_frames_requested_total", float64(t.PLIs))
		emit("kinwire_sfu_packets_unrouted_total", float64(t.Unrouted))
		for _, reason := range reasons { // before the first peer came too
			emit("kinwire_sfu_packets_dropped_total", 0, reason)
		}
		for reason, n := range t.Drops {
			emit("kinwire_sfu_packets_dropped_total", float64(n), reason)
		}
	})
}
