package main

import (
	"kinwire/metrics"
	"kinwire/sfu/link"
)

// refusals are the reasons for which the transport turns a datagram away: from
// an address that is no peer's, not sealed with the peer's key, here before, not
// what its first byte says, of more streams than a peer may have, before the
// keys with no room to wait.
var refusals = []string{"stranger", "forged", "replayed", "malformed", "too_many_streams", "before_keys"}

// losses are the reasons for which the sockets lose one: no room in the
// kernel's buffer and in ours, no way to the destination, larger than a path or
// a buffer takes, the socket closed meanwhile.
var losses = []string{"full", "unreachable", "too_long", "truncated", "closed"}

// exposeSockets puts on /metrics what the media sockets do.
func exposeSockets(p *planes) error {
	return p.recorder.Source("sfu_sockets", []metrics.Metric{
		{Name: "kinwire_sfu_datagrams_received_total", Help: "UDP datagrams received on the media port."},
		{Name: "kinwire_sfu_receive_calls_total", Help: "System calls to receive them."},
		{Name: "kinwire_sfu_gro_trains_total", Help: "Messages that the kernel made of several received datagrams (GRO)."},
		{Name: "kinwire_sfu_datagrams_sent_total", Help: "UDP datagrams sent from the media port."},
		{Name: "kinwire_sfu_send_calls_total", Help: "System calls to send them."},
		{Name: "kinwire_sfu_gso_runs_total", Help: "Messages that held several datagrams to send (GSO)."},
		{Name: "kinwire_sfu_datagrams_delayed_total", Help: "Datagrams that waited because the kernel's buffer was full."},
		{Name: "kinwire_sfu_datagrams_lost_total", Help: "Datagrams that the sockets lost, by reason.", Labels: []metrics.Label{{Name: "reason", Values: losses}}},
		{Name: "kinwire_sfu_datagrams_refused_total", Help: "Datagrams that were nobody's or not what they should be, by reason.", Labels: []metrics.Label{{Name: "reason", Values: refusals}}},
		{Name: "kinwire_sfu_tcp_queue_dropped_total", Help: "Packets for peers on TCP that were too slow, the oldest first."},
		{Name: "kinwire_sfu_data_messages_received_total", Help: "Messages that peers sent on data channels."},
		{Name: "kinwire_sfu_data_received_bytes_total", Help: "Bytes of these messages."},
		{Name: "kinwire_sfu_data_messages_sent_total", Help: "Messages that went to peers on data channels."},
		{Name: "kinwire_sfu_data_sent_bytes_total", Help: "Bytes of these messages."},
		{Name: "kinwire_sfu_data_messages_slowed_total", Help: "Messages that had to wait because their sender was above its rate."},
		{Name: "kinwire_sfu_data_messages_dropped_total", Help: "Messages on data channels that did not go to a peer, by reason.", Labels: []metrics.Label{{Name: "reason", Values: link.DataDropReasons()}}},
		{Name: "kinwire_sfu_data_channels_closed_total", Help: "Data channels that the server closed, by reason.", Labels: []metrics.Label{{Name: "reason", Values: link.DataCloseReasons()}}},
	}, func(emit metrics.Emit) {
		s := p.sfu.Transport().Stats()
		k := s.Sockets
		emit("kinwire_sfu_datagrams_received_total", float64(k.Received))
		emit("kinwire_sfu_receive_calls_total", float64(k.ReadCalls))
		emit("kinwire_sfu_gro_trains_total", float64(k.Trains))
		emit("kinwire_sfu_datagrams_sent_total", float64(k.Sent))
		emit("kinwire_sfu_send_calls_total", float64(k.SendCalls))
		emit("kinwire_sfu_gso_runs_total", float64(k.Runs))
		emit("kinwire_sfu_datagrams_delayed_total", float64(k.Delayed))
		for i, n := range []uint64{k.Full, k.Unreachable, k.TooLong, k.Truncated, k.Closed} {
			emit("kinwire_sfu_datagrams_lost_total", float64(n), losses[i])
		}
		for i, n := range []uint64{s.Stranger, s.Forged, s.Replayed, s.Malformed, s.Streams, s.Early} {
			emit("kinwire_sfu_datagrams_refused_total", float64(n), refusals[i])
		}
		emit("kinwire_sfu_tcp_queue_dropped_total", float64(s.QueueDropped))
		emit("kinwire_sfu_data_messages_received_total", float64(s.Data.Received))
		emit("kinwire_sfu_data_received_bytes_total", float64(s.Data.ReceivedBytes))
		emit("kinwire_sfu_data_messages_sent_total", float64(s.Data.Sent))
		emit("kinwire_sfu_data_sent_bytes_total", float64(s.Data.SentBytes))
		emit("kinwire_sfu_data_messages_slowed_total", float64(s.Data.Slowed))
		for i, n := range s.Data.Dropped {
			emit("kinwire_sfu_data_messages_dropped_total", float64(n), link.DataDropReasons()[i])
		}
		for i, n := range s.Data.Closed {
			emit("kinwire_sfu_data_channels_closed_total", float64(n), link.DataCloseReasons()[i])
		}
	})
}
