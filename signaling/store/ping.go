package store

import (
	"context"
	"fmt"
)

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("asking the database for a sign of life: %w", err)
	}
	return nil
}
