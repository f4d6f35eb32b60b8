package guardian

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// FuzzChecked: whatever a client sends is refused in plain words or kept in a
// form that everybody who reads rules can rely on.
func FuzzChecked(f *testing.F) {
	f.Add(90, "Europe/Warsaw", []byte{1, 2, 5}, "20:30", "07:00")
	f.Add(0, "UTC", []byte{7, 6, 5, 4, 3, 2, 1}, "00:00", "12:00")
	f.Add(-1, "Local", []byte{}, "24:00", "7:0")
	f.Add(1440, "../etc/localtime", []byte{0}, "12:00\n", "12:00")
	f.Fuzz(func(t *testing.T, minutes int, zone string, days []byte, from, to string) {
		q := proto.QuietHours{From: from, To: to}
		for _, d := range days {
			q.Days = append(q.Days, int(d))
		}
		r, err := checked(proto.Rules{DailyMinutes: minutes, TimeZone: zone, QuietHours: []proto.QuietHours{q}})
		if err != nil {
			var e *proto.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, proto.CodeBadMessage, e.Code)
			require.Less(t, len(e.Message), 600)
			return
		}
		again, err := checked(r)
		require.NoError(t, err)
		require.Equal(t, r, again)
		require.Empty(t, difference(r, again))
		for _, s := range []string{r.QuietHours[0].From, r.QuietHours[0].To} {
			_, err := time.Parse("15:04", s)
			require.NoError(t, err)
		}
		_, err = time.LoadLocation(r.TimeZone)
		require.NoError(t, err)
		for i, d := range r.QuietHours[0].Days {
			require.True(t, d >= 1 && d <= 7 && (i == 0 || d > r.QuietHours[0].Days[i-1]))
		}
		// One token of the audit log for each choice: no spaces inside.
		detail := difference(proto.Rules{TimeZone: "-"}, r)
		for part := range strings.FieldsSeq(detail) {
			require.Contains(t, part, "->")
		}
	})
}
