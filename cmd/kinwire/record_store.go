package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"kinwire/metrics"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
)

// recordStore keeps call records in the SQL store.
type recordStore struct{ store *store.Store }

func (s recordStore) SaveRecord(ctx context.Context, r metrics.Row) error {
	return s.store.SaveRecord(ctx, store.Record{
		CallID: r.CallID, StartedAt: r.StartedAt, EndedAt: r.EndedAt, Reason: r.Reason, Participants: r.Participants,
		Video: r.Video, TalkMS: r.TalkMS, Codecs: r.Codecs, Paths: r.Paths, Score: r.Score, Verdict: r.Verdict, Document: r.Document,
	})
}

func (s recordStore) LoadRecord(ctx context.Context, callID string) (metrics.Row, error) {
	r, err := s.store.Record(ctx, callID)
	if errors.Is(err, store.ErrNotFound) {
		return metrics.Row{}, metrics.ErrNotFound
	}
	return metrics.Row{
		CallID: r.CallID, StartedAt: r.StartedAt, EndedAt: r.EndedAt, Reason: r.Reason, Participants: r.Participants,
		Video: r.Video, DurationMS: r.EndedAt.Sub(r.StartedAt).Milliseconds(), TalkMS: r.TalkMS,
		Codecs: r.Codecs, Paths: r.Paths, Score: r.Score, Verdict: r.Verdict, Document: r.Document,
	}, err
}

// records answers the operator's questions for records.
type records struct{ rec *metrics.Recorder }

func (r records) Record(ctx context.Context, callID string) (json.RawMessage, error) {
	doc, err := r.rec.Record(ctx, callID)
	if errors.Is(err, metrics.ErrNotFound) {
		return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no record of a call with this id"}
	}
	return doc, err
}

// Live lists the calls that go on, and those that have ended and wait to be
// saved.
func (r records) Live() []proto.CallSummary {
	live := r.rec.Live()
	out := make([]proto.CallSummary, 0, len(live))
	for _, s := range live {
		out = append(out, proto.CallSummary{
			ID: s.ID, Live: s.Live, StartedAt: s.StartedAt, EndedAt: s.EndedAt, DurationMS: s.DurationMS, TalkMS: s.TalkMS,
			Reason: s.Reason, Video: s.Video, Participants: s.Participants, Codecs: s.Codecs, Paths: s.Paths, Score: s.Score, Verdict: s.Verdict,
		})
	}
	return out
}

// pseudonymStore gives the name under which a person stands in records.
type pseudonymStore interface {
	Pseudonym(ctx context.Context, personID string) (string, error)
}

const (
	// mostPseudonyms bounds what is remembered; then it is forgotten as a whole.
	mostPseudonyms = 4096
	// pseudonymTimeout is how long a call waits for one; the record goes on without.
	pseudonymTimeout = 2 * time.Second
)

// pseudonyms remembers those of people who were in calls lately.
type pseudonyms struct {
	store pseudonymStore
	log   *slog.Logger

	mu    sync.Mutex
	known map[string]string
}

func newPseudonyms(s pseudonymStore, log *slog.Logger) *pseudonyms {
	return &pseudonyms{store: s, log: log, known: map[string]string{}}
}

// of is a person's pseudonym; empty when it cannot be had: then the record
// names nobody.
func (p *pseudonyms) of(personID string) string {
	p.mu.Lock()
	name, ok := p.known[personID]
	p.mu.Unlock()
	if ok {
		return name
	}
	ctx, cancel := context.WithTimeout(context.Background(), pseudonymTimeout)
	defer cancel()
	name, err := p.store.Pseudonym(ctx, personID)
	if err != nil {
		p.log.Error("a participant stays without a name in the call's record", "err", err)
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= mostPseudonyms {
		clear(p.known)
	}
	p.known[personID] = name
	return name
}
