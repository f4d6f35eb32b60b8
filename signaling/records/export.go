package records

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"kinwire/signaling/proto"
)

// exportBatch is how many records are read from the store at once. A record of
// a long call of many has a few hundred KB.
const exportBatch = 20

// formats are the ways to write a record.
var formats = map[string]func(to io.Writer) writer{
	"ndjson": func(to io.Writer) writer { return lines{to} },
	"csv":    func(to io.Writer) writer { return newTable(to) },
}

// writer writes records one after the other. begin comes first, once, when it
// is sure that nothing can be refused any more.
type writer interface {
	begin() error
	write(document json.RawMessage) error
}

// Export writes the records that f lets through, the live calls first, in the
// format ndjson or csv. Cursor and Limit of f are not looked at. An error
// after the first byte leaves an export that is not whole.
//
// *proto.Error: bad_message for another format.
func (s *Service) Export(ctx context.Context, format string, f proto.CallFilter, to io.Writer) error {
	newWriter, ok := formats[format]
	if !ok {
		return refuse(proto.CodeBadMessage, "query.format: given something else; allowed are ndjson, csv")
	}
	f.Limit = exportBatch
	// Memory first: a call that is saved between the two looks is then in both.
	going, waiting := s.inMemory(f, place{})
	var first []proto.CallRow
	var err error
	if f.Live != "true" { // read before anything is written, so that a failure is an answer
		if first, err = s.d.Store.CallRows(ctx, f, 0, "", true); err != nil {
			return fmt.Errorf("export calls: %w", err)
		}
	}
	out := newWriter(to)
	if err := out.begin(); err != nil {
		return err
	}
	written, err := s.exportMemory(ctx, append(going, waiting...), out)
	if err != nil || f.Live == "true" {
		return err
	}
	return s.exportPast(ctx, f, first, written, out)
}

// exportMemory writes calls that are in memory, and says which it wrote. What
// has gone from there meanwhile is in the store.
func (s *Service) exportMemory(ctx context.Context, calls []proto.CallSummary, out writer) (written map[string]bool, err error) {
	written = map[string]bool{}
	for _, c := range calls {
		document, err := s.d.Live.Record(ctx, c.ID)
		var refused *proto.Error
		if errors.As(err, &refused) && refused.Code == proto.CodeNotFound {
			continue
		}
		if err == nil {
			err = out.write(document)
		}
		if err != nil {
			return nil, fmt.Errorf("export a call in memory: %w", err)
		}
		written[c.ID] = true
	}
	return written, nil
}

// exportPast writes the calls that have ended, batch after batch. Those that
// are written already were live a moment ago.
func (s *Service) exportPast(ctx context.Context, f proto.CallFilter, rows []proto.CallRow, written map[string]bool, out writer) error {
	for len(rows) > 0 {
		for _, row := range rows {
			if written[row.ID] {
				continue
			}
			if err := out.write(row.Document); err != nil {
				return fmt.Errorf("export a call: %w", err)
			}
		}
		if len(rows) < f.Limit {
			return nil
		}
		var err error
		last := rows[len(rows)-1]
		if rows, err = s.d.Store.CallRows(ctx, f, last.StartedAt, last.ID, true); err != nil {
			return fmt.Errorf("export calls: %w", err)
		}
	}
	return nil
}

// lines is NDJSON: each document on one line.
type lines struct{ to io.Writer }

func (lines) begin() error { return nil }

func (l lines) write(document json.RawMessage) error {
	var line bytes.Buffer
	if err := json.Compact(&line, document); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	line.WriteByte('\n')
	_, err := l.to.Write(line.Bytes())
	return err
}
