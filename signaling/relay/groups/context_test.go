package groups_test

import (
	"context"
	"testing"
)

// contextOf is a context that ends when cancel is called, at the latest with the
// test.
func contextOf(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}
