package store

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// shelf is where sealed texts are kept.
type shelf struct {
	name string
	list string // after an id and a seq, at most so many
	put  string // a fresh text in place of the one that was read
	scan func(row scanner) (proto.SealedRow, error)
}

// shelves is all that is sealed in the database. Messages come last: most of
// them leave meanwhile.
var shelves = []shelf{
	{
		name: "group_infos",
		list: `SELECT id, generation, epoch, group_info FROM chat_conversations WHERE id > $1 AND CAST($2 AS BIGINT) >= 0 ORDER BY id LIMIT $3`,
		put:  `UPDATE chat_conversations SET group_info = $3 WHERE id = $1 AND CAST($2 AS BIGINT) >= 0 AND group_info = $4`,
		scan: func(row scanner) (r proto.SealedRow, err error) {
			var generation, epoch int64
			err = row.Scan(&r.ID, &generation, &epoch, &r.Sealed)
			r.Place = proto.GroupInfoPlace(r.ID, generation, epoch)
			return r, err
		},
	},
	{
		name: "evidence",
		list: `SELECT id, evidence FROM reports WHERE id > $1 AND CAST($2 AS BIGINT) >= 0 AND length(evidence) > 0 ORDER BY id LIMIT $3`,
		put:  `UPDATE reports SET evidence = $3 WHERE id = $1 AND CAST($2 AS BIGINT) >= 0 AND evidence = $4`,
		scan: func(row scanner) (r proto.SealedRow, err error) {
			err = row.Scan(&r.ID, &r.Sealed)
			r.Place = proto.EvidencePlace(r.ID)
			return r, err
		},
	},
	{
		name: "messages",
		list: `SELECT conversation_id, seq, kind, body FROM chat_messages
			WHERE (conversation_id, seq) > ($1, $2) AND length(body) > 0 ORDER BY conversation_id, seq LIMIT $3`,
		put: `UPDATE chat_messages SET body = $3 WHERE conversation_id = $1 AND seq = $2 AND body = $4`,
		scan: func(row scanner) (r proto.SealedRow, err error) {
			var kind proto.DeliveryKind
			err = row.Scan(&r.ID, &r.Seq, &kind, &r.Sealed)
			r.Place = proto.MessagePlace(r.ID, r.Seq, kind)
			return r, err
		},
	},
}

// Shelves names what is sealed.
func (s *Store) Shelves() []string {
	var names []string
	for _, sh := range shelves {
		names = append(names, sh.name)
	}
	return names
}

func shelfOf(name string) (shelf, error) {
	for _, sh := range shelves {
		if sh.name == name {
			return sh, nil
		}
	}
	return shelf{}, fmt.Errorf("nothing sealed is called %q", name)
}

// SealedRows returns at most limit rows of a shelf that come after that one.
func (s *Store) SealedRows(ctx context.Context, name string, after proto.SealedRow, limit int) ([]proto.SealedRow, error) {
	sh, err := shelfOf(name)
	if err != nil {
		return nil, err
	}
	list, err := s.read.QueryContext(ctx, sh.list, after.ID, after.Seq, limit)
	rows, err := collect(list, err, sh.scan)
	if err != nil {
		return nil, fmt.Errorf("list sealed %s: %w", name, err)
	}
	return rows, nil
}

// PutSealed replaces a row if it is still as it was read.
func (s *Store) PutSealed(ctx context.Context, name string, row proto.SealedRow, fresh []byte) (bool, error) {
	sh, err := shelfOf(name)
	if err != nil {
		return false, err
	}
	n, err := affected(s.write.ExecContext(ctx, sh.put, row.ID, row.Seq, fresh, row.Sealed))
	if err != nil {
		return false, fmt.Errorf("seal %s again: %w", name, err)
	}
	return n > 0, nil
}
