package mail_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/mail"
	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func stringsReader(s string) io.Reader { return strings.NewReader(s) }

// logged is what the sender wrote to its log.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func config(port int) mail.Config {
	return mail.Config{
		Host: "127.0.0.1", Port: port, From: "Kinwire <hello@kinwire.example>", TLS: mail.None,
		RetryWait: time.Millisecond, Timeout: 20 * time.Second,
	}
}

// sender is closed at the end of the test, if the test has not done so.
func sender(t *testing.T, cfg mail.Config) (*mail.SMTP, *logged) {
	t.Helper()
	log := &logged{}
	s, err := mail.New(cfg, func() time.Time { return noon }, log.logger())
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx)
	})
	return s, log
}

const to, subject = "mum@example.org", "Grüße: bitte bestätigen 👋"

var text = "Hello,\n.\n" + strings.Repeat("a long line ", 40) + "\nhttps://kinwire.example/#confirm=abc=def\n"

func send(t *testing.T, s *mail.SMTP) {
	t.Helper()
	require.NoError(t, s.Send(t.Context(), to, subject, text))
}

func TestDelivered(t *testing.T) {
	server := &mailServer{}
	s, log := sender(t, config(server.start(t)))
	send(t, s)
	got := server.wait(t, 1)[0]
	require.Equal(t, "hello@kinwire.example", got.from)
	require.Equal(t, to, got.to)

	m := got.parse(t)
	h := m.Header
	require.Equal(t, `"Kinwire" <hello@kinwire.example>`, h.Get("From"))
	require.Equal(t, "<"+to+">", h.Get("To"))
	decoded, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, subject, decoded)
	date, err := h.Date()
	require.NoError(t, err)
	require.True(t, noon.Equal(date), date)
	require.Regexp(t, `^<[a-z2-7]{26}@kinwire\.example>$`, h.Get("Message-Id"))
	require.Equal(t, "auto-generated", h.Get("Auto-Submitted"))
	require.Equal(t, "text/plain; charset=UTF-8", h.Get("Content-Type"))
	for _, name := range []string{"X-Mailer", "User-Agent"} {
		require.Empty(t, h.Get(name), name)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	require.NoError(t, err)
	require.Equal(t, text, strings.ReplaceAll(string(body), "\r\n", "\n"))

	require.NoError(t, s.Close(t.Context()))
	require.Empty(t, log.String())
}

func TestEncryptedAndSignedIn(t *testing.T) {
	for _, mode := range []mail.TLS{mail.STARTTLS, mail.Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			certs, pool := certificate(t)
			server := &mailServer{TLS: certs, implicit: mode == mail.Implicit, password: "correct horse"}
			cfg := config(server.start(t))
			cfg.TLS, cfg.RootCAs, cfg.User, cfg.Password = mode, pool, "kin", "correct horse"
			s, _ := sender(t, cfg)
			send(t, s)
			got := server.wait(t, 1)[0]
			require.True(t, got.encrypted)
			require.Equal(t, "kin", got.user)
			require.NoError(t, s.Close(t.Context()))
		})
	}
}

// TestNothingInTheClear: where the connection cannot be made safe, the server
// hears neither a password nor an address.
func TestNothingInTheClear(t *testing.T) {
	certs, pool := certificate(t)
	for name, c := range map[string]struct {
		server *mailServer
		change func(*mail.Config)
	}{
		"STARTTLS not offered":        {&mailServer{password: "p"}, func(c *mail.Config) { c.RootCAs = pool }},
		"certificate not trusted":     {&mailServer{password: "p", TLS: certs}, func(*mail.Config) {}},
		"certificate of another":      {&mailServer{password: "p", TLS: certs}, func(c *mail.Config) { c.RootCAs = pool; c.Host = "localhost" }},
		"implicit, not trusted":       {&mailServer{password: "p", TLS: certs, implicit: true}, func(c *mail.Config) { c.TLS = mail.Implicit }},
		"implicit, of another":        {&mailServer{password: "p", TLS: certs, implicit: true}, func(c *mail.Config) { c.TLS, c.RootCAs, c.Host = mail.Implicit, pool, "localhost" }},
		"no authentication, starttls": {&mailServer{TLS: certs}, func(c *mail.Config) { c.RootCAs = pool }},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(c.server.start(t))
			cfg.TLS, cfg.User, cfg.Password, cfg.Attempts = mail.STARTTLS, "kin", "p", 2
			c.change(&cfg)
			s, log := sender(t, cfg)
			send(t, s)
			require.ErrorContains(t, s.Close(t.Context()), "1 e-mails were not delivered")
			commands, got := c.server.seen()
			require.Zero(t, commands, log)
			require.Empty(t, got)
			require.Contains(t, log.String(), "attempt=2")
		})
	}
}

// TestFinal: what a server refuses for good is not tried again, and the log
// says why without saying to whom.
func TestFinal(t *testing.T) {
	certs, pool := certificate(t)
	for name, c := range map[string]struct {
		server   *mailServer
		password string
		says     []string
	}{
		"unknown mailbox": {&mailServer{TLS: certs, password: "right", rcpt: func() error { return errUnknown }}, "right",
			[]string{"code=550", "status=5.1.1", `at="sending SMTP RCPT TO command"`}},
		"wrong password": {&mailServer{TLS: certs, password: "right"}, "wrong-password", []string{"code=535", "at=connect"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(c.server.start(t))
			cfg.TLS, cfg.RootCAs, cfg.User, cfg.Password = mail.STARTTLS, pool, "kin", c.password
			s, log := sender(t, cfg)
			send(t, s)
			require.ErrorContains(t, s.Close(t.Context()), "1 e-mails were not delivered")
			_, got := c.server.seen()
			require.Empty(t, got)
			lines := log.String()
			require.Equal(t, 1, strings.Count(lines, "\n"), lines)
			for _, want := range append(c.says, "attempt=1", "gave_up=true") {
				require.Contains(t, lines, want)
			}
			for _, secret := range []string{"mum", "example.org", "Gr", "Hello", "confirm", "right", "wrong-password", "kin "} {
				require.NotContains(t, lines, secret)
			}
		})
	}
}

func TestTriedAgain(t *testing.T) {
	var tries atomic.Int32
	server := &mailServer{rcpt: func() error {
		if tries.Add(1) < 3 {
			return errTemporary
		}
		return nil
	}}
	s, log := sender(t, config(server.start(t)))
	send(t, s)
	server.wait(t, 1)
	require.NoError(t, s.Close(t.Context()))
	require.EqualValues(t, 3, tries.Load())
	require.Equal(t, 2, strings.Count(log.String(), "code=451 status=4.3.2"), log)
}

func TestGivenUp(t *testing.T) {
	var tries atomic.Int32
	server := &mailServer{rcpt: func() error { tries.Add(1); return errTemporary }}
	cfg := config(server.start(t))
	cfg.Attempts = 3
	s, log := sender(t, cfg)
	send(t, s)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "gave_up=true") }, 20*time.Second, time.Millisecond)
	require.EqualValues(t, 3, tries.Load())
	require.NoError(t, s.Close(t.Context()), "it was lost before, and the log says so")
}

func TestServerComesUpLate(t *testing.T) {
	port := closedPort(t)
	cfg := config(port)
	cfg.Attempts, cfg.RetryWait = 30, 10*time.Millisecond
	s, log := sender(t, cfg)
	send(t, s)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "attempt=2") }, 20*time.Second, time.Millisecond)
	require.Contains(t, log.String(), "connection refused", "an operator is told what is wrong")
	server := &mailServer{addr: at(port)}
	server.start(t)
	server.wait(t, 1)
	require.NoError(t, s.Close(t.Context()))
}

// TestTakenOnce: when the connection breaks after the server took the message,
// it is not sent again.
func TestTakenOnce(t *testing.T) {
	server := &mailServer{hangUp: true}
	s, log := sender(t, config(server.start(t)))
	send(t, s)
	require.NoError(t, s.Close(t.Context()))
	server.wait(t, 1)
	require.Empty(t, log.String())
}

// TestSlowServer: who sends never waits, the queue has an end, and Close waits
// for what is in it.
func TestSlowServer(t *testing.T) {
	server := &mailServer{hold: make(chan struct{})}
	cfg := config(server.start(t))
	cfg.Queue, cfg.Connections = 5, 2
	s, _ := sender(t, cfg)
	for range 5 {
		send(t, s)
	}
	require.ErrorIs(t, s.Send(t.Context(), to, subject, text), mail.ErrFull)
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	require.Eventually(t, func() bool {
		return strings.Contains(fmt.Sprint(s.Send(t.Context(), to, subject, text)), mail.ErrClosed.Error())
	}, 20*time.Second, time.Millisecond)
	select {
	case err := <-closed:
		t.Fatalf("Close returned with messages in the queue: %v", err)
	default:
	}
	close(server.hold)
	require.NoError(t, <-closed)
	server.wait(t, 5)
}

// TestCloseHurries: Close does not sit through the pause before a retry.
func TestCloseHurries(t *testing.T) {
	var tries atomic.Int32
	server := &mailServer{rcpt: func() error {
		if tries.Add(1) == 1 {
			return errTemporary
		}
		return nil
	}}
	cfg := config(server.start(t))
	cfg.RetryWait = time.Hour
	s, log := sender(t, cfg)
	send(t, s)
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "attempt=1") }, 20*time.Second, time.Millisecond)
	require.NoError(t, s.Close(t.Context()))
	server.wait(t, 1)
}

// TestCloseGivesUp: a mail server that takes the connection and says nothing
// does not keep this server from ending.
func TestCloseGivesUp(t *testing.T) {
	for _, mode := range []mail.TLS{mail.None, mail.Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			cfg := config(l.Addr().(*net.TCPAddr).Port)
			cfg.TLS, cfg.Timeout, cfg.RetryWait, cfg.Connections = mode, time.Hour, time.Hour, 1
			s, _ := sender(t, cfg)
			send(t, s)
			send(t, s) // waits for the line
			conn, err := l.Accept()
			require.NoError(t, err)
			defer conn.Close()
			if mode == mail.None {
				_, err = conn.Write([]byte("220 mail.example.org\r\n"))
				require.NoError(t, err)
			}
			_, err = conn.Read(make([]byte, 4096)) // a hello, and no answer
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorContains(t, s.Close(ctx), "2 e-mails were not delivered")
			require.ErrorIs(t, s.Send(t.Context(), to, subject, text), mail.ErrClosed)
		})
	}
}

func TestConfigRefused(t *testing.T) {
	for says, change := range map[string]func(*mail.Config){
		"no host":                    func(c *mail.Config) { c.Host = "" },
		"port is 70000":              func(c *mail.Config) { c.Port = 70000 },
		"port is -1":                 func(c *mail.Config) { c.Port = -1 },
		`tls is "maybe"`:             func(c *mail.Config) { c.TLS = "maybe" },
		"in the clear":               func(c *mail.Config) { c.User = "kin" },
		`from is ""`:                 func(c *mail.Config) { c.From = "" },
		`from is "Kinwire"`:          func(c *mail.Config) { c.From = "Kinwire" },
		`from is "a\r\n <a@b.c>"`:    func(c *mail.Config) { c.From = "a\r\n <a@b.c>" },
		`from is "=?utf-8?q?a=0Ab?=`: func(c *mail.Config) { c.From = "=?utf-8?q?a=0Ab?= <a@b.c>" },
	} {
		cfg := config(25)
		change(&cfg)
		_, err := mail.New(cfg, time.Now, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, says)
	}
}

func requireBad(t *testing.T, err error, why string) {
	t.Helper()
	var e *proto.Error
	require.ErrorAs(t, err, &e, why)
	require.Equal(t, proto.CodeBadMessage, e.Code, why)
}
