package consent

import (
	"context"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// Start begins a consent: for a child to be made, or, with in.ChildID, for a
// child of the parent whose consent is outdated or gone.
//
// Errors are bad_message for a method that is not offered, a notice that is
// not the current one and what is no scope, not_found for somebody else's
// child, and wrong_state where the child's consent holds or too many are
// under way.
func (s *Service) Start(ctx context.Context, parentID string, in proto.ConsentNew) (proto.Consent, error) {
	if err := s.mayStart(ctx, parentID, in); err != nil {
		return proto.Consent{}, err
	}
	now := s.now().UnixMilli()
	c := proto.ConsentRow{GuardianID: parentID, Consent: proto.Consent{
		ID: newID("cs_"), ChildID: in.ChildID, Method: in.Method, NoticeVersion: in.NoticeVersion,
		Scopes: inOrder(in.Scopes), RequestedAt: now,
	}}
	s.rules[in.Method].begin(&c, now)
	added, err := s.store.AddConsent(ctx, c, maxOpen, entry(c, "consent.requested", parentID, now))
	if err != nil {
		return proto.Consent{}, fmt.Errorf("start a consent: %w", err)
	}
	if !added {
		return proto.Consent{}, wrongState(fmt.Sprintf("there are %d consents under way; finish or withdraw one first", maxOpen))
	}
	s.tell(ctx, c, false)
	if c.NextAt > 0 && c.NextAt <= now {
		// At once, since the parent waits for it. If it fails, Run tries again.
		s.sendDue(ctx, c)
	}
	s.poke()
	return s.view(c, parentID), nil
}

func (s *Service) mayStart(ctx context.Context, parentID string, in proto.ConsentNew) error {
	if !slices.Contains(s.offered, in.Method) {
		return bad("method: given %q; this server offers %s", short(string(in.Method)), join(s.offered, ", "))
	}
	if in.NoticeVersion != s.cfg.NoticeVersion {
		return bad("notice_version: given %q; the notice is now %q: show it first", short(in.NoticeVersion), s.cfg.NoticeVersion)
	}
	if len(in.Scopes) == 0 {
		return bad("scopes: given none; allowed are %s, one at least", join(allScopes, ", "))
	}
	if err := checkScopes(in.Scopes); err != nil {
		return err
	}
	if in.ChildID == "" {
		return nil
	}
	is, err := s.guards(ctx, parentID, in.ChildID)
	if err != nil {
		return fmt.Errorf("start a consent: %w", err)
	}
	if !is {
		return errNoChild()
	}
	old, found, err := s.granted(ctx, in.ChildID)
	if err != nil {
		return fmt.Errorf("start a consent: %w", err)
	}
	if found && old.NoticeVersion == s.cfg.NoticeVersion {
		return wrongState("the consent for this child holds; its scopes can be changed one by one")
	}
	return nil
}

// entry is what the audit log is told about c.
func entry(c proto.ConsentRow, action, actor string, now int64) proto.AuditEntry {
	detail := fmt.Sprintf("guardian=%s method=%s notice=%s scopes=%s", c.GuardianID, c.Method, c.NoticeVersion, join(inOrder(c.Scopes), ","))
	if c.ChildID != "" {
		detail += " child=" + c.ChildID
	}
	return proto.AuditEntry{At: now, Actor: actor, Action: action, Subject: c.ID, Detail: detail}
}
