package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// letter is a message on its way. Its date and id stay the same at every
// attempt, so that a mail server that got it twice can tell.
type letter struct {
	to, subject, text string
	date              time.Time
	id                string
}

func newMessageID(domain string) string { return strings.ToLower(rand.Text()) + "@" + domain }

// Failure is why an attempt at delivery came to nothing.
type Failure struct {
	At        string // connect, or the step of SMTP
	Code      int    // reply code of RFC 5321; 0 where the server said nothing
	Status    string // enhanced status code of RFC 3463, such as 5.1.1; may be empty
	Temporary bool   // whether trying again may help

	err error
}

// Error tells all, the server's words included: it may hold an address.
func (f *Failure) Error() string { return fmt.Sprintf("mail: %s: %v", f.At, f.err) }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.err }

// cause is the error where it is one of the network or of this side. What a
// server said is left out.
func (f *Failure) cause() string {
	var sending *gomail.SendError
	if f.Code != 0 || errors.As(f.err, &sending) {
		return ""
	}
	return f.err.Error()
}

// handOver opens a connection, sends the message and closes it.
func (s *SMTP) handOver(l letter) *Failure {
	var line line
	defer line.close()
	c, err := s.client(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(ctx, network, address)
		if err == nil {
			line.open(s.ctx, conn)
		}
		return conn, err
	})
	if err != nil {
		return &Failure{At: "set up", err: err}
	}
	m := s.compose(l)
	err = converse(s.ctx, c, m)
	if err == nil || m.IsDelivered() {
		return nil // what went wrong after the server took it is no concern of ours
	}
	return failure(err)
}

func converse(ctx context.Context, c *gomail.Client, m *gomail.Msg) error {
	client, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := c.SendWithSMTPClient(client, m); err != nil {
		return err
	}
	return c.CloseWithSMTPClient(client)
}

// line is the connection of one attempt. It is closed whatever happens, which
// the library leaves undone after some failures, and as soon as its context ends,
// which the library does not look at once it is connected.
type line struct {
	conn net.Conn
	stop func() bool
}

func (l *line) open(ctx context.Context, conn net.Conn) {
	l.conn = conn
	l.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
}

func (l *line) close() {
	if l.conn != nil {
		l.stop()
		_ = l.conn.Close() // most often it is closed already
	}
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.cfg.TLS == Implicit {
		return (&tls.Dialer{Config: s.tlsConfig()}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (s *SMTP) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.cfg.Host, RootCAs: s.cfg.RootCAs, MinVersion: tls.VersionTLS12}
}

// client is made anew for each attempt: it is cheap, and keeps state of its
// connection.
func (s *SMTP) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	policy := gomail.NoTLS
	if s.cfg.TLS == STARTTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(s.cfg.Port), gomail.WithTimeout(s.cfg.Timeout), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(s.tlsConfig()), gomail.WithDialContextFunc(dial),
		// The name of this machine is nobody's business; a mail server that
		// lets us in by password does not look at this.
		gomail.WithHELO(s.domain()),
	}
	if s.cfg.TLS == Implicit {
		options = append(options, gomail.WithSSL())
	}
	if s.cfg.User != "" {
		options = append(options, gomail.WithUsername(s.cfg.User), gomail.WithPassword(s.cfg.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return gomail.NewClient(s.cfg.Host, options...)
}

func (s *SMTP) compose(l letter) *gomail.Msg {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(&mail.Address{Address: l.to})
	m.Subject(l.subject)
	m.SetDateWithValue(l.date)
	m.SetMessageIDWithValue(l.id)
	// So that nobody's holiday notice answers it (RFC 3834).
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, l.text)
	return m
}

// failure finds out whether trying again may help. Only a reply in the 500s
// says for certain that it does not.
func failure(err error) *Failure {
	f := &Failure{At: "connect", err: err}
	var sending *gomail.SendError
	var reply *textproto.Error
	switch {
	case errors.As(err, &sending):
		f.At, f.Code, f.Status = sending.Reason.String(), sending.ErrorCode(), sending.EnhancedStatusCode()
	case errors.As(err, &reply):
		f.Code = reply.Code
	}
	f.Temporary = f.Code < 500
	return f
}
