package passkey

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"kinwire/signaling/proto"
)

// Service keeps the ceremonies. Its methods may be called from any goroutine.
type Service struct {
	store Store
	now   func() time.Time
	log   *slog.Logger
	lib   *webauthn.WebAuthn
}

// New checks cfg: an origin from which no browser would do a ceremony for this
// RPID is a mistake and refused.
func New(store Store, now func() time.Time, cfg Config) (*Service, error) {
	if cfg.RPID == "" {
		return nil, errors.New("passkeys: no RPID given: it is the site's domain, such as kinwire.example")
	}
	if cfg.RPName == "" {
		cfg.RPName = cfg.RPID
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	lib := &webauthn.Config{
		RPID: cfg.RPID, RPDisplayName: cfg.RPName,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationPreferred,
		},
		// Told to the browser; what counts is when the ticket runs out.
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: CeremonyTime},
			Registration: webauthn.TimeoutConfig{Timeout: CeremonyTime},
		},
		// Some password managers send outputs of extensions that nobody asked
		// for. None is used here, so none can do harm.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	}
	for _, origin := range cfg.Origins {
		if protocol.IsKnownOpaqueOrigin(origin) {
			lib.RPOpaqueOrigins = append(lib.RPOpaqueOrigins, origin)
			continue
		}
		if err := checkOrigin(origin, cfg.RPID); err != nil {
			return nil, err
		}
		lib.RPOrigins = append(lib.RPOrigins, origin)
	}
	w, err := webauthn.New(lib)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Service{store: store, now: now, log: cfg.Log, lib: w}, nil
}

func checkOrigin(origin, rpID string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("passkeys: origin %q: it must be scheme://host, with a port where it is not the usual one, and nothing else", origin)
	}
	host := u.Hostname()
	if host != rpID && !strings.HasSuffix(host, "."+rpID) {
		return fmt.Errorf("passkeys: origin %q: its host must be the RPID %q or end in .%s", origin, rpID, rpID)
	}
	if u.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return fmt.Errorf("passkeys: origin %q: browsers do this over https only, except on localhost", origin)
	}
	return nil
}

// List returns a person's passkeys, the oldest first.
func (s *Service) List(ctx context.Context, userID string) (proto.Passkeys, error) {
	keys, err := s.store.Passkeys(ctx, userID)
	if err != nil {
		return proto.Passkeys{}, err
	}
	if keys == nil {
		keys = []proto.Passkey{}
	}
	return proto.Passkeys{Passkeys: keys}, nil
}

// Delete forgets a passkey; not_found if this person has none by that id.
func (s *Service) Delete(ctx context.Context, userID, id string) error {
	deleted, err := s.store.DeletePasskey(ctx, userID, id)
	if err != nil {
		return err
	}
	if !deleted {
		return refuse(proto.CodeNotFound, "you have no such passkey")
	}
	return nil
}

// Begin starts the making of a passkey for p.
func (s *Service) Begin(ctx context.Context, p proto.Person) (proto.Ceremony, error) {
	keys, err := s.store.Passkeys(ctx, p.ID)
	if err != nil {
		return proto.Ceremony{}, err
	}
	if len(keys) >= MaxKeys {
		return proto.Ceremony{}, errTooMany()
	}
	// An authenticator that holds one of these says so instead of making a
	// second one.
	have := make([]protocol.CredentialDescriptor, 0, len(keys))
	for _, k := range keys {
		id, err := base64.RawURLEncoding.DecodeString(k.ID)
		if err != nil {
			return proto.Ceremony{}, fmt.Errorf("begin a passkey: stored id: %w", err)
		}
		have = append(have, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: id})
	}
	options, session, err := s.lib.BeginRegistration(&user{id: p.ID, name: p.Name}, webauthn.WithExclusions(have))
	if err != nil {
		return proto.Ceremony{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return s.open(ctx, kindNew, p.ID, options.Response, session)
}

// Add finishes the making of a passkey that this person began.
func (s *Service) Add(ctx context.Context, userID string, in proto.PasskeyNew) (proto.Passkey, error) {
	name := strings.TrimSpace(in.Name)
	if n := utf8.RuneCountInString(name); n < 1 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return proto.Passkey{}, refuse(proto.CodeBadMessage, fmt.Sprintf("name: 1 to %d characters of one line are allowed, this has %d", maxName, n))
	}
	response, err := parseNew(in.Response)
	if err != nil {
		return proto.Passkey{}, err
	}
	session, err := s.take(ctx, kindNew, in.Ticket, userID)
	if err != nil {
		return proto.Passkey{}, err
	}
	c, err := s.lib.CreateCredential(&user{id: userID}, session, response)
	if err != nil {
		s.log.DebugContext(ctx, "passkey not made", "why", err)
		return proto.Passkey{}, refuse(proto.CodeNotAllowed, "the passkey could not be verified: begin again on this site")
	}
	record, err := encode(c)
	if err != nil {
		return proto.Passkey{}, err
	}
	key := proto.Passkey{ID: base64.RawURLEncoding.EncodeToString(c.ID), Name: name, CreatedAt: s.now().UnixMilli()}
	added, err := s.store.AddPasskey(ctx, userID, key, record, MaxKeys)
	if err != nil {
		return proto.Passkey{}, err
	}
	if !added {
		return proto.Passkey{}, s.whyNotAdded(ctx, userID)
	}
	return key, nil
}

func (s *Service) whyNotAdded(ctx context.Context, userID string) error {
	keys, err := s.store.Passkeys(ctx, userID)
	if err != nil {
		return err
	}
	if len(keys) >= MaxKeys {
		return errTooMany()
	}
	return refuse(proto.CodeTaken, "this passkey is in use already")
}

func errTooMany() error {
	return refuse(proto.CodeNotAllowed, fmt.Sprintf("an account has at most %d passkeys: delete one that you do not need", MaxKeys))
}

// BeginLogin starts a log-in by whoever holds a passkey.
func (s *Service) BeginLogin(ctx context.Context) (proto.Ceremony, error) {
	options, session, err := s.lib.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return proto.Ceremony{}, fmt.Errorf("begin a log-in by passkey: %w", err)
	}
	return s.open(ctx, kindLogin, "", options.Response, session)
}

// Login finishes a log-in and returns who it is. Why a passkey was not taken
// is not told: unauthenticated, whether it is unknown, deleted or wrong. Only a
// counter that did not go up is told, as not_allowed.
func (s *Service) Login(ctx context.Context, in proto.PasskeyLogin) (userID string, err error) {
	response, err := parseLogin(in.Response)
	if err != nil {
		return "", err
	}
	session, err := s.take(ctx, kindLogin, in.Ticket, "")
	if err != nil {
		return "", err
	}
	id := base64.RawURLEncoding.EncodeToString(response.RawID)
	personID, before, found, err := s.store.PasskeyCredential(ctx, id)
	if err != nil {
		return "", err
	}
	if !found {
		return "", errNotTaken()
	}
	stored, err := decode(before)
	if err != nil {
		return "", err
	}
	owner := &user{id: personID, credentials: []webauthn.Credential{stored}}
	_, c, err := s.lib.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return owner, nil }, session, response)
	if err != nil {
		s.log.DebugContext(ctx, "passkey not taken", "why", err)
		return "", errNotTaken()
	}
	if c.Authenticator.CloneWarning {
		s.log.WarnContext(ctx, "passkey refused: its counter did not go up, so there may be a copy of it", "person", personID,
			"stored", stored.Authenticator.SignCount, "given", response.Response.AuthenticatorData.Counter)
		return "", refuse(proto.CodeNotAllowed, "this passkey may have been copied: sign in another way, delete it and make a new one")
	}
	after, err := encode(c)
	if err != nil {
		return "", err
	}
	used, err := s.store.UsePasskey(ctx, id, before, after, s.now())
	if err != nil {
		return "", err
	}
	if !used {
		return "", errNotTaken()
	}
	return personID, nil
}

func errNotTaken() error {
	return refuse(proto.CodeUnauthenticated, "this passkey does not open an account here")
}
