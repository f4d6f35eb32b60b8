package reseal

import (
	"context"
	"fmt"
	"log/slog"

	"kinwire/signaling/proto"
)

// Ring is a key ring.
type Ring interface {
	Seal(aad, body []byte) ([]byte, error)
	Open(aad, sealed []byte) ([]byte, error)
	// Newest says whether the first key of the ring has sealed it.
	Newest(sealed []byte) bool
}

// Store has what is sealed, on shelves.
type Store interface {
	// Shelves names what there is.
	Shelves() []string
	// SealedRows returns at most limit rows behind that one, in their order.
	SealedRows(ctx context.Context, shelf string, after proto.SealedRow, limit int) ([]proto.SealedRow, error)
	// PutSealed replaces a row if it is still as it was read.
	PutSealed(ctx context.Context, shelf string, row proto.SealedRow, fresh []byte) (done bool, err error)
}

// batch is how many rows are held in memory.
const batch = 100

// Service goes through what is sealed. Its methods may be called from any
// goroutine.
type Service struct {
	store Store
	ring  Ring
	log   *slog.Logger
}

// New makes the service. log may be nil.
func New(store Store, ring Ring, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{store, ring, log}
}

// Done is what All has done.
type Done struct {
	Resealed int64 // sealed with the newest key now
	Changed  int64 // by somebody else meanwhile, who sealed with the newest key they knew
	Unopened int64 // no key of the ring opens them
}

// All seals everything again that is not sealed with the newest key. It stops
// where ctx ends, and says what was done up to there.
func (s *Service) All(ctx context.Context) (Done, error) {
	var done Done
	err := s.each(ctx, func(shelf string, row proto.SealedRow) error {
		body, err := s.ring.Open(row.Place, row.Sealed)
		if err != nil {
			done.Unopened++
			s.log.WarnContext(ctx, "something sealed does not open", "shelf", shelf, "id", row.ID, "seq", row.Seq, "err", err)
			return nil
		}
		fresh, err := s.ring.Seal(row.Place, body)
		clear(body)
		if err != nil {
			return fmt.Errorf("seal again: %w", err)
		}
		put, err := s.store.PutSealed(ctx, shelf, row, fresh)
		if err != nil {
			return err
		}
		if put {
			done.Resealed++
		} else {
			done.Changed++
		}
		return nil
	})
	if done != (Done{}) {
		s.log.InfoContext(ctx, "sealed again with the newest key", "resealed", done.Resealed, "changed_meanwhile", done.Changed, "unopened", done.Unopened)
	}
	return done, err
}

// Left counts what is not sealed with the newest key.
func (s *Service) Left(ctx context.Context) (left int64, err error) {
	err = s.each(ctx, func(string, proto.SealedRow) error { left++; return nil })
	return left, err
}

// each calls do with every row that the newest key has not sealed.
func (s *Service) each(ctx context.Context, do func(shelf string, row proto.SealedRow) error) error {
	for _, shelf := range s.store.Shelves() {
		var last proto.SealedRow
		for {
			rows, err := s.store.SealedRows(ctx, shelf, last, batch)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				if s.ring.Newest(row.Sealed) {
					continue
				}
				if err := do(shelf, row); err != nil {
					return err
				}
			}
			last = rows[len(rows)-1]
		}
	}
	return nil
}
