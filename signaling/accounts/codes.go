package accounts

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
	"unicode"

	"kinwire/signaling/proto"
)

const (
	// codeLetters are those that nobody takes for another: neither 0 and O
	// nor 1, I and L, and no U, which is a V in many hands.
	codeLetters  = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength   = 8 // of 30 letters: 6.5·10¹¹ codes
	codeLifetime = 10 * time.Minute
	// codePrefix is the part of a code by which guesses are counted. All codes
	// that begin so share a budget: at most 900 budgets of 48 guesses within
	// the life of a code, so that with a thousand codes out somebody who uses
	// them all up, from however many networks, finds one in 15,000 times.
	// Who does not reach all of them stops nobody else.
	codePrefix = 2
)

// ChildCode makes a one-time code with which a child signs in: ten minutes,
// once. It replaces the one before.
func (s *Service) ChildCode(ctx context.Context, parentID, childID string) (proto.OneTimeCode, error) {
	return s.showCode(ctx, parentID, childID, proto.TicketChild, "/#code=")
}

// GuardianCode makes a one-time code with which another parent begins to look
// after a child too.
func (s *Service) GuardianCode(ctx context.Context, parentID, childID string) (proto.OneTimeCode, error) {
	return s.showCode(ctx, parentID, childID, proto.TicketGuardian, "/#guardian=")
}

func (s *Service) showCode(ctx context.Context, parentID, childID, kind, link string) (proto.OneTimeCode, error) {
	child, err := s.ownChild(ctx, parentID, childID)
	if err != nil {
		return proto.OneTimeCode{}, err
	}
	if !child.Active {
		return proto.OneTimeCode{}, errSuspended()
	}
	code := newCode()
	expires := s.now().Add(codeLifetime)
	if err := s.store.ReplaceTicket(ctx, kind, code, childID, parentID, expires); err != nil {
		return proto.OneTimeCode{}, err
	}
	return proto.OneTimeCode{Code: code, URL: s.cfg.PublicURL + link + code, ExpiresAt: expires.UnixMilli()}, nil
}

// newCode draws a code; bytes that would favour some letters are thrown away.
func newCode() string {
	const most = 256 - 256%len(codeLetters)
	code := make([]byte, 0, codeLength)
	var b [1]byte
	for len(code) < codeLength {
		rand.Read(b[:])
		if int(b[0]) < most {
			code = append(code, codeLetters[int(b[0])%len(codeLetters)])
		}
	}
	return string(code)
}

// readCode is a code as it was shown: typed with small letters, with spaces or
// with dashes, it is the same.
func readCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, typed)
}

// LoginCode signs a child in with the code that a parent shows.
func (s *Service) LoginCode(ctx context.Context, in proto.LoginCode) (proto.LoggedIn, error) {
	code := readCode(in.Code)
	if len(code) != codeLength || strings.Trim(code, codeLetters) != "" { // no such code can have been shown
		return proto.LoggedIn{}, errWrongCode()
	}
	prefix := code[:codePrefix]
	if wait, ok := s.codes.Take(prefix, s.now()); !ok {
		return proto.LoggedIn{}, tooMany("wrong codes", wait)
	}
	childID, _, found, err := s.store.TakeTicket(ctx, proto.TicketChild, code, s.now())
	if err != nil {
		return proto.LoggedIn{}, err
	}
	if !found {
		return proto.LoggedIn{}, errWrongCode()
	}
	s.codes.GiveBack(prefix, s.now())
	return s.loggedIn(ctx, childID, in.Device)
}

func errWrongCode() error {
	return refuse(proto.CodeUnauthenticated, "the code is wrong, was used already or is older than ten minutes; have a new one shown")
}
