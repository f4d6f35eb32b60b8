package consent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

// allScopes in the order in which they are shown.
var allScopes = []proto.Scope{
	proto.ScopeCalls, proto.ScopeMessages, proto.ScopeLocation, proto.ScopePhotos, proto.ScopeSupportLogs,
}

// inOrder returns those of allScopes that are among scopes.
func inOrder(scopes []proto.Scope) []proto.Scope {
	ordered := make([]proto.Scope, 0, len(scopes))
	for _, scope := range allScopes {
		if slices.Contains(scopes, scope) {
			ordered = append(ordered, scope)
		}
	}
	return ordered
}

// checkScopes refuses what is no scope, or given twice.
func checkScopes(scopes []proto.Scope) error {
	for i, scope := range scopes {
		if !slices.Contains(allScopes, scope) {
			return bad("scopes[%d]: given %q; allowed are %s", i, short(string(scope)), join(allScopes, ", "))
		}
		if slices.Contains(scopes[:i], scope) {
			return bad("scopes[%d]: given %q twice; allowed is once", i, scope)
		}
	}
	return nil
}

// SetScopes gives and takes back scopes of a child's consent: those listed
// are given, all others taken back, at once. Every parent of the child may.
//
// Errors are not_found for somebody else's child, needs_consent where there
// is no consent that holds, or where more would be given to one for an older
// notice, and bad_message for what is no scope.
func (s *Service) SetScopes(ctx context.Context, parentID, childID string, scopes []proto.Scope) (proto.Consent, error) {
	if err := checkScopes(scopes); err != nil {
		return proto.Consent{}, err
	}
	is, err := s.guards(ctx, parentID, childID)
	if err != nil {
		return proto.Consent{}, fmt.Errorf("set scopes: %w", err)
	}
	if !is {
		return proto.Consent{}, errNoChild()
	}
	c, found, err := s.granted(ctx, childID)
	if err != nil {
		return proto.Consent{}, fmt.Errorf("set scopes: %w", err)
	}
	if !found {
		return proto.Consent{}, &proto.Error{Code: proto.CodeNeedsConsent, Message: "there is no consent for this child to add to; start one"}
	}
	scopes = inOrder(scopes)
	more := slices.ContainsFunc(scopes, func(scope proto.Scope) bool { return !slices.Contains(c.Scopes, scope) })
	if more && c.NoticeVersion != s.cfg.NoticeVersion {
		return proto.Consent{}, errOutdated()
	}
	if !more && len(scopes) == len(c.Scopes) {
		return s.view(c, parentID), nil
	}
	now := s.now().UnixMilli()
	set, err := s.store.SetConsentScopes(ctx, proto.ScopesMove{ID: c.ID, Scopes: scopes, By: parentID, At: now}, proto.AuditEntry{
		At: now, Actor: parentID, Action: "consent.scopes", Subject: c.ID,
		Detail: fmt.Sprintf("child=%s scopes=%s", childID, join(scopes, ",")),
	})
	if err != nil {
		return proto.Consent{}, fmt.Errorf("set scopes: %w", err)
	}
	if !set {
		return proto.Consent{}, errLostRace()
	}
	c.Scopes = scopes
	s.tell(ctx, c, true)
	return s.view(c, parentID), nil
}

// join writes names one after the other.
func join[T ~string](names []T, between string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(string(name))
	}
	return b.String()
}

// short cuts what somebody gave to what an error may repeat.
func short(given string) string {
	const most = 40
	if runes := []rune(given); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return given
}
