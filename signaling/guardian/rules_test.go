package guardian_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func good() proto.Rules {
	return proto.Rules{
		ApproveFriends: true, Video: true, DailyMinutes: 90, TimeZone: "Europe/Warsaw",
		QuietHours: []proto.QuietHours{{Days: []int{5, 1, 2}, From: "20:30", To: "07:00"}, {Days: []int{6}, From: "12:00", To: "13:00"}},
	}
}

func TestRulesAreKept(t *testing.T) {
	h := newHouse(t)
	got, err := h.Rules(t.Context(), "mia")
	require.NoError(t, err)
	require.Equal(t, proto.ChildRules{Rules: proto.Rules{ApproveFriends: true, Video: true, TimeZone: "UTC", QuietHours: []proto.QuietHours{}}}, got)

	want := good()
	want.QuietHours[0].Days = []int{1, 2, 5}
	got, err = h.SetRules(t.Context(), "priya", "mia", good())
	require.NoError(t, err)
	require.Equal(t, want, got.Rules)
	got, err = h.again().Rules(t.Context(), "mia")
	require.NoError(t, err)
	require.Equal(t, want, got.Rules, "after a restart")

	other, err := h.Rules(t.Context(), "leo")
	require.NoError(t, err)
	require.Zero(t, other.Rules.DailyMinutes, "another child's are as they were")
}

func TestChangesAreToldAndAudited(t *testing.T) {
	h := newHouse(t)
	_, err := h.SetRules(t.Context(), "priya", "mia", good())
	require.NoError(t, err)
	require.Equal(t, []string{"mia"}, h.told.relations)
	require.ElementsMatch(t, []string{"priya", "raj", "mia"}, h.told.family)
	require.Equal(t, []string{
		"priya rules.changed mia daily_minutes=0->90 time_zone=UTC->Europe/Warsaw quiet_hours=none->125@20:30-07:00,6@12:00-13:00",
	}, h.audit(t))

	// The same again is no decision.
	_, err = h.SetRules(t.Context(), "raj", "mia", good())
	require.NoError(t, err)
	require.Len(t, h.audit(t), 1)
	require.Len(t, h.told.relations, 1)

	require.Empty(t, h.told.approving, "approving was not switched")
	h.told.err = errors.New("the disk is full") // not the parent's to hear of: the rules stand
	off := good()
	off.ApproveFriends, off.Video, off.QuietHours = false, false, nil
	got, err := h.SetRules(t.Context(), "raj", "mia", off)
	require.NoError(t, err)
	require.NotNil(t, got.Rules.QuietHours, "an array on the wire, not null")
	require.Equal(t, "raj rules.changed mia approve_friends=on->off video=on->off quiet_hours=125@20:30-07:00,6@12:00-13:00->none", h.audit(t)[1])
	require.Equal(t, []string{"raj mia"}, h.told.approving)
}

func TestOnlyTheChildsParentsDecide(t *testing.T) {
	h := newHouse(t)
	_, want := h.SetRules(t.Context(), "priya", "nobody", good())
	requireCode(t, proto.CodeNotFound, want)
	for _, c := range [][2]string{{"tomek", "mia"}, {"mia", "mia"}, {"leo", "mia"}, {"priya", "leo"}, {"priya", "priya"}, {"nobody", "mia"}, {"", ""}} {
		_, err := h.SetRules(t.Context(), c[0], c[1], good())
		require.Equal(t, want, err, "%s decides for %s", c[0], c[1])
	}
	_, err := h.Rules(t.Context(), "priya")
	require.Equal(t, want, err, "a parent has no rules")
	require.Empty(t, h.audit(t))
	require.Empty(t, h.told.relations)
	require.Empty(t, h.told.family)
}

func TestRulesThatCannotBe(t *testing.T) {
	h := newHouse(t)
	quiet := func(days []int, from, to string) func(*proto.Rules) {
		return func(r *proto.Rules) { r.QuietHours = []proto.QuietHours{{Days: days, From: from, To: to}} }
	}
	zone := func(name string) func(*proto.Rules) { return func(r *proto.Rules) { r.TimeZone = name } }
	minutes := func(n int) func(*proto.Rules) { return func(r *proto.Rules) { r.DailyMinutes = n } }
	cases := map[string]struct {
		set  func(*proto.Rules)
		says string
	}{
		"minutes below":   {minutes(-1), "daily_minutes is -1: it must be 0 (no limit) to 1440"},
		"minutes above":   {minutes(1441), "daily_minutes is 1441"},
		"no zone":         {zone(""), `time_zone is ""`},
		"server's zone":   {zone("Local"), `time_zone is "Local"`},
		"unknown zone":    {zone("Mars/Olympus"), `time_zone is "Mars/Olympus": it must be a name of the IANA database, such as Europe/Warsaw`},
		"a file":          {zone("../../etc/passwd"), "time_zone is"},
		"an absolute one": {zone("/etc/localtime"), "time_zone is"},
		"a long zone":     {zone(strings.Repeat("é", 100)), "time_zone is"},
		"no days":         {quiet(nil, "20:00", "07:00"), "quiet_hours[0].days has 0 days: it must have 1 to 7"},
		"day 0":           {quiet([]int{0}, "20:00", "07:00"), "quiet_hours[0].days has 0: it must be 1 (Monday) to 7 (Sunday)"},
		"day 8":           {quiet([]int{8}, "20:00", "07:00"), "has 8"},
		"day twice":       {quiet([]int{3, 3}, "20:00", "07:00"), "has 3 twice"},
		"eight days":      {quiet([]int{1, 2, 3, 4, 5, 6, 7, 7}, "20:00", "07:00"), "has 8 days"},
		"hour 24":         {quiet([]int{1}, "20:00", "24:00"), `quiet_hours[0].to is "24:00": it must be a time of day from 00:00 to 23:59`},
		"minute 60":       {quiet([]int{1}, "20:60", "07:00"), `quiet_hours[0].from is "20:60"`},
		"short":           {quiet([]int{1}, "7:00", "08:00"), `from is "7:00"`},
		"a line break":    {quiet([]int{1}, "07:00\n", "08:00"), "from is"},
		"no length":       {quiet([]int{1}, "07:00", "07:00"), "begins and ends at 07:00"},
		"fifteen spans": {func(r *proto.Rules) {
			r.QuietHours = nil
			for i := range 15 {
				r.QuietHours = append(r.QuietHours, proto.QuietHours{Days: []int{1}, From: fmt.Sprintf("%02d:00", i), To: "23:00"})
			}
		}, "quiet_hours has 15 spans: at most 14 are allowed"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := good()
			c.set(&r)
			_, err := h.SetRules(t.Context(), "priya", "mia", r)
			require.Contains(t, requireCode(t, proto.CodeBadMessage, err).Message, c.says)
		})
	}
	require.Empty(t, h.audit(t))
	for _, minutes := range []int{0, 1440} {
		r := good()
		r.DailyMinutes = minutes
		_, err := h.SetRules(t.Context(), "priya", "mia", r)
		require.NoError(t, err)
	}
}

// TestParentsDecideAtOnce: whatever the order, the log tells each step from
// what was to what came.
func TestParentsDecideAtOnce(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	errs := make(chan error, 40)
	for i := range cap(errs) {
		wg.Go(func() {
			r := good()
			r.DailyMinutes = i + 1
			_, err := h.SetRules(t.Context(), []string{"priya", "raj"}[i%2], "mia", r)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	last := "0"
	log := h.audit(t)
	require.Len(t, log, 40)
	for _, line := range log {
		_, detail, _ := strings.Cut(line, "daily_minutes=")
		before, after, _ := strings.Cut(strings.Fields(detail)[0], "->")
		require.Equal(t, last, before, line)
		last = after
	}
	got, err := h.Rules(t.Context(), "mia")
	require.NoError(t, err)
	require.Equal(t, last, fmt.Sprint(got.Rules.DailyMinutes))
}

func TestFaultsAreNotTheClients(t *testing.T) {
	h := newHouse(t)
	_, err := h.SetRules(gone(t), "priya", "mia", good())
	requireFault(t, err)
	_, err = h.Rules(gone(t), "mia")
	requireFault(t, err)
	requireFault(t, h.Used(gone(t), proto.Talk{A: "mia", B: "leo", From: h.now, To: h.now.Add(1e9)}))
	requireFault(t, h.Sweep(gone(t)))
	require.Empty(t, h.told.relations)
}
