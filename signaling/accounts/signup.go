package accounts

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

const (
	signUpLifetime = 24 * time.Hour // of the link in the e-mail
	ticketLifetime = time.Minute    // of what leads from a sign-in elsewhere back to the app
)

// TicketStore keeps one-time tokens and codes. Only their hashes are kept.
type TicketStore interface {
	AddTicket(ctx context.Context, kind, token, personID, data string, expires time.Time) error
	// ReplaceTicket makes the person's earlier tickets of that kind worthless.
	ReplaceTicket(ctx context.Context, kind, token, personID, data string, expires time.Time) error
	// SeeTicket leaves the ticket there, TakeTicket does not: of several who
	// come with it at once, one gets it.
	SeeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error)
	TakeTicket(ctx context.Context, kind, token string, now time.Time) (personID, data string, found bool, err error)
}

// pending is an account that waits for its e-mail to be confirmed. It is kept
// in the ticket and nowhere else, and goes with it.
type pending struct {
	Role      proto.Role `json:"role"`
	Email     string     `json:"email"`
	Password  string     `json:"password,omitempty"` // hashed already
	Name      string     `json:"name"`
	Avatar    string     `json:"avatar"`
	Country   string     `json:"country,omitempty"`
	BirthDate string     `json:"birth_date,omitempty"`
	Language  string     `json:"language,omitempty"`
}

// SignUpParent starts a parent's account. The rest comes by e-mail, also to
// an address that has an account already: the answer and the work are the
// same, so that nobody learns who has one.
func (s *Service) SignUpParent(ctx context.Context, in proto.SignUpParent) error {
	p := pending{Role: proto.RoleParent, Language: languageOf(in.Language)}
	return s.signUp(ctx, p, in.Email, in.Password, in.Name, in.Avatar)
}

// SignUpSelf starts the account of somebody who is old enough to consent
// alone in their country. Below that age it is too_young, before anything else
// is looked at, and nothing is kept: neither in the database nor in memory.
func (s *Service) SignUpSelf(ctx context.Context, in proto.SignUpSelf) error {
	now := s.now()
	years, err := ageOf(in.BirthDate, now)
	if err != nil {
		return err
	}
	country, err := countryOf(in.Country)
	if err != nil {
		return err
	}
	if age := consentAge(s.ages, country, now.UTC().Format(dateForm)); years < age {
		return refuse(proto.CodeTooYoung,
			"in your country people under %d need a parent for this. Ask yours to make you an account; nothing of what you entered was kept", age)
	}
	if in.Password == "" {
		return refuse(proto.CodeBadMessage, "the password has 0 characters; allowed are %d or more", minPassword)
	}
	p := pending{Role: proto.RoleAdult, Country: country, BirthDate: in.BirthDate, Language: languageOf(in.Language)}
	if years < grownUp {
		p.Role = proto.RoleTeen
	}
	return s.signUp(ctx, p, in.Email, in.Password, in.Name, in.Avatar)
}

// signUp checks what both sign-ups have in common and sends the e-mail.
func (s *Service) signUp(ctx context.Context, p pending, email, password, name, avatar string) (err error) {
	if p.Email, err = emailOf(email); err != nil {
		return err
	}
	if p.Name, err = nameOf("name", name); err != nil {
		return err
	}
	if p.Avatar, err = avatarOf(avatar); err != nil {
		return err
	}
	if password != "" {
		if err := checkPassword(password, p.Email); err != nil {
			return err
		}
	}
	if err := s.mayMail(p.Email); err != nil {
		return err
	}
	if password != "" {
		if p.Password, err = s.hash.hash(ctx, normPassword(password)); err != nil {
			return err
		}
	}
	kind, err := s.answerTo(ctx, p.Email)
	if err != nil {
		return err
	}
	if kind != mailConfirm {
		return s.send(ctx, p.Email, p.Language, kind, "")
	}
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep a sign-up: %w", err)
	}
	token := rand.Text()
	if err := s.store.AddTicket(ctx, proto.TicketSignUp, token, "", string(data), s.now().Add(signUpLifetime)); err != nil {
		return err
	}
	return s.send(ctx, p.Email, p.Language, mailConfirm, token)
}

// answerTo says which e-mail somebody gets who signs up with this address.
func (s *Service) answerTo(ctx context.Context, email string) (mailKind, error) {
	a, exists, err := s.store.AccountByLogin(ctx, email)
	if err != nil {
		return "", err
	}
	marked, err := s.marked(ctx, s.emailMark(email))
	switch {
	case err != nil:
		return "", err
	case exists && a.Active:
		return mailExists, nil
	case exists || marked:
		return mailSuspended, nil
	}
	return mailConfirm, nil
}

// Confirm finishes a sign-up with the token of the e-mail and the password once
// more, and signs in. A wrong password is not_allowed, and the link stays good:
// somebody else may have begun the sign-up with this address, and whoever has
// the address must not make them an account.
func (s *Service) Confirm(ctx context.Context, in proto.SignUpConfirm) (proto.LoggedIn, error) {
	_, data, found, err := s.store.SeeTicket(ctx, proto.TicketSignUp, in.Token, s.now())
	if err != nil {
		return proto.LoggedIn{}, err
	}
	if !found {
		return proto.LoggedIn{}, errOldLink()
	}
	var p pending
	if err := json.Unmarshal([]byte(data), &p); err != nil {
		return proto.LoggedIn{}, fmt.Errorf("read a sign-up: %w", err)
	}
	// Whoever has the token has the address, so this may be told now.
	marked, err := s.marked(ctx, s.emailMark(p.Email))
	if err != nil {
		return proto.LoggedIn{}, err
	}
	if marked {
		return proto.LoggedIn{}, errSuspended()
	}
	if err := s.samePassword(ctx, p, in.Password); err != nil {
		return proto.LoggedIn{}, err
	}
	a := s.newAccount(p)
	refused, err := s.store.AddAccount(ctx, a, proto.TicketSignUp, in.Token)
	switch {
	case err != nil:
		return proto.LoggedIn{}, err
	case refused == proto.CodeTaken:
		return proto.LoggedIn{}, refuse(proto.CodeTaken, "this e-mail address has an account by now; sign in, or ask for a new password")
	case refused != "":
		return proto.LoggedIn{}, errOldLink()
	}
	s.log.InfoContext(ctx, "account made", "id", a.Person.ID, "role", a.Person.Role)
	login, err := s.loggedIn(ctx, a.Person.ID, in.Device)
	login.AddKey = a.Password == ""
	return login, err
}

// samePassword checks the password of a sign-up. Tries are slowed as those of a
// log-in are, and by the same address.
func (s *Service) samePassword(ctx context.Context, p pending, password string) error {
	if p.Password == "" {
		return nil // a passkey comes instead
	}
	if wait, ok := s.logins.Take(p.Email, s.now()); !ok {
		return tooMany("wrong passwords for this sign-up", wait)
	}
	right, err := s.hash.verify(ctx, p.Password, normPassword(password))
	if err != nil {
		return fmt.Errorf("confirm a sign-up: %w", err)
	}
	if !right {
		return refuse(proto.CodeNotAllowed, "this is not the password that was chosen at sign-up; if it was not you who signed up, leave it at that")
	}
	s.logins.GiveBack(p.Email, s.now())
	return nil
}

func (s *Service) newAccount(p pending) proto.AccountRow {
	a := proto.AccountRow{
		Person: proto.Person{ID: newID(), Name: p.Name, Avatar: p.Avatar, Role: p.Role},
		Active: true, Login: p.Email, Password: p.Password,
		Country: p.Country, BirthDate: p.BirthDate, Language: p.Language, CreatedAt: s.now(),
	}
	if p.Role == proto.RoleParent {
		a.Person.Family = p.Name // nobody has asked what the family is called
	}
	return a
}

// ParentByEmail returns the account with an e-mail address that somebody else
// has verified, such as an OpenID Connect provider; it makes a parent's if
// there is none. name is what they call the person there; one that others
// should not see is not taken over.
func (s *Service) ParentByEmail(ctx context.Context, email, name string) (userID string, err error) {
	if email, err = emailOf(email); err != nil {
		return "", err
	}
	if a, found, err := s.store.AccountByLogin(ctx, email); err != nil || found {
		if err == nil && !a.Active {
			err = errSuspended()
		}
		return a.Person.ID, err
	}
	if marked, err := s.marked(ctx, s.emailMark(email)); err != nil || marked {
		if err == nil {
			err = errSuspended()
		}
		return "", err
	}
	if name, err = nameOf("name", name); err != nil {
		name = "Parent"
	}
	a := s.newAccount(pending{Role: proto.RoleParent, Email: email, Name: name, Avatar: "🙂"})
	refused, err := s.store.AddAccount(ctx, a, "", "")
	if err != nil {
		return "", err
	}
	if refused != "" { // somebody was faster, with the same address
		return s.ParentByEmail(ctx, email, name)
	}
	s.log.InfoContext(ctx, "account made", "id", a.Person.ID, "role", a.Person.Role)
	return a.Person.ID, nil
}

// MakeLoginTicket makes a token that [Service.LoginTicket] signs in with, once
// and within a minute: for a sign-in that comes back from a provider.
func (s *Service) MakeLoginTicket(ctx context.Context, userID string) (ticket string, err error) {
	ticket = rand.Text()
	return ticket, s.store.AddTicket(ctx, proto.TicketLogin, ticket, userID, "", s.now().Add(ticketLifetime))
}

// LoginTicket signs in with a ticket.
func (s *Service) LoginTicket(ctx context.Context, in proto.TokenIn) (proto.LoggedIn, error) {
	userID, _, found, err := s.store.TakeTicket(ctx, proto.TicketLogin, in.Token, s.now())
	if err != nil {
		return proto.LoggedIn{}, err
	}
	if !found {
		return proto.LoggedIn{}, refuse(proto.CodeUnauthenticated, "this sign-in was used already or took too long; start again")
	}
	return s.loggedIn(ctx, userID, in.Device)
}

func errOldLink() error {
	return refuse(proto.CodeUnauthenticated, "this link was used already or is too old; ask for a new e-mail")
}

// newID makes the id of a person.
func newID() string { return "u_" + strings.ToLower(rand.Text()) }
