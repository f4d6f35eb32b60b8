package mail_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/mail"
	"kinwire/signaling/proto"
)

func TestOutbox(t *testing.T) {
	log := &logged{}
	now := noon
	o := mail.NewOutbox(func() time.Time { return now }, log.logger())
	require.Equal(t, proto.Mails{Mails: []proto.Mail{}}, o.List(), "an empty list, not null")

	require.NoError(t, o.Send(t.Context(), to, "First", "the text"))
	now = now.Add(time.Minute)
	require.NoError(t, o.Send(t.Context(), to, "Second", "another text"))
	require.Equal(t, []proto.Mail{
		{To: to, Subject: "Second", Text: "another text", At: now.UnixMilli()},
		{To: to, Subject: "First", Text: "the text", At: noon.UnixMilli()},
	}, o.List().Mails)
	require.Equal(t, 2, strings.Count(log.String(), "e-mail not sent"))
	for _, never := range []string{to, "First", "the text", "Second", "another text"} {
		require.NotContains(t, log.String(), never)
	}
	o.List().Mails[0].Text = "changed by the caller"
	require.Equal(t, "another text", o.List().Mails[0].Text)
}

func TestOutboxKeepsTheNewest(t *testing.T) {
	o := mail.NewOutbox(func() time.Time { return noon }, (&logged{}).logger())
	var wg sync.WaitGroup
	for i := range 150 {
		wg.Go(func() { _ = o.Send(context.Background(), to, fmt.Sprint(i), "text") })
	}
	wg.Wait()
	for i := range 99 {
		require.NoError(t, o.Send(t.Context(), to, fmt.Sprint("new ", i), "text"))
	}
	mails := o.List().Mails
	require.Len(t, mails, 100)
	require.Equal(t, "new 98", mails[0].Subject)
	require.Equal(t, "new 0", mails[98].Subject)
}

func TestRefused(t *testing.T) {
	o := mail.NewOutbox(func() time.Time { return noon }, (&logged{}).logger())
	server := &mailServer{}
	s, _ := sender(t, config(server.start(t)))
	for why, m := range map[string][3]string{
		"no address":             {"", subject, text},
		"no at sign":             {"mum", subject, text},
		"a header in to":         {"mum@example.org\r\nBcc: other@example.org", subject, text},
		"a line feed in to":      {"mum@example.org\n", subject, text},
		"two addresses":          {"mum@example.org,dad@example.org", subject, text},
		"a display name":         {"Mum <mum@example.org>", subject, text},
		"brackets":               {"<mum@example.org>", subject, text},
		"a space":                {" mum@example.org", subject, text},
		"a quoted local part":    {`"mum\r\nBcc: x"@example.org`, subject, text},
		"too long an address":    {strings.Repeat("m", 250) + "@a.bc", subject, text},
		"a header in subject":    {to, "Hello\r\nBcc: other@example.org", text},
		"a line feed in subject": {to, "Hello\nthere", text},
		"a return in subject":    {to, "Hello\rthere", text},
		"NUL in subject":         {to, "Hello\x00", text},
		"a line separator":       {to, "Hello\u2028there", text},
		"an encoded word":        {to, "=?utf-8?q?a=0D=0ABcc:_x@y.z?=", text},
		"no subject":             {to, "", text},
		"too long a subject":     {to, strings.Repeat("s", 201), text},
		"subject not UTF-8":      {to, "\xff", text},
		"no text":                {to, subject, ""},
		"too long a text":        {to, subject, strings.Repeat("t", 1<<16+1)},
		"text not UTF-8":         {to, subject, "\xff"},
		"NUL in text":            {to, subject, "a\x00b"},
	} {
		requireBad(t, o.Send(t.Context(), m[0], m[1], m[2]), why)
		requireBad(t, s.Send(t.Context(), m[0], m[1], m[2]), why)
	}
	require.Empty(t, o.List().Mails)
	require.NoError(t, s.Close(t.Context()))
	commands, _ := server.seen()
	require.Zero(t, commands)
}
