package store

import (
	"database/sql"
	"errors"
)

// collect reads rows to their end with scan, and closes them. It takes a query's
// two results as they come, so that a failed query is one of its errors.
func collect[T any](rows *sql.Rows, failed error, scan func(row scanner) (T, error)) (all []T, err error) {
	if failed != nil {
		return nil, failed
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// texts reads a column of texts to its end.
func texts(rows *sql.Rows, failed error) ([]string, error) {
	return collect(rows, failed, func(row scanner) (one string, err error) {
		err = row.Scan(&one)
		return one, err
	})
}
