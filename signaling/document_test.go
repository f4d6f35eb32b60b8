package signaling_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// httpExample is one of the blocks marked http in docs/protocol.md: a request,
// and its answer below.
type httpExample struct {
	method, path, body string
	status             int
	answer             string
}

var (
	requestLine = regexp.MustCompile(`^(GET|POST|PUT|DELETE) (\S+)$`)
	statusLine  = regexp.MustCompile(`^(\d{3})$`)
)

func httpExamples(t *testing.T, text string) []httpExample {
	var list []httpExample
	for i, block := range strings.Split(text, "```") {
		block, is := strings.CutPrefix(block, "http\n")
		if i%2 == 0 || !is {
			continue
		}
		var e httpExample
		for _, line := range strings.Split(block, "\n") {
			if m := requestLine.FindStringSubmatch(line); m != nil {
				e.method, e.path = m[1], m[2]
			} else if m := statusLine.FindStringSubmatch(line); m != nil {
				e.status, _ = strconv.Atoi(m[1])
			} else if e.status == 0 {
				e.body += line
			} else {
				e.answer += line
			}
		}
		require.NotEmpty(t, e.path, block)
		require.NotZero(t, e.status, block)
		list = append(list, e)
	}
	return list
}

// TestHTTPExamplesInTheDocument holds each example to the OpenAPI document:
// its request, its status and its answer.
func TestHTTPExamplesInTheDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/protocol.md")
	require.NoError(t, err)
	h := newHouse(t, nil)
	examples := httpExamples(t, string(text))
	require.Greater(t, len(examples), 20)
	for _, e := range examples {
		op, _ := h.api.operation(e.method, e.path)
		require.NotNil(t, op, "%s %s is no page", e.method, e.path)
		require.Equal(t, op.RequestBody != nil, e.body != "", "%s %s", e.method, e.path)
		if e.body != "" {
			require.NoError(t, visit(t, op.RequestBody.Value.Content.Get("application/json").Schema, e.body), e.body)
		}
		require.NotNil(t, op.Responses.Status(e.status), "%s %s: %d", e.method, e.path, e.status)
		require.Equal(t, e.status == http.StatusNoContent, e.answer == "", "%s %s", e.method, e.path)
		if e.answer != "" {
			require.True(t, json.Valid([]byte(e.answer)), e.answer)
			schema := op.Responses.Status(e.status).Value.Content.Get("application/json").Schema
			require.NoError(t, visit(t, schema, e.answer), e.answer)
		}
	}
}

func TestTheDocumentNamesEveryPage(t *testing.T) {
	text, err := os.ReadFile("../docs/protocol.md")
	require.NoError(t, err)
	for _, e := range proto.Endpoints() {
		require.Contains(t, string(text), "`"+e.Key()+"`")
	}
}
