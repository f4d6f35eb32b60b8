package guardian

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// Used counts a talk against the allowance of those of its two people who are
// children; with childIDs, of those among them only. It may be given talks in
// any order and more than once. A talk within the family counts for nobody.
func (s *Service) Used(ctx context.Context, talk proto.Talk, childIDs ...string) error {
	from, to := talk.From, talk.To
	// What is older is forgotten already: to count it again could count twice.
	if horizon := s.now().Add(-Keep); from.Before(horizon) {
		from = horizon
	}
	// The store keeps whole milliseconds.
	from, to = from.UTC().Truncate(time.Millisecond), to.UTC().Truncate(time.Millisecond)
	if !from.Before(to) || talk.A == talk.B {
		return nil
	}
	family, err := s.store.AreFamily(ctx, talk.A, talk.B)
	if err != nil {
		return fmt.Errorf("count time in a call: %w", err)
	}
	if family {
		return nil
	}
	for _, id := range []string{talk.A, talk.B} {
		if len(childIDs) > 0 && !slices.Contains(childIDs, id) {
			continue
		}
		err := s.store.CountTalk(ctx, id, from, to, func(zone string, counted [][2]time.Time) (map[string]time.Duration, error) {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				return nil, fmt.Errorf("a child's time zone: %w", err)
			}
			days := make(map[string]time.Duration)
			for _, piece := range without(from, to, counted) {
				addDays(days, loc, piece[0], piece[1])
			}
			return days, nil
		})
		if err != nil {
			return fmt.Errorf("count time in a call: %w", err)
		}
	}
	return nil
}

// without returns what of from, to none of counted covers. counted is in
// order and does not overlap.
func without(from, to time.Time, counted [][2]time.Time) [][2]time.Time {
	var left [][2]time.Time
	for _, c := range counted {
		if end := earlier(c[0], to); from.Before(end) {
			left = append(left, [2]time.Time{from, end})
		}
		from = later(from, c[1])
	}
	if from.Before(to) {
		left = append(left, [2]time.Time{from, to})
	}
	return left
}

// addDays adds the time from, to to the local days on which it was. It goes
// from one change of the date or of the clock to the next, since a day may
// have 23 or 25 hours, and in some places has begun at one in the morning, or
// begun twice.
func addDays(days map[string]time.Duration, loc *time.Location, from, to time.Time) {
	for from.Before(to) {
		local := from.In(loc)
		hour, minute, sec := local.Clock()
		sinceMidnight := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
			time.Duration(sec)*time.Second + time.Duration(local.Nanosecond())
		end := earlier(to, from.Add(24*time.Hour-sinceMidnight))
		if _, change := local.ZoneBounds(); !change.IsZero() {
			end = earlier(end, change)
		}
		days[local.Format(dayFormat)] += end.Sub(from)
		from = end
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
