package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// Config says with whom people may sign in.
type Config struct {
	// PublicURL is where browsers reach this server, such as
	// https://kinwire.example. A provider has to be told of
	// PublicURL/v1/login/oidc/ID/callback.
	PublicURL string
	Providers []ProviderConfig
	// Log may be nil.
	Log *slog.Logger
}

// ProviderConfig is one provider.
type ProviderConfig struct {
	ID           string // in addresses: small letters, digits and hyphens, at most 32
	Name         string // on the button
	Issuer       string // https://accounts.google.com, for example; below it is /.well-known/openid-configuration
	ClientID     string // what the provider calls this server
	ClientSecret string // empty for a public client
}

// The codes after /#error= that are this package's own. The others are those
// of proto: not_found, wrong_state (the log-in is unknown here, has been used or has
// run out, or began in another browser), unauthenticated (the provider's
// answer does not hold), unavailable, taken, internal, and what Accounts
// refuses with.
const (
	CodeCancelled  proto.Code = "cancelled"        // the person or the provider said no
	CodeUnverified proto.Code = "email_unverified" // the provider vouches for no e-mail address
)

const (
	kind       = "oidc"           // of tickets
	loginTime  = 10 * time.Minute // for everything that a provider may ask of a person
	maxParam   = 2048             // bytes of a parameter that comes back
	maxName    = 40               // characters
	maxBody    = 1 << 20          // bytes of a provider's answer
	httpTime   = 10 * time.Second // for one request to a provider
	retryAfter = 2 * time.Second  // after a discovery that failed
	maxAge     = 24 * time.Hour   // of what was discovered
)

// Store is what this package needs remembered.
type Store interface {
	// OIDCPerson finds who signs in as that subject, and whether they are
	// active.
	OIDCPerson(ctx context.Context, provider, subject string) (personID string, active, found bool, err error)
	// AddOIDCLink is false if the subject is somebody else, or the person
	// another subject there.
	AddOIDCLink(ctx context.Context, provider, subject, personID string) (linked bool, err error)
	// AddTicket keeps data under a one-time token until expires.
	AddTicket(ctx context.Context, kind, token string, personID, data string, expires time.Time) error
	// TakeTicket finds a ticket that is still good at now, and removes it.
	TakeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error)
}

// Accounts opens what a provider has vouched for.
type Accounts interface {
	// ParentByEmail finds the account with that address, which has been
	// verified, or makes a parent's. name may be empty.
	ParentByEmail(ctx context.Context, email, name string) (userID string, err error)
	// MakeLoginTicket gives a ticket with which a browser signs in.
	MakeLoginTicket(ctx context.Context, userID string) (ticket string, err error)
}

// Deps are whom a Service needs.
type Deps struct {
	Accounts Accounts
}

var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (c Config) check() error {
	if len(c.Providers) == 0 {
		return nil
	}
	if err := checkURL("public URL", c.PublicURL); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range c.Providers {
		if !idPattern.MatchString(p.ID) {
			return fmt.Errorf("oidc: provider id %q: 1 to 32 small letters, digits and hyphens are allowed", p.ID)
		}
		if seen[p.ID] {
			return fmt.Errorf("oidc: two providers with the id %q", p.ID)
		}
		seen[p.ID] = true
		if p.Name == "" || p.ClientID == "" {
			return fmt.Errorf("oidc: provider %q needs a name and a client id", p.ID)
		}
		if err := checkURL("issuer of provider "+p.ID, p.Issuer); err != nil {
			return err
		}
	}
	return nil
}

// checkURL wants https, and takes http on this very machine.
func checkURL(what, given string) error {
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(given, "?#") {
		return fmt.Errorf("oidc: %s is %q: it must be https://host, perhaps with a path", what, given)
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("oidc: %s is %q: it must be https, or http on localhost", what, given)
	}
	return nil
}

// refusal is why a log-in ends without a ticket. code goes to the browser, at
// and err into the log: err must hold nothing about a person.
type refusal struct {
	code proto.Code
	at   string
	err  error
}

func refuse(code proto.Code, at string, err error) *refusal {
	// Accounts and the store speak in typed errors where the person is at
	// fault: those are for the browser.
	var typed *proto.Error
	if errors.As(err, &typed) {
		return &refusal{code: typed.Code, at: at, err: errors.New(string(typed.Code))}
	}
	return &refusal{code: code, at: at, err: err}
}
