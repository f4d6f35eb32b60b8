package consent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// ticketKind is what the links of e-mails are among the one-time tokens.
const ticketKind = "consent"

// letters are what the link of the e-mail brings back, by the state in which
// it is due.
var letters = map[proto.ConsentState]event{
	proto.ConsentPending: firstLink,
	proto.ConsentWaiting: secondLink,
}

// sendDue sends the e-mail that is due for c. A failure is logged, and
// reported by false: the claim runs out, and then it is tried again.
func (s *Service) sendDue(ctx context.Context, c proto.ConsentRow) bool {
	err := s.send(ctx, c)
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "consent: an e-mail could not be sent; it will be tried again", "consent", c.ID, "error", err)
	}
	return err == nil
}

func (s *Service) send(ctx context.Context, c proto.ConsentRow) error {
	brings, due := letters[c.State]
	state := c.State
	if !due {
		return fmt.Errorf("no e-mail belongs to the state %s", c.State)
	}
	c, mine, err := s.move(ctx, c, step{event: claimed})
	if err != nil || !mine {
		return err // not mine: another node sends it, or the parent withdrew
	}
	to, language, err := s.people.Mailbox(ctx, c.GuardianID)
	if err != nil {
		return fmt.Errorf("find the parent's address: %w", err)
	}
	token := newID("kwc_")
	if err := s.store.AddTicket(ctx, ticketKind, token, c.GuardianID, ticket{brings, c.ID}.String(), time.UnixMilli(c.ExpiresAt)); err != nil {
		return err
	}
	l := letterIn(language, state)
	text := fmt.Sprintf(l.text, s.cfg.PublicURL+"/#consent="+token)
	if err := s.mail.Send(ctx, to, l.subject, text); err != nil {
		// A link that went nowhere is worth nothing.
		_, _, _, takeErr := s.store.TakeTicket(context.WithoutCancel(ctx), ticketKind, token, s.now())
		return errors.Join(withoutAddress(err, to), takeErr)
	}
	// If this fails, or comes after the link: the e-mail is there all the same.
	_, _, err = s.move(ctx, c, step{event: mailed})
	if refused := (*proto.Error)(nil); errors.As(err, &refused) {
		return nil
	}
	return err
}

// withoutAddress takes an address out of an error: mail servers like to
// repeat it, and it must not get into a log.
func withoutAddress(err error, address string) error {
	return errors.New(strings.ReplaceAll(err.Error(), address, "the parent's address"))
}

// ticket is what is kept with a link's token.
type ticket struct {
	event   event
	consent string
}

func (t ticket) String() string { return string(t.event) + " " + t.consent }

func readTicket(data string) ticket {
	e, consent, _ := strings.Cut(data, " ")
	return ticket{event(e), consent}
}

// Confirm is what follows when the link of an e-mail comes back: after the
// first the delay begins, after the second the consent is granted. A link
// works once. Errors are not_found for a token that is unknown, used or has
// run out, needs_consent if the notice has changed meanwhile, and wrong_state
// if the consent was withdrawn.
func (s *Service) Confirm(ctx context.Context, token string) (proto.Consent, error) {
	parentID, data, found, err := s.store.TakeTicket(ctx, ticketKind, token, s.now())
	if err != nil {
		return proto.Consent{}, fmt.Errorf("confirm a consent: %w", err)
	}
	if !found {
		return proto.Consent{}, errNoToken()
	}
	t := readTicket(data)
	c, err := s.do(ctx, step{find: proto.ConsentFind{ID: t.consent}, event: t.event, by: parentID})
	if err != nil {
		if refused := (*proto.Error)(nil); !errors.As(err, &refused) || refused.Code == proto.CodeUnavailable {
			// The server's fault: the parent may click again.
			err = errors.Join(err, s.store.AddTicket(context.WithoutCancel(ctx), ticketKind, token, parentID, data, s.now().Add(s.cfg.Lifetime)))
		}
		return proto.Consent{}, fmt.Errorf("confirm a consent: %w", err)
	}
	s.poke()
	return s.view(c, ""), nil
}
