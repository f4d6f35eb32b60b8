package guardian

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a zone that a parent chose must load wherever the server runs next

	"kinwire/signaling/proto"
)

var (
	clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	zoneName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*$`)
)

// checked returns the rules as they are kept, their days in order, or a
// *proto.Error bad_message that says what was given and what is allowed.
func checked(r proto.Rules) (proto.Rules, error) {
	if r.DailyMinutes < 0 || r.DailyMinutes > maxMinutes {
		return r, refused("daily_minutes is %d: it must be 0 (no limit) to %d", r.DailyMinutes, maxMinutes)
	}
	if err := checkZone(r.TimeZone); err != nil {
		return r, err
	}
	if len(r.QuietHours) > maxQuiet {
		return r, refused("quiet_hours has %d spans: at most %d are allowed", len(r.QuietHours), maxQuiet)
	}
	spans := make([]proto.QuietHours, 0, len(r.QuietHours))
	for i, q := range r.QuietHours {
		if err := checkQuiet(i, q); err != nil {
			return r, err
		}
		q.Days = slices.Sorted(slices.Values(q.Days))
		spans = append(spans, q)
	}
	r.QuietHours = spans
	return r, nil
}

// checkZone takes the names of the IANA database only: the empty name and
// "Local", which Go understands as well, mean nothing to a child.
func checkZone(name string) error {
	if name != "" && name != "Local" && len(name) <= maxZoneName && zoneName.MatchString(name) {
		if _, err := time.LoadLocation(name); err == nil {
			return nil
		}
	}
	if len(name) > maxZoneName {
		name = strings.ToValidUTF8(name[:maxZoneName], "") + "…"
	}
	return refused("time_zone is %q: it must be a name of the IANA database, such as Europe/Warsaw or Asia/Kolkata", name)
}

func checkQuiet(i int, q proto.QuietHours) error {
	if len(q.Days) == 0 || len(q.Days) > 7 {
		return refused("quiet_hours[%d].days has %d days: it must have 1 to 7", i, len(q.Days))
	}
	var seen [8]bool
	for _, d := range q.Days {
		if d < 1 || d > 7 {
			return refused("quiet_hours[%d].days has %d: it must be 1 (Monday) to 7 (Sunday)", i, d)
		}
		if seen[d] {
			return refused("quiet_hours[%d].days has %d twice: each day may stand there once", i, d)
		}
		seen[d] = true
	}
	for _, t := range []struct{ name, text string }{{"from", q.From}, {"to", q.To}} {
		if !clockTime.MatchString(t.text) {
			return refused("quiet_hours[%d].%s is %.16q: it must be a time of day from 00:00 to 23:59", i, t.name, t.text)
		}
	}
	if q.From == q.To {
		return refused("quiet_hours[%d] begins and ends at %s, so it is empty: for a whole day give two spans, such as 00:00 to 12:00 and 12:00 to 00:00", i, q.From)
	}
	return nil
}

func refused(format string, args ...any) error {
	return &proto.Error{Code: proto.CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}

// difference is what changed, for the audit log: each choice that is another
// now, before and after. It is empty if nothing changed.
func difference(old, now proto.Rules) string {
	var parts []string
	for _, c := range []struct{ name, old, now string }{
		{"approve_friends", onOff(old.ApproveFriends), onOff(now.ApproveFriends)},
		{"video", onOff(old.Video), onOff(now.Video)},
		{"daily_minutes", strconv.Itoa(old.DailyMinutes), strconv.Itoa(now.DailyMinutes)},
		{"time_zone", old.TimeZone, now.TimeZone},
		{"quiet_hours", compact(old.QuietHours), compact(now.QuietHours)},
	} {
		if c.old != c.now {
			parts = append(parts, c.name+"="+c.old+"->"+c.now)
		}
	}
	return strings.Join(parts, " ")
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// compact writes quiet hours without spaces: 12345@20:00-07:00,67@21:00-08:00.
func compact(spans []proto.QuietHours) string {
	if len(spans) == 0 {
		return "none"
	}
	parts := make([]string, 0, len(spans))
	for _, q := range spans {
		var b strings.Builder
		for _, d := range slices.Sorted(slices.Values(q.Days)) {
			b.WriteString(strconv.Itoa(d))
		}
		parts = append(parts, b.String()+"@"+q.From+"-"+q.To)
	}
	return strings.Join(parts, ",")
}
