package whip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

const (
	maxOffer    = 64 << 10 // as of an offer on the WebSocket
	maxFragment = 16 << 10
)

// action carries out one method of a page. What it returns is answered as an
// error.
type action func(w http.ResponseWriter, r *http.Request, ro *role) error

// failure is an error whose status does not follow from its code.
type failure struct {
	status int
	why    *proto.Error
}

func (f *failure) Error() string { return f.why.Error() }
func (f *failure) Unwrap() error { return f.why }

func fail(status int, code proto.Code, format string, args ...any) error {
	return &failure{status, &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}}
}

var (
	errToken = fail(http.StatusUnauthorized, proto.CodeUnauthenticated, "this page needs a token from media.token that is still good: Authorization: Bearer …")
	errGone  = fail(http.StatusNotFound, proto.CodeNotFound, "there is no such media of yours; it may have ended or been replaced")
	errRate  = fail(http.StatusTooManyRequests, proto.CodeRateLimited, "too many requests; try again in a second")
	// errAnswered ends a request that has its answer already.
	errAnswered = errors.New("answered already")

	errSite = fail(http.StatusForbidden, proto.CodeNotAllowed, "the Origin of this request may not use this server")
)

// page dispatches by method. RFC 9725 keeps GET, HEAD and PUT for later: they
// are answered with 405 like everything else that is not in the table.
func (s *Service) page(ro *role, methods map[string]action) http.HandlerFunc {
	allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		do, ok := methods[r.Method]
		if !ok {
			w.Header().Set("Allow", allow)
			s.refuse(w, ro, fail(http.StatusMethodNotAllowed, proto.CodeBadMessage, "method: given %.16q; allowed are %s", r.Method, allow))
			return
		}
		if !s.d.FromHere(r) {
			s.refuse(w, ro, errSite)
			return
		}
		shareWith(w.Header(), r.Header.Get("Origin"))
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Timeout)
		defer cancel()
		if err := do(w, r.WithContext(ctx), ro); err != nil && err != errAnswered {
			s.refuse(w, ro, err)
		}
	}
}

// shareWith lets the page of an origin read the answer. Tokens are shown, not
// sent along by the browser, so there is nothing to allow credentials for.
func shareWith(h http.Header, origin string) {
	h.Add("Vary", "Origin")
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Post, Accept-Patch")
	}
}

func (s *Service) refuse(w http.ResponseWriter, ro *role, err error) {
	var f *failure
	status := 0
	if errors.As(err, &f) {
		status = f.status
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	s.d.Refuse(w, status, ro.name, err)
}

// grant finds what the token of a request stands for. It is an error if that
// is nothing, or if the session asks too much.
func (s *Service) grant(w http.ResponseWriter, r *http.Request) (*grant, error) {
	token, good, ok := s.d.Credentials(w, r)
	if !ok {
		return nil, errAnswered
	}
	g := s.table.find(hashed(token)) // no token is found for none
	if g == nil {
		return nil, errToken
	}
	good()
	if !g.seat.Allow() {
		return nil, errRate
	}
	return g, nil
}

// body reads what must be of one media type and has at most limit bytes; of
// another type, it says in a header which is accepted.
func body(w http.ResponseWriter, r *http.Request, header, mediaType string, limit int64) (string, error) {
	if !hasType(r, mediaType) {
		w.Header().Set(header, mediaType)
		return "", fail(http.StatusUnsupportedMediaType, proto.CodeBadMessage, "Content-Type: given %.60q; allowed is %s", r.Header.Get("Content-Type"), mediaType)
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return "", fail(http.StatusRequestEntityTooLarge, proto.CodeTooLarge, "body: given more than %d bytes; allowed are at most %[1]d", limit)
	case err != nil:
		return "", fail(http.StatusBadRequest, proto.CodeBadMessage, "body: it breaks off")
	}
	return string(text), nil
}

// take waits for the token's turn.
func (g *grant) take(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for an earlier request of this token: %w", ctx.Err())
	}
}

func (g *grant) release() { <-g.turn }

// read takes an offer in and says what it brings. sdp is what the media plane
// is to answer.
func (ro *role) read(text string) (o *offer, sdp string, sources []proto.Source, err error) {
	o, err = scanOffer(text)
	if err != nil {
		return nil, "", nil, fail(http.StatusBadRequest, proto.CodeBadMessage, "body: given something that is not SDP: %v", err)
	}
	if refused := o.faces(ro.direction); refused != nil {
		return nil, "", nil, refused
	}
	sources = []proto.Source{}
	if ro.sends {
		var refused *proto.Error
		if sources, refused = o.sources(); refused != nil {
			return nil, "", nil, refused
		}
	}
	return o, o.facing(ro.direction), sources, nil
}

// start is POST to an endpoint.
func (s *Service) start(w http.ResponseWriter, r *http.Request, ro *role) error {
	g, err := s.grant(w, r)
	if err != nil {
		return err
	}
	text, err := body(w, r, "Accept-Post", typeSDP, maxOffer)
	if err != nil {
		return err
	}
	o, sdp, sources, err := ro.read(text)
	if err != nil {
		return err
	}
	if err := g.take(r.Context()); err != nil {
		return err
	}
	defer g.release()
	if !g.seat.Live() || !s.d.Now().Before(g.startBy) {
		return errToken
	}
	media, joined, err := g.seat.Join(r.Context(), sdp, sources)
	if err != nil {
		return err
	}
	res := &resource{id: newSecret(), role: ro, media: media, tag: newTag(), ufrag: o.ufrag, pwd: o.pwd}
	if !s.table.put(g, res) {
		_ = media.Leave(r.Context()) // it has ended by itself if this fails
		return errToken
	}
	h := w.Header()
	h.Set("Location", ro.path+"/"+res.id)
	h.Set("ETag", res.tag)
	h.Set("Accept-Patch", typeFragment)
	linkServers(h, joined.ICEServers)
	h.Set("Content-Type", typeSDP)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, joined.SDP)
	return nil
}

// resource finds the media that a request is about.
func (s *Service) resource(w http.ResponseWriter, r *http.Request, ro *role) (*grant, *resource, error) {
	g, err := s.grant(w, r)
	if err != nil {
		return nil, nil, err
	}
	res := s.table.resource(g, ro, chi.URLParam(r, "id"))
	if res == nil {
		return nil, nil, errGone
	}
	if !g.runs(res) {
		s.table.drop(g, res)
		return nil, nil, errGone
	}
	return g, res, nil
}

// patch is PATCH of a resource: candidates, or an ICE restart.
func (s *Service) patch(w http.ResponseWriter, r *http.Request, ro *role) error {
	g, res, err := s.resource(w, r, ro)
	if err != nil {
		return err
	}
	text, err := body(w, r, "Accept-Patch", typeFragment, maxFragment)
	if err != nil {
		return err
	}
	f, err := scanFragment(text)
	if err != nil {
		return fail(http.StatusBadRequest, proto.CodeBadMessage, "body: given something that is not an SDP fragment: %v", err)
	}
	tags := condition(r.Header)
	if len(tags) == 0 {
		return fail(http.StatusPreconditionRequired, proto.CodeWrongState, "If-Match: given none; it needs the ETag of the ICE session, or * for an ICE restart")
	}
	if err := g.take(r.Context()); err != nil {
		return err
	}
	defer g.release()
	wild := slices.Contains(tags, anyTag)
	if !wild && !slices.Contains(tags, res.tag) {
		return fail(http.StatusPreconditionFailed, proto.CodeWrongState, "If-Match: given the ETag of another ICE session than the one there is")
	}
	known := (f.ufrag == "" || f.ufrag == res.ufrag) && (f.pwd == "" || f.pwd == res.pwd)
	switch {
	case known:
		w.WriteHeader(http.StatusNoContent) // candidates: the server needs none
		return nil
	case !wild:
		return fail(http.StatusUnprocessableEntity, proto.CodeBadOffer, "given other ICE credentials than this ICE session has; an ICE restart needs If-Match: *")
	case f.ufrag == "" || f.pwd == "":
		return fail(http.StatusBadRequest, proto.CodeBadMessage, "given one ICE credential; an ICE restart needs both a=ice-ufrag and a=ice-pwd")
	}
	return s.restart(w, r, res, f, text)
}

// restart gives the media new ICE credentials (RFC 9725, section 4.3.3). The
// caller holds the turn.
func (s *Service) restart(w http.ResponseWriter, r *http.Request, res *resource, f fragment, text string) error {
	answer, err := res.media.Restart(r.Context(), text)
	if err != nil {
		return err
	}
	res.tag, res.ufrag, res.pwd = newTag(), f.ufrag, f.pwd
	w.Header().Set("ETag", res.tag)
	w.Header().Set("Content-Type", typeFragment)
	_, _ = io.WriteString(w, answer)
	return nil
}

// leave is DELETE of a resource. An entity-tag does not matter (RFC 9725,
// section 4.3.1).
func (s *Service) leave(w http.ResponseWriter, r *http.Request, ro *role) error {
	g, res, err := s.resource(w, r, ro)
	if err != nil {
		return err
	}
	if err := res.media.Leave(r.Context()); err != nil && res.media.Live() {
		return err
	}
	s.table.drop(g, res)
	w.WriteHeader(http.StatusOK)
	return nil
}

// options says what a page takes, to browsers before a request from another
// origin and to whoever asks. Who shows a token gets the ICE servers, for
// clients that need them before they make their offer (RFC 9725, section 4.6).
func (s *Service) options(w http.ResponseWriter, r *http.Request, ro *role) error {
	h, id := w.Header(), chi.URLParam(r, "id")
	methods := "OPTIONS, POST"
	if id == "" {
		h.Set("Accept-Post", typeSDP)
	} else {
		methods = "DELETE, OPTIONS, PATCH"
		h.Set("Accept-Patch", typeFragment)
	}
	h.Set("Allow", methods)
	if r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
		h.Set("Access-Control-Max-Age", "600")
	} else if r.Header.Get("Authorization") != "" && id == "" {
		g, err := s.grant(w, r)
		if err != nil {
			return err
		}
		if !g.seat.Live() {
			return errToken
		}
		linkServers(h, g.seat.Servers())
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
