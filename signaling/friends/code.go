package friends

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"kinwire/signaling/proto"
)

// Alphabet is what friend codes are made of: digits and capital letters
// without those that are taken for one another when written by hand, which are
// 0 and O, 1, I and L, U and V (of which V stays).
const Alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const codeLength = 10

// newCode draws a code, without spaces.
func newCode() string {
	var code [codeLength]byte
	for i := 0; i < len(code); {
		var draw [1]byte
		_, _ = rand.Read(draw[:]) // never fails: see crypto/rand
		// 240 is the largest multiple of 30 in a byte: every character is as
		// likely as any other.
		if draw[0] < 240 {
			code[i] = Alphabet[int(draw[0])%len(Alphabet)]
			i++
		}
	}
	return string(code[:])
}

// parseCode reads what a person typed: case, spaces and dashes do not matter.
func parseCode(typed string) (string, bool) {
	var code strings.Builder
	for _, r := range typed {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			continue
		}
		r = unicode.ToUpper(r)
		if code.Len() == codeLength || r >= unicode.MaxASCII || !strings.ContainsRune(Alphabet, r) {
			return "", false
		}
		code.WriteRune(r)
	}
	return code.String(), code.Len() == codeLength
}

// showCode is a code in groups: 234-5678-9AB.
func showCode(code string) string {
	if len(code) != codeLength {
		return code
	}
	return code[:3] + "-" + code[3:7] + "-" + code[7:]
}

func (s *Service) shown(code string) proto.FriendCode {
	return proto.FriendCode{Code: showCode(code), URL: strings.TrimSuffix(s.cfg().PublicURL, "/") + "/#friend=" + showCode(code)}
}

// Code returns a person's friend code, which is made when it is first asked
// for.
func (s *Service) Code(ctx context.Context, userID string) (proto.FriendCode, error) {
	code, found, err := s.codes.FriendCode(ctx, userID)
	if err != nil {
		return proto.FriendCode{}, fmt.Errorf("look up a friend code: %w", err)
	}
	if found {
		return s.shown(code), nil
	}
	return s.setCode(ctx, userID, false)
}

// NewCode gives a person another code. The old one is worth nothing any more.
func (s *Service) NewCode(ctx context.Context, userID string) (proto.FriendCode, error) {
	return s.setCode(ctx, userID, true)
}

func (s *Service) setCode(ctx context.Context, userID string, replace bool) (proto.FriendCode, error) {
	// A code that somebody has already comes up once in a billion draws or so;
	// a third time in a row, something is wrong.
	for range 3 {
		made, err := s.codes.SetFriendCode(ctx, userID, newCode(), s.now(), replace)
		if err != nil {
			return proto.FriendCode{}, fmt.Errorf("make a friend code: %w", err)
		}
		if !made {
			continue
		}
		code, _, err := s.codes.FriendCode(ctx, userID) // with another device at the same time, the one that is kept
		if err != nil {
			return proto.FriendCode{}, fmt.Errorf("look up a friend code: %w", err)
		}
		return s.shown(code), nil
	}
	return proto.FriendCode{}, errors.New("make a friend code: the person does not exist, or every code that was drawn is taken")
}
