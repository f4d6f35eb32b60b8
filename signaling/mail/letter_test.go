package mail

import (
	"bytes"
	"log/slog"
	"maps"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzLetter: whatever is let through makes a message with the same headers,
// for one recipient, that says what was given.
func FuzzLetter(f *testing.F) {
	f.Add("mum@example.org", "Hello", "text")
	f.Add("mum@example.org", "=?utf-8?q?a=0D=0ABcc:_x@y.z?=", "a\r\n\r\n.\r\nQUIT")
	f.Add("mum+tag@bücher.example", "ž 🦊\ttab", "From: x")
	f.Add("a@b\r\nBcc: c@d", "x\r\nBcc: c@d", "\r\n")
	f.Add(`"a b"@c.d`, " leading", "--boundary")
	s, err := New(Config{Host: "mail.example.org", From: "Kinwire <hello@kinwire.example>"}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to, subject, text string) {
		if check(to, subject, text) != nil {
			return
		}
		m := s.compose(letter{to: to, subject: subject, text: text, date: time.Unix(1, 0), id: "i@kinwire.example"})
		rcpts, err := m.GetRecipients()
		require.NoError(t, err)
		require.Len(t, rcpts, 1)
		rcpt, err := mail.ParseAddress(rcpts[0])
		require.NoError(t, err)
		require.Equal(t, to, rcpt.Address)
		var b bytes.Buffer
		_, err = m.WriteTo(&b)
		require.NoError(t, err)
		got, err := mail.ReadMessage(&b)
		require.NoError(t, err)
		require.Equal(t, []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"},
			slices.Sorted(maps.Keys(got.Header)))
		addresses, err := got.Header.AddressList("To")
		require.NoError(t, err)
		require.Len(t, addresses, 1)
		require.Equal(t, to, addresses[0].Address)
		decoded, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, strings.Fields(subject), strings.Fields(decoded))
	})
}
