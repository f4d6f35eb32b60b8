package signaling

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

// networkParts are the pages about calls, this server and clients' networks.
func (s *Server) networkParts() []part {
	n := s.d.Network
	return []part{
		{n.CallLists != nil, pages{"GET /v1/calls": shows(func(ctx context.Context, q *asked) (proto.CallList, error) {
			return n.List(ctx, q.calls)
		})}},
		{n.Node != nil, pages{"GET /v1/ops/node": shows(func(context.Context, *asked) (proto.NodeState, error) {
			return n.Node(), nil
		})}},
		{n.Pseudonyms != nil, pages{"POST /v1/ops/pseudonyms/{id}/resolve": answers(func(ctx context.Context, q *asked, in proto.ResolveIn) (proto.Resolved, error) {
			return n.Resolve(ctx, q.operator, q.id, in.Reason)
		})}},
		{n.NetChecks != nil, netCheckPages(n.NetChecks)},
	}
}

func netCheckPages(n NetChecks) pages {
	return pages{
		"POST /v1/netcheck": shows(func(ctx context.Context, q *asked) (proto.NetCheck, error) {
			check, err := n.Begin(ctx)
			if q.from.IsValid() {
				check.Seen = q.from.String()
			}
			return check, err
		}),
		"POST /v1/netcheck/{id}/offers": answers(func(ctx context.Context, q *asked, in proto.NetCheckOffer) (proto.NetCheckAnswer, error) {
			return n.Offer(ctx, q.id, in)
		}),
		"DELETE /v1/netcheck/{id}": does(func(ctx context.Context, q *asked) error { return n.End(ctx, q.id) }),
	}
}

// exportPage stands beside the table of endpoints because its answer is
// streamed. It takes the filters of the list, and no page of it.
var exportPage = proto.Endpoint{
	ID: "calls-export", Method: http.MethodGet, Path: "/v1/calls/export", Access: proto.AccessCalls,
	Query: []string{"from", "to", "reason", "codec", "path", "score_below", "score_min", "live", "format"},
	Says:  "Records of calls, live and past, to be kept or looked into elsewhere; all filters hold together",
}

// debugPage stands there because its answer has no fixed form.
var debugPage = proto.Endpoint{
	ID: "ops-debug", Method: http.MethodGet, Path: "/v1/ops/debug", Access: proto.AccessCalls,
	Says: "What is in this server's memory now: rooms, peers, links, queues; its form may change",
}

// exportTypes are the media types of the formats.
var exportTypes = map[string]string{"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}

// mountBeside adds the pages beside the table, and describes them.
func (s *Server) mountBeside(r chi.Router, doc *huma.OpenAPI) {
	debug := endpoint{Endpoint: debugPage, registry: doc.Components.Schemas, maxID: maxPathID}
	op := describe(debug)
	delete(op.Responses, "204")
	op.Responses["200"] = &huma.Response{Description: "Done", Content: map[string]*huma.MediaType{typeJSON: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}}
	doc.AddOperation(op)
	r.Get(debugPage.Path, s.operatorsOnly(proto.OperatorCalls, s.d.Debug))

	export := endpoint{Endpoint: exportPage, registry: doc.Components.Schemas, maxID: maxPathID}
	op = describe(export)
	delete(op.Responses, "204")
	content := map[string]*huma.MediaType{}
	for _, typ := range []string{"application/x-ndjson", "text/csv"} {
		content[typ] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses["200"] = &huma.Response{Description: "Done", Content: content}
	doc.AddOperation(op)
	var serve http.Handler
	if s.d.Network.CallLists != nil {
		serve = s.export(export)
	}
	r.Get(exportPage.Path, s.operatorsOnly(proto.OperatorCalls, serve))
}

// export streams records. It may take as long as it takes, while the client
// goes on reading.
func (s *Server) export(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := &asked{format: "ndjson"}
		if err := readQuery(e, r.URL.RawQuery, q); err != nil {
			refused := refusal(s.d.Log, e.ID, err)
			writeError(w, statusOf(refused.Code), refused)
			return
		}
		out := newStream(w, exportTypes[q.format], "calls."+q.format)
		err := s.d.Network.Export(r.Context(), q.format, q.calls, out)
		if err == nil {
			err = out.end()
		}
		out.late.Stop()
		switch {
		case err == nil:
		case !out.begun:
			refused := refusal(s.d.Log, e.ID, err)
			writeError(w, statusOf(refused.Code), refused)
		default:
			if !errors.Is(err, context.Canceled) {
				s.d.Log.Warn("an export broke off", "err", err)
			}
			panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
		}
	}
}

// streamStall is how long a reader of a stream may take nothing.
const streamStall = 30 * time.Second

// stream is an answer that is written piece by piece. The server's timeouts
// are for whole answers; here each piece has one of its own, by a timer, so
// that no clock has to be read.
type stream struct {
	w         http.ResponseWriter
	typ, name string
	begun     bool
	late      *time.Timer
}

func newStream(w http.ResponseWriter, typ, name string) *stream {
	c := http.NewResponseController(w)
	// A writer without deadlines (in a test) has no timeouts either.
	_, _ = c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{})
	return &stream{w: w, typ: typ, name: name, late: time.AfterFunc(streamStall, func() { _ = c.SetWriteDeadline(passed) })}
}

// Write sends a piece on its way.
func (s *stream) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", s.typ)
		s.w.Header().Set("Content-Disposition", `attachment; filename="`+s.name+`"`)
	}
	s.late.Reset(streamStall)
	return s.w.Write(p)
}

// end begins an answer that has nothing in it, and sends what is buffered.
func (s *stream) end() error {
	if _, err := s.Write(nil); err != nil {
		return err
	}
	return http.NewResponseController(s.w).Flush()
}
