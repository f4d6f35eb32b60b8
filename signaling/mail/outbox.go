package mail

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// outboxSize is how many messages an [Outbox] keeps.
const outboxSize = 100

// Outbox keeps the newest 100 messages in memory, for the operator's page: it is
// for a developer's server that has no SMTP, and only there. The log says that
// there is one, and nothing of it: it would hold an address and a token. Its
// methods may be called from any goroutine.
type Outbox struct {
	now func() time.Time
	log *slog.Logger

	mu    sync.Mutex
	mails []proto.Mail // the oldest first
}

// NewOutbox makes an empty one.
func NewOutbox(now func() time.Time, log *slog.Logger) *Outbox {
	return &Outbox{now: now, log: log}
}

// Send keeps the message. It refuses what [SMTP.Send] refuses.
func (o *Outbox) Send(ctx context.Context, to, subject, text string) error {
	if err := check(to, subject, text); err != nil {
		return err
	}
	m := proto.Mail{To: to, Subject: subject, Text: text, At: o.now().UnixMilli()}
	o.mu.Lock()
	if len(o.mails) == outboxSize {
		o.mails = slices.Delete(o.mails, 0, 1)
	}
	o.mails = append(o.mails, m)
	o.mu.Unlock()
	o.log.InfoContext(ctx, "e-mail not sent, for want of SMTP: it stands on the operator's page")
	return nil
}

// List returns what is kept, the newest first.
func (o *Outbox) List() proto.Mails {
	o.mu.Lock()
	defer o.mu.Unlock()
	mails := slices.Clone(o.mails)
	slices.Reverse(mails)
	if mails == nil {
		mails = []proto.Mail{}
	}
	return proto.Mails{Mails: mails}
}
