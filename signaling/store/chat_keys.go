package store

import (
	"context"
	"database/sql"
	"fmt"

	"kinwire/signaling/proto"
)

// What last_resort of a key package is.
const (
	keySingle = 0
	keyLast   = 1
	keyTaken  = 2 // without its bytes, so that it does not come back
)

// AddKeyPackages adds key packages. One that is there, or was taken, is not
// added again. Of more than stock.Keep the oldest go, those of this very stock
// that come first. False if there is no such device.
func (s *Store) AddKeyPackages(ctx context.Context, stock proto.KeyPackageStock) (found bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		// The device's row holds back others who add some for it.
		n, err := affected(tx.ExecContext(ctx, `UPDATE chat_devices SET seen_at = seen_at WHERE id = $1`, stock.DeviceID))
		if err != nil || n == 0 {
			return err
		}
		found = true
		fresh := stock.Packages[max(0, len(stock.Packages)-int(stock.Keep)):]
		for _, p := range fresh {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO chat_keys (id, device_id, suite, last_resort, package, made_at) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (id) DO NOTHING`, p.ID, stock.DeviceID, stock.Suite, keySingle, p.Package, stock.At); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM chat_keys WHERE device_id = $1 AND suite = $2 AND last_resort = $3 AND id NOT IN (
				SELECT id FROM chat_keys WHERE device_id = $1 AND suite = $2 AND last_resort = $3
				ORDER BY made_at DESC, id LIMIT $4)`, stock.DeviceID, stock.Suite, keySingle, stock.Keep); err != nil {
			return err
		}
		return replaceLastResort(ctx, tx, stock)
	})
	if err != nil {
		return false, fmt.Errorf("add key packages: %w", err)
	}
	return found, nil
}

func replaceLastResort(ctx context.Context, tx *sql.Tx, stock proto.KeyPackageStock) error {
	last := stock.LastResort
	if last == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM chat_keys WHERE device_id = $1 AND suite = $2 AND last_resort = $3 AND id <> $4`,
		stock.DeviceID, stock.Suite, keyLast, last.ID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO chat_keys (id, device_id, suite, last_resort, package, made_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET last_resort = excluded.last_resort, package = excluded.package, made_at = excluded.made_at`,
		last.ID, stock.DeviceID, stock.Suite, keyLast, last.Package, stock.At)
	return err
}

// KeyPackagesLeft counts a device's key packages, suite by suite.
func (s *Store) KeyPackagesLeft(ctx context.Context, deviceID string) ([]proto.KeyPackageCount, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT suite, count(CASE WHEN last_resort = $2 THEN 1 END), max(CASE WHEN last_resort = $3 THEN made_at ELSE 0 END)
		FROM chat_keys WHERE device_id = $1 AND last_resort <> $4 GROUP BY suite ORDER BY suite`,
		deviceID, keySingle, keyLast, keyTaken)
	all, err := collect(rows, err, func(row scanner) (c proto.KeyPackageCount, err error) {
		err = row.Scan(&c.Suite, &c.Count, &c.LastResortAt)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("count key packages: %w", err)
	}
	return all, nil
}

// TakeKeyPackage takes a device's oldest key package of a suite, for good; or
// gives the last resort, where there is no other or single is false. False if
// there is neither.
func (s *Store) TakeKeyPackage(ctx context.Context, deviceID string, suite int64, single bool, at int64) (of proto.KeyPackageOf, found bool, err error) {
	of.DeviceID = deviceID
	err = s.tx(ctx, func(tx *sql.Tx) error {
		for single && !found {
			var id string
			some, err := present(tx.QueryRowContext(ctx, `
				SELECT id, package FROM chat_keys WHERE device_id = $1 AND suite = $2 AND last_resort = $3
				ORDER BY made_at, id LIMIT 1`, deviceID, suite, keySingle).Scan(&id, &of.Package))
			if err != nil {
				return err
			}
			if !some {
				break
			}
			// On PostgreSQL somebody else may have taken it in this very moment.
			n, err := affected(tx.ExecContext(ctx, `
				UPDATE chat_keys SET last_resort = $2, package = '', made_at = $3 WHERE id = $1 AND last_resort = $4`,
				id, keyTaken, at, keySingle))
			if err != nil {
				return err
			}
			found = n == 1
		}
		if found {
			return nil
		}
		of.LastResort = true
		found, err = present(tx.QueryRowContext(ctx, `
			SELECT package FROM chat_keys WHERE device_id = $1 AND suite = $2 AND last_resort = $3
			ORDER BY made_at DESC, id LIMIT 1`, deviceID, suite, keyLast).Scan(&of.Package))
		return err
	})
	if err != nil {
		return proto.KeyPackageOf{}, false, fmt.Errorf("take a key package: %w", err)
	}
	return of, found, nil
}

// ForgetKeyPackages deletes key packages that were made before, and what is
// remembered of those that were taken before. Last resorts stay.
func (s *Store) ForgetKeyPackages(ctx context.Context, made, taken int64) (forgotten int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		for kind, before := range map[int]int64{keySingle: made, keyTaken: taken} {
			n, err := affected(tx.ExecContext(ctx, `DELETE FROM chat_keys WHERE last_resort = $1 AND made_at < $2`, kind, before))
			if err != nil {
				return err
			}
			forgotten += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget key packages: %w", err)
	}
	return forgotten, nil
}
