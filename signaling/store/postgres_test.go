package store

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/postgres"
)

func TestPostgresConforms(t *testing.T) {
	server := postgres.Start(t)
	n := 0
	conformance(t, func(t *testing.T) *Store {
		n++
		s, err := Open(t.Context(), Config{Driver: "postgres", DSN: server.Database(t, fmt.Sprint("kin", n))}, quiet())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})

	t.Run("NodesMigrateAtOnce", func(t *testing.T) {
		dsn := server.Database(t, "kinmany")
		var wg sync.WaitGroup
		errs := make(chan error, 4)
		for range cap(errs) {
			wg.Go(func() {
				s, err := Open(t.Context(), Config{Driver: "postgres", DSN: dsn}, quiet())
				if err == nil {
					err = s.Close()
				}
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
	})
}
