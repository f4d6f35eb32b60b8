package accounts

import (
	"context"
	"fmt"
	"strings"

	"kinwire/signaling/proto"
)

// mayMail slows down what sends e-mails to one address, whoever asks for it
// and whether or not there is an account.
func (s *Service) mayMail(email string) error {
	if s.mail == nil {
		return refuse(proto.CodeUnavailable, "this server sends no e-mails, so it cannot do this")
	}
	if wait, ok := s.mails.Take(email, s.now()); !ok {
		return tooMany("e-mails to this address", wait)
	}
	return nil
}

// send sends one of the e-mails. token goes into its link.
func (s *Service) send(ctx context.Context, to, language string, kind mailKind, token string) error {
	m := mailIn(language)[kind]
	text := strings.NewReplacer("{link}", s.cfg.PublicURL+mailLinks[kind]+token, "{home}", s.cfg.PublicURL).Replace(m.text)
	if err := s.mail.Send(ctx, to, m.subject, text); err != nil {
		return fmt.Errorf("send the e-mail %q: %w", kind, err)
	}
	return nil
}

// mailIn returns the e-mails in a language (BCP 47), or in English.
func mailIn(language string) map[mailKind]mailText {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	if texts, ok := mailTexts[base]; ok {
		return texts
	}
	return mailTexts["en"]
}
