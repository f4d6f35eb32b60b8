package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdk "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
)

// EventName is that of the log records.
const EventName = "kinwire.call"

// OTLPConfig says where log records go.
type OTLPConfig struct {
	Endpoint string            // URL of the logs endpoint, whole; such as https://collector.example/v1/logs
	Headers  map[string]string // sent along
	Version  string            // of this server, as the resource's service.version
	Timeout  time.Duration     // of one attempt; 0: DefaultTimeout
}

// OTLP sends records to a collector. Its methods may be called by several
// goroutines at once.
type OTLP struct {
	provider *sdk.LoggerProvider
	logger   log.Logger
	idle     *http.Transport
	now      func() time.Time
}

// NewOTLP makes an OTLP; now gives the time at which a record is handed on. It
// connects to nothing yet.
func NewOTLP(cfg OTLPConfig, now func() time.Time) (*OTLP, error) {
	u, err := parse("collector", cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.User != nil {
		return nil, errors.New("export: the address of the collector must have neither a user nor a query; use headers")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Headers == nil {
		cfg.Headers = map[string]string{}
	}
	client, idle := newClient(cfg.Timeout, func(t http.RoundTripper) http.RoundTripper { return witness{t} })
	// Everything is said, so that no OTEL_… variable of the environment changes
	// where records go. OTEL_RESOURCE_ATTRIBUTES adds to what is said of this
	// server, as everywhere.
	exporter, err := otlploghttp.New(context.Background(),
		otlploghttp.WithEndpointURL(u.String()), otlploghttp.WithHeaders(cfg.Headers), otlploghttp.WithHTTPClient(client),
		otlploghttp.WithTimeout(cfg.Timeout), otlploghttp.WithCompression(otlploghttp.GzipCompression),
		otlploghttp.WithRetry(otlploghttp.RetryConfig{Enabled: false}), // the caller repeats
	)
	if err != nil {
		return nil, fmt.Errorf("export: making the exporter of log records: %w", err)
	}
	o := &OTLP{
		provider: sdk.NewLoggerProvider(
			sdk.WithProcessor(direct{exporter}), sdk.WithAttributeCountLimit(-1), sdk.WithAttributeValueLengthLimit(-1),
			sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "kinwire"), attribute.String("service.version", cfg.Version)))),
		idle: idle, now: now,
	}
	o.logger = o.provider.Logger("kinwire/metrics/export")
	return o, nil
}

// Export makes one attempt. An error is an *Error.
func (o *OTLP) Export(ctx context.Context, r Record) error {
	var rec log.Record
	rec.SetEventName(EventName)
	rec.SetTimestamp(r.EndedAt)
	rec.SetObservedTimestamp(o.now())
	rec.SetSeverity(log.SeverityInfo)
	rec.SetBody(attribute.StringValue(string(r.Document)))
	rec.AddAttributes(
		attribute.String("kinwire.call.id", r.CallID), attribute.String("kinwire.call.reason", r.Reason),
		attribute.Bool("kinwire.call.video", r.Video), attribute.Int("kinwire.call.participants", r.Participants),
		attribute.Int64("kinwire.call.started_at", r.StartedAt.UnixMilli()),
		attribute.Int64("kinwire.call.duration_ms", r.DurationMS), attribute.Int64("kinwire.call.talk_ms", r.TalkMS),
		attribute.StringSlice("kinwire.call.codecs", r.Codecs), attribute.StringSlice("kinwire.call.paths", r.Paths),
	)
	if r.Score > 0 {
		rec.AddAttributes(attribute.Float64("kinwire.call.score", r.Score))
	}
	if r.Verdict != "" {
		rec.AddAttributes(attribute.String("kinwire.call.verdict", r.Verdict))
	}
	out := &outcome{err: sdk.ErrExporterShutdown} // what is left when the provider is shut down
	o.logger.Emit(context.WithValue(ctx, outcomeKey{}, out), rec)
	return out.judge()
}

// Close shuts the SDK down. Export is not called any more.
func (o *OTLP) Close(ctx context.Context) error {
	err := o.provider.Shutdown(ctx)
	o.idle.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("export: shutting down the exporter of log records: %w", err)
	}
	return nil
}

// outcome is what came of one attempt. A logger of the SDK returns nothing, so
// the attempt brings a place for it along.
type outcome struct {
	err    error
	status int // 0: no answer
	header http.Header
}

type outcomeKey struct{}

// passingOTLP are the statuses after which OTLP asks for another attempt
// (specification of OTLP 1.x, section "Failures" of OTLP/HTTP).
var passingOTLP = map[int]bool{
	http.StatusTooManyRequests: true, http.StatusBadGateway: true, http.StatusServiceUnavailable: true, http.StatusGatewayTimeout: true,
}

func (o *outcome) judge() error {
	switch {
	case o.err == nil:
		return nil
	case errors.Is(o.err, sdk.ErrExporterShutdown):
		return &Error{Final: true, err: o.err}
	case o.status == 0:
		return unanswered("collector", o.err)
	}
	if err := answered("collector", o.status, o.header, passingOTLP); err != nil {
		return err
	}
	// A good status all the same: the answer says that it did not take the record,
	// or makes no sense.
	return &Error{Final: true, err: errors.New("the collector's answer is that it rejected the record")}
}

// direct is a processor that exports each record at once and tells the attempt.
type direct struct{ exporter sdk.Exporter }

// Enabled is of sdk.Processor.
func (direct) Enabled(context.Context, sdk.EnabledParameters) bool { return true }

// OnEmit is of sdk.Processor. It returns nil, as the SDK would print an error.
func (d direct) OnEmit(ctx context.Context, r *sdk.Record) error {
	err := d.exporter.Export(ctx, []sdk.Record{*r})
	if out, ok := ctx.Value(outcomeKey{}).(*outcome); ok {
		out.err = err
	}
	return nil
}

// Shutdown is of sdk.Processor.
func (d direct) Shutdown(ctx context.Context) error { return d.exporter.Shutdown(ctx) }

// ForceFlush is of sdk.Processor; nothing waits here.
func (d direct) ForceFlush(ctx context.Context) error { return d.exporter.ForceFlush(ctx) }

// witness notes the status of an answer, which the exporter's errors have in
// their text only.
type witness struct{ http.RoundTripper }

// RoundTrip is of http.RoundTripper.
func (w witness) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := w.RoundTripper.RoundTrip(req)
	if out, ok := req.Context().Value(outcomeKey{}).(*outcome); ok && err == nil {
		out.status, out.header = res.StatusCode, res.Header
	}
	return res, err
}
