package consent

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

const (
	// batch is how many consents are looked at in one go.
	batch = 100
	// lookAgain is the longest that Run sleeps: another node may have written
	// something that is due, and clocks are set.
	lookAgain = time.Minute
	// afterFailure is how long Run lets a database or a mail server rest.
	afterFailure = 10 * time.Second
)

// Run sends the e-mails that come due and ends what nobody finished in time,
// until ctx ends. Several may run on one database.
func (s *Service) Run(ctx context.Context) {
	for {
		timer := time.NewTimer(s.sweep(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// sweep does all that is due and returns how long there is nothing to do.
func (s *Service) sweep(ctx context.Context) time.Duration {
	for {
		rows, err := s.store.Consents(ctx, proto.ConsentFind{Open: true, Limit: batch})
		if err != nil {
			return s.failed(ctx, "look for what is due", "", err)
		}
		failed := false
		for _, c := range rows {
			now := s.now()
			if due := dueAt(c); due > now.UnixMilli() {
				return min(time.UnixMilli(due).Sub(now), lookAgain)
			}
			if !overdue(c, now.UnixMilli()) {
				failed = !s.sendDue(ctx, c) || failed
				continue
			}
			if _, _, err := s.move(ctx, c, step{event: ranOut, by: "system"}); err != nil {
				return s.failed(ctx, "end what was not finished in time", c.ID, err)
			}
		}
		switch {
		case failed:
			return afterFailure
		case len(rows) < batch || ctx.Err() != nil:
			return lookAgain
		}
	}
}

func (s *Service) failed(ctx context.Context, doing, consentID string, err error) time.Duration {
	if ctx.Err() == nil {
		s.log.ErrorContext(ctx, "consent: "+doing, "consent", consentID, "error", err)
	}
	return afterFailure
}
