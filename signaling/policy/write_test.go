package policy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
)

// TestWordsOfWriting: refusals speak of messages, and what is told of calls is
// told of them, too.
func TestWordsOfWriting(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	w.friends([2]string{"ana", "ben"}, [2]string{"ana", "teo"})
	write := func(asker string, ids ...string) *proto.Error { return w.refused(w.Correspond(ctx, asker, ids)) }

	e := write("ana", "ana", "ben", "teo")
	require.Equal(t, proto.CodeNotApproved, e.Code)
	require.Equal(t, []string{"friends: Ben and Teo are not friends yet"}, texts(e.Missing))
	require.Empty(t, write("", "ana", "ben", "teo").Missing, "nobody asked, nobody is told")
	w.tie("ben", "teo", proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{"ben", ""}})
	require.Equal(t, []string{"never: Ben and Teo cannot be in one conversation"}, texts(write("ana", "ana", "ben", "teo").Missing))
	require.Equal(t, "there is no such person among those you may write to", write("ana", "ana", "eve").Message)
	require.Equal(t, write("ana", "ana", "eve"), write("ana", "ana", "nobody"))
	require.Equal(t, proto.CodeNotAllowed, write("ana", "ben", "teo").Code, "one is part of one’s own conversations")
	require.Contains(t, write("ana", "ana", "ben", "ben").Message, "named twice")
	require.Contains(t, write("ana", "ana").Message, "cannot write to yourself")

	w.do(`UPDATE consent_scopes SET given = 0 WHERE scope = 'messages' AND consent_id = 'cs_ana'`)
	require.Equal(t, "your parent has to allow messages first", write("ana", "ana", "ben").Message)
	require.Equal(t, []string{"consent_a: Ana’s parent has not allowed messages"}, texts(write("ben", "ana", "ben").Missing))

	refusals, err := w.CorrespondEach(ctx, "ben", [][]string{{"ben", "dad"}, {"ana", "ben"}, {"ben", "nobody"}, {"ben", "teo"}})
	require.NoError(t, err)
	require.Len(t, refusals, 4)
	require.NoError(t, refusals[0])
	codes := []proto.Code{}
	for _, r := range refusals[1:] {
		codes = append(codes, w.refused(r).Code)
	}
	require.Equal(t, []proto.Code{proto.CodeNeedsConsent, proto.CodeNotFound, proto.CodeNotFound}, codes)
}

func TestAttach(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	require.NoError(t, w.Attach(ctx, []string{"ana", "ben", "teo", "mum"}))
	w.do(`UPDATE consent_scopes SET given = 0 WHERE scope = 'photos' AND consent_id = 'cs_ben'`)
	require.NoError(t, w.Attach(ctx, []string{"ana", "teo"}))
	e := w.refused(w.Attach(ctx, []string{"ana", "ben"}))
	require.Equal(t, proto.CodeNeedsConsent, e.Code)
	require.Contains(t, e.Message, "Ben")
	require.Equal(t, proto.CodeNotFound, w.refused(w.Attach(ctx, []string{"ana", "nobody"})).Code)
	w.do(`UPDATE consents SET notice_version = '1' WHERE child_id = 'ana'`)
	require.Equal(t, proto.CodeNeedsConsent, w.refused(w.Attach(ctx, []string{"ana"})).Code)
}

func TestPart(t *testing.T) {
	everybody := []string{"ana", "teo", "uma", "ben", "sib"}
	block := func(a, b string) func(*town) {
		return func(w *town) { w.tie(a, b, proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{a, ""}}) }
	}
	both := func(a, b string) func(*town) {
		return func(w *town) { w.tie(a, b, proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{a, b}}) }
	}
	end := func(a, b string) func(*town) {
		return func(w *town) { w.tie(a, b, proto.FriendRow{State: proto.FriendEnded}) }
	}
	do := func(query string) func(*town) { return func(w *town) { w.do(query) } }
	cases := []struct {
		says  string
		what  []func(*town)
		leave []string
	}{
		{"all are friends", nil, nil},
		{"the blocked one leaves, who came first or not", []func(*town){block("sib", "teo")}, []string{"teo"}},
		{"… or last", []func(*town){block("teo", "sib")}, []string{"sib"}},
		{"… and not who blocks two", []func(*town){block("ana", "teo"), block("ana", "ben")}, []string{"teo", "ben"}},
		{"who is blocked by somebody who leaves may stay", []func(*town){block("ana", "ben"), block("ben", "uma")}, []string{"ben"}},
		{"a parent’s block is a block", []func(*town){func(w *town) {
			w.tie("ana", "ben", proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{"mum", ""}})
		}}, []string{"ben"}},
		{"of two who have blocked each other, who came later", []func(*town){both("teo", "ben")}, []string{"ben"}},
		{"in a circle, as few as possible", []func(*town){block("teo", "uma"), block("uma", "ben"), block("ben", "teo")}, []string{"uma", "ben"}},
		{"of two who are no friends any more, who came later", []func(*town){end("ana", "uma")}, []string{"uma"}},
		{"one instead of two", []func(*town){end("ana", "uma"), end("ana", "ben")}, []string{"ana"}},
		{"of equally few, who came later", []func(*town){end("ana", "uma"), end("uma", "teo"), end("teo", "ben")}, []string{"uma", "ben"}},
		{"a consent is gone", []func(*town){do(`UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ana'`)}, []string{"ana"}},
		{"only messages are gone", []func(*town){do(`UPDATE consent_scopes SET given = 0 WHERE scope = 'messages' AND consent_id = 'cs_sib'`)}, []string{"sib"}},
		{"calls are gone", []func(*town){do(`UPDATE consent_scopes SET given = 0 WHERE scope = 'calls'`)}, nil},
		{"an account is shut", []func(*town){do(`UPDATE people SET state = 'suspended' WHERE id = 'teo'`)}, []string{"teo"}},
		{"somebody is gone", []func(*town){do(`DELETE FROM people WHERE id = 'uma'`)}, []string{"uma"}},
		{"who can be in none settles what else there is", []func(*town){block("uma", "ben"), do(`UPDATE people SET state = 'suspended' WHERE id = 'uma'`)}, []string{"uma"}},
	}
	for _, c := range cases {
		w := newTown(t)
		for i, a := range everybody {
			for _, b := range everybody[:i] {
				w.friends([2]string{a, b})
			}
		}
		for _, what := range c.what {
			what(w)
		}
		leave, err := w.Part(t.Context(), everybody)
		require.NoError(t, err)
		require.Equal(t, c.leave, leave, c.says)
	}
	w := newTown(t)
	_, err := w.Part(t.Context(), make([]string, 65))
	require.ErrorContains(t, err, "at most 64")
	leave, err := w.Part(t.Context(), []string{"ana", "olga"})
	require.NoError(t, err)
	require.Equal(t, []string{"olga"}, leave, "the staff is in no conversation")
}

// TestPartLeavesFew holds Part, where nobody has blocked anybody, against all
// subsets: it takes the fewest, of them those who came last, and who is left
// may stay.
func TestPartLeavesFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "people")
		apart := make([]uint64, n)
		for i := range n {
			for j := range i {
				if rapid.Bool().Draw(t, fmt.Sprint(i, j)) {
					apart[i] |= 1 << j
					apart[j] |= 1 << i
				}
			}
		}
		got := policy.Fewest(apart)
		best := uint64(1<<n - 1)
		for set := range uint64(1 << n) {
			if sound(apart, set) && better(set, best) {
				best = set
			}
		}
		require.True(t, sound(apart, got))
		require.Equal(t, best, got)
	})
}

func sound(apart []uint64, gone uint64) bool {
	return !slices.ContainsFunc(members(len(apart), gone), func(i int) bool { return apart[i]&^gone != 0 })
}

func members(n int, gone uint64) (all []int) {
	for i := range n {
		if gone&(1<<i) == 0 {
			all = append(all, i)
		}
	}
	return all
}

// better: fewer; or as many, and the last who is in one of them only is in a.
func better(a, b uint64) bool {
	na, nb := 64-len(members(64, a)), 64-len(members(64, b))
	return na < nb || na == nb && a > b
}
