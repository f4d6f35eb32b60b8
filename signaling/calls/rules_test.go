package calls

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// rules is a policy that can be changed at any time. Everybody may meet
// everybody, save for the pairs that are apart.
type rules struct {
	mu      sync.Mutex
	apart   [][2]string
	quiet   map[string]time.Time // whose quiet hours begin when
	noVideo map[string]bool
	down    error
	asked   []string           // "asker: ids", one for each Meet
	onMeet  func(ids []string) // called without the lock
}

func (r *rules) set(f func(r *rules)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r)
}

func (r *rules) Meet(_ context.Context, asker string, ids []string) (proto.CallTerms, error) {
	r.mu.Lock()
	hook := r.onMeet
	r.mu.Unlock()
	if hook != nil {
		hook(ids)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, fmt.Sprint(asker, ": ", ids))
	if r.down != nil {
		return proto.CallTerms{}, r.down
	}
	if asker != "" && !slices.Contains(ids, asker) {
		return proto.CallTerms{}, fmt.Errorf("asker %q is none of %v", asker, ids)
	}
	if seen := slices.Compact(slices.Sorted(slices.Values(ids))); len(seen) != len(ids) || len(ids) < 2 {
		return proto.CallTerms{}, fmt.Errorf("a strange question: %v", ids)
	}
	if pairs := r.broken(ids); len(pairs) > 0 {
		return proto.CallTerms{}, &proto.Error{Code: proto.CodeNotApproved, Message: "not all of these people are friends"}
	}
	var t proto.CallTerms
	for _, id := range ids {
		t.NoVideo = t.NoVideo || r.noVideo[id]
		at := r.quiet[id]
		switch {
		case at.IsZero():
		case !time.Now().Before(at):
			return proto.CallTerms{}, &proto.Error{Code: proto.CodeQuietHours, Message: "it is quiet hours"}
		case t.EndsAt.IsZero() || at.Before(t.EndsAt):
			t.EndsAt, t.Reason = at, proto.ReasonQuietHours
		}
	}
	return t, nil
}

func (r *rules) Pairs(_ context.Context, ids []string) ([][2]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken(ids), r.down
}

func (r *rules) broken(ids []string) (out [][2]string) {
	for _, pair := range r.apart {
		if slices.Contains(ids, pair[0]) && slices.Contains(ids, pair[1]) {
			out = append(out, pair)
		}
	}
	return out
}

// books keeps what is to be kept of calls, and what people have set.
type books struct {
	mu    sync.Mutex
	waits map[string]bool
	woken map[string]int
	talks []proto.Talk
	rows  []proto.HistoryRow // as they were added, replaced ones too
	fail  int                // how many more stores fail
	swept []time.Time
}

func (b *books) CallWaiting(_ context.Context, userID string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waits[userID], nil
}

func (b *books) Wake(userID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.woken[userID]++
}

func (b *books) Talked(t proto.Talk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.talks = append(b.talks, t)
}

// seconds is how long two people have talked.
func (b *books) seconds(x, y string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum time.Duration
	for _, t := range b.talks {
		if (t.A == x && t.B == y) || (t.A == y && t.B == x) {
			sum += t.To.Sub(t.From)
		}
	}
	return int(sum / time.Second)
}

func (b *books) AddHistory(ctx context.Context, rows []proto.HistoryRow) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.fail > 0 {
		b.fail--
		return errors.New("the disk is full")
	}
	b.rows = append(b.rows, rows...)
	return nil
}

func (b *books) History(_ context.Context, personID string, before time.Time, limit int) ([]proto.HistoryRow, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []proto.HistoryRow
	for _, r := range slices.Backward(b.rows) {
		if r.PersonID == personID && r.At.Before(before) && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (b *books) DeleteHistory(_ context.Context, personID, callID string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.rows)
	b.rows = slices.DeleteFunc(b.rows, func(r proto.HistoryRow) bool { return r.PersonID == personID && r.CallID == callID })
	return len(b.rows) < n, nil
}

func (b *books) SweepHistory(_ context.Context, now time.Time) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.swept = append(b.swept, now)
	return 1, nil
}

// row is a person's history of a call in short words: "out hangup 12 with
// [ben]", "" if there is none.
func (b *books) row(user, call string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range slices.Backward(b.rows) {
		if r.PersonID == user && r.CallID == call {
			way := "in"
			if r.Outgoing {
				way = "out"
			}
			return fmt.Sprint(way, " ", r.Reason, " ", r.Seconds, " with ", r.With)
		}
	}
	return ""
}

// audit checks that talk is counted once and history makes sense.
func (b *books) audit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	until := map[string]time.Time{}
	for _, t := range b.talks {
		pair := fmt.Sprint(t.CallID, min(t.A, t.B), max(t.A, t.B))
		if t.A == t.B || !t.From.Before(t.To) || t.From.Before(until[pair]) {
			return fmt.Errorf("talk: %+v after %v", t, until[pair])
		}
		until[pair] = t.To
	}
	for _, r := range b.rows {
		if r.Reason == "" || r.PersonID == "" || r.CallID == "" || r.At.IsZero() || slices.Contains(r.With, r.PersonID) || len(r.With) == 0 {
			return fmt.Errorf("history: %+v", r)
		}
	}
	return nil
}
