package store

import (
	"context"
	"fmt"
)

// ForgetPushHandle takes a handle that is worth nothing any more from whatever
// device has it. The device stays signed in.
func (s *Store) ForgetPushHandle(ctx context.Context, handle string) error {
	_, err := s.write.ExecContext(ctx, `UPDATE sessions SET push_handle = '' WHERE push_handle = $1`, handle)
	if err != nil {
		return fmt.Errorf("forget a push handle: %w", err)
	}
	return nil
}
