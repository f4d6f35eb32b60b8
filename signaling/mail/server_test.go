package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailServer is a real SMTP server on the loopback, with a behaviour that the
// test sets before it starts.
type mailServer struct {
	TLS      *tls.Config   // offered by STARTTLS, or spoken from the start with implicit
	implicit bool          //
	password string        // wanted of the user "kin"; empty: no authentication
	rcpt     func() error  // answer to RCPT TO
	hold     chan struct{} // DATA is answered once this is closed; nil: at once
	hangUp   bool          // closes the connection instead of answering what follows the message

	addr string // where to listen; empty: a free port

	mu       sync.Mutex
	commands int           // AUTH, MAIL and RCPT that arrived
	got      []letter      // delivered
	arrived  chan struct{} // a value for each delivered message
}

// letter is a message as the server got it.
type letter struct {
	from, to  string
	user      string // who had signed in
	encrypted bool
	text      string
}

func (l letter) parse(t *testing.T) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(stringsReader(l.text))
	require.NoError(t, err)
	return m
}

// start listens and returns the port. The server ends with the test.
func (m *mailServer) start(t *testing.T) int {
	t.Helper()
	m.arrived = make(chan struct{}, 1000)
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &session{server: m, conn: c, letter: letter{encrypted: encrypted}}, nil
	}))
	s.Domain, s.AllowInsecureAuth, s.EnableSMTPUTF8 = "mail.example.org", true, true
	s.ErrorLog = noLog{}
	if m.addr == "" {
		m.addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", m.addr)
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	if m.implicit {
		l = tls.NewListener(l, m.TLS)
	} else {
		s.TLSConfig = m.TLS
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		_ = l.Close() // the server does not, when it has not come to listen yet
		<-ended
	})
	return port
}

func (m *mailServer) seen() (commands int, got []letter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.commands, append([]letter(nil), m.got...)
}

// wait returns what was delivered once it is n messages.
func (m *mailServer) wait(t *testing.T, n int) []letter {
	t.Helper()
	for range n {
		select {
		case <-m.arrived:
		case <-time.After(20 * time.Second):
			_, got := m.seen()
			t.Fatalf("%d messages arrived, want %d", len(got), n)
		}
	}
	_, got := m.seen()
	require.Len(t, got, n)
	return got
}

type session struct {
	server *mailServer
	conn   *smtp.Conn
	letter letter
}

func (s *session) count() {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.commands++
}

func (s *session) AuthMechanisms() []string {
	if s.server.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	s.count()
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "kin" || password != s.server.password {
			return smtp.ErrAuthFailed
		}
		s.letter.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.count()
	if s.server.password != "" && s.letter.user == "" {
		return smtp.ErrAuthRequired
	}
	s.letter.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.count()
	s.letter.to = to
	if s.server.rcpt != nil {
		return s.server.rcpt()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.hold != nil {
		<-s.server.hold
	}
	s.letter.text = string(text)
	s.server.mu.Lock()
	s.server.got = append(s.server.got, s.letter)
	s.server.mu.Unlock()
	s.server.arrived <- struct{}{}
	return nil
}

func (s *session) Reset() {
	if s.server.hangUp && s.letter.text != "" {
		_ = s.conn.Conn().Close()
	}
}

func (s *session) Logout() error { return nil }

type noLog struct{}

func (noLog) Printf(string, ...any) {}
func (noLog) Println(...any)        {}

// certificate makes one for the loopback address, signed by itself, and the
// pool that trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// closedPort is one on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func at(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

var errTemporary = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "come back later"}

var errUnknown = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no mailbox mum@example.org here"}
