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

// letter is one of the two e-mails of email_plus.
type letter struct {
	event   event // which its link brings back
	subject string
	text    string // %s is the link
}

// letters by the state in which they are due.
var letters = map[proto.ConsentState]letter{
	proto.ConsentPending: {firstLink, "Please confirm: consent for a child's account", `Hello,

somebody, most likely you, has asked for a child's account on Kinwire with this
e-mail address, and said to be the child's parent. To consent, open this link:

%s

Some time later we write to you once more and ask you to confirm a second time.
Only then does your consent hold.

If it was not you, do nothing: nothing about any child is kept without the
confirmation.
`},
	proto.ConsentWaiting: {secondLink, "Please confirm a second time: consent for a child's account", `Hello,

a while ago you consented to a child's account on Kinwire. Two e-mails with time
between them are how we make sure that it was a parent. To confirm, open this
link:

%s

You can read again what you consent to before you confirm, and you can take your
consent back at any time, in the app, as a whole or in parts.

If it was not you, do not open the link: without it the consent does not hold,
and is dropped in a few days. Then change the password of this e-mail account,
since somebody has opened the link in our first e-mail.
`},
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
	l, due := letters[c.State]
	if !due {
		return fmt.Errorf("no e-mail belongs to the state %s", c.State)
	}
	c, mine, err := s.move(ctx, c, step{event: claimed})
	if err != nil || !mine {
		return err // not mine: another node sends it, or the parent withdrew
	}
	to, err := s.people.Email(ctx, c.GuardianID)
	if err != nil {
		return fmt.Errorf("find the parent's address: %w", err)
	}
	token := newID("kwc_")
	if err := s.store.AddTicket(ctx, ticketKind, token, c.GuardianID, ticket{l.event, c.ID}.String(), time.UnixMilli(c.ExpiresAt)); err != nil {
		return err
	}
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
