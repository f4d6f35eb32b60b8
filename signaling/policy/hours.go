package policy

import (
	"time"
	_ "time/tzdata" // time zones where the machine has none

	"kinwire/signaling/proto"
)

// hours answers what a child's rules say of a point in time.
type hours struct {
	zone  *time.Location
	quiet []proto.QuietHours
	daily time.Duration // 0: no limit
	used  map[string]int64
}

// span is from begin to end, without end itself.
type span struct{ begin, end time.Time }

const dayFormat = "2006-01-02"

// quietUntil says whether it is quiet at now, and until when.
func (h hours) quietUntil(now time.Time) (until time.Time, quiet bool) {
	// One span may begin as another ends: it is quiet until the last of them.
	for at := now; ; at = until {
		longest := at
		for _, s := range h.spans(at) {
			if !s.begin.After(at) && s.end.After(longest) {
				longest = s.end
			}
		}
		if longest.Equal(at) || longest.Sub(now) > 8*24*time.Hour {
			return longest, longest.After(now)
		}
		until = longest
	}
}

// nextQuiet is when it next becomes quiet after now; zero if never.
func (h hours) nextQuiet(now time.Time) time.Time {
	var next time.Time
	for _, s := range h.spans(now) {
		if s.begin.After(now) && s.end.After(s.begin) && (next.IsZero() || s.begin.Before(next)) {
			next = s.begin
		}
	}
	return next
}

// spans is every span that begins from the day before now until a week after
// it, in the child's time zone.
func (h hours) spans(now time.Time) []span {
	var all []span
	year, month, day := now.In(h.zone).Date()
	for _, q := range h.quiet {
		from, ok1 := minutes(q.From)
		to, ok2 := minutes(q.To)
		if !ok1 || !ok2 {
			continue
		}
		nights := 0
		if to <= from {
			nights = 1
		}
		for d := -1; d <= 7; d++ {
			if !begins(q, time.Date(year, month, day+d, 12, 0, 0, 0, time.UTC).Weekday()) {
				continue
			}
			all = append(all, span{
				begin: wall(year, month, day+d, from, h.zone, false),
				end:   wall(year, month, day+d+nights, to, h.zone, true),
			})
		}
	}
	return all
}

func begins(q proto.QuietHours, day time.Weekday) bool {
	iso := (int(day)+6)%7 + 1 // time counts from Sunday 0, ISO 8601 from Monday 1
	for _, d := range q.Days {
		if d == iso {
			return true
		}
	}
	return false
}

// minutes reads HH:MM as minutes since midnight.
func minutes(clock string) (int, bool) {
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err == nil
}

// wall is the moment at which the clock on the wall shows that many minutes
// after midnight: the first or the last one where there are two, and the
// moment of the change where the clock skips it.
func wall(year int, month time.Month, day, minute int, zone *time.Location, last bool) time.Time {
	shown := time.Date(year, month, day, 0, minute, 0, 0, time.UTC) // as if the wall were in UTC
	var found time.Time
	for _, around := range [...]time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := shown.Add(around).In(zone).Zone()
		t := shown.Add(-time.Duration(offset) * time.Second).In(zone)
		if t.Day() != shown.Day() || t.Hour() != shown.Hour() || t.Minute() != shown.Minute() {
			continue // the clock skips it
		}
		if found.IsZero() || last == t.After(found) {
			found = t
		}
	}
	if !found.IsZero() {
		return found
	}
	_, after := shown.Add(24 * time.Hour).In(zone).Zone()
	_, change := shown.Add(-time.Duration(after) * time.Second).In(zone).ZoneBounds()
	return change
}

// left is what is left of the allowance of now's day, and whether there is
// one.
func (h hours) left(now time.Time) (left time.Duration, limited bool) {
	if h.daily == 0 {
		return 0, false
	}
	used := time.Duration(h.used[now.In(h.zone).Format(dayFormat)]) * time.Second
	return max(0, h.daily-used), true
}

// usedUp is when a call that goes on from now has used up the allowance; zero
// if it never does. At midnight a new day's allowance begins.
func (h hours) usedUp(now time.Time) time.Time {
	left, limited := h.left(now)
	if !limited {
		return time.Time{}
	}
	const days = 3 // a limit that lasts longer than a day never ends a call
	for at, i := now, 0; i < days; i++ {
		year, month, day := at.In(h.zone).Date()
		midnight := wall(year, month, day+1, 0, h.zone, false)
		if end := at.Add(left); end.Before(midnight) {
			return end
		}
		at, left = midnight, h.daily
	}
	return time.Time{}
}
