package friends_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/friends"
	"kinwire/signaling/proto"
)

func (y *yard) order(who string) []string {
	y.t.Helper()
	list, err := y.List(y.t.Context(), who)
	require.NoError(y.t, err)
	names := []string{}
	for _, f := range list.Friends {
		names = append(names, f.Person.Name)
	}
	known, err := y.Known(y.t.Context(), who)
	require.NoError(y.t, err)
	for i, k := range known {
		require.Equal(y.t, names[i], k.Person.Name)
	}
	return names
}

func TestOrderByTalk(t *testing.T) {
	y := newYard(t)
	y.friends([2]string{"ana", "teo"}, [2]string{"ana", "ben"}, [2]string{"uma", "ana"})
	require.Equal(t, []string{"Ben", "Mum", "Pop", "Teo", "Uma"}, y.order("ana"), "without talk, by name")
	talk := func(a, b string, ago, length time.Duration) {
		to := y.now.Add(-ago)
		require.NoError(t, y.Talked(t.Context(), proto.Talk{CallID: "c", A: a, B: b, From: to.Add(-length), To: to}))
	}
	const week = 7 * 24 * time.Hour
	talk("ana", "teo", 4*week, 4*time.Hour) // counts 1 h
	talk("uma", "ana", 2*week, time.Hour)   // counts 30 min
	talk("ana", "uma", 0, 31*time.Minute)   // and 31
	talk("ana", "ben", 0, 50*time.Minute)
	require.Equal(t, []string{"Uma", "Teo", "Ben", "Mum", "Pop"}, y.order("ana"))
	require.Equal(t, []string{"Ana"}, y.order("uma"))
	talk("ben", "ana", week, 20*time.Minute) // told late: counts 14 min
	require.Equal(t, []string{"Ben", "Uma", "Teo", "Mum", "Pop"}, y.order("ana"))
	talk("ana", "teo", 0, -time.Hour)
	talk("ana", "ana", 0, time.Hour)
	talk("ana", "nobody", 0, time.Hour)
	require.Equal(t, []string{"Ben", "Uma", "Teo", "Mum", "Pop"}, y.order("ana"), "nonsense does not count")

	y.do(`INSERT INTO settings (person_id, presence, last_seen, call_waiting, order_by_talk) VALUES ('ana', 'friends', 'friends', 0, 0)`)
	require.Equal(t, []string{"Ben", "Mum", "Pop", "Teo", "Uma"}, y.order("ana"))
	require.Equal(t, []string{"Ana", "Dad"}, y.order("ben"), "the setting is one’s own")
}

func TestWhoSeesWhat(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	y.friends([2]string{"ana", "teo"}, [2]string{"ana", "uma"})
	y.do(`UPDATE people SET last_seen_at = 5000 WHERE id = 'ana'`)
	see := func(who string) friends.Known {
		known, err := y.Known(ctx, who)
		require.NoError(t, err)
		for _, k := range known {
			if k.Person.ID == "ana" {
				return k
			}
		}
		t.Fatalf("%s does not know Ana", who)
		return friends.Known{}
	}
	ana := see("teo").Person
	seen := time.UnixMilli(5000).UTC()
	require.Equal(t, friends.Known{Person: ana, ShowPresence: true, ShowLastSeen: true, LastSeen: seen}, see("teo"))
	y.do(`INSERT INTO settings (person_id, presence, last_seen, call_waiting, order_by_talk) VALUES ('ana', 'family', 'nobody', 0, 1)`)
	require.Equal(t, friends.Known{Person: ana}, see("teo"))
	require.Equal(t, friends.Known{Person: ana, ShowPresence: true}, see("mum"))
	y.do(`UPDATE settings SET presence = 'nobody', last_seen = 'family'`)
	require.Equal(t, friends.Known{Person: ana}, see("teo"))
	require.Equal(t, friends.Known{Person: ana, ShowLastSeen: true, LastSeen: seen}, see("mum"))
	y.do(`UPDATE people SET last_seen_at = 0`)
	require.Zero(t, see("mum").LastSeen)

	y.do(`UPDATE people SET state = 'suspended' WHERE id = 'uma'`)
	require.Equal(t, []string{"Mum", "Pop", "Teo"}, y.order("ana"))
	// A block keeps friends apart even where somebody has forgotten to end the
	// friendship.
	y.do(`INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('teo', 'ana', 0)`)
	require.Equal(t, []string{"Mum", "Pop"}, y.order("ana"))
	require.Empty(t, y.order("teo"))
}

func TestIntroduce(t *testing.T) {
	y := newYard(t)
	ctx := t.Context()
	y.friends([2]string{"ana", "ben"}, [2]string{"ana", "cat"}, [2]string{"ana", "teo"})
	asked, err := y.Introduce(ctx, "ana", []string{"ben", "cat", "ana", "ben"})
	require.NoError(t, err)
	require.Equal(t, 1, asked.Asked)
	require.Equal(t, []string{"relations ben cat", "family dad gran"}, y.heard())
	his := y.requests("ben")
	require.Len(t, his, 1)
	require.Equal(t, proto.NameOf{Name: "Cat", Avatar: "🦊"}, his[0].With)
	require.Equal(t, "Ana", his[0].Via)
	require.False(t, his[0].Mine)
	require.Equal(t, []proto.Need{proto.NeedA, proto.NeedB, proto.NeedParentA, proto.NeedParentB}, his[0].Missing)
	require.Equal(t, "Ana", y.approvals("dad")[0].Via)
	require.False(t, y.approvals("dad")[0].Asked)

	// A parent may say yes first.
	id := his[0].ID
	y.decide("dad", "ben", id, true)
	y.decide("gran", "cat", id, true)
	accepted, err := y.Accept(ctx, "cat", id)
	require.NoError(t, err)
	require.Equal(t, "Ana", accepted.Via)
	require.False(t, y.are("ben", "cat"))
	require.Equal(t, proto.FriendApproved, y.ask("ben", "cat").State, "asking by code is a yes as well")
	require.True(t, y.are("ben", "cat"))

	// Again: the two are friends, nothing is missing.
	asked, err = y.Introduce(ctx, "ana", []string{"ben", "cat"})
	require.NoError(t, err)
	require.Zero(t, asked.Asked)

	// Only friends, and friends of one's own.
	for _, people := range [][]string{{"ben", "uma"}, {"ben", "nobody"}, {"ben", "dad"}} {
		_, err = y.Introduce(ctx, "ana", people)
		y.code(proto.CodeNotFound, err)
	}
	_, err = y.Introduce(ctx, "ana", []string{"ben", "ben", "ana"})
	y.code(proto.CodeBadMessage, err)
}

func TestIntroductionsAreLimited(t *testing.T) {
	y := newYard(t) // three at a time
	ctx := t.Context()
	y.friends([2]string{"ana", "ben"}, [2]string{"ana", "cat"}, [2]string{"ana", "teo"}, [2]string{"ana", "uma"})
	asked, err := y.Introduce(ctx, "ana", []string{"ben", "cat"})
	require.NoError(t, err)
	require.Equal(t, 1, asked.Asked)
	all := []string{"ben", "cat", "teo", "uma"} // six pairs
	asked, err = y.Introduce(ctx, "ana", all)
	require.NoError(t, err)
	require.Equal(t, 3, asked.Asked, "one is asked again, two are new, and that is all there is room for")
	_, err = y.Introduce(ctx, "ana", []string{"teo", "uma"})
	y.code(proto.CodeRateLimited, err)
	require.Len(t, y.requests("uma"), 1)

	// Somebody says no, which makes room; the same two are not asked again.
	require.NoError(t, y.Decline(ctx, "ben", y.requests("cat")[0].ID))
	asked, err = y.Introduce(ctx, "ana", []string{"ben", "cat"})
	require.NoError(t, err)
	require.Zero(t, asked.Asked, "and nobody is told why")
	asked, err = y.Introduce(ctx, "ana", []string{"teo", "uma"})
	require.NoError(t, err)
	require.Equal(t, 1, asked.Asked)
}
