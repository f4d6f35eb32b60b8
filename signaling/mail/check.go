package mail

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"kinwire/signaling/proto"
)

// The largest sizes. An address has at most 254 bytes (RFC 5321, section
// 4.5.3.1.3, less the angle brackets).
const (
	maxAddress = 254     // bytes
	maxSubject = 200     // characters
	maxText    = 1 << 16 // bytes
)

// check refuses what must not go out. The *proto.Error says what is wrong and
// never repeats what was given, because it is about a person.
func check(to, subject, text string) error {
	if err := checkAddress(to); err != nil {
		return err
	}
	if subject == "" || utf8.RuneCountInString(subject) > maxSubject || !plain(subject) {
		return refuse("the subject of an e-mail must have 1 to %d characters of one line", maxSubject)
	}
	// An encoded word (RFC 2047) would show as something other than was given.
	if strings.Contains(subject, "=?") {
		return refuse("the subject of an e-mail must not hold \"=?\"")
	}
	if text == "" || len(text) > maxText || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return refuse("the text of an e-mail must be UTF-8 of 1 to %d bytes", maxText)
	}
	return nil
}

func checkAddress(to string) error {
	if len(to) > maxAddress {
		return refuse("an e-mail address has at most %d bytes, this one has %d", maxAddress, len(to))
	}
	a, err := mail.ParseAddress(to)
	// Only a bare address comes back as it was: no display name, no angle
	// brackets, no comments, no quotes. Spaces are never part of one here.
	if err != nil || a.Address != to || !plain(to) || strings.ContainsFunc(to, unicode.IsSpace) {
		return refuse("an e-mail goes to one address of the form name@example.org, and this is not one")
	}
	return nil
}

// plain says that s is UTF-8 of a single line, without control characters.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

func refuse(format string, args ...any) error {
	return &proto.Error{Code: proto.CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}
