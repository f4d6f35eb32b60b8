package mail

import (
	"crypto/x509"
	"errors"
	"time"
)

// TLS says how the connection to the mail server is encrypted.
type TLS string

// The ways.
const (
	STARTTLS TLS = "starttls" // RFC 3207, on port 587 by default; required, not tried
	Implicit TLS = "tls"      // RFC 8314, on port 465 by default
	None     TLS = "none"     // in the clear, on port 25 by default; without user and password
)

// Config says which mail server takes the messages. Zero values of the
// numbers mean the defaults that stand beside them.
type Config struct {
	Host     string // name or address; a certificate has to be for it
	Port     int    // 1 to 65535; default by TLS
	User     string // empty: no authentication
	Password string
	From     string // "Kinwire <hello@example.org>" or a bare address
	TLS      TLS    // default starttls

	// RootCAs are whom a certificate is trusted from; nil: those of the system.
	RootCAs *x509.CertPool

	Timeout     time.Duration // for connecting, and again for handing a message over; default 20 s
	Attempts    int           // how often a message is tried in all; default 5
	RetryWait   time.Duration // before the second attempt; doubles each time; default 5 s
	Queue       int           // messages that may wait at once; default 1000
	Connections int           // that are open at once; default 4
}

func (c Config) withDefaults() Config {
	if c.TLS == "" {
		c.TLS = STARTTLS
	}
	if c.Port == 0 {
		c.Port = defaultPorts[c.TLS]
	}
	c.Timeout = positive(c.Timeout, 20*time.Second)
	c.Attempts = positive(c.Attempts, 5)
	c.RetryWait = positive(c.RetryWait, 5*time.Second)
	c.Queue = positive(c.Queue, 1000)
	c.Connections = positive(c.Connections, 4)
	return c
}

var defaultPorts = map[TLS]int{STARTTLS: 587, Implicit: 465, None: 25}

func positive[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// What Send refuses for reasons of the server's own. A message that is itself
// at fault is refused with a *proto.Error.
var (
	ErrFull   = errors.New("the mail queue is full")
	ErrClosed = errors.New("the mail queue is closed")
)
