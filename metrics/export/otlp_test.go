package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

func newCollectorClient(t *testing.T, cfg OTLPConfig) *OTLP {
	t.Helper()
	o, err := NewOTLP(cfg, func() time.Time { return ended.Add(time.Second) })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close(context.Background())) })
	return o
}

// decode reads one log record out of a request, as a collector does.
func decode(t *testing.T, body []byte) (*logs.LogRecord, *logs.ResourceLogs) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	require.NoError(t, err)
	raw, err := io.ReadAll(z)
	require.NoError(t, err)
	var req collector.ExportLogsServiceRequest
	require.NoError(t, proto.Unmarshal(raw, &req))
	require.Len(t, req.ResourceLogs, 1)
	require.Len(t, req.ResourceLogs[0].ScopeLogs, 1)
	require.Len(t, req.ResourceLogs[0].ScopeLogs[0].LogRecords, 1)
	return req.ResourceLogs[0].ScopeLogs[0].LogRecords[0], req.ResourceLogs[0]
}

func attributes(list []*common.KeyValue) map[string]any {
	out := map[string]any{}
	for _, kv := range list {
		out[kv.Key] = plain(kv.Value)
	}
	return out
}

func plain(v *common.AnyValue) any {
	switch v := v.Value.(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_ArrayValue:
		var out []any
		for _, e := range v.ArrayValue.Values {
			out = append(out, plain(e))
		}
		return out
	default:
		return nil
	}
}

func TestACollectorGetsTheRecord(t *testing.T) {
	far := newReceiver(t)
	// The environment has no say in where records go.
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", elsewhere(t))
	t.Setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", elsewhere(t))
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "X-From=environment")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=school") // but in what is said of the server
	o := newCollectorClient(t, OTLPConfig{Endpoint: far.URL + "/v1/logs", Headers: map[string]string{"Authorization": "Bearer t"}, Version: "1.2"})
	require.NoError(t, o.Export(t.Context(), call()))
	req, body := <-far.got, <-far.bodies
	require.Equal(t, "/v1/logs", req.URL.Path)
	require.Equal(t, "application/x-protobuf", req.Header.Get("Content-Type"))
	require.Equal(t, "Bearer t", req.Header.Get("Authorization"))
	require.Empty(t, req.Header.Get("X-From"))

	r, of := decode(t, body)
	require.Equal(t, map[string]any{"service.name": "kinwire", "service.version": "1.2", "deployment.environment.name": "school"}, attributes(of.Resource.Attributes))
	require.Equal(t, "kinwire/metrics/export", of.ScopeLogs[0].Scope.Name)
	require.Equal(t, EventName, r.EventName)
	require.Equal(t, uint64(ended.UnixNano()), r.TimeUnixNano)
	require.Equal(t, uint64(ended.Add(time.Second).UnixNano()), r.ObservedTimeUnixNano)
	require.Equal(t, logs.SeverityNumber_SEVERITY_NUMBER_INFO, r.SeverityNumber)
	require.JSONEq(t, string(call().Document), r.Body.GetStringValue())
	require.Equal(t, map[string]any{
		"kinwire.call.id": "c1", "kinwire.call.reason": "hangup", "kinwire.call.video": true, "kinwire.call.participants": int64(2),
		"kinwire.call.started_at": ended.Add(-time.Minute).UnixMilli(), "kinwire.call.duration_ms": int64(60_000), "kinwire.call.talk_ms": int64(58_000),
		"kinwire.call.codecs": []any{"opus", "vp8"}, "kinwire.call.paths": []any{"host/udp"}, "kinwire.call.score": 4.2, "kinwire.call.verdict": "mild loss",
	}, attributes(r.Attributes))
}

func TestWhatWasNotMeasuredIsNotSent(t *testing.T) {
	far := newReceiver(t)
	o := newCollectorClient(t, OTLPConfig{Endpoint: far.URL})
	missed := call()
	missed.Score, missed.Verdict = 0, ""
	require.NoError(t, o.Export(t.Context(), missed))
	r, _ := decode(t, <-far.bodies)
	require.NotContains(t, attributes(r.Attributes), "kinwire.call.score")
	require.NotContains(t, attributes(r.Attributes), "kinwire.call.verdict")
}

func TestWhatACollectorsStatusMeans(t *testing.T) {
	far := newReceiver(t)
	o := newCollectorClient(t, OTLPConfig{Endpoint: far.URL})
	for _, c := range []struct {
		status int
		header []string
		final  bool
		after  time.Duration
	}{
		{status: 429, header: []string{"Retry-After", "3"}, after: 3 * time.Second}, {status: 502}, {status: 503}, {status: 504},
		{status: 400, final: true}, {status: 401, final: true}, {status: 413, final: true}, {status: 500, final: true}, {status: 307, final: true, header: []string{"Location", elsewhere(t)}},
	} {
		far.status(c.status, c.header...)
		var e *Error
		require.ErrorAs(t, o.Export(t.Context(), call()), &e, c.status)
		require.Equal(t, c.final, e.Final, c.status)
		require.Equal(t, c.after, e.After, c.status)
		require.NotContains(t, e.Error(), "secret words")
		require.NotContains(t, e.Error(), far.URL)
		<-far.got
		<-far.bodies
	}
	far.status(http.StatusOK)
	require.NoError(t, o.Export(t.Context(), call()), "it goes on after failures")
}

func TestACollectorThatRejectsInParts(t *testing.T) {
	far := newReceiver(t)
	o := newCollectorClient(t, OTLPConfig{Endpoint: far.URL})
	far.answers(func(w http.ResponseWriter) {
		raw, err := proto.Marshal(&collector.ExportLogsServiceResponse{PartialSuccess: &collector.ExportLogsPartialSuccess{RejectedLogRecords: 1, ErrorMessage: "too big"}})
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(raw)
	})
	var e *Error
	require.ErrorAs(t, o.Export(t.Context(), call()), &e)
	require.True(t, e.Final, "OTLP forbids to repeat what was taken in parts")
}

func TestACollectorThatHangsOrIsNotThere(t *testing.T) {
	far := newReceiver(t)
	release := make(chan struct{})
	far.answers(func(http.ResponseWriter) { <-release })
	defer close(release)
	var e *Error
	require.ErrorAs(t, newCollectorClient(t, OTLPConfig{Endpoint: far.URL, Timeout: 20 * time.Millisecond}).Export(t.Context(), call()), &e)
	require.False(t, e.Final)

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	require.ErrorAs(t, newCollectorClient(t, OTLPConfig{Endpoint: gone.URL + "/token"}).Export(t.Context(), call()), &e)
	require.False(t, e.Final)
	require.NotContains(t, e.Error(), "token")
}

func TestNothingGoesOutAfterClose(t *testing.T) {
	far := newReceiver(t)
	o, err := NewOTLP(OTLPConfig{Endpoint: far.URL}, time.Now)
	require.NoError(t, err)
	require.NoError(t, o.Close(t.Context()))
	var e *Error
	require.ErrorAs(t, o.Export(t.Context(), call()), &e)
	require.True(t, e.Final)
	require.Empty(t, far.got)
}

func TestCollectorsThatCannotBe(t *testing.T) {
	for _, address := range []string{"", "collector.example/v1/logs", "https://user:abc@collector.example", "https://collector.example/v1/logs?token=abc"} {
		_, err := NewOTLP(OTLPConfig{Endpoint: address}, time.Now)
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "abc")
	}
}
