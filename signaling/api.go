package signaling

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

// apiError is how the HTTP API says no: a proto.Error with an HTTP status.
type apiError struct {
	status  int
	Code    proto.Code      `json:"code"`
	Message string          `json:"message"`
	Missing []proto.Missing `json:"missing,omitempty" doc:"what would have to be there first, with not_approved"`
}

var apiErrorType = reflect.TypeFor[apiError]()

// Error makes apiError a Go error.
func (e *apiError) Error() string { return string(e.Code) + ": " + e.Message }

// GetStatus makes apiError usable by huma.
func (e *apiError) GetStatus() int { return e.status }

// statuses gives each code its HTTP status; others are 400.
var statuses = map[proto.Code]int{
	proto.CodeTooLarge:         http.StatusRequestEntityTooLarge,
	proto.CodeRateLimited:      http.StatusTooManyRequests,
	proto.CodeUnauthenticated:  http.StatusUnauthorized,
	proto.CodeNotFound:         http.StatusNotFound,
	proto.CodeNotAllowed:       http.StatusForbidden,
	proto.CodeWrongState:       http.StatusConflict,
	proto.CodeBusy:             http.StatusConflict,
	proto.CodeCallFull:         http.StatusConflict,
	proto.CodeBadOffer:         http.StatusUnprocessableEntity,
	proto.CodeCodecUnsupported: http.StatusUnprocessableEntity,
	proto.CodeUnavailable:      http.StatusServiceUnavailable,
	proto.CodeTooYoung:         http.StatusForbidden,
	proto.CodeTextRefused:      http.StatusUnprocessableEntity,
	proto.CodeTaken:            http.StatusConflict,
	proto.CodeNeedsConsent:     http.StatusForbidden,
	proto.CodeNotApproved:      http.StatusForbidden,
	proto.CodeQuietHours:       http.StatusForbidden,
	proto.CodeAllowanceUsed:    http.StatusForbidden,
	proto.CodeSuspended:        http.StatusForbidden,
	proto.CodeEpochTaken:       http.StatusConflict,
	proto.CodeCommitNeeded:     http.StatusConflict,
	proto.CodeNoDevice:         http.StatusConflict,
	proto.CodeQueueFull:        http.StatusTooManyRequests, // it is others who have to make room: no fault of the server
	proto.CodeInternal:         http.StatusInternalServerError,
}

// codes gives each status that huma comes up with its code; other 4xx are
// bad_message, other 5xx internal.
var codes = map[int]proto.Code{
	http.StatusRequestEntityTooLarge: proto.CodeTooLarge,
	http.StatusTooManyRequests:       proto.CodeRateLimited,
	http.StatusUnauthorized:          proto.CodeUnauthenticated,
	http.StatusNotFound:              proto.CodeNotFound,
	http.StatusForbidden:             proto.CodeNotAllowed,
	http.StatusServiceUnavailable:    proto.CodeUnavailable,
}

// failed turns any error into an answer.
func (s *Server) failed(doing string, err error) error {
	e := refusal(s.d.Log, doing, err)
	return &apiError{statusOf(e.Code), e.Code, e.Message, e.Missing}
}

func statusOf(code proto.Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// huma is set up by variables of its package. A list is never null, a field's
// name is in the case that it has in the description, and an error says where
// and why, never what was given: that may be a password.
func init() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		code, ok := codes[status]
		switch {
		case ok:
		case status >= 500:
			code = proto.CodeInternal
		default:
			code = proto.CodeBadMessage
		}
		for _, err := range errs {
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				msg += fmt.Sprintf("; %s: %s", d.ErrorDetail().Location, d.ErrorDetail().Message)
			}
		}
		if status == http.StatusUnprocessableEntity {
			status = http.StatusBadRequest
		}
		return &apiError{status, code, msg, nil}
	}
}

// writeError writes an error outside the described API.
func writeError(w http.ResponseWriter, status int, e *proto.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // people read it too
	_ = enc.Encode(e)
}

type loginInput struct {
	Body struct {
		User     string        `json:"user" minLength:"1" maxLength:"64" doc:"login name"`
		Password string        `json:"password" minLength:"1" maxLength:"256"`
		Device   *proto.Device `json:"device,omitempty" doc:"what the person holds in the hand; free text, for support"`
	}
	network
}

// network is filled by huma from the request.
type network struct{ from string }

// Resolve notes where a request comes from.
func (n *network) Resolve(ctx huma.Context) []error {
	n.from = ctx.RemoteAddr()
	return nil
}

type loginOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Token     string       `json:"token" doc:"for Authorization: Bearer, and for hello on the WebSocket"`
		ExpiresAt int64        `json:"expires_at" doc:"milliseconds since the Unix epoch"`
		Me        proto.Person `json:"me"`
	}
}

type bearerInput struct {
	Authorization string `header:"Authorization" maxLength:"512" doc:"Bearer and the token"`
}

type personOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         proto.Person
}

type recordInput struct {
	// Written out: huma fills no fields of an embedded type that is not exported.
	Authorization string `header:"Authorization" maxLength:"512" doc:"Bearer and an operator's token"`
	ID            string `path:"id" minLength:"1" maxLength:"64"`
}

type recordOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         json.RawMessage
}

type demoOutput struct{ Body Demo }

type healthOutput struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

const noStore = "no-store"

// mountAPI adds the described API to r.
func (s *Server) mountAPI(r chi.Router) error {
	cfg := huma.DefaultConfig("Kinwire", strconv.Itoa(proto.Version))
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "/v1/openapi", "", ""
	cfg.CreateHooks = nil // no $schema members in answers
	cfg.Info.Description = "Everything that is not real time. The WebSocket at /v1/ws is described in docs/protocol.md."
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"login":    {Type: "http", Scheme: "bearer", Description: "the token from POST /v1/login"},
		"operator": {Type: "http", Scheme: "bearer", Description: "an operator's token; each page says which role it takes"},
		"media":    {Type: "http", Scheme: "bearer", Description: "the token from media.token on the WebSocket"},
	}
	api := humachi.New(r, cfg)
	if s.hub.whip != nil {
		describeWHIP(api.OpenAPI())
	}
	login := []map[string][]string{{"login": {}}}
	operator := []map[string][]string{{"operator": {}}}

	huma.Register(api, huma.Operation{OperationID: "login", Method: http.MethodPost, Path: "/v1/login", Summary: "Log in", MaxBodyBytes: maxBody, Errors: []int{400, 401, 403, 413, 415, 429, 503}}, s.login)
	huma.Register(api, huma.Operation{OperationID: "logout", Method: http.MethodPost, Path: "/v1/logout", Summary: "Give up a login; its sessions end", Security: login, DefaultStatus: http.StatusNoContent, Errors: []int{401, 503}}, s.logout)
	huma.Register(api, huma.Operation{OperationID: "me", Method: http.MethodGet, Path: "/v1/me", Summary: "Who am I", Security: login, Errors: []int{401, 503}}, s.me)
	huma.Register(api, huma.Operation{OperationID: "record", Method: http.MethodGet, Path: "/v1/calls/{id}/record", Summary: "The record of a call, live or ended", Description: accessSays[proto.AccessCalls], Security: operator, Errors: []int{400, 401, 403, 404, 503}}, s.record)
	huma.Register(api, huma.Operation{OperationID: "demo", Method: http.MethodGet, Path: "/v1/demo", Summary: "The demo logins; 404 outside demo mode", Errors: []int{404}}, s.demo)
	huma.Register(api, huma.Operation{OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Summary: "The process runs"}, s.health)
	huma.Register(api, huma.Operation{OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Summary: "The server takes requests", Errors: []int{503}}, s.ready)
	if s.d.OIDC != nil {
		s.d.OIDC.Routes(r.With(s.payForProvider))
	}
	s.mountBeside(r, api.OpenAPI())
	return s.mountPages(r, api.OpenAPI())
}

func (s *Server) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	var device proto.Device
	if in.Body.Device != nil {
		if refused := proto.Check(in.Body.Device, "body.device"); refused != nil {
			return nil, s.failed("login", refused)
		}
		device = *in.Body.Device
	}
	from := networkOf(&http.Request{RemoteAddr: in.from})
	if wait, ok := s.throttle.take(from); !ok {
		err := s.failed("login", refuse(proto.CodeRateLimited, "too many failed logins from this network; try again in %d s", int(wait.Seconds())+1))
		return nil, huma.ErrorWithHeaders(err, http.Header{"Retry-After": {strconv.Itoa(int(wait.Seconds()) + 1)}})
	}
	l, err := s.d.Accounts.Login(ctx, in.Body.User, in.Body.Password, device)
	if err != nil {
		return nil, s.failed("login", err)
	}
	s.throttle.giveBack(from)
	out := &loginOutput{CacheControl: noStore}
	out.Body.Token, out.Body.ExpiresAt, out.Body.Me = l.Token, l.ExpiresAt.UnixMilli(), l.Person
	return out, nil
}

func (s *Server) logout(ctx context.Context, in *bearerInput) (*struct{}, error) {
	token := bearer(in.Authorization)
	p, err := s.d.Accounts.Authenticate(ctx, token)
	if err == nil {
		err = s.d.Accounts.Logout(ctx, token)
	}
	if err != nil {
		return nil, s.failed("logout", err)
	}
	key := hashed(token)
	s.hub.EndLogins(p.ID, []string{hex.EncodeToString(key[:])})
	return nil, nil
}

func (s *Server) me(ctx context.Context, in *bearerInput) (*personOutput, error) {
	p, err := s.d.Accounts.Authenticate(ctx, bearer(in.Authorization))
	if err != nil {
		return nil, s.failed("me", err)
	}
	return &personOutput{noStore, p}, nil
}

func (s *Server) record(ctx context.Context, in *recordInput) (*recordOutput, error) {
	if _, err := s.operator(in.Authorization, proto.OperatorCalls); err != nil {
		return nil, s.failed("record", err)
	}
	if s.d.Records == nil {
		return nil, s.failed("record", refuse(proto.CodeNotFound, "records are not kept here"))
	}
	doc, err := s.d.Records.Record(ctx, in.ID)
	if err != nil {
		return nil, s.failed("record", err)
	}
	return &recordOutput{noStore, doc}, nil
}

func (s *Server) demo(context.Context, *struct{}) (*demoOutput, error) {
	if s.d.Demo == nil {
		return nil, s.failed("demo", refuse(proto.CodeNotFound, "demo mode is off"))
	}
	return &demoOutput{*s.d.Demo}, nil
}

func (s *Server) health(context.Context, *struct{}) (*healthOutput, error) {
	out := &healthOutput{}
	out.Body.Status = "ok"
	return out, nil
}

func (s *Server) ready(ctx context.Context, in *struct{}) (*healthOutput, error) {
	if s.hub.isClosing() {
		return nil, s.failed("readyz", refuse(proto.CodeUnavailable, "the server is shutting down"))
	}
	if s.d.Ready != nil {
		if err := s.d.Ready(ctx); err != nil {
			s.d.Log.Warn("not ready", "err", err)
			return nil, s.failed("readyz", refuse(proto.CodeUnavailable, "the server is not ready"))
		}
	}
	return s.health(ctx, in)
}
