package signaling

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"time"

	"kinwire/signaling/proto"
)

const (
	// maxBody bounds the body of a request to the HTTP API, in bytes.
	maxBody = 16 << 10
	// chunkExtra is by how much a body may be longer than the largest chunk: so
	// that what is a little too long is refused in words, by the page.
	chunkExtra = 1 << 10
)

// maxBodies has the pages whose bodies may be longer, by proto.Endpoint.ID. That
// of a chunk follows the configuration.
var maxBodies = map[string]int64{
	"consent-form":        3 << 20,   // a picture of a signed form, in base64
	"report":              128 << 10, // with a message that it reveals
	"chat-keys-add":       2 << 20,   // a hundred key packages of a post-quantum suite
	"conversation-new":    1 << 20,   // commit, Welcome and GroupInfo for every device
	"conversation-commit": 1 << 20,
}

// maxBodyOf is how many bytes the body of a page may have.
func (s *Server) maxBodyOf(e proto.Endpoint) int64 {
	if isOctets(e.In) {
		return int64(s.cfg.MaxChunkBytes) + chunkExtra
	}
	if most, ok := maxBodies[e.ID]; ok {
		return most
	}
	return maxBody
}

func isOctets(t reflect.Type) bool { return t == reflect.TypeFor[proto.Octets]() }

// The media types of bodies.
const (
	typeJSON   = "application/json"
	typeOctets = "application/octet-stream"
)

// mediaType is what a body of type t is written as.
func mediaType(t reflect.Type) string {
	if isOctets(t) {
		return typeOctets
	}
	return typeJSON
}

// errMediaType refuses a body of another media type.
var errMediaType = errors.New("another media type")

// wrongMediaType says which it would have to be.
func wrongMediaType(want string) error {
	return errors.Join(errMediaType, refuse(proto.CodeBadMessage, "Content-Type: given something else; allowed is %s", want))
}

// readBody reads the body and holds it to the schema. A page that takes
// nothing is content with nothing and with an empty object.
func readBody(e endpoint, w http.ResponseWriter, r *http.Request, q *asked) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, e.maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return refuse(proto.CodeTooLarge, "body: given more than %d bytes; allowed are at most %[1]d", e.maxBody)
		}
		return refuse(proto.CodeBadMessage, "body: it broke off")
	}
	if e.In == nil && len(body) == 0 {
		return nil
	}
	want := mediaType(e.In)
	if typ := r.Header.Get("Content-Type"); typ != "" {
		if name, _, err := mime.ParseMediaType(typ); err != nil || name != want {
			return wrongMediaType(want)
		}
	}
	if want == typeOctets {
		if len(body) == 0 {
			return refuse(proto.CodeBadMessage, "body: given nothing; allowed are 1 to %d bytes", e.maxBody-chunkExtra)
		}
		q.raw = body
		return nil
	}
	return readJSON(e, body, q)
}

func readJSON(e endpoint, body []byte, q *asked) error {
	if refused := proto.StrictFor(body, e.In, "body"); refused != nil {
		return refused
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return refuse(proto.CodeBadMessage, "body: given something that is not JSON, or a number out of range")
	}
	if e.schema == nil {
		if object, ok := value.(map[string]any); !ok || len(object) > 0 {
			return refuse(proto.CodeBadMessage, "body: given something; this page takes nothing")
		}
		return nil
	}
	q.raw = body
	return e.holds(value)
}

// slowBody is how long a page with a large body, one way or the other, may take
// on a slow network: 1 MiB at 50 kbit/s.
const slowBody = 3 * time.Minute

// passed is a point in time that has passed on every clock.
var passed = time.Unix(1, 0)

// patient gives a large body more time than the server's timeouts allow. They
// are for whole requests and begin with them, so they are taken off, and a timer
// ends what takes too long; no clock has to be read for it. The function that it
// gives is to be called when the answer is written.
func patient(w http.ResponseWriter) (done func()) {
	c := http.NewResponseController(w)
	deadlines := func(t time.Time) {
		// A writer without deadlines (in a test) has no timeouts either.
		_ = c.SetReadDeadline(t)
		_ = c.SetWriteDeadline(t)
	}
	deadlines(time.Time{})
	late := time.AfterFunc(slowBody, func() { deadlines(passed) })
	return func() {
		_ = c.Flush() // while the timer runs: nothing is left to be written without one
		late.Stop()
	}
}
