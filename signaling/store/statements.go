package store

import (
	"context"
	"database/sql"
	"fmt"
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

// hotTx is a transaction on the writer whose commonest statements are parsed
// and planned once, as with hot. The others run as they do in any transaction.
type hotTx struct {
	*sql.Tx
	prepared *statements
}

// prepareAll prepares statements on the writer. That has to happen outside of
// any transaction: SQLite's writer is one connection.
func (s *Store) prepareAll(ctx context.Context, queries []string) error {
	for _, query := range queries {
		if _, known := s.hotWrites.byText.Load(query); known {
			continue
		}
		stmt, err := s.write.PrepareContext(ctx, query)
		if err != nil {
			return fmt.Errorf("prepare %.60q: %w", query, err)
		}
		if _, loaded := s.hotWrites.byText.LoadOrStore(query, stmt); loaded {
			if err := stmt.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t hotTx) stmt(ctx context.Context, query string) *sql.Stmt {
	if known, ok := t.prepared.byText.Load(query); ok {
		if stmt, ok := known.(*sql.Stmt); ok {
			return t.StmtContext(ctx, stmt)
		}
	}
	return nil
}

func (t hotTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.stmt(ctx, query); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t hotTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.stmt(ctx, query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

func (t hotTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.stmt(ctx, query); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}
