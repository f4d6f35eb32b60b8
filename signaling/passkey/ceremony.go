package passkey

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"kinwire/signaling/proto"
)

// The kinds of tickets.
const (
	kindNew   = "passkey-new"
	kindLogin = "passkey-login"
)

// open puts the session under a new ticket.
func (s *Service) open(ctx context.Context, kind, personID string, options any, session *webauthn.SessionData) (proto.Ceremony, error) {
	data, err := json.Marshal(session)
	if err != nil {
		return proto.Ceremony{}, fmt.Errorf("open a %s ceremony: %w", kind, err)
	}
	text, err := json.Marshal(options)
	if err != nil {
		return proto.Ceremony{}, fmt.Errorf("open a %s ceremony: %w", kind, err)
	}
	c := proto.Ceremony{Ticket: rand.Text()}
	if err := json.Unmarshal(text, &c.Options); err != nil {
		return proto.Ceremony{}, fmt.Errorf("open a %s ceremony: %w", kind, err)
	}
	if err := s.store.AddTicket(ctx, kind, c.Ticket, personID, string(data), s.now().Add(CeremonyTime)); err != nil {
		return proto.Ceremony{}, err
	}
	return c, nil
}

// take takes the session out. It is gone then, whatever comes of it.
func (s *Service) take(ctx context.Context, kind, ticket, personID string) (webauthn.SessionData, error) {
	owner, data, found, err := s.store.TakeTicket(ctx, kind, ticket, s.now())
	if err != nil {
		return webauthn.SessionData{}, err
	}
	if !found || owner != personID {
		return webauthn.SessionData{}, refuse(proto.CodeWrongState,
			fmt.Sprintf("ticket: unknown, used already, or older than %d minutes: begin again", int(CeremonyTime.Minutes())))
	}
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(data), &session); err != nil {
		return webauthn.SessionData{}, fmt.Errorf("read a %s ceremony: %w", kind, err)
	}
	return session, nil
}

func parseNew(response any) (*protocol.ParsedCredentialCreationData, error) {
	return parse(response, protocol.ParseCredentialCreationResponseBytes, "RegistrationResponseJSON")
}

func parseLogin(response any) (*protocol.ParsedCredentialAssertionData, error) {
	return parse(response, protocol.ParseCredentialRequestResponseBytes, "AuthenticationResponseJSON")
}

// parse reads what a browser answered. It is JSON that has been parsed once
// already, on its way in.
func parse[T any](response any, read func([]byte) (T, error), want string) (T, error) {
	var none T
	text, err := json.Marshal(response)
	if err != nil {
		return none, refuse(proto.CodeBadMessage, "response: not JSON: "+want+" is wanted")
	}
	if len(text) > maxResponse {
		return none, refuse(proto.CodeTooLarge, fmt.Sprintf("response: %d bytes; at most %d are allowed", len(text), maxResponse))
	}
	parsed, err := read(text)
	if err != nil {
		return none, refuse(proto.CodeBadMessage, "response: not a "+want+" of WebAuthn Level 3")
	}
	return parsed, nil
}

// encode gives the credential record as it is stored: what later log-ins need.
// The make of the authenticator and what it said of itself are left out.
func encode(c *webauthn.Credential) (string, error) {
	kept := *c
	kept.Attestation, kept.AttestationType, kept.AttestationFormat = webauthn.CredentialAttestation{}, "", ""
	kept.Authenticator.AAGUID = nil
	text, err := json.Marshal(kept)
	if err != nil {
		return "", fmt.Errorf("encode a passkey: %w", err)
	}
	return string(text), nil
}

func decode(text string) (webauthn.Credential, error) {
	var c webauthn.Credential
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, fmt.Errorf("decode a passkey: %w", err)
	}
	return c, nil
}
