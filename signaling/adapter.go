package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

const (
	// maxPathID bounds an id in a path, in characters.
	maxPathID = 64
	// maxPasskeyID bounds the id of a passkey: 1023 bytes (WebAuthn Level 3,
	// section 4, credential id) in base64.
	maxPasskeyID = 1364
	// maxComplaints is how many faults of one body an answer names.
	maxComplaints = 3
)

// endpoint is one row of proto.Endpoints with all that is needed to serve it.
type endpoint struct {
	proto.Endpoint
	page     page
	schema   *huma.Schema // of In; nil without, and where In is no JSON
	registry huma.Registry
	maxBody  int64
	maxID    int
}

// large reports whether a body, one way or the other, may take long on a slow
// network.
func (e endpoint) large() bool { return e.maxBody > maxBody || isOctets(e.Out) }

// mountPages adds the pages of proto.Endpoints to r and to the description.
func (s *Server) mountPages(r chi.Router, doc *huma.OpenAPI) error {
	table, err := s.pageTable()
	if err != nil {
		return err
	}
	for _, row := range proto.Endpoints() {
		e := endpoint{Endpoint: row, page: table[row.Key()], registry: doc.Components.Schemas, maxBody: s.maxBodyOf(row), maxID: maxPathID}
		if row.ID == "passkey-delete" {
			e.maxID = maxPasskeyID
		}
		if row.In != nil && !isOctets(row.In) {
			e.schema = doc.Components.Schemas.Schema(row.In, true, row.In.Name())
		}
		doc.AddOperation(describe(e))
		r.Method(row.Method, row.Path, s.serve(e))
	}
	return nil
}

// serve is the way of every request: who asks, what is asked, what it costs,
// the page itself, the answer.
func (s *Server) serve(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		done := func() {}
		defer func() { done() }()
		out, err := s.carryOut(e, w, r, func() {
			if e.large() {
				done = patient(w)
			}
		})
		if err != nil {
			refused := refusal(s.d.Log, e.ID, err)
			if refused.Code == proto.CodeUnauthenticated && e.Access != proto.AccessAnyone {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			writeError(w, statusFor(err, refused), refused)
			return
		}
		w.Header().Set("Cache-Control", noStore)
		if e.Out == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", mediaType(e.Out))
		if isOctets(e.Out) {
			w.Header().Set("Content-Length", strconv.Itoa(len(out)))
			w.Header().Set("Content-Disposition", "attachment") // nothing that a browser would show
		}
		_, _ = w.Write(out)
	}
}

// statusFor is the status of a refusal; 415 has no code of its own.
func statusFor(err error, refused *proto.Error) int {
	if errors.Is(err, errMediaType) {
		return http.StatusUnsupportedMediaType
	}
	return statusOf(refused.Code)
}

// carryOut runs a page and gives the body of its answer; admitted is called
// when it is known who asks. A page that panics costs one internal error.
func (s *Server) carryOut(e endpoint, w http.ResponseWriter, r *http.Request, admitted func()) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.d.Log.Error("page panicked", "page", e.ID, "panic", p, "stack", string(debug.Stack()))
			out, err = nil, refuse(proto.CodeInternal, "a fault of the server")
		}
	}()
	q := &asked{id: chi.URLParam(r, "id"), other: chi.URLParam(r, "other"), from: networkOf(r), signature: r.Header.Get(signatureHeader)}
	if err := s.admit(e, r, q); err != nil {
		return nil, err
	}
	admitted()
	for name, id := range map[string]string{"id": q.id, "other": q.other} {
		if len(id) > e.maxID {
			return nil, refuse(proto.CodeBadMessage, "path.%s: given %d characters; allowed are at most %d", name, len(id), e.maxID)
		}
	}
	if err := readQuery(e, r.URL.RawQuery, q); err != nil {
		return nil, err
	}
	if err := readBody(e, w, r, q); err != nil {
		return nil, err
	}
	payBack, wait, ok := s.pay(costs[e.ID], q.from, q.person.ID)
	if !ok {
		seconds := int(wait.Seconds()) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		return nil, refuse(proto.CodeRateLimited, "too many attempts from this %s; try again in %d s", whose(costs[e.ID]), seconds)
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.HandlerTimeout)
	defer cancel()
	answer, err := e.page.run(ctx, q)
	if err != nil {
		return nil, err
	}
	payBack()
	if octets, ok := answer.(proto.Octets); ok {
		return octets, nil
	}
	return proto.Encode(answer)
}

// admit checks the access of a page, in a time of its own: a body that comes
// slowly takes nothing of the page's.
func (s *Server) admit(e endpoint, r *http.Request, q *asked) error {
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.HandlerTimeout)
	defer cancel()
	return admissions[e.Access](s, ctx, r, q)
}

// holds checks a body by the schema. The complaint says where and why, never
// what was given: that may be a password.
func (e endpoint) holds(value any) error {
	res := &huma.ValidateResult{}
	huma.Validate(e.registry, e.schema, huma.NewPathBuffer([]byte("body"), len("body")), huma.ModeWriteToServer, value, res)
	if len(res.Errors) == 0 {
		return nil
	}
	var list []string
	for _, err := range res.Errors[:min(len(res.Errors), maxComplaints)] {
		list = append(list, complaint(err))
	}
	return &proto.Error{Code: proto.CodeBadMessage, Message: strings.Join(list, "; ")}
}

// complaint words one fault that huma found.
func complaint(err error) string {
	var d huma.ErrorDetailer
	if !errors.As(err, &d) {
		return "body: given something that is not allowed"
	}
	where := []rune(d.ErrorDetail().Location)
	if len(where) > 80 {
		where = append(where[:80], '…')
	}
	why, _, _ := strings.Cut(d.ErrorDetail().Message, ": ") // what follows may quote what was given
	return fmt.Sprintf("%s: %s", string(where), why)
}
