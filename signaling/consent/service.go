package consent

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// maxOpen is how many consents of one parent may wait for something.
const maxOpen = 5

// Service is the consents of one installation.
type Service struct {
	store   Store
	now     func() time.Time
	cfg     Config
	mail    Mailer
	changes Changes
	people  People
	log     *slog.Logger
	rules   methods
	offered []proto.ConsentMethod
	// wake is poked when something may be due earlier than Run knows.
	wake chan struct{}
}

// New makes the service. A method that cannot work with cfg is left out, with
// a warning. It keeps nothing running; see [Service.Run].
func New(store Store, now func() time.Time, cfg Config, d Deps) *Service {
	if cfg.Delay <= 0 {
		cfg.Delay = defaultDelay
	}
	if cfg.Lifetime <= 0 {
		cfg.Lifetime = defaultLifetime
	}
	if len(cfg.Sections) == 0 {
		cfg.Sections = DefaultSections()
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	s := &Service{
		store: store, now: now, cfg: cfg, mail: d.Mail, changes: d.Changes, people: d.People, log: d.Log,
		rules: newMethods(cfg.Delay, cfg.Lifetime), wake: make(chan struct{}, 1),
	}
	for _, name := range cfg.Methods {
		if why := s.cannotOffer(name); why != "" {
			s.log.Warn("consent: a method is not offered", "method", name, "why", why)
		} else if !slices.Contains(s.offered, name) {
			s.offered = append(s.offered, name)
		}
	}
	return s
}

// cannotOffer says why a method cannot be offered, "" if it can.
func (s *Service) cannotOffer(name proto.ConsentMethod) string {
	if _, known := s.rules[name]; !known {
		return "there is no such method to begin with"
	}
	switch {
	case name == proto.MethodEmailPlus && (s.cfg.PublicURL == "" || s.mail == nil):
		return "it needs the app's public address and a way to send e-mail"
	case name == proto.MethodExternal && (redirectURL(s.cfg.ExternalURL, "x") == "" || s.cfg.ExternalSecret == ""):
		return "it needs the address of the check, and the secret with which results are signed"
	}
	return ""
}

// Notice is what a parent consents to, and by which methods.
func (s *Service) Notice() proto.Notice {
	return proto.Notice{
		Version: s.cfg.NoticeVersion, Methods: slices.Clone(s.offered),
		Scopes: slices.Clone(allScopes), Sections: slices.Clone(s.cfg.Sections),
	}
}

// List returns the consents that a parent gave and those that others gave for
// the parent's children, the newest first.
func (s *Service) List(ctx context.Context, parentID string) (proto.Consents, error) {
	rows, err := s.store.Consents(ctx, proto.ConsentFind{Family: parentID})
	if err != nil {
		return proto.Consents{}, fmt.Errorf("list consents: %w", err)
	}
	list := proto.Consents{Consents: make([]proto.Consent, 0, len(rows))}
	for _, row := range rows {
		list.Consents = append(list.Consents, s.view(row, parentID))
	}
	return list, nil
}

// view is a consent as parentID sees it; "" is somebody else.
func (s *Service) view(row proto.ConsentRow, parentID string) proto.Consent {
	c := row.Consent
	c.Scopes = inOrder(c.Scopes)
	if overdue(row, s.now().UnixMilli()) {
		c.State, c.ExpiresAt = proto.ConsentExpired, 0
	}
	if c.State != proto.ConsentWaiting {
		c.NextAt = 0 // the first e-mail's time is nobody's concern
	}
	counts := c.State == proto.ConsentGranted || slices.Contains(open, c.State)
	c.Outdated = counts && c.NoticeVersion != s.cfg.NoticeVersion
	if c.Method == proto.MethodExternal && c.State == proto.ConsentPending && row.GuardianID == parentID {
		c.RedirectURL = redirectURL(s.cfg.ExternalURL, row.Reference)
	}
	return c
}

// Given returns what may be done with a child's data now: the scopes of the
// consent that is granted for the notice as it is. None: nothing.
func (s *Service) Given(ctx context.Context, childID string) ([]proto.Scope, error) {
	c, found, err := s.granted(ctx, childID)
	if err != nil || !found || c.NoticeVersion != s.cfg.NoticeVersion {
		return nil, err
	}
	return inOrder(c.Scopes), nil
}

// granted finds the consent for a child that is granted, outdated or not.
func (s *Service) granted(ctx context.Context, childID string) (proto.ConsentRow, bool, error) {
	if childID == "" {
		return proto.ConsentRow{}, false, nil
	}
	rows, err := s.store.Consents(ctx, proto.ConsentFind{ChildID: childID, State: proto.ConsentGranted, Limit: 1})
	if err != nil || len(rows) == 0 {
		return proto.ConsentRow{}, false, err
	}
	return rows[0], true, nil
}

// guards says whether parentID is a parent of a child.
func (s *Service) guards(ctx context.Context, parentID, childID string) (bool, error) {
	guardians, err := s.store.ConsentGuardians(ctx, childID)
	return slices.Contains(guardians, parentID), err
}

// tell lets those know whom a change of c concerns. relations: what the child
// may do has changed. It comes after the transaction and cannot fail it.
func (s *Service) tell(ctx context.Context, c proto.ConsentRow, relations bool) {
	family := []string{c.GuardianID}
	if c.ChildID != "" {
		if relations {
			s.changes.Relations(c.ChildID)
		}
		guardians, err := s.store.ConsentGuardians(context.WithoutCancel(ctx), c.ChildID)
		if err != nil {
			s.log.ErrorContext(ctx, "consent: tell a child's parents", "consent", c.ID, "error", err)
		}
		family = append(family, guardians...)
	}
	slices.Sort(family)
	s.changes.Family(slices.Compact(family)...)
}

// poke has Run look again.
func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }
