package metrics

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kinwire/metrics/label"
	"kinwire/metrics/record"
)

// Event notes that something happened in a call: the kinds are record.Event…;
// an empty participantID is the call itself.
func (r *Recorder) Event(callID, participantID, event string, e record.Event, at time.Time) {
	r.with(callID, func(c *record.Call) { c.Event(participantID, event, e, at) })
}

// Live sums up the calls that go on, and those that have ended and wait to be
// saved, with Live false; the newest first.
func (r *Recorder) Live() []record.Summary {
	now := r.now()
	var out []record.Summary
	seen := map[string]bool{}
	r.each(func(c *record.Call) {
		s := c.Summary(now)
		out, seen[s.ID] = append(out, s), true
	})
	for _, row := range r.saver.rows() {
		if !seen[row.CallID] { // it ended since
			out = append(out, row.summary())
		}
	}
	slices.SortFunc(out, func(a, b record.Summary) int {
		return cmp.Or(cmp.Compare(b.StartedAt, a.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Quality says how the connections of a live call are, one entry for each
// participant who is in it and was measured; none for a call that is not live.
func (r *Recorder) Quality(callID string) []record.Quality {
	var out []record.Quality
	r.with(callID, func(c *record.Call) { out = c.Quality(r.now()) })
	return out
}

// Waiting is how many records wait, by for what.
func (r *Recorder) Waiting() map[string]int {
	out := map[string]int{}
	for _, s := range append([]*saver{r.saver}, r.exports...) {
		out["records_to_be_"+strings.ReplaceAll(s.what, " ", "_")] = len(s.rows())
	}
	return out
}

// LiveCalls lists the ids of the calls that go on, in no order.
func (r *Recorder) LiveCalls() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]string, 0, len(r.live))
	for id := range r.live {
		out = append(out, id)
	}
	return out
}

// each calls f with every live call, locked, one after the other.
func (r *Recorder) each(f func(*record.Call)) {
	for _, id := range r.LiveCalls() {
		r.with(id, f)
	}
}

// rowOf is what is kept of a document beside it.
func rowOf(d *record.Document, raw json.RawMessage) Row {
	s := record.Summarize(d)
	return Row{
		CallID: d.ID, StartedAt: time.UnixMilli(d.StartedAt).UTC(), EndedAt: time.UnixMilli(d.EndedAt).UTC(),
		Reason: d.Reason, Participants: len(d.Participants), Video: d.Video, DurationMS: d.DurationMS, TalkMS: d.TalkMS,
		Codecs: s.Codecs, Paths: s.Paths, Score: d.Score, Verdict: d.Verdict, Document: raw,
	}
}

func (r Row) summary() record.Summary {
	return record.Summary{
		ID: r.CallID, StartedAt: r.StartedAt.UnixMilli(), EndedAt: r.EndedAt.UnixMilli(), DurationMS: r.DurationMS, TalkMS: r.TalkMS,
		Reason: r.Reason, Video: r.Video, Participants: r.Participants, Codecs: r.Codecs, Paths: r.Paths, Score: r.Score, Verdict: r.Verdict,
	}
}

// connections counts the participants of live calls by the level of their
// connection, at each scrape. It is a prometheus.Collector.
type connections struct{ r *Recorder }

var connectionsDesc = prometheus.NewDesc("kinwire_connections", "Participants of live calls by the level of their connection now.", []string{"level"}, nil)

// Describe is of prometheus.Collector.
func (connections) Describe(out chan<- *prometheus.Desc) { out <- connectionsDesc }

// Collect is of prometheus.Collector.
func (c connections) Collect(out chan<- prometheus.Metric) {
	counts := make([]int, label.Levels.Len())
	now := c.r.now()
	c.r.each(func(call *record.Call) {
		for _, q := range call.Quality(now) {
			counts[label.Levels.Index(q.Level)]++
		}
	})
	for i, n := range counts {
		if level := label.Levels.At(i); level != label.Other || n > 0 {
			out <- prometheus.MustNewConstMetric(connectionsDesc, prometheus.GaugeValue, float64(n), level)
		}
	}
}
