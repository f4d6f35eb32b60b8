package accounts

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"kinwire/signaling/proto"
)

const (
	minPassword = 10 // characters, for those who look after themselves
	minPictures = 4  // for a child, pictures alone …
	minLetters  = 8  // … or anything
)

// normPassword is the one form of a password (RFC 8265, section 4.2: NFC).
// Keyboards differ in whether they add a selector to an emoji, which nobody
// sees, so selectors do not count.
func normPassword(password string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r == asPicture || r == asText {
			return -1
		}
		return r
	}, password))
}

// checkPassword is for people who look after themselves. login is theirs.
func checkPassword(password, login string) error {
	parts, err := passwordParts(password, login)
	if err != nil {
		return err
	}
	if len(parts) < minPassword {
		return refuse(proto.CodeBadMessage, "the password has %d characters; allowed are %d or more", len(parts), minPassword)
	}
	return nil
}

// checkChildPassword lets a child have pictures, which are easier to remember
// and to find than letters.
func checkChildPassword(password, login string) error {
	parts, err := passwordParts(password, login)
	if err != nil {
		return err
	}
	pictures := 0
	for _, part := range parts {
		if isEmoji(part) {
			pictures++
		}
	}
	if len(parts) >= minLetters || pictures == len(parts) && pictures >= minPictures {
		return nil
	}
	return refuse(proto.CodeBadMessage, "the password has %d characters, %d of them pictures; allowed are %d or more pictures, or %d or more characters",
		len(parts), pictures, minPictures, minLetters)
}

// passwordParts splits a password into what a reader takes for characters, and
// refuses what is guessed first.
func passwordParts(password, login string) ([]string, error) {
	if len(password) > maxPassword {
		return nil, refuse(proto.CodeBadMessage, "the password has %d bytes; allowed are %d", len(password), maxPassword)
	}
	parts := clusters(normPassword(password))
	if len(parts) > 0 && strings.Repeat(parts[0], len(parts)) == strings.Join(parts, "") {
		return nil, refuse(proto.CodeBadMessage, "the password is one character over and over; allowed is anything harder to guess")
	}
	if loginName(password) == login {
		return nil, refuse(proto.CodeBadMessage, "the password is the same as the login; allowed is anything else")
	}
	return parts, nil
}
