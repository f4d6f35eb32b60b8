package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// provider is one of the configuration, and what is known of it.
type provider struct {
	cfg      ProviderConfig
	redirect string          // where it sends browsers back to
	life     context.Context // of the server: discovery goes on when a browser gives up
	client   *http.Client
	now      func() time.Time
	log      *slog.Logger

	busy chan struct{} // held by who discovers; the others wait for the result

	mu     sync.Mutex
	known  *discovered
	failed time.Time // when discovery last failed
}

// discovered is what a provider says of itself.
type discovered struct {
	at       time.Time
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	issuer   string
	namesISS bool // says who it is when it sends a browser back (RFC 9207)
}

var errDown = errors.New("the provider did not answer a moment ago")

// discover returns what is known, and asks if that is nothing or old. When the
// provider is down, what is old serves.
func (p *provider) discover(ctx context.Context) (*discovered, error) {
	if d, err, enough := p.remembered(); enough {
		return d, err
	}
	select {
	case p.busy <- struct{}{}:
		defer func() { <-p.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d, err, enough := p.remembered(); enough {
		return d, err
	}
	d, err := p.ask()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed = p.now()
		p.log.WarnContext(ctx, "OpenID Connect provider is not there", "provider", p.cfg.ID, "error", err)
		if p.known != nil {
			return p.known, nil
		}
		return nil, err
	}
	p.known, p.failed = d, time.Time{}
	return d, nil
}

// remembered is enough when nothing has to be asked now.
func (p *provider) remembered() (d *discovered, err error, enough bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	justFailed := !p.failed.IsZero() && now.Sub(p.failed) < retryAfter
	if p.known != nil {
		return p.known, nil, justFailed || now.Sub(p.known.at) < maxAge
	}
	return nil, errDown, justFailed
}

func (p *provider) ask() (*discovered, error) {
	ctx, cancel := context.WithTimeout(p.with(p.life), httpTime)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover: %w", err)
	}
	var says struct {
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		NamesISS    bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, fmt.Errorf("discover: %w", err)
	}
	endpoint := found.Endpoint()
	if endpoint.AuthURL == "" || endpoint.TokenURL == "" {
		return nil, errors.New("discover: the provider names no authorization or token endpoint")
	}
	endpoint.AuthStyle = p.authStyle(says.AuthMethods)
	return &discovered{
		at: p.now(), provider: found, issuer: p.cfg.Issuer, namesISS: says.NamesISS,
		verifier: found.VerifierContext(p.with(p.life), &oidc.Config{ClientID: p.cfg.ClientID, Now: p.now}),
		oauth: oauth2.Config{
			ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: endpoint, RedirectURL: p.redirect,
			Scopes: []string{oidc.ScopeOpenID, oidc.ScopeEmail, oidc.ScopeProfile},
		},
	}, nil
}

// authStyle follows OpenID Connect Core 1.0, section 9: the secret goes into a
// header unless the provider takes it in the body only.
func (p *provider) authStyle(methods []string) oauth2.AuthStyle {
	if p.cfg.ClientSecret == "" {
		return oauth2.AuthStyleInParams
	}
	if len(methods) > 0 && !slices.Contains(methods, "client_secret_basic") && slices.Contains(methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// with makes the libraries use the client of this package.
func (p *provider) with(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

// newClient makes a client that bounds what a provider can do: how long an
// answer takes and how large it is, and where it leads to. A client secret
// that was sent to one host must not be sent on to another.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // log-ins are rare
	return &http.Client{
		Timeout:   httpTime,
		Transport: bounded{transport},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme || len(via) > 3 {
				return errors.New("the provider redirects to somewhere else")
			}
			return nil
		},
	}
}

type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = &boundedBody{Reader: io.LimitReader(res.Body, maxBody), Closer: res.Body}
	return res, nil
}

type boundedBody struct {
	io.Reader
	io.Closer
}
