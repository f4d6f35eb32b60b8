package metrics

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"kinwire/metrics/label"
	"kinwire/metrics/record"
)

// figures says how each figure of a stream appears on /metrics: its name, its
// buckets, and what to multiply it with to reach the base unit.
var figures = [record.NumFigures]struct {
	name, help string
	scale      float64
	buckets    []float64
}{
	record.RTT: {"kinwire_stream_rtt_seconds", "Round-trip time of a stream, per sample.", 1e-3,
		[]float64{.002, .005, .01, .02, .04, .06, .08, .1, .15, .2, .3, .5, 1, 2}},
	record.Jitter: {"kinwire_stream_jitter_seconds", "Interarrival jitter (RFC 3550) of a stream, per sample.", 1e-3,
		[]float64{.0005, .001, .002, .005, .01, .02, .03, .05, .1, .2, .5}},
	record.Loss: {"kinwire_stream_loss_ratio", "Share of a stream's packets lost before repair, per sample.", 1,
		[]float64{0, .001, .0025, .005, .01, .02, .03, .05, .1, .2, .5}},
	record.Bitrate: {"kinwire_stream_payload_bytes_per_second", "RTP payload of a stream, per sample.", 1. / 8,
		[]float64{1e3, 2.5e3, 5e3, 1e4, 2e4, 4e4, 6e4, 1e5, 1.5e5, 2.5e5, 4e5, 8e5}},
	record.FPS: {"kinwire_stream_frames_per_second", "Video frames a second: sent on at the server, encoded or shown at the client.", 1,
		[]float64{1, 5, 10, 15, 20, 25, 28, 31, 48, 62}},
	record.PacketBytes: {"kinwire_stream_packet_payload_bytes", "Mean RTP payload of a packet, per sample.", 1,
		[]float64{20, 50, 80, 120, 200, 400, 600, 800, 1000, 1100, 1200, 1400}},
	record.Height: {"kinwire_stream_height_pixels", "Height of the picture, per sample.", 1,
		[]float64{90, 180, 270, 360, 480, 540, 720, 1080, 1440, 2160}},
	record.JitterBuffer: {"kinwire_stream_jitter_buffer_seconds", "Mean delay of the client's jitter buffer.", 1e-3,
		[]float64{.01, .02, .04, .06, .08, .1, .15, .2, .3, .5, 1, 2}},
	record.Concealed: {"kinwire_stream_concealed_ratio", "Share of audio samples that the client made up.", 1,
		[]float64{0, .001, .005, .01, .02, .05, .1, .2, .5}},
}

// observers are the histograms of one stream's labels, found once.
type observers [record.NumFigures]prometheus.Observer

// instruments are the Recorder's own metrics. It is the record.Sink of every call.
type instruments struct {
	callsLive, participantsLive prometheus.Gauge
	callsEnded                  *prometheus.CounterVec
	callDuration                prometheus.Histogram
	participantsLeft            *prometheus.CounterVec
	linkRTT                     *prometheus.HistogramVec
	streams                     [record.NumFigures]*prometheus.HistogramVec
	samplesDropped              *prometheus.CounterVec
	recordsSaved                prometheus.Counter
	saveFailures                prometheus.Counter
	recordsLost                 *prometheus.CounterVec
	recordsPending              prometheus.Gauge
	sourceErrors                *prometheus.CounterVec

	// By place in the closed lists: view, direction, kind, codec. Filled as
	// streams of that kind appear.
	byLabels [2][2][]atomic.Pointer[observers]
}

func newInstruments(reg *prometheus.Registry) (*instruments, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &instruments{
		callsLive:        gauge("kinwire_calls_live", "Calls that ring or go on now."),
		participantsLive: gauge("kinwire_participants_live", "Participants who are in a call now."),
		callsEnded:       counters("kinwire_calls_ended_total", "Calls that ended, by reason.", "reason"),
		callDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kinwire_call_duration_seconds", Help: "Time from the first ring to the end of a call.",
			Buckets: []float64{5, 15, 30, 60, 180, 300, 600, 1200, 1800, 3600, 7200, 14400},
		}),
		participantsLeft: counters("kinwire_participants_left_total", "Participants who left a call, by reason and by their path.", "reason", "path", "protocol"),
		linkRTT: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kinwire_link_rtt_seconds", Help: "Round-trip time of a participant's link as the server measures it, per sample.",
			Buckets: figures[record.RTT].buckets,
		}, []string{"path", "protocol"}),
		samplesDropped: counters("kinwire_samples_dropped_total", "Samples, or streams of a sample, that were not used.", "view", "reason"),
		recordsSaved:   counter("kinwire_records_saved_total", "Call records saved."),
		saveFailures:   counter("kinwire_record_save_failures_total", "Attempts to save a call record that failed."),
		recordsLost:    counters("kinwire_records_lost_total", "Call records given up, by reason.", "reason"),
		recordsPending: gauge("kinwire_records_pending", "Call records that wait to be saved."),
		sourceErrors:   counters("kinwire_source_errors_total", "Values that a source gave against its declaration.", "source"),
	}
	all := []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.callsLive, m.participantsLive, m.callsEnded, m.callDuration, m.participantsLeft, m.linkRTT, m.samplesDropped,
		m.recordsSaved, m.saveFailures, m.recordsLost, m.recordsPending, m.sourceErrors,
	}
	for f, d := range figures {
		m.streams[f] = prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: d.name, Help: d.help, Buckets: d.buckets}, []string{"view", "direction", "kind", "codec"})
		all = append(all, m.streams[f])
	}
	for v := range m.byLabels {
		for d := range m.byLabels[v] {
			m.byLabels[v][d] = make([]atomic.Pointer[observers], label.Kinds.Len()*label.Codecs.Len())
		}
	}
	for i, c := range all {
		var known prometheus.AlreadyRegisteredError
		err := reg.Register(c)
		if i < 2 && errors.As(err, &known) { // the Go and process collectors may be there already
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

func (m *instruments) left(reason string, way Path) {
	m.participantsLive.Dec()
	m.participantsLeft.WithLabelValues(
		label.Reasons.Pick(reason), label.PathTypes.Pick(way.Type), label.Protocols.Pick(way.Protocol)).Inc()
}

func (m *instruments) ended(reason string, durationMS int64) {
	m.callsLive.Dec()
	m.callsEnded.WithLabelValues(label.Reasons.Pick(reason)).Inc()
	m.callDuration.Observe(float64(durationMS) / 1000)
}

// Interval is of record.Sink.
func (m *instruments) Interval(i *record.Interval) {
	obs := m.observers(i)
	for f, value := range i.Values {
		if value >= 0 {
			obs[f].Observe(value * figures[f].scale)
		}
	}
}

func (m *instruments) observers(i *record.Interval) *observers {
	slot := &m.byLabels[i.View][i.Direction][i.Kind*label.Codecs.Len()+i.Codec]
	if o := slot.Load(); o != nil {
		return o
	}
	o := &observers{}
	for f := range o {
		o[f] = m.streams[f].WithLabelValues(label.Views.At(i.View), label.Directions.At(i.Direction), label.Kinds.At(i.Kind), label.Codecs.At(i.Codec))
	}
	slot.Store(o)
	return o
}

// Link is of record.Sink.
func (m *instruments) Link(path, protocol int, rtt time.Duration) {
	m.linkRTT.WithLabelValues(label.PathTypes.At(path), label.Protocols.At(protocol)).Observe(rtt.Seconds())
}

// Dropped is of record.Sink.
func (m *instruments) Dropped(view int, d record.Drop) {
	m.samplesDropped.WithLabelValues(label.Views.At(view), string(d)).Inc()
}
