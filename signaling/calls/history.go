package calls

import (
	"context"
	"time"

	"kinwire/signaling/proto"
)

const (
	historyPage  = 50
	sweepEvery   = time.Hour
	storeTimeout = 5 * time.Second
	storeTries   = 3
)

// writeDown has talk counted and history kept, in order, beside what goes on
// in the call: a slow database holds up no media.
func (s *Service) writeDown(e *entry, out effects) {
	jobs := make([]func(), 0, len(out.talks)+1)
	for _, t := range out.talks {
		jobs = append(jobs, func() { s.d.Talk.Talked(t) })
	}
	if len(out.rows) > 0 {
		jobs = append(jobs, func() { s.keep(out.rows) })
	}
	e.books.add(jobs...)
}

// keep stores history, with a few attempts: also while the service closes,
// for what happened did.
func (s *Service) keep(rows []proto.HistoryRow) {
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		err := s.d.History.AddHistory(ctx, rows)
		cancel()
		if err == nil {
			return
		}
		if try == storeTries || s.ctx.Err() != nil {
			s.d.Log.Error("calls: history is lost", "call", rows[0].CallID, "rows", len(rows), "error", err)
			return
		}
		s.d.Log.Warn("calls: keep history; trying again", "call", rows[0].CallID, "error", err)
		select {
		case <-time.After(time.Duration(try) * time.Second):
		case <-s.ctx.Done(): // once more, and no longer
		}
	}
}

// History lists a person's calls that began before a time in milliseconds
// since the Unix epoch (0: the newest), the newest first, at most 50. The
// name of somebody who is no more is empty.
func (s *Service) History(ctx context.Context, userID string, before int64) (proto.History, error) {
	now := s.d.Now()
	from := now.Add(sweepEvery) // whatever the clocks of other nodes say
	if before > 0 {
		from = time.UnixMilli(before)
	}
	rows, err := s.d.History.History(ctx, userID, from, historyPage)
	if err != nil {
		return proto.History{}, asProto(ctx, s.d.Log, "read history", err)
	}
	names := map[string]proto.NameOf{}
	out := proto.History{Calls: []proto.HistoryEntry{}}
	for _, row := range rows {
		if !now.Before(row.ExpiresAt) {
			continue // about to be swept
		}
		entry := proto.HistoryEntry{
			CallID: row.CallID, With: []proto.NameOf{}, Outgoing: row.Outgoing, Video: row.Video,
			At: row.At.UnixMilli(), Seconds: row.Seconds, Reason: row.Reason, DeletedAt: row.ExpiresAt.UnixMilli(),
		}
		for _, id := range row.With {
			name, known := names[id]
			if !known {
				name = s.nameOf(ctx, id)
				names[id] = name
			}
			entry.With = append(entry.With, name)
		}
		out.Calls = append(out.Calls, entry)
	}
	return out, nil
}

func (s *Service) nameOf(ctx context.Context, userID string) proto.NameOf {
	p, err := s.d.People.Person(ctx, userID)
	if err != nil {
		return proto.NameOf{ID: userID}
	}
	return proto.NameOf{ID: userID, Name: p.Name, Avatar: p.Avatar}
}

// DeleteHistory takes a call out of a person's own history.
func (s *Service) DeleteHistory(ctx context.Context, userID, callID string) error {
	was, err := s.d.History.DeleteHistory(ctx, userID, callID)
	if err != nil {
		return asProto(ctx, s.d.Log, "delete history", err)
	}
	if !was {
		return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such call in your history"}
	}
	return nil
}

// Run deletes history whose time has come, now and then every hour, until ctx
// ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		n, err := s.d.History.SweepHistory(ctx, s.d.Now())
		switch {
		case err != nil && ctx.Err() == nil:
			s.d.Log.ErrorContext(ctx, "calls: sweep history", "error", err)
		case n > 0:
			s.d.Log.InfoContext(ctx, "calls: history swept", "rows", n)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// nobody stands for neighbours that are not there.
type nobody struct{}

func (nobody) CallWaiting(context.Context, string) (bool, error)           { return false, nil }
func (nobody) Wake(string)                                                 {}
func (nobody) Talked(proto.Talk)                                           {}
func (nobody) AddHistory(context.Context, []proto.HistoryRow) error        { return nil }
func (nobody) DeleteHistory(context.Context, string, string) (bool, error) { return false, nil }
func (nobody) SweepHistory(context.Context, time.Time) (int64, error)      { return 0, nil }
func (nobody) History(context.Context, string, time.Time, int) ([]proto.HistoryRow, error) {
	return nil, nil
}
