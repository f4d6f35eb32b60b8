package store

import (
	"context"
	"database/sql"
	"sync"
)

// statements are those that are asked all the time, parsed and planned once
// for each connection: for a query by index that is half of the work. Only
// texts that the program makes go in here, of which there are a few dozen.
// They are closed with their connections.
type statements struct{ byText sync.Map }

// hot is the prepared statement of a query on the reader.
func (s *Store) hot(ctx context.Context, query string) (*sql.Stmt, error) {
	if known, ok := s.prepared.byText.Load(query); ok {
		if stmt, ok := known.(*sql.Stmt); ok {
			return stmt, nil
		}
	}
	stmt, err := s.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if first, loaded := s.prepared.byText.LoadOrStore(query, stmt); loaded {
		if other, ok := first.(*sql.Stmt); ok {
			return other, stmt.Close() // somebody else was faster
		}
	}
	return stmt, nil
}

// hotRows runs a query that is asked all the time.
func (s *Store) hotRows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.hot(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// hotRow is hotRows for one row at most.
func (s *Store) hotRow(ctx context.Context, query string, args []any, into ...any) error {
	stmt, err := s.hot(ctx, query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(into...)
}
