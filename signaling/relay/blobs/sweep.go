package blobs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Swept says how many attachments a sweep deleted, by the reason.
type Swept struct {
	Unsent    int // no message has named it in time
	Expired   int // not fetched by all in time
	Abandoned int // all who had not fetched it are out of the conversation
	Orphans   int // bytes without a row
}

func (a Swept) plus(b Swept) Swept {
	return Swept{a.Unsent + b.Unsent, a.Expired + b.Expired, a.Abandoned + b.Abandoned, a.Orphans + b.Orphans}
}

// Run sweeps, now and every so often, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(s.cfg().SweepEvery)
	defer tick.Stop()
	var orphansAt time.Time
	for {
		orphans := !s.now().Before(orphansAt)
		if orphans {
			orphansAt = s.now().Add(s.cfg().OrphansEvery)
		}
		if _, err := s.Sweep(ctx, orphans); err != nil && ctx.Err() == nil {
			s.d.Log.ErrorContext(ctx, "old attachments not deleted", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep deletes all attachments that nobody will fetch, and with orphans also
// bytes without a row, for which the bucket is listed. It logs how many there
// were.
func (s *Service) Sweep(ctx context.Context, orphans bool) (total Swept, err error) {
	for {
		swept, more, err := s.sweepRows(ctx)
		total = total.plus(swept)
		if err != nil {
			return total, s.report(ctx, total, err)
		}
		if !more {
			break
		}
	}
	if orphans {
		total.Orphans, err = s.sweepBytes(ctx)
	}
	return total, s.report(ctx, total, err)
}

func (s *Service) report(ctx context.Context, total Swept, err error) error {
	if total != (Swept{}) {
		s.d.Log.InfoContext(ctx, "old attachments deleted", "unsent", total.Unsent, "expired", total.Expired, "abandoned", total.Abandoned, "orphans", total.Orphans)
	}
	return err
}

// sweepRows deletes a batch of rows with their bytes; more says that there may
// be further ones.
func (s *Service) sweepRows(ctx context.Context) (swept Swept, more bool, err error) {
	now := s.now()
	gone, err := s.store.SweepAttachments(ctx, now, now.Add(-s.cfg().Unsent), sweepBatch)
	swept = Swept{Unsent: len(gone.Unsent), Expired: len(gone.Expired), Abandoned: len(gone.Abandoned)}
	for _, ids := range [][]string{gone.Unsent, gone.Expired, gone.Abandoned} {
		more = more || len(ids) == sweepBatch
		for _, id := range ids {
			s.deleteBytes(ctx, id)
		}
	}
	if err != nil {
		return swept, false, fmt.Errorf("delete old attachments: %w", err)
	}
	return swept, more, nil
}

// sweepBytes deletes bytes without a row. What does not look like an
// attachment in the bucket is not ours to delete.
func (s *Service) sweepBytes(ctx context.Context) (deleted int, err error) {
	batch := make([]string, 0, sweepBatch)
	flush := func() error {
		unknown, err := s.store.UnknownAttachments(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range unknown {
			if s.deleteBytes(ctx, id) {
				deleted++
			}
		}
		batch = batch[:0]
		return nil
	}
	for id, fault := range s.bucket.IDs(ctx) {
		if fault != nil {
			err = fault
			break
		}
		if !anID.MatchString(id) {
			continue
		}
		if batch = append(batch, id); len(batch) == sweepBatch {
			if err = flush(); err != nil {
				break
			}
		}
	}
	if err = errors.Join(err, flush()); err != nil {
		return deleted, fmt.Errorf("delete bytes without a row: %w", err)
	}
	return deleted, nil
}
