package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kinwire/metrics/label"
	"kinwire/metrics/record"
)

// Recorder measures calls. All its methods may be called from several
// goroutines at once; none of those that take samples or events waits for the
// store.
type Recorder struct {
	store    Store
	log      *slog.Logger
	now      func() time.Time
	registry *prometheus.Registry
	m        *instruments
	saver    *saver
	exports  []*saver

	mu      sync.RWMutex
	live    map[string]*liveCall
	sources []*source
	closed  bool
}

// liveCall is a call that goes on, or that ends just now.
type liveCall struct {
	mu    sync.Mutex
	call  *record.Call
	ended bool
}

// New makes a Recorder, registers its metrics with d.Registry, and starts the
// goroutine that saves records. Call Close at the end.
func New(cfg Config, d Deps) (*Recorder, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if d.Store == nil {
		return nil, &ConfigError{"Deps.Store", "nil", "a Store"}
	}
	if d.Registry == nil {
		d.Registry = prometheus.NewRegistry()
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	names := map[string]bool{}
	for _, e := range d.Exports {
		if !exportName.MatchString(e.Name) || names[e.Name] || e.To == nil {
			return nil, &ConfigError{"Deps.Exports", fmt.Sprintf("an export %q", e.Name), "an Exporter under a name that matches " + exportName.String() + ", none twice"}
		}
		names[e.Name] = true
	}
	m, err := newInstruments(d.Registry, d.Now)
	if err != nil {
		return nil, err
	}
	r := &Recorder{store: d.Store, log: d.Log, now: d.Now, registry: d.Registry, m: m, live: map[string]*liveCall{}}
	if err := d.Registry.Register(connections{r}); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	r.saver = startSaver(cfg, d.Log, errand{what: "saved", do: d.Store.SaveRecord, tally: m.saves, workers: 1, timeout: cfg.SaveTimeout, patient: true})
	for _, e := range d.Exports {
		r.exports = append(r.exports, startSaver(cfg, d.Log,
			errand{what: "exported to " + e.Name, do: e.To.Export, tally: m.exports(e.Name), workers: exportsAtOnce, timeout: 2 * cfg.SaveTimeout}))
	}
	return r, nil
}

// exportsAtOnce is how many records go to one place at once: enough for ten calls
// that end each second where an answer takes 400 ms.
const exportsAtOnce = 4

var exportName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

// CallStarted opens the record of a call, when it begins to ring. A call that
// is live already goes on.
func (r *Recorder) CallStarted(callID string, video bool, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.live[callID] != nil {
		return
	}
	r.live[callID] = &liveCall{call: record.NewCall(callID, video, at)}
	r.m.callsLive.Inc()
}

// ParticipantJoined notes that a participant is in the call. A participant
// who left may come back under the same id.
func (r *Recorder) ParticipantJoined(callID, participantID, userID string, device Device, at time.Time) {
	r.with(callID, func(c *record.Call) {
		if c.Join(participantID, userID, device, at) {
			r.m.participantsLive.Inc()
		}
	})
}

// ParticipantLeft notes that a participant is in the call no more. Samples
// that come a little later are still taken in.
func (r *Recorder) ParticipantLeft(callID, participantID, reason string, at time.Time) {
	r.with(callID, func(c *record.Call) {
		if way, was := c.Leave(participantID, reason, at); was {
			r.m.left(reason, way)
		}
	})
}

// ServerSample takes in what the server knows of one participant's link,
// about once a second, and once more when the link goes down.
func (r *Recorder) ServerSample(callID, participantID string, s LinkSample, at time.Time) {
	if !r.with(callID, func(c *record.Call) { c.Server(participantID, &s, at, r.m) }) {
		r.m.Dropped(record.Server, record.DropUnknownCall)
	}
}

// ClientSample takes in one report of a client; at is when it arrived.
func (r *Recorder) ClientSample(callID, participantID string, s ClientSample, at time.Time) {
	if !r.with(callID, func(c *record.Call) { c.Client(participantID, &s, at, r.m) }) {
		r.m.Dropped(record.Client, record.DropUnknownCall)
	}
}

// CallEnded closes the record, writes one line of log, and hands the record
// to the goroutine that saves it. Whoever is still in the call leaves with
// the call's reason.
func (r *Recorder) CallEnded(callID, reason string, at time.Time) {
	lc := r.find(callID)
	if lc == nil {
		return
	}
	lc.mu.Lock()
	defer lc.mu.Unlock()
	if lc.ended {
		return
	}
	lc.ended = true
	for _, id := range lc.call.Present() {
		way, _ := lc.call.Leave(id, reason, at)
		r.m.left(reason, way)
	}
	doc := lc.call.End(reason, at)
	r.m.ended(doc)
	logEnd(r.log, doc)
	raw, err := json.Marshal(doc)
	if err != nil { // cannot be: a document holds finite numbers only
		r.log.Error("call record not built", "call", callID, "error", err)
	} else {
		row := rowOf(doc, raw)
		r.saver.add(row)
		for _, e := range r.exports {
			e.add(row)
		}
	}
	// Only now, so that Record finds the call at any moment.
	r.mu.Lock()
	delete(r.live, callID)
	r.mu.Unlock()
}

// Record gives the record of a call: the one stored, one that still waits to
// be stored, or that of a live call so far, with "live": true. The error
// wraps ErrNotFound if there is none.
func (r *Recorder) Record(ctx context.Context, callID string) (json.RawMessage, error) {
	var doc *record.Document
	r.with(callID, func(c *record.Call) { doc = c.SoFar(r.now()) })
	if doc != nil {
		raw, err := json.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("building the record of live call %q: %w", callID, err)
		}
		return raw, nil
	}
	if raw, ok := r.saver.find(callID); ok {
		return raw, nil
	}
	row, err := r.store.LoadRecord(ctx, callID)
	if err != nil {
		return nil, fmt.Errorf("loading the record of call %q: %w", callID, err)
	}
	return row.Document, nil
}

// Handler serves the registry in Prometheus' text form and in OpenMetrics.
func (r *Recorder) Handler() http.Handler {
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// A fault in one source must not hide all the others.
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      scrapeLog{r.log},
	})
}

// Close ends the calls that are still live with reason shutdown, saves what
// waits to be saved, tries once more to export what waits for that, and stops.
// When ctx ends first, the error says how many records are lost.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	var live []string
	for id := range r.live {
		live = append(live, id)
	}
	r.mu.Unlock()
	slices.Sort(live)
	for _, id := range live {
		r.CallEnded(id, "shutdown", r.now())
	}
	// Beside each other: a far end that hangs must not take the store's time.
	errs := make([]error, 1+len(r.exports))
	var closing sync.WaitGroup
	for i, s := range append([]*saver{r.saver}, r.exports...) {
		closing.Go(func() { errs[i] = s.close(ctx) })
	}
	closing.Wait()
	return errors.Join(errs...)
}

func (r *Recorder) find(callID string) *liveCall {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.live[callID]
}

// with calls f with a live call, locked. It reports whether there is one.
func (r *Recorder) with(callID string, f func(*record.Call)) bool {
	lc := r.find(callID)
	if lc == nil {
		return false
	}
	lc.mu.Lock()
	defer lc.mu.Unlock()
	if lc.ended {
		return false
	}
	f(lc.call)
	return true
}

// logEnd writes the line of log at hang-up: no person, no address.
func logEnd(log *slog.Logger, d *record.Document) {
	attrs := []slog.Attr{
		slog.String("call", d.ID), slog.Int64("duration_ms", d.DurationMS), slog.Int64("talk_ms", d.TalkMS),
		slog.String("reason", label.Reasons.Pick(d.Reason)), slog.Bool("video", d.Video), slog.Int("participants", len(d.Participants)),
	}
	if d.Score > 0 {
		attrs = append(attrs, slog.Float64("mos", d.Score))
	}
	for _, w := range d.Worsts() {
		var group []any
		for _, f := range []struct {
			name  string
			value float64
		}{
			{"loss_p95", w.LossP95}, {"rtt_ms", w.RTT}, {"jitter_ms", w.Jitter}, {"bitrate_bps", w.Bitrate}, {"fps", w.FPS},
		} {
			if f.value >= 0 {
				group = append(group, slog.Float64(f.name, f.value))
			}
		}
		attrs = append(attrs, slog.Group(w.Direction+"_"+w.Kind, group...))
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, "call ended", attrs...)
}

// scrapeLog brings errors of a scrape into the log.
type scrapeLog struct{ log *slog.Logger }

func (l scrapeLog) Println(v ...any) { l.log.Error("metrics scrape", "error", fmt.Sprint(v...)) }
