package records

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"kinwire/signaling/proto"
)

// aPseudonym is the form of all of them.
var aPseudonym = regexp.MustCompile(`^pn_[a-z2-7]{26}$`)

// Resolve says whose pseudonym it is. That the operator asked, and why, is in
// the audit log when it returns, with or without an answer. What is no
// pseudonym at all does not go into the log as it is: it may be a name.
//
// *proto.Error: bad_message for a reason of blanks or with a line break;
// not_found for a pseudonym that is nobody's, or nobody's any more.
func (s *Service) Resolve(ctx context.Context, operator, pseudonym, reason string) (proto.Resolved, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || strings.ContainsFunc(reason, unicode.IsControl) {
		return proto.Resolved{}, refuse(proto.CodeBadMessage, "body.reason: given blanks, or more than one line; allowed is one line that says why")
	}
	ask := pseudonym
	if !aPseudonym.MatchString(ask) {
		ask = ""
	}
	person, found, err := s.d.Store.PersonOfPseudonym(ctx, ask, func(found bool) proto.AuditEntry {
		answer := "no"
		if found {
			answer = "yes"
		}
		return proto.AuditEntry{
			At: s.d.Now().UnixMilli(), Actor: "operator:" + operator, Action: "pseudonym.resolved", Subject: ask,
			Detail: "found=" + answer + " reason=" + reason,
		}
	})
	if err != nil {
		return proto.Resolved{}, fmt.Errorf("resolve a pseudonym: %w", err)
	}
	if !found {
		return proto.Resolved{}, refuse(proto.CodeNotFound, "this pseudonym is nobody's, or that account is gone")
	}
	return proto.Resolved{Pseudonym: pseudonym, Person: person}, nil
}
