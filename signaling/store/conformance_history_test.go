package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func historyRow(person, call string, at time.Time, with ...string) proto.HistoryRow {
	return proto.HistoryRow{
		PersonID: person, CallID: call, With: with, Outgoing: true, Video: false, At: at, Seconds: 61,
		Reason: proto.ReasonHangup, ExpiresAt: at.Add(90 * 24 * time.Hour),
	}
}

func testCallHistory(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	got, err := s.History(ctx, ana.ID, t0, 10)
	require.NoError(t, err)
	require.Empty(t, got)
	require.NoError(t, s.AddHistory(ctx, nil))

	var want []proto.HistoryRow // the newest first
	for i := range 5 {
		r := historyRow(ana.ID, fmt.Sprint("c", i), t0.Add(time.Duration(i)*time.Minute), ben.ID, "p-gone")
		want = append([]proto.HistoryRow{r}, want...)
		bens := historyRow(ben.ID, r.CallID, r.At, ana.ID)
		bens.Outgoing, bens.Video, bens.Seconds, bens.Reason = false, true, 0, proto.ReasonMissed
		// Somebody who is no more is left out, without harm to the others.
		require.NoError(t, s.AddHistory(ctx, []proto.HistoryRow{r, historyRow("p-gone", r.CallID, r.At, ana.ID), bens}))
	}
	got, err = s.History(ctx, ana.ID, t0.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = s.History(ctx, ana.ID, want[1].At, 2) // the next page
	require.NoError(t, err)
	require.Equal(t, want[2:4], got)
	got, err = s.History(ctx, ben.ID, t0.Add(time.Hour), 1)
	require.NoError(t, err)
	require.Equal(t, proto.HistoryRow{
		PersonID: ben.ID, CallID: "c4", With: []string{ana.ID}, Video: true, At: want[0].At,
		Reason: proto.ReasonMissed, ExpiresAt: want[0].ExpiresAt,
	}, got[0])
	got, err = s.History(ctx, "p-gone", t0.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Empty(t, got)

	// Written again, a row is replaced.
	again := want[0]
	again.With, again.Seconds, again.Reason, again.Video = []string{ben.ID}, 300, proto.ReasonQuietHours, true
	require.NoError(t, s.AddHistory(ctx, []proto.HistoryRow{again}))
	got, err = s.History(ctx, ana.ID, t0.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, got, 5)
	require.Equal(t, again, got[0])
}

func testCallHistoryDeleted(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	short, long := historyRow(ana.ID, "c1", t0, ben.ID), historyRow(ana.ID, "c2", t0, ben.ID)
	short.ExpiresAt = t0.Add(time.Hour)
	bens := historyRow(ben.ID, "c1", t0, ana.ID)
	require.NoError(t, s.AddHistory(ctx, []proto.HistoryRow{short, long, bens}))

	n, err := s.SweepHistory(ctx, short.ExpiresAt.Add(-time.Millisecond))
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = s.SweepHistory(ctx, short.ExpiresAt)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	got, err := s.History(ctx, ana.ID, t0.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, []proto.HistoryRow{long}, got)

	was, err := s.DeleteHistory(ctx, ana.ID, "c2")
	require.NoError(t, err)
	require.True(t, was)
	was, err = s.DeleteHistory(ctx, ana.ID, "c2")
	require.NoError(t, err)
	require.False(t, was)
	was, err = s.DeleteHistory(ctx, ana.ID, "c1") // ben's is not hers to delete
	require.NoError(t, err)
	require.False(t, was)

	// It goes with the person.
	_, err = s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, ben.ID)
	require.NoError(t, err)
	var left int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM history`).Scan(&left))
	require.Zero(t, left)
}

func testPushHandleForgotten(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	for i, handle := range []string{"dead", "alive"} {
		hash := fmt.Sprint("h", i)
		require.NoError(t, s.AddSession(ctx, hash, ana.ID, proto.Device{}, t0, t0.Add(time.Hour)))
		found, err := s.SetPushHandle(ctx, hash, handle)
		require.NoError(t, err)
		require.True(t, found)
	}
	require.NoError(t, s.ForgetPushHandle(ctx, "dead"))
	require.NoError(t, s.ForgetPushHandle(ctx, "dead"))
	left, err := s.PushHandles(ctx, ana.ID, t0)
	require.NoError(t, err)
	require.Equal(t, []string{"alive"}, left)
	_, found, err := s.SessionPerson(ctx, "h0", t0)
	require.NoError(t, err)
	require.True(t, found, "the device stays signed in")
}
