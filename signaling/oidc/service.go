package oidc

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-chi/chi/v5"
	"golang.org/x/oauth2"

	"kinwire/signaling/proto"
)

// Service signs people in with the providers of the configuration. Its methods may be
// called from any goroutine.
type Service struct {
	store     Store
	accounts  Accounts
	now       func() time.Time
	log       *slog.Logger
	home      string // the app's address, without what comes after #
	cookie    string // the cookie's name
	secure    bool
	listed    proto.Providers
	providers map[string]*provider
}

// login is what the server keeps of a log-in while the browser is away.
type login struct {
	Provider string `json:"provider"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of PKCE
}

// New checks cfg; it talks to nobody. Requests to providers that outlive a
// browser's interest end with ctx.
func New(ctx context.Context, store Store, now func() time.Time, cfg Config, d Deps) (*Service, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	public := strings.TrimRight(cfg.PublicURL, "/")
	s := &Service{
		store: store, accounts: d.Accounts, now: now, log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)),
		home: public + "/", secure: strings.HasPrefix(public, "https://"), cookie: "kinwire-oidc",
		listed: proto.Providers{Providers: []proto.Provider{}}, providers: map[string]*provider{},
	}
	if s.secure {
		// A name that browsers take from this very host alone, over TLS: a
		// neighbour below the same domain cannot plant it (RFC 6265bis).
		s.cookie = "__Host-" + s.cookie
	}
	client := newClient()
	for _, p := range cfg.Providers {
		path := "/v1/login/oidc/" + p.ID
		s.listed.Providers = append(s.listed.Providers, proto.Provider{ID: p.ID, Name: p.Name, URL: path})
		s.providers[p.ID] = &provider{
			cfg: p, redirect: public + path + "/callback", life: ctx, client: client, now: now, log: s.log,
			busy: make(chan struct{}, 1),
		}
	}
	return s, nil
}

// Providers lists those of the configuration, whether they are up or not.
func (s *Service) Providers() proto.Providers { return s.listed }

// Routes mounts the two addresses that browsers are sent to. Both answer with
// a redirect, never with a page: /#ticket=… and /#error=CODE are the ends of
// it. Each start leaves a row in the store for ten minutes, so whoever mounts them
// should slow down networks that do nothing else.
func (s *Service) Routes(r chi.Router) {
	r.Get("/v1/login/oidc/{provider}", s.start)
	r.Get("/v1/login/oidc/{provider}/callback", s.callback)
}

func (s *Service) start(w http.ResponseWriter, r *http.Request) {
	to, browser, no := s.begin(r.Context(), chi.URLParam(r, "provider"))
	if no != nil {
		s.fail(w, r, no)
		return
	}
	s.setCookie(w, browser, int(loginTime.Seconds()))
	redirect(w, to)
}

// begin puts the log-in down and returns where the browser goes, and what it
// has to keep.
func (s *Service) begin(ctx context.Context, id string) (to, browser string, no *refusal) {
	p, ok := s.providers[id]
	if !ok {
		return "", "", refuse(proto.CodeNotFound, "start", errors.New("no such provider"))
	}
	d, err := p.discover(ctx)
	if err != nil {
		return "", "", refuse(proto.CodeUnavailable, "start", err)
	}
	state, browser := rand.Text(), rand.Text()
	l := login{Provider: id, Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	data, err := json.Marshal(l)
	if err != nil {
		return "", "", refuse(proto.CodeInternal, "start", err)
	}
	if err := s.store.AddTicket(ctx, kind, key(state, browser), "", string(data), s.now().Add(loginTime)); err != nil {
		return "", "", refuse(proto.CodeInternal, "start", err)
	}
	return d.oauth.AuthCodeURL(state, oidc.Nonce(l.Nonce), oauth2.S256ChallengeOption(l.Verifier)), browser, nil
}

// key joins what went through the provider and what stayed in the browser.
func key(state, browser string) string { return state + "." + browser }

func (s *Service) callback(w http.ResponseWriter, r *http.Request) {
	ticket, no := s.finish(r)
	if no == nil || no.code != proto.CodeWrongState {
		// The log-in is over. One that was never this browser's is not: then
		// its own may still be on its way.
		s.setCookie(w, "", -1)
	}
	if no != nil {
		s.fail(w, r, no)
		return
	}
	redirect(w, s.home+"#ticket="+url.QueryEscape(ticket))
}

func (s *Service) finish(r *http.Request) (ticket string, no *refusal) {
	ctx, q := r.Context(), r.URL.Query()
	p, ok := s.providers[chi.URLParam(r, "provider")]
	if !ok {
		return "", refuse(proto.CodeNotFound, "callback", errors.New("no such provider"))
	}
	l, no := s.takeUp(r, p, q.Get("state"))
	if no != nil {
		return "", no
	}
	d, err := p.discover(ctx)
	if err != nil {
		return "", refuse(proto.CodeUnavailable, "callback", err)
	}
	if no := d.checkAnswer(q); no != nil {
		return "", no
	}
	who, no := p.identify(ctx, d, q.Get("code"), l)
	if no != nil {
		return "", no
	}
	userID, no := s.person(ctx, p.cfg.ID, who)
	if no != nil {
		return "", no
	}
	ticket, err = s.accounts.MakeLoginTicket(ctx, userID)
	if err != nil {
		return "", refuse(proto.CodeInternal, "ticket", err)
	}
	return ticket, nil
}

// takeUp finds the log-in that this browser began with this provider.
func (s *Service) takeUp(r *http.Request, p *provider, state string) (login, *refusal) {
	cookie, err := r.Cookie(s.cookie)
	if err != nil || state == "" || len(state) > maxParam || len(cookie.Value) > maxParam {
		return login{}, refuse(proto.CodeWrongState, "callback", errors.New("no state, or no cookie"))
	}
	_, data, found, err := s.store.TakeTicket(r.Context(), kind, key(state, cookie.Value), s.now())
	if err != nil {
		return login{}, refuse(proto.CodeInternal, "callback", err)
	}
	var l login
	if found {
		if err := json.Unmarshal([]byte(data), &l); err != nil {
			return login{}, refuse(proto.CodeInternal, "callback", err)
		}
	}
	if l.Provider != p.cfg.ID {
		return login{}, refuse(proto.CodeWrongState, "callback", errors.New("this browser began no such log-in, or it is over"))
	}
	return l, nil
}

// refusals are the errors of RFC 6749, section 4.1.2.1, and OpenID Connect
// Core 1.0, section 3.1.2.6, that are not simply a no.
var refusals = map[string]proto.Code{
	"server_error":            proto.CodeUnavailable,
	"temporarily_unavailable": proto.CodeUnavailable,
	"invalid_request":         proto.CodeInternal,
	"unauthorized_client":     proto.CodeInternal,
	"invalid_scope":           proto.CodeInternal,
}

// checkAnswer looks at what the provider sent back with the browser.
func (d *discovered) checkAnswer(q url.Values) *refusal {
	iss := q.Get("iss")
	if (iss != "" || d.namesISS) && iss != d.issuer {
		return refuse(proto.CodeUnauthenticated, "callback", errors.New("the answer comes from another provider"))
	}
	if given := q.Get("error"); given != "" {
		return refuse(cmp.Or(refusals[given], CodeCancelled), "provider", errors.New(known(given)))
	}
	if code := q.Get("code"); code == "" || len(code) > maxParam {
		return refuse(proto.CodeUnauthenticated, "callback", errors.New("no code"))
	}
	return nil
}

func (s *Service) setCookie(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (s *Service) fail(w http.ResponseWriter, r *http.Request, no *refusal) {
	level := slog.LevelInfo
	if no.code == proto.CodeInternal || no.code == proto.CodeUnavailable || no.code == proto.CodeUnauthenticated {
		level = slog.LevelWarn // something for the operator to look at
	}
	s.log.Log(r.Context(), level, "log-in by a provider came to nothing", "at", no.at, "code", no.code, "why", no.err)
	redirect(w, s.home+"#error="+url.QueryEscape(string(no.code)))
}

// redirect sends a browser on. Neither the address nor where it came from is
// to be kept or passed on.
func redirect(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
