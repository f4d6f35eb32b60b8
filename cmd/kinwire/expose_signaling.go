package main

import "kinwire/metrics"

// exposeSignaling puts on /metrics who is connected, what waits for them, and
// what became of wake-ups.
func exposeSignaling(p *planes) error {
	declared := []metrics.Metric{
		{Name: "kinwire_signaling_sessions", Help: "Sessions that are open, with a WebSocket or waiting to be resumed.", Kind: metrics.Gauge},
		{Name: "kinwire_signaling_sessions_detached", Help: "Sessions that wait to be resumed.", Kind: metrics.Gauge},
		{Name: "kinwire_signaling_sockets", Help: "Open WebSockets.", Kind: metrics.Gauge},
		{Name: "kinwire_signaling_messages_unacknowledged", Help: "Messages to sessions that their clients have not acknowledged.", Kind: metrics.Gauge},
		{Name: "kinwire_signaling_unacknowledged_bytes", Help: "Bytes of these messages.", Kind: metrics.Gauge},
	}
	push := p.families.push
	if push != nil {
		declared = append(declared, metrics.Metric{
			Name: "kinwire_signaling_pushes_total", Help: "Wake-ups of devices by what became of them.",
			Labels: []metrics.Label{{Name: "result", Values: []string{"sent", "given_up", "dropped", "forgotten"}}},
		}, metrics.Metric{Name: "kinwire_signaling_push_retries_total", Help: "Attempts at a wake-up after the first."})
	}
	return p.recorder.Source("signaling", declared, func(emit metrics.Emit) {
		h := p.families.changes.hub.Stats()
		emit("kinwire_signaling_sessions", float64(h.Sessions))
		emit("kinwire_signaling_sessions_detached", float64(h.Detached))
		emit("kinwire_signaling_sockets", float64(h.Sockets))
		emit("kinwire_signaling_messages_unacknowledged", float64(h.Messages))
		emit("kinwire_signaling_unacknowledged_bytes", float64(h.Bytes))
		if push == nil {
			return
		}
		s := push.Stats()
		for result, n := range map[string]uint64{"sent": s.Sent, "given_up": s.GivenUp, "dropped": s.Dropped, "forgotten": s.Forgotten} {
			emit("kinwire_signaling_pushes_total", float64(n), result)
		}
		emit("kinwire_signaling_push_retries_total", float64(s.Retried))
	})
}
