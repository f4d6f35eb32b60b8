//go:build linux

package main

import (
	"slices"
	"time"
)

// result is one measurement: one subject, one shape, one round.
type result struct {
	Subject string `json:"subject"` // "kinwire", "janus", or the name of a floor
	Shape   string `json:"shape"`
	Round   int    `json:"round"`

	CPUPerPacket    float64 `json:"cpu_us_per_packet"`  // the subject's CPU time in the window, over Delivered
	UserPerPacket   float64 `json:"user_us_per_packet"` // these two make CPUPerPacket
	SystemPerPacket float64 `json:"system_us_per_packet"`
	// What of the sendto floor of the same round that is; the last two make the first.
	Ratio       float64 `json:"ratio_to_sendto,omitempty"`
	UserRatio   float64 `json:"user_ratio_to_sendto,omitempty"`
	SystemRatio float64 `json:"system_ratio_to_sendto,omitempty"`
	CPUSeconds  float64 `json:"cpu_seconds"`
	Seconds     float64 `json:"window_seconds"`

	Expected uint64 `json:"expected"` // packets sent in the window, times their receivers
	Lost     uint64 `json:"lost"`
	counts
	Latency latency `json:"latency_ms"`

	ClientCores float64    `json:"client_cores"` // CPUs that the clients themselves kept busy
	Server      *ofServer  `json:"server,omitempty"`
	Floor       *floorSent `json:"floor,omitempty"`
}

// ofServer are the figures that a floor does not have.
type ofServer struct {
	Version        string    `json:"version,omitempty"` // where it is not ours
	Participants   int       `json:"participants"`
	RSSBefore      int64     `json:"rss_before"` // bytes, before the first join
	RSS            int64     `json:"rss"`        // bytes, at the end of the window
	RSSParticipant float64   `json:"rss_mb_per_participant"`
	Goroutines     int       `json:"goroutines,omitempty"`
	Threads        int       `json:"threads,omitempty"`
	CPUPerJoin     float64   `json:"cpu_ms_per_join"`
	Joins          []float64 `json:"join_ms"`                      // offer to DTLS done, nobody sending
	Firsts         []float64 `json:"first_packet_ms"`              // offer to first opened packet, media flowing
	Keys           []float64 `json:"first_key_frame_ms,omitempty"` // offer to the first packet of a key frame, where there is video
	SenderLateP99  float64   `json:"sender_late_p99_ms"`

	SentTotal   uint64      `json:"sent_total"`       // by all clients in all
	OpenedTotal uint64      `json:"opened_total"`     // by all clients in all, those of probes included
	Totals      *sfuCounted `json:"totals,omitempty"` // as the server counts
}

type latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func latencyOf(h *histogram) latency {
	return latency{P50: ms(h.quantile(0.5)), P95: ms(h.quantile(0.95)), P99: ms(h.quantile(0.99)), Max: ms(h.most)}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// measured fills in what all subjects have in common.
func (r *result) measured(span time.Duration, before, after usage, clients time.Duration, receivers []*client, expected uint64) {
	var late histogram
	for _, c := range receivers {
		c.tally.addTo(&r.counts, &late)
	}
	r.Latency = latencyOf(&late)
	r.Seconds = span.Seconds()
	cpu := after.CPU - before.CPU
	r.CPUSeconds = cpu.Seconds()
	r.ClientCores = clients.Seconds() / r.Seconds
	r.Expected = expected
	r.Lost = expected - min(expected, r.Delivered)
	r.costs(cpu, after.User-before.User, after.System-before.System, r.Delivered)
}

// costs divides CPU time by packets. Where user and system times are told more
// coarsely than their sum, they say only how to divide the sum.
func (r *result) costs(cpu, user, system time.Duration, packets uint64) {
	if packets == 0 {
		return
	}
	r.CPUPerPacket = float64(cpu.Nanoseconds()) / 1e3 / float64(packets)
	if both := user + system; both > 0 {
		r.UserPerPacket = r.CPUPerPacket * float64(user) / float64(both)
		r.SystemPerPacket = r.CPUPerPacket - r.UserPerPacket
	}
}

// spread is the smallest, the median, what 95 % do not exceed, and the largest.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (v[len(v)/2-1] + mid) / 2
	}
	return spread{Min: v[0], Median: mid, P95: v[(len(v)*95+99)/100-1], Max: v[len(v)-1]}
}

func spreadBy(results []result, value func(result) float64) spread {
	var values []float64
	for _, r := range results {
		values = append(values, value(r))
	}
	return spreadOf(values)
}
