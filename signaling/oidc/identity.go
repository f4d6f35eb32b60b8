package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/oauth2"

	"kinwire/signaling/proto"
)

// identity is whom a provider vouches for.
type identity struct {
	subject string
	claims  claims
	// more asks the provider for claims that the ID token does not hold.
	more func(ctx context.Context) (claims, error)
}

// claims are those of OpenID Connect Core 1.0, section 5.1, that matter here.
type claims struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Verified truth  `json:"email_verified"`
	Name     string `json:"name"`
}

// truth is a boolean that some providers write as text.
type truth bool

func (t *truth) UnmarshalJSON(text []byte) error {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*t = v == true || v == "true"
	return nil
}

// identify exchanges the code and checks what comes for it.
func (p *provider) identify(ctx context.Context, d *discovered, code string, l login) (identity, *refusal) {
	ctx = p.with(ctx)
	token, err := d.oauth.Exchange(ctx, code, oauth2.VerifierOption(l.Verifier))
	if err != nil {
		return identity{}, refuseExchange(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return identity{}, refuse(proto.CodeUnauthenticated, "verify", err)
	}
	if id.Nonce != l.Nonce {
		return identity{}, refuse(proto.CodeUnauthenticated, "verify", errors.New("the ID token belongs to another log-in: its nonce is not ours"))
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return identity{}, refuse(proto.CodeUnauthenticated, "verify", err)
		}
	}
	if id.Subject == "" {
		return identity{}, refuse(proto.CodeUnauthenticated, "verify", errors.New("the ID token has no subject"))
	}
	who := identity{subject: id.Subject}
	if err := id.Claims(&who.claims); err != nil {
		return identity{}, refuse(proto.CodeUnauthenticated, "verify", errors.New("the claims of the ID token cannot be read"))
	}
	who.more = func(ctx context.Context) (claims, error) {
		var c claims
		info, err := d.provider.UserInfo(p.with(ctx), oauth2.StaticTokenSource(token))
		if err != nil {
			return c, quiet(err)
		}
		if err := info.Claims(&c); err != nil {
			return c, errors.New("the answer cannot be read")
		}
		// OpenID Connect Core 1.0, section 5.3.2: or else it is somebody else's.
		if c.Subject != id.Subject {
			return c, errors.New("the answer is about another subject")
		}
		return c, nil
	}
	return who, nil
}

// refuseExchange tells a code that is not good (any more) from a provider in
// trouble, and keeps what the provider wrote out of the log.
func refuseExchange(err error) *refusal {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return refuse(proto.CodeUnavailable, "exchange", quiet(err))
	}
	why := errors.New(http.StatusText(answer.Response.StatusCode) + " " + known(answer.ErrorCode))
	if answer.ErrorCode == "invalid_grant" {
		return refuse(proto.CodeWrongState, "exchange", why)
	}
	return refuse(proto.CodeUnavailable, "exchange", why)
}

// quiet leaves of an error what is sure to be about the network.
func quiet(err error) error {
	var network *url.Error
	if errors.As(err, &network) {
		return network.Err
	}
	return errors.New("the provider's answer is of no use")
}

// known leaves of a provider's error code what looks like one (RFC 6749,
// section 5.2).
func known(code string) string {
	if len(code) > 40 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "(an unknown code)"
	}
	return code
}

// person finds whose account it is, or has it made.
func (s *Service) person(ctx context.Context, providerID string, who identity) (string, *refusal) {
	userID, active, found, err := s.store.OIDCPerson(ctx, providerID, who.subject)
	if err != nil {
		return "", refuse(proto.CodeInternal, "look up", err)
	}
	if found && !active {
		return "", refuse(proto.CodeSuspended, "look up", errors.New("the account is suspended"))
	}
	if found {
		return userID, nil
	}
	c := who.claims
	if c.Email == "" {
		if c, err = who.more(ctx); err != nil {
			return "", refuse(proto.CodeUnavailable, "userinfo", err)
		}
	}
	if c.Email == "" || !c.Verified {
		return "", refuse(CodeUnverified, "userinfo", errors.New("no verified e-mail address"))
	}
	userID, err = s.accounts.ParentByEmail(ctx, c.Email, cleanName(c.Name))
	if err != nil {
		return "", refuse(proto.CodeInternal, "account", err)
	}
	linked, err := s.store.AddOIDCLink(ctx, providerID, who.subject, userID)
	if err != nil {
		return "", refuse(proto.CodeInternal, "link", err)
	}
	if !linked {
		return "", refuse(proto.CodeTaken, "link", errors.New("the account signs in as another subject of this provider"))
	}
	return userID, nil
}

// cleanName makes one line of at most 40 characters.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if runes := []rune(strings.TrimSpace(name)); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	return strings.TrimSpace(name)
}
