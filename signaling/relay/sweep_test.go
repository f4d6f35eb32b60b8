package relay

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestFifteenDaysLater: the undelivered are gone, the senders are told, and the
// counts agree.
func TestFifteenDaysLater(t *testing.T) {
	h := newHouse(t, Config{SweepBatch: 4, SweepInterval: time.Hour, SendBurst: 1000})
	ana, ben, cat := h.person(1)[0], h.person(2), h.person(1)[0]
	c := h.conversation(ana, ben[0], ben[1], cat)
	ana.attach()
	ben[0].attach()
	const n, fetched = 13, 5
	for i := range n {
		ana.send(c, fmt.Sprint("<", i))
	}
	c.next(ana) // a commit, which waits for an hour
	ben[0].waitFor(n)
	ben[0].ack(fetched)

	h.later(15*24*time.Hour - time.Millisecond)
	h.sweep(t.Context())
	require.Equal(t, map[proto.DeliveryKind]int64{proto.DeliveryCommit: 1}, h.Stats().Expired)
	ana.send(c, "<late")
	h.later(time.Millisecond)
	h.sweep(t.Context())
	stats := h.Stats()
	require.Equal(t, map[proto.DeliveryKind]int64{proto.DeliveryCommit: 1, proto.DeliveryMessage: n}, stats.Expired)
	require.EqualValues(t, n+n-fetched, stats.Lost, "none reached cat, and not all of them ben")

	lost := map[string]int{}
	eventually(t, func() bool {
		clear(lost)
		for _, d := range ana.got() {
			if d.Notice != nil {
				require.Equal(t, proto.UndeliveredExpired, d.Notice.Reason)
				lost[d.Notice.UserID] += len(d.Notice.Seqs)
			}
		}
		return lost[cat.user]+lost[ben[0].user] >= n+n-fetched
	}, func() string { return fmt.Sprint("ana is told: ", lost) })
	require.Equal(t, map[string]int{cat.user: n, ben[0].user: n - fetched}, lost)
	require.EqualValues(t, 1, cat.attach().Waiting, "what is late is there")
	require.Equal(t, []string{"<late"}, textsOf(cat.waitFor(1)))
	require.Contains(t, h.logged(), fmt.Sprintf("messages=%d", n))
	require.Contains(t, h.logged(), fmt.Sprintf("not_arrived=%d", n+n-fetched))
	require.NotContains(t, h.logged(), "<late")
}

func textsOf(list []proto.ChatDelivery) (texts []string) {
	for _, d := range list {
		texts = append(texts, textOf(d))
	}
	return texts
}

func TestExpiresSooner(t *testing.T) {
	h := newHouse(t, Config{SweepInterval: time.Hour})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	for _, s := range []int64{60, 0, 365 * 24 * 3600} {
		in := ana.compose(c, fmt.Sprint("<", s))
		in.ExpireS = s
		require.NoError(t, errOf(h.Send(t.Context(), ana.who(), in)))
	}
	h.later(time.Minute)
	h.sweep(t.Context())
	require.EqualValues(t, 1, h.Stats().Expired[proto.DeliveryMessage])
	h.later(15 * 24 * time.Hour)
	h.sweep(t.Context())
	require.EqualValues(t, 3, h.Stats().Expired[proto.DeliveryMessage], "no longer than the server keeps anything")
	ana.attach()
	require.Len(t, ana.waitFor(1)[0].Notice.Seqs, 2, "the notice about the first has had its time by now")
	h.later(15 * 24 * time.Hour)
	h.sweep(t.Context())
	require.EqualValues(t, 2, h.Stats().Expired[proto.DeliveryNotice], "notices expire, too")
	require.EqualValues(t, 3, h.Stats().Lost, "without one")
}

// TestNothingIsLeft looks into the files of the running database for a body that
// was delivered: what the relay does by itself has removed it.
func TestNothingIsLeft(t *testing.T) {
	h := newHouse(t, Config{ScrubInterval: 10 * time.Millisecond})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	ben.attach()
	ana.send(c, long(30000))
	ben.waitFor(1)
	list, err := h.store.ChatQueue(t.Context(), ben.id, 0, 1, 1)
	require.NoError(t, err)
	sealed := list[0].Body[1000:1100]
	folder := h.folder
	found := func() bool {
		files, err := filepath.Glob(filepath.Join(folder, "*.db*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, name := range files {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			if bytes.Contains(b, sealed) {
				return true
			}
		}
		return false
	}
	require.True(t, found(), "the test looks in the right place")
	ben.ack(1)
	eventually(t, func() bool { return !found() }, func() string { return "no file holds it any more" })
	require.Zero(t, h.Stats().ScrubFails)
}
