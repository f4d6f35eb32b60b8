package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

func in(t *testing.T, zone string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return loc
}

func utc(t *testing.T, at string) time.Time {
	t.Helper()
	parsed, err := time.Parse("2006-01-02 15:04", at)
	require.NoError(t, err)
	return parsed
}

var everyDay = []int{1, 2, 3, 4, 5, 6, 7}

func TestQuietHours(t *testing.T) {
	night := []proto.QuietHours{{Days: everyDay, From: "20:00", To: "07:00"}}
	small := []proto.QuietHours{{Days: everyDay, From: "02:15", To: "02:45"}}
	school := []proto.QuietHours{{Days: []int{1, 2, 3, 4, 5}, From: "08:00", To: "15:00"}}
	sunday := []proto.QuietHours{{Days: []int{7}, From: "20:00", To: "07:00"}}
	cases := []struct {
		name  string
		quiet []proto.QuietHours
		zone  string
		at    string // UTC
		until string // UTC; empty: not quiet
		next  string // UTC
	}{
		{"noon", night, "Europe/Warsaw", "2026-03-04 11:00", "", "2026-03-04 19:00"},
		{"a minute before", night, "Europe/Warsaw", "2026-03-04 18:59", "", "2026-03-04 19:00"},
		{"the first minute", night, "Europe/Warsaw", "2026-03-04 19:00", "2026-03-05 06:00", "2026-03-05 19:00"},
		{"over midnight", night, "Europe/Warsaw", "2026-03-05 02:00", "2026-03-05 06:00", "2026-03-05 19:00"},
		{"the last minute", night, "Europe/Warsaw", "2026-03-05 05:59", "2026-03-05 06:00", "2026-03-05 19:00"},
		{"over", night, "Europe/Warsaw", "2026-03-05 06:00", "", "2026-03-05 19:00"},
		{"in summer", night, "Europe/Warsaw", "2026-07-01 17:59", "", "2026-07-01 18:00"},
		{"another zone", night, "America/New_York", "2026-03-04 11:00", "2026-03-04 12:00", "2026-03-05 01:00"},
		{"a zone of half an hour", night, "Asia/Kolkata", "2026-03-04 14:29", "", "2026-03-04 14:30"},

		{"a school day", school, "Europe/Warsaw", "2026-03-06 09:00", "2026-03-06 14:00", "2026-03-09 07:00"},
		{"Saturday", school, "Europe/Warsaw", "2026-03-07 09:00", "", "2026-03-09 07:00"},
		{"Sunday evening", sunday, "Europe/Warsaw", "2026-03-08 20:00", "2026-03-09 06:00", "2026-03-15 19:00"},
		{"Monday before dawn is of Sunday", sunday, "Europe/Warsaw", "2026-03-09 04:00", "2026-03-09 06:00", "2026-03-15 19:00"},
		{"Sunday before dawn is not", sunday, "Europe/Warsaw", "2026-03-08 04:00", "", "2026-03-08 19:00"},

		// 29 March 2026: at 02:00 CET the clock shows 03:00 CEST (01:00 UTC).
		{"the night into summer time", night, "Europe/Warsaw", "2026-03-28 23:00", "2026-03-29 05:00", "2026-03-29 18:00"},
		{"what the clock skips is not quiet", small, "Europe/Warsaw", "2026-03-29 01:00", "", "2026-03-30 00:15"},
		{"nor before it", small, "Europe/Warsaw", "2026-03-29 00:59", "", "2026-03-30 00:15"},
		{"from what the clock skips", []proto.QuietHours{{Days: everyDay, From: "02:30", To: "05:00"}}, "Europe/Warsaw",
			"2026-03-29 01:00", "2026-03-29 03:00", "2026-03-30 00:30"},
		{"not before the skip", []proto.QuietHours{{Days: everyDay, From: "02:30", To: "05:00"}}, "Europe/Warsaw",
			"2026-03-29 00:59", "", "2026-03-29 01:00"},
		{"until what the clock skips", []proto.QuietHours{{Days: everyDay, From: "01:00", To: "02:30"}}, "Europe/Warsaw",
			"2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 23:00"},

		// 25 October 2026: at 03:00 CEST the clock shows 02:00 CET (01:00 UTC).
		{"the night into winter time", night, "Europe/Warsaw", "2026-10-24 22:00", "2026-10-25 06:00", "2026-10-25 19:00"},
		{"an hour that comes twice, first time", small, "Europe/Warsaw", "2026-10-25 00:15", "2026-10-25 01:45", "2026-10-26 01:15"},
		{"in between", small, "Europe/Warsaw", "2026-10-25 01:05", "2026-10-25 01:45", "2026-10-26 01:15"},
		{"second time", small, "Europe/Warsaw", "2026-10-25 01:44", "2026-10-25 01:45", "2026-10-26 01:15"},
		{"after both", small, "Europe/Warsaw", "2026-10-25 01:45", "", "2026-10-26 01:15"},

		{"a whole day", []proto.QuietHours{{Days: []int{3}, From: "00:00", To: "00:00"}}, "UTC",
			"2026-03-04 23:59", "2026-03-05 00:00", "2026-03-11 00:00"},
		{"one after the other", append([]proto.QuietHours{{Days: everyDay, From: "07:00", To: "08:00"}}, night...), "UTC",
			"2026-03-04 21:00", "2026-03-05 08:00", "2026-03-05 07:00"},
		{"no hours", nil, "UTC", "2026-03-04 11:00", "", ""},
		{"what is no time is nothing", []proto.QuietHours{{Days: everyDay, From: "25:00", To: "07:00"}}, "UTC", "2026-03-04 02:00", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := hours{zone: in(t, c.zone), quiet: c.quiet}
			now := utc(t, c.at)
			until, quiet := h.quietUntil(now)
			require.Equal(t, c.until != "", quiet)
			if quiet {
				require.Equal(t, utc(t, c.until), until.UTC())
			}
			if c.next == "" {
				require.Zero(t, h.nextQuiet(now))
				return
			}
			require.Equal(t, utc(t, c.next), h.nextQuiet(now).UTC())
		})
	}
}

// TestQuietAlways: hours that never end are answered, too.
func TestQuietAlways(t *testing.T) {
	h := hours{zone: time.UTC, quiet: []proto.QuietHours{{Days: everyDay, From: "00:00", To: "00:00"}}}
	_, quiet := h.quietUntil(utc(t, "2026-03-04 11:00"))
	require.True(t, quiet)
}

// TestQuietByTheWall compares with what anybody would say who looks at the
// clock on the wall, on all days on which the clock does not change.
func TestQuietByTheWall(t *testing.T) {
	warsaw := in(t, "Europe/Warsaw")
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.IntRange(0, 1439).Draw(t, "from"), rapid.IntRange(0, 1439).Draw(t, "to")
		days := rapid.SliceOfNDistinct(rapid.IntRange(1, 7), 1, 7, rapid.ID).Draw(t, "days")
		now := time.Date(2026, 5, 1, 0, rapid.IntRange(0, 60*24*60).Draw(t, "now"), 0, 0, time.UTC)
		h := hours{zone: warsaw, quiet: []proto.QuietHours{{Days: days, From: clock(from), To: clock(to)}}}

		local := now.In(warsaw)
		minute := local.Hour()*60 + local.Minute()
		on := func(t time.Time) bool {
			iso := int(t.Weekday())
			if iso == 0 {
				iso = 7
			}
			for _, d := range days {
				if d == iso {
					return true
				}
			}
			return false
		}
		want := on(local) && minute >= from && minute < to
		if to <= from {
			want = (on(local) && minute >= from) || (on(local.AddDate(0, 0, -1)) && minute < to)
		}
		_, quiet := h.quietUntil(now)
		if quiet != want {
			t.Fatalf("quiet %t, on the wall %t", quiet, want)
		}
		if next := h.nextQuiet(now); !next.IsZero() {
			if _, quiet := h.quietUntil(next); !quiet {
				t.Fatalf("quiet hours that begin at %s are not quiet then", next)
			}
		}
	})
}

func TestAllowance(t *testing.T) {
	cases := []struct {
		name  string
		zone  string
		daily time.Duration
		used  map[string]int64
		at    string
		left  time.Duration
		ends  string // empty: never
	}{
		{"none", "UTC", 0, nil, "2026-03-04 11:00", 0, ""},
		{"fresh", "UTC", time.Hour, nil, "2026-03-04 11:00", time.Hour, "2026-03-04 12:00"},
		{"half used", "UTC", time.Hour, map[string]int64{"2026-03-04": 1800}, "2026-03-04 11:00", 30 * time.Minute, "2026-03-04 11:30"},
		{"more than used up", "UTC", time.Hour, map[string]int64{"2026-03-04": 7200}, "2026-03-04 11:00", 0, "2026-03-04 11:00"},
		{"yesterday's do not count", "UTC", time.Hour, map[string]int64{"2026-03-03": 3600}, "2026-03-04 11:00", time.Hour, "2026-03-04 12:00"},
		{"by the local day", "Europe/Warsaw", time.Hour, map[string]int64{"2026-03-05": 3000, "2026-03-04": 3600}, "2026-03-04 23:30", 10 * time.Minute, "2026-03-04 23:40"},
		{"far from Greenwich", "Pacific/Kiritimati", time.Hour, map[string]int64{"2026-03-05": 3000}, "2026-03-04 11:00", 10 * time.Minute, "2026-03-04 11:10"},
		{"over midnight a new day's begin", "UTC", time.Hour, nil, "2026-03-04 23:30", time.Hour, "2026-03-05 01:00"},
		{"as long as a day", "UTC", 24 * time.Hour, nil, "2026-03-04 11:00", 24 * time.Hour, ""},
		{"into summer time", "Europe/Warsaw", 23*time.Hour + 30*time.Minute, nil, "2026-03-28 23:00", 23*time.Hour + 30*time.Minute, "2026-03-30 21:30"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := hours{zone: in(t, c.zone), daily: c.daily, used: c.used}
			now := utc(t, c.at)
			left, limited := h.left(now)
			require.Equal(t, c.daily > 0, limited)
			require.Equal(t, c.left, left)
			if c.ends == "" {
				require.Zero(t, h.usedUp(now))
				return
			}
			require.Equal(t, utc(t, c.ends), h.usedUp(now).UTC())
		})
	}
}

func TestZones(t *testing.T) {
	s := New(nil, nil, Config{})
	require.Equal(t, "Europe/Warsaw", s.zone("Europe/Warsaw").String())
	for _, name := range []string{"", "Local", "Mars/Olympus", "../etc/passwd"} {
		require.Equal(t, time.UTC, s.zone(name), name)
	}
	known := 0
	s.zones.Range(func(any, any) bool { known++; return true })
	require.Equal(t, 1, known, "what is no zone is not remembered")
}
