package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// Record is the record of one call that has ended.
type Record struct {
	CallID    string
	StartedAt time.Time // UTC, whole milliseconds
	EndedAt   time.Time // UTC, whole milliseconds
	Reason    string    // why it ended
	// Participants is how many people the record tells of.
	Participants int
	// Video says whether it was called with video, TalkMS for how long at least
	// two people were connected, in milliseconds.
	Video  bool
	TalkMS int64
	// Codecs and Paths are those that were used, each once. An item has no
	// space in it.
	Codecs, Paths []string
	// Score is the call's mean opinion score, kept to a thousandth; 0: nothing
	// was measured.
	Score float64
	// Verdict says where the trouble was, in one sentence; empty: none.
	Verdict string
	// Document is the whole record, kept byte for byte.
	Document json.RawMessage
}

// SaveRecord keeps r. Saving a call again replaces what was kept of it, so a
// writer that is not sure whether it succeeded may simply repeat.
func (s *Store) SaveRecord(ctx context.Context, r Record) error {
	if r.CallID == "" {
		return fmt.Errorf("save a call record: no call id given")
	}
	if !json.Valid(r.Document) {
		return fmt.Errorf("save the record of call %s: its document is not JSON", r.CallID)
	}
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO records (call_id, started_at, ended_at, reason, participants, video, talk_ms, codecs, paths, score, verdict, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (call_id) DO UPDATE SET
			started_at = excluded.started_at, ended_at = excluded.ended_at, reason = excluded.reason,
			participants = excluded.participants, video = excluded.video, talk_ms = excluded.talk_ms,
			codecs = excluded.codecs, paths = excluded.paths, score = excluded.score, verdict = excluded.verdict,
			document = excluded.document`,
		r.CallID, toMillis(r.StartedAt), toMillis(r.EndedAt), r.Reason, r.Participants, zeroOne(r.Video), r.TalkMS,
		spaced(r.Codecs), spaced(r.Paths), thousandths(r.Score), r.Verdict, string(r.Document))
	if err != nil {
		return fmt.Errorf("save the record of call %s: %w", r.CallID, err)
	}
	return nil
}

// spaced writes a list with a space around every item, so that LIKE finds one.
func spaced(list []string) string {
	return " " + strings.Join(append(append([]string{}, list...), ""), " ")
}

func thousandths(score float64) int64 {
	if !(score > 0) { // a NaN was not measured either
		return 0
	}
	return int64(math.Round(score * 1000))
}

// Record returns the record of a call, or an error that is [ErrNotFound].
func (s *Store) Record(ctx context.Context, callID string) (Record, error) {
	row, err := scanCallRow(s.read.QueryRowContext(ctx, `SELECT `+callColumns+`, document FROM records WHERE call_id = $1`, callID), true)
	found, err := present(err)
	if err != nil {
		return Record{}, fmt.Errorf("read a call record: %w", err)
	}
	if !found {
		return Record{}, fmt.Errorf("read a call record: %w", ErrNotFound)
	}
	return Record{
		CallID: row.ID, StartedAt: fromMillis(row.StartedAt), EndedAt: fromMillis(row.EndedAt), Reason: row.Reason,
		Participants: row.Participants, Video: row.Video, TalkMS: row.TalkMS, Codecs: row.Codecs, Paths: row.Paths,
		Score: row.Score, Verdict: row.Verdict, Document: row.Document,
	}, nil
}

const callColumns = `call_id, started_at, ended_at, reason, participants, video, talk_ms, codecs, paths, score, verdict`

func scanCallRow(row scanner, document bool) (r proto.CallRow, err error) {
	var codecs, paths, text string
	var score int64
	into := []any{&r.ID, &r.StartedAt, &r.EndedAt, &r.Reason, &r.Participants, &r.Video, &r.TalkMS, &codecs, &paths, &score, &r.Verdict}
	if document {
		into = append(into, &text)
	}
	if err := row.Scan(into...); err != nil {
		return proto.CallRow{}, err
	}
	if document {
		r.Document = json.RawMessage(text)
	}
	r.DurationMS = r.EndedAt - r.StartedAt
	r.Codecs, r.Paths, r.Score = strings.Fields(codecs), strings.Fields(paths), float64(score)/1000
	return r, nil
}

// CallRows returns the calls that have ended and that f lets through, from the
// one after another on, the newest first and at most f.Limit, with or without
// their documents. The other one is told by its start and id, zero for the
// beginning. Live and Cursor of f are not looked at.
//
// A codec is found whatever its case. A path without a / is found by its type.
func (s *Store) CallRows(ctx context.Context, f proto.CallFilter, afterStart int64, afterID string, documents bool) ([]proto.CallRow, error) {
	columns := callColumns
	if documents {
		columns += `, document`
	}
	if afterID == "" {
		afterStart = math.MaxInt64
	}
	to, below := int64(math.MaxInt64), int64(math.MaxInt64)
	least := thousandths(f.ScoreMin)
	if f.To > 0 {
		to = f.To
	}
	if f.ScoreBelow > 0 {
		least, below = max(least, 1), thousandths(f.ScoreBelow)
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+columns+` FROM records
		WHERE (started_at, call_id) < ($1, $2) AND started_at >= $3 AND started_at < $4
		  AND ($5 = '' OR reason = $5) AND lower(codecs) LIKE $6 ESCAPE '!' AND lower(paths) LIKE $7 ESCAPE '!'
		  AND score >= $8 AND score < $9
		ORDER BY started_at DESC, call_id DESC LIMIT $10`,
		afterStart, afterID, f.From, to, f.Reason, anItem(f.Codec, ""), anItem(f.Path, "/"), least, below, f.Limit)
	list, err := collect(rows, err, func(row scanner) (proto.CallRow, error) { return scanCallRow(row, documents) })
	if err != nil {
		return nil, fmt.Errorf("list call records: %w", err)
	}
	return list, nil
}

var likeEscapes = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// anItem is the pattern of a list that has an item: one that is item or, if
// item does not have cut in it, one that is item before cut. Without an item
// it is that of any list.
func anItem(item, cut string) string {
	if item == "" {
		return "%"
	}
	end := " %"
	if cut != "" && !strings.Contains(item, cut) {
		end = cut + "%"
	}
	return "% " + likeEscapes.Replace(strings.ToLower(item)) + end
}

// DeleteRecordsBefore deletes the records of calls that ended before then and
// returns how many those were.
func (s *Store) DeleteRecordsBefore(ctx context.Context, endedBefore time.Time) (int64, error) {
	n, err := affected(s.write.ExecContext(ctx,
		`DELETE FROM records WHERE ended_at < $1`, toMillis(endedBefore)))
	if err != nil {
		return 0, fmt.Errorf("delete old call records: %w", err)
	}
	return n, nil
}
