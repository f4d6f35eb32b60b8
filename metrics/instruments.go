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
// buckets, what to multiply it with to reach the base unit, and whether its
// buckets lead to calls by exemplars. Those are kept for what one searches bad
// calls by.
var figures = [record.NumFigures]struct {
	name, help string
	scale      float64
	buckets    []float64
	leads      bool
}{
	record.RTT: {"kinwire_stream_rtt_seconds", "Round-trip time of a stream, per sample.", 1e-3,
		[]float64{.002, .005, .01, .02, .04, .06, .08, .1, .15, .2, .3, .5, 1, 2}, true},
	record.Jitter: {"kinwire_stream_jitter_seconds", "Interarrival jitter (RFC 3550) of a stream, per sample.", 1e-3,
		[]float64{.0005, .001, .002, .005, .01, .02, .03, .05, .1, .2, .5}, true},
	record.Loss: {"kinwire_stream_loss_ratio", "Share of a stream's packets lost before repair, per sample.", 1,
		[]float64{0, .001, .0025, .005, .01, .02, .03, .05, .1, .2, .5}, true},
	record.Bitrate: {"kinwire_stream_payload_bytes_per_second", "RTP payload of a stream, per sample.", 1. / 8,
		[]float64{1e3, 2.5e3, 5e3, 1e4, 2e4, 4e4, 6e4, 1e5, 1.5e5, 2.5e5, 4e5, 8e5}, false},
	record.FPS: {"kinwire_stream_frames_per_second", "Video frames a second: sent on at the server, encoded or shown at the client.", 1,
		[]float64{1, 5, 10, 15, 20, 25, 28, 31, 48, 62}, true},
	record.PacketBytes: {"kinwire_stream_packet_payload_bytes", "Mean RTP payload of a packet, per sample.", 1,
		[]float64{20, 50, 80, 120, 200, 400, 600, 800, 1000, 1100, 1200, 1400}, false},
	record.Height: {"kinwire_stream_height_pixels", "Height of the picture, per sample.", 1,
		[]float64{90, 180, 270, 360, 480, 540, 720, 1080, 1440, 2160}, false},
	record.JitterBuffer: {"kinwire_stream_jitter_buffer_seconds", "Mean delay of the client's jitter buffer.", 1e-3,
		[]float64{.01, .02, .04, .06, .08, .1, .15, .2, .3, .5, 1, 2}, false},
	record.Concealed: {"kinwire_stream_concealed_ratio", "Share of audio samples that the client made up.", 1,
		[]float64{0, .001, .005, .01, .02, .05, .1, .2, .5}, true},
}

// scores are the bucket bounds of mean opinion scores. 3.1 and 4 are where one
// level of a connection ends and the next begins.
var scores = []float64{1.5, 2, 2.5, 2.8, 3.1, 3.4, 3.7, 4, 4.2, 4.4, 4.7}

// observers are the histograms of one stream's labels, found once.
type observers struct {
	figures [record.NumFigures]prometheus.Observer
	leads   [record.NumFigures]*led // in its place, where buckets lead to calls
	score   *led
}

// instruments are the Recorder's own metrics. It is the record.Sink of every call.
type instruments struct {
	now func() time.Time

	callsLive, participantsLive prometheus.Gauge
	callsEnded                  *prometheus.CounterVec
	callDuration, callScore     prometheus.Histogram
	callEvents                  *prometheus.CounterVec
	participantsLeft            *prometheus.CounterVec
	linkRTT                     *prometheus.HistogramVec
	streams                     [record.NumFigures]*prometheus.HistogramVec
	streamScore                 *prometheus.HistogramVec
	troubles                    *prometheus.CounterVec
	samplesDropped              *prometheus.CounterVec
	saves                       tally
	exported, exportsFailed     *prometheus.CounterVec
	exportsLost                 *prometheus.CounterVec
	exportsPending              *prometheus.GaugeVec
	sourceErrors                *prometheus.CounterVec

	// By place in the closed lists: view, direction, kind, codec. Filled as
	// streams of that kind appear.
	byLabels [2][2][]atomic.Pointer[observers]
}

func newInstruments(reg *prometheus.Registry, now func() time.Time) (*instruments, error) {
	m := &instruments{now: now}
	all := append([]prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}, append(m.ofCalls(), append(m.ofStreams(), m.ofRecords()...)...)...)
	for v := range m.byLabels {
		for d := range m.byLabels[v] {
			m.byLabels[v][d] = make([]atomic.Pointer[observers], label.Kinds.Len()*label.Codecs.Len())
		}
	}
	m.begin()
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

// begin makes the series of rare counters, so that the first time is a step up
// from 0 for Prometheus, and not the beginning of a series that has always been 1.
func (m *instruments) begin() {
	for i := range label.Reasons.Len() {
		m.callsEnded.WithLabelValues(label.Reasons.At(i))
	}
	for i := range label.Places.Len() - 1 {
		for j := range label.Faults.Len() - 1 {
			m.troubles.WithLabelValues(label.Places.At(i), label.Faults.At(j))
		}
	}
	for i := range label.Events.Len() - 1 {
		m.callEvents.WithLabelValues(label.Events.At(i))
	}
	for v := range label.Views.Len() - 1 {
		for _, d := range record.Drops {
			m.samplesDropped.WithLabelValues(label.Views.At(v), string(d))
		}
	}
	for _, reason := range []string{lostQueueFull, lostAttempts, lostShutdown} {
		m.saves.lost.WithLabelValues(reason)
	}
}

func (m *instruments) ofCalls() []prometheus.Collector {
	m.callsLive = gauge("kinwire_calls_live", "Calls that ring or go on now.")
	m.participantsLive = gauge("kinwire_participants_live", "Participants who are in a call now.")
	m.callsEnded = counters("kinwire_calls_ended_total", "Calls that ended, by reason.", "reason")
	m.callDuration = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "kinwire_call_duration_seconds", Help: "Time from the first ring to the end of a call.",
		Buckets: []float64{5, 15, 30, 60, 180, 300, 600, 1200, 1800, 3600, 7200, 14400},
	})
	m.callScore = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "kinwire_call_mos", Help: "Mean opinion score of a call that ended, 1 to 5, if anything was measured.", Buckets: scores,
	})
	m.callEvents = counters("kinwire_call_events_total", "Events in calls that ended, by kind; counted when the call ends.", "event")
	m.participantsLeft = counters("kinwire_participants_left_total", "Participants who left a call, by reason and by their path.", "reason", "path", "protocol")
	m.linkRTT = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kinwire_link_rtt_seconds", Help: "Round-trip time of a participant's link as the server measures it, per sample.",
		Buckets: figures[record.RTT].buckets,
	}, []string{"path", "protocol"})
	return []prometheus.Collector{m.callsLive, m.participantsLive, m.callsEnded, m.callDuration, m.callScore, m.callEvents, m.participantsLeft, m.linkRTT}
}

func (m *instruments) ofStreams() []prometheus.Collector {
	labels := []string{"view", "direction", "kind", "codec"}
	m.streamScore = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kinwire_stream_mos", Help: "Mean opinion score of a stream, 1 to 5, per sample.", Buckets: scores,
	}, labels)
	m.troubles = counters("kinwire_stream_troubles_total", "Streams of calls that ended that were in trouble, by where and by what.", "where", "why")
	m.samplesDropped = counters("kinwire_samples_dropped_total", "Samples, or streams of a sample, that were not used.", "view", "reason")
	all := []prometheus.Collector{m.streamScore, m.troubles, m.samplesDropped}
	for f, d := range figures {
		m.streams[f] = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.name, Help: d.help, Buckets: d.buckets}, labels)
		all = append(all, m.streams[f])
	}
	return all
}

func (m *instruments) ofRecords() []prometheus.Collector {
	m.saves = tally{
		done:    prometheus.NewCounter(prometheus.CounterOpts{Name: "kinwire_records_saved_total", Help: "Call records saved."}),
		failed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "kinwire_record_save_failures_total", Help: "Attempts to save a call record that failed."}),
		lost:    counters("kinwire_records_lost_total", "Call records given up, by reason.", "reason"),
		pending: gauge("kinwire_records_pending", "Call records that wait to be saved."),
	}
	m.exported = counters("kinwire_records_exported_total", "Call records handed on, by where to.", "target")
	m.exportsFailed = counters("kinwire_record_export_failures_total", "Attempts to hand a call record on that failed, by where to.", "target")
	m.exportsLost = counters("kinwire_record_exports_lost_total", "Call records that were not handed on, by where to and reason.", "target", "reason")
	m.exportsPending = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kinwire_record_exports_pending", Help: "Call records that wait to be handed on, by where to."}, []string{"target"})
	m.sourceErrors = counters("kinwire_source_errors_total", "Values that a source gave against its declaration.", "source")
	return []prometheus.Collector{
		m.saves.done, m.saves.failed, m.saves.lost, m.saves.pending,
		m.exported, m.exportsFailed, m.exportsLost, m.exportsPending, m.sourceErrors,
	}
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

// exports are the metrics of one place where records go.
func (m *instruments) exports(target string) tally {
	for _, reason := range []string{lostQueueFull, lostAttempts, lostShutdown, lostRefused} {
		m.exportsLost.WithLabelValues(target, reason)
	}
	return tally{
		done: m.exported.WithLabelValues(target), failed: m.exportsFailed.WithLabelValues(target),
		lost: m.exportsLost.MustCurryWith(prometheus.Labels{"target": target}), pending: m.exportsPending.WithLabelValues(target),
	}
}

func (m *instruments) left(reason string, way Path) {
	m.participantsLive.Dec()
	m.participantsLeft.WithLabelValues(
		label.Reasons.Pick(reason), label.PathTypes.Pick(way.Type), label.Protocols.Pick(way.Protocol)).Inc()
}

// ended counts a call by its record.
func (m *instruments) ended(d *record.Document) {
	m.callsLive.Dec()
	lead := exemplar(d.ID)
	count(m.callsEnded.WithLabelValues(label.Reasons.Pick(d.Reason)), lead)
	observe(m.callDuration, float64(d.DurationMS)/1000, lead)
	if d.Score > 0 {
		observe(m.callScore, d.Score, lead)
	}
	for _, e := range d.Events {
		m.callEvents.WithLabelValues(label.Events.Pick(e.Event)).Inc()
	}
	for _, p := range d.Participants {
		for _, s := range p.Streams {
			if s.Trouble != nil {
				count(m.troubles.WithLabelValues(label.Places.Pick(s.Trouble.Where), label.Faults.Pick(s.Trouble.Why)), lead)
			}
		}
	}
}

// Interval is of record.Sink.
func (m *instruments) Interval(i *record.Interval) {
	obs, now := m.observers(i), m.now()
	for f, value := range i.Values {
		switch value *= figures[f].scale; {
		case value < 0:
		case obs.leads[f] != nil:
			obs.leads[f].observe(value, i.CallID, now)
		default:
			obs.figures[f].Observe(value)
		}
	}
	if i.Score >= 1 {
		obs.score.observe(i.Score, i.CallID, now)
	}
}

func (m *instruments) observers(i *record.Interval) *observers {
	slot := &m.byLabels[i.View][i.Direction][i.Kind*label.Codecs.Len()+i.Codec]
	if o := slot.Load(); o != nil {
		return o
	}
	labels := []string{label.Views.At(i.View), label.Directions.At(i.Direction), label.Kinds.At(i.Kind), label.Codecs.At(i.Codec)}
	o := &observers{score: newLed(m.streamScore.WithLabelValues(labels...), scores)}
	for f := range o.figures {
		o.figures[f] = m.streams[f].WithLabelValues(labels...)
		if figures[f].leads {
			o.leads[f] = newLed(o.figures[f], figures[f].buckets)
		}
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
