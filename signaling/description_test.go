package signaling_test

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-chi/chi/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// described holds the answers of a server to its own description: the OpenAPI
// document that it serves.
type described struct {
	doc    *openapi3.T
	routes chi.Routes
	mu     sync.Mutex      // requests come from several goroutines
	done   map[string]bool // operations that somebody was let do
}

func newDescribed(t *testing.T, srv *signaling.Server) *described {
	rec := newRecorder(srv, "/v1/openapi.json")
	require.Equal(t, http.StatusOK, rec.Code)
	return &described{doc: documentOf(t, rec.Body.String()), routes: srv.Routes(), done: map[string]bool{}}
}

// documents are those that were read already, by their text: most servers of
// these tests describe themselves alike, and reading takes a second.
var documents sync.Map

func documentOf(t *testing.T, text string) *openapi3.T {
	if doc, ok := documents.Load(text); ok {
		return doc.(*openapi3.T)
	}
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	require.NoError(t, err)
	documents.Store(text, doc)
	return doc
}

// operation finds what the document says of a request. It is nil for what is
// beside the described API: files, the WebSocket, redirects.
func (d *described) operation(method, path string) (*openapi3.Operation, string) {
	match := chi.NewRouteContext()
	path, _, _ = strings.Cut(path, "?")
	if !d.routes.Match(match, method, path) {
		return nil, ""
	}
	item := d.doc.Paths.Value(match.RoutePattern())
	if item == nil {
		return nil, ""
	}
	return item.GetOperation(method), match.RoutePattern()
}

// holds fails the test where an answer is not as described, or where a
// request was taken that is not as described.
func (d *described) holds(t *testing.T, method, path string, sent string, res *http.Response, body string) {
	t.Helper()
	op, route := d.operation(method, path)
	if op == nil {
		return
	}
	if res.StatusCode < 300 {
		d.mu.Lock()
		d.done[op.OperationID] = true
		d.mu.Unlock()
	}
	what := method + " " + route + " answers " + res.Status + " " + body
	response := op.Responses.Status(res.StatusCode)
	if response == nil {
		response = op.Responses.Default()
	}
	require.NotNil(t, response, "%s: no such status in the document", what)
	if body == "" && response.Value.Content.Get("application/x-ndjson") != nil {
		return // no lines
	}
	if body == "" {
		require.Empty(t, response.Value.Content, "%s: the document promises a body", what)
		return
	}
	typ, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	require.NoError(t, err, what)
	media := response.Value.Content.Get(typ)
	require.NotNil(t, media, "%s: no such media type in the document: %s", what, typ)
	if typ == "application/json" {
		require.NoError(t, visit(t, media.Schema, body), what)
	}
	if res.StatusCode < 300 && op.RequestBody != nil && op.RequestBody.Value.Content.Get("application/json") != nil {
		require.NoError(t, visit(t, op.RequestBody.Value.Content.Get("application/json").Schema, sent), "%s took %s", what, sent)
	}
}

func visit(t *testing.T, schema *openapi3.SchemaRef, text string) error {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.EnableFormatValidation())
}

// TestTheDescriptionIsOpenAPI: the document is what it says it is, and has
// every row of the table with a summary, its access and its refusals.
func TestTheDescriptionIsOpenAPI(t *testing.T) {
	h := newHouse(t, nil)
	d := newDescribed(t, h.srv)
	require.NoError(t, d.doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()))
	for _, e := range proto.Endpoints() {
		item := d.doc.Paths.Value(e.Path)
		require.NotNil(t, item, e.Path)
		op := item.GetOperation(e.Method)
		require.NotNil(t, op, e.Key())
		require.Equal(t, e.ID, op.OperationID)
		require.Equal(t, e.Says, op.Summary)
		require.NotEmpty(t, op.Description)
		require.Equal(t, e.In != nil, op.RequestBody != nil, e.Key())
		require.Equal(t, e.Out != nil, op.Responses.Status(http.StatusOK) != nil, e.Key())
		require.Equal(t, e.Access != proto.AccessAnyone, op.Security != nil, e.Key())
		require.Len(t, op.Parameters, strings.Count(e.Path, "{")+len(e.Query)+signed(e), e.Key())
		require.NotNil(t, op.Responses.Default(), e.Key())
	}
}

// signed counts the header with a signature.
func signed(e proto.Endpoint) int {
	if e.ID == "consent-external" {
		return 1
	}
	return 0
}

// newRecorder asks a server without a socket.
func newRecorder(s *signaling.Server, path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return rec
}

// protocol gives the schema of a definition in the document of the protocol.
var protocol = sync.OnceValues(func() (func(definition string) (*jsonschema.Schema, error), error) {
	text, err := os.ReadFile("../docs/protocol.schema.json")
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	var mu sync.Mutex
	return func(definition string) (*jsonschema.Schema, error) {
		mu.Lock()
		defer mu.Unlock()
		return c.Compile("protocol#/$defs/" + definition)
	}, c.AddResource("protocol", doc)
})

// isA says what is wrong with a message by a definition of the schema.
func isA(t *testing.T, definition string, text []byte) error {
	schema, err := protocol()
	require.NoError(t, err)
	s, err := schema(definition)
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// definitionOf names what a message of the server is to hold to; typ is the
// type of the request that it answers, if that is known.
func definitionOf(m proto.Message, typ string) string {
	switch {
	case m.Error != nil:
		return "error"
	case m.Type != "":
		return "event." + m.Type
	case hasReply(typ):
		return "reply." + typ
	default:
		return "server_message"
	}
}

func hasReply(typ string) bool {
	return slices.ContainsFunc(proto.Requests(), func(r proto.RequestSpec) bool { return r.Type == typ && r.Reply != nil })
}
