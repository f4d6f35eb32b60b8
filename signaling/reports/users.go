package reports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"kinwire/signaling/proto"
)

// User returns what an operator may know of an account, active or suspended;
// *proto.Error not_found if there is none. It is for those who are on the
// case already and writes nothing down; see [Service.LookUp].
func (s *Service) User(ctx context.Context, userID string) (proto.UserState, error) {
	if !anID.MatchString(userID) {
		return proto.UserState{}, errNoUser()
	}
	people, err := s.facts(ctx, userID)
	if err != nil {
		return proto.UserState{}, fmt.Errorf("read the state of an account: %w", err)
	}
	if u := people[userID]; u.State != stateGone {
		return u, nil
	}
	return proto.UserState{}, errNoUser()
}

// LookUp finds an account by its exact user id, e-mail address or user name.
// That an operator looked is in the audit log whether or not there was
// anything to find. What was looked for and not found stands there as the
// beginning of its SHA-256 only: it may be somebody's address.
//
// *proto.Error: bad_message for what nobody can be found by; not_found.
func (s *Service) LookUp(ctx context.Context, operator, find string) (proto.UserState, error) {
	find = strings.TrimSpace(find)
	if find == "" || len(find) > maxFind || !utf8.ValidString(find) || strings.ContainsFunc(find, unicode.IsControl) {
		return proto.UserState{}, refuse(proto.CodeBadMessage, "find has %d bytes: it must be a user id, an e-mail address or a user name, of 1 to %d bytes on one line", len(find), maxFind)
	}
	id, err := s.People.LookUpPerson(ctx, find, func(userID string) proto.AuditEntry {
		if userID == "" {
			sum := sha256.Sum256([]byte(strings.ToLower(find)))
			return s.entry(operatorActor(operator), "person.looked_up", "sha256:"+hex.EncodeToString(sum[:8]), "found=no")
		}
		by := "login"
		if find == userID {
			by = "id"
		}
		return s.entry(operatorActor(operator), "person.looked_up", userID, "found=yes by="+by)
	})
	if err != nil {
		return proto.UserState{}, fmt.Errorf("look a person up: %w", err)
	}
	if id == "" {
		return proto.UserState{}, errNoUser()
	}
	return s.User(ctx, id)
}

func errNoUser() error { return refuse(proto.CodeNotFound, "there is no such account") }
