package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
)

// states are what there may be between and around the people of the table,
// besides the families of the town.
var states = map[string]func(*town){
	"strangers":         func(*town) {},
	"friends":           friendsAll,
	"Ana asked Ben":     asked(proto.FriendRow{Yes: [2]bool{true, false}}),
	"only parents miss": asked(proto.FriendRow{Yes: [2]bool{true, true}}),
	"only Ana’s parent misses": asked(proto.FriendRow{
		Yes: [2]bool{true, true}, ParentYes: [2]string{"", "dad"}}),
	"the request ran out":   asked(proto.FriendRow{Yes: [2]bool{true, true}, ExpiresAt: 1}),
	"Ben said no":           over(proto.FriendDeclined),
	"it ended":              over(proto.FriendEnded),
	"friends, Ana blocks":   blocked(proto.FriendApproved, "ana", ""),
	"friends, Ben blocks":   blocked(proto.FriendApproved, "", "ben"),
	"Ben blocked Ana":       blocked(proto.FriendEnded, "", "dad"),
	"friends, Ben is shut":  then(friendsAll, `UPDATE people SET state = 'suspended' WHERE id = 'ben'`),
	"friends, Ana is shut":  then(friendsAll, `UPDATE people SET state = 'suspended' WHERE id = 'ana'`),
	"Mum is shut":           then(friendsAll, `UPDATE people SET state = 'suspended' WHERE id = 'mum'`),
	"Ana’s consent is gone": then(friendsAll, `UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ana'`),
	"Ben’s consent is gone": then(friendsAll, `UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ben'`),
	"Ana’s parent has taken back calls and messages": then(friendsAll,
		`UPDATE consent_scopes SET given = 0 WHERE consent_id = 'cs_ana' AND scope <> 'photos'`),
	"Ana’s parent has allowed messages only": then(friendsAll,
		`UPDATE consent_scopes SET given = 0 WHERE consent_id = 'cs_ana' AND scope <> 'messages'`),
	"Ana’s parent has allowed calls only": then(friendsAll,
		`UPDATE consent_scopes SET given = 0 WHERE consent_id = 'cs_ana' AND scope <> 'calls'`),
	"the notice has changed": then(friendsAll, `UPDATE consents SET notice_version = '1'`),
	"quiet hours of Ana": then(friendsAll,
		`UPDATE rules SET quiet_hours = '[{"days":[3],"from":"11:30","to":"13:00"}]' WHERE child_id = 'ana'`),
	"quiet hours of Ben": then(friendsAll,
		`UPDATE rules SET quiet_hours = '[{"days":[3],"from":"11:30","to":"13:00"}]' WHERE child_id = 'ben'`),
	"quiet hours of Ana are over": then(friendsAll,
		`UPDATE rules SET quiet_hours = '[{"days":[3],"from":"11:00","to":"12:00"}]' WHERE child_id = 'ana'`),
	"Ana’s minutes are used up": then(friendsAll, `UPDATE rules SET daily_minutes = 30 WHERE child_id = 'ana'`,
		`INSERT INTO talk_days (child_id, day, seconds) VALUES ('ana', '2026-03-04', 1800)`),
	"Ana has a minute left": then(friendsAll, `UPDATE rules SET daily_minutes = 30 WHERE child_id = 'ana'`,
		`INSERT INTO talk_days (child_id, day, seconds) VALUES ('ana', '2026-03-04', 1740)`),
	"Ana asked Ben, who blocks": func(w *town) {
		w.tie("ana", "ben", proto.FriendRow{State: proto.FriendPending, AskedBy: "ana", BlockedBy: [2]string{"", "ben"}})
	},
	"Ana asked Ben, who is shut": then(asked(proto.FriendRow{Yes: [2]bool{true, false}}), `UPDATE people SET state = 'suspended' WHERE id = 'ben'`),
	"the staff has asked Ana": func(w *town) {
		w.tie("olga", "ana", proto.FriendRow{State: proto.FriendPending, AskedBy: "olga"})
	},
	"Uma waits, and is no parent": func(w *town) {
		w.do(`UPDATE consents SET method = 'video_call', state = 'review', guardian_id = 'uma' WHERE child_id = 'ben'`)
	},
	"Dad waits for a video call": then(friendsAll,
		`UPDATE consents SET method = 'video_call', state = 'review' WHERE child_id = 'ben'`),
	"a review of Dad’s form": then(friendsAll,
		`UPDATE consents SET method = 'signed_form', state = 'review' WHERE child_id = 'ben'`),
}

func friendsAll(w *town) {
	w.friends([2]string{"ana", "ben"}, [2]string{"ana", "dad"}, [2]string{"ana", "teo"})
}

func asked(row proto.FriendRow) func(*town) {
	return func(w *town) {
		row.State, row.AskedBy = proto.FriendPending, "ana"
		w.tie("ana", "ben", row)
	}
}

func over(state proto.FriendState) func(*town) {
	return func(w *town) {
		w.tie("ana", "ben", proto.FriendRow{State: state, DeclinedBy: "ben", QuietUntil: w.now.Add(time.Hour).UnixMilli()})
	}
}

func blocked(state proto.FriendState, byAna, byBen string) func(*town) {
	return func(w *town) { w.tie("ana", "ben", proto.FriendRow{State: state, BlockedBy: [2]string{byAna, byBen}}) }
}

func then(first func(*town), queries ...string) func(*town) {
	return func(w *town) {
		first(w)
		for _, q := range queries {
			w.do(q)
		}
	}
}

const yes = ""

// policyTable is the policy, to be read: who does what to whom, in which
// state, and what comes of it. An answer is yes, or the code of the refusal.
var policyTable = []struct {
	who    string
	does   policy.Action
	whom   string
	state  string
	answer proto.Code
}{
	// Nobody reaches a child who is not an approved friend.
	{"ana", "call", "ben", "strangers", "not_found"},
	{"uma", "call", "ana", "strangers", "not_found"},
	{"dad", "call", "ana", "strangers", "not_found"},
	{"teo", "call", "ana", "strangers", "not_found"},
	{"ana", "call", "nobody", "strangers", "not_found"},
	{"ana", "call", "ben", "Ana asked Ben", "not_approved"},
	{"ben", "call", "ana", "Ana asked Ben", "not_approved"},
	{"ana", "call", "ben", "only parents miss", "not_approved"},
	{"ana", "call", "ben", "only Ana’s parent misses", "not_approved"},
	{"ben", "call", "ana", "only Ana’s parent misses", "not_approved"},
	{"ana", "call", "ben", "friends", yes},
	{"ben", "call", "ana", "friends", yes},
	{"teo", "call", "ana", "friends", yes},
	{"ana", "call", "ana", "friends", "not_allowed"},
	{"nobody", "call", "ana", "friends", "not_allowed"},

	// What has ended is as if it had never been.
	{"ana", "call", "ben", "the request ran out", "not_found"},
	{"ana", "call", "ben", "Ben said no", "not_found"},
	{"ben", "call", "ana", "Ben said no", "not_found"},
	{"ana", "call", "ben", "it ended", "not_found"},
	{"ben", "call", "ana", "it ended", "not_found"},

	// A block wins, whoever set it, and is not told.
	{"ana", "call", "ben", "friends, Ana blocks", "not_found"},
	{"ben", "call", "ana", "friends, Ana blocks", "not_found"},
	{"ana", "call", "ben", "friends, Ben blocks", "not_found"},
	{"ana", "call", "ben", "Ben blocked Ana", "not_found"},
	{"ana", "call", "ben", "Ana asked Ben, who blocks", "not_found"},
	{"ana", "ask", "ben", "Ben blocked Ana", "not_found"},
	{"ben", "ask", "ana", "Ben blocked Ana", "not_found"},
	{"ana", "see", "ben", "friends, Ben blocks", "not_found"},

	// A suspended account does nothing and is not there.
	{"ana", "call", "ben", "friends, Ben is shut", "not_found"},
	{"ana", "call", "ben", "Ana asked Ben, who is shut", "not_found"},
	{"ana", "see", "ben", "friends, Ben is shut", "not_found"},
	{"ana", "ask", "ben", "friends, Ben is shut", "not_found"},
	{"ana", "call", "ben", "friends, Ana is shut", "suspended"},
	{"ana", "ask", "ben", "friends, Ana is shut", "suspended"},
	{"ana", "see", "ben", "friends, Ana is shut", "suspended"},
	{"ben", "call", "ana", "friends, Ana is shut", "not_found"},
	{"mum", "look after", "ana", "Mum is shut", "suspended"},

	// Family.
	{"ana", "call", "mum", "strangers", yes},
	{"mum", "call", "ana", "strangers", yes},
	{"ana", "call", "sib", "strangers", yes},
	{"ana", "see", "pop", "strangers", yes},
	{"ana", "call", "dad", "strangers", "not_found"}, // Ben’s family is not Ana’s

	// Without a parent’s consent nothing at all.
	{"ana", "call", "ben", "Ana’s consent is gone", "needs_consent"},
	{"ben", "call", "ana", "Ana’s consent is gone", "needs_consent"},
	{"ana", "call", "mum", "Ana’s consent is gone", "needs_consent"},
	{"ana", "ask", "eve", "Ana’s consent is gone", "needs_consent"},
	{"ana", "call", "ben", "Ben’s consent is gone", "needs_consent"},
	{"ana", "call", "teo", "Ben’s consent is gone", yes},
	{"ana", "call", "ben", "Ana’s parent has taken back calls and messages", "needs_consent"},
	{"ana", "ask", "eve", "Ana’s parent has taken back calls and messages", "needs_consent"},
	{"ana", "call", "ben", "Ana’s parent has allowed messages only", "needs_consent"},
	{"ana", "ask", "eve", "Ana’s parent has allowed messages only", yes},
	{"ana", "call", "ben", "the notice has changed", "needs_consent"},
	{"ana", "ask", "eve", "the notice has changed", "needs_consent"},
	{"teo", "ask", "eve", "the notice has changed", yes},

	// Quiet hours and minutes are about calls with others than the family.
	{"ana", "call", "ben", "quiet hours of Ana", "quiet_hours"},
	{"ben", "call", "ana", "quiet hours of Ana", "quiet_hours"},
	{"teo", "call", "ana", "quiet hours of Ana", "quiet_hours"},
	{"ana", "call", "ben", "quiet hours of Ben", "quiet_hours"},
	{"ana", "call", "teo", "quiet hours of Ben", yes},
	{"ana", "call", "mum", "quiet hours of Ana", yes},
	{"sib", "call", "ana", "quiet hours of Ana", yes},
	{"ana", "ask", "eve", "quiet hours of Ana", yes},
	{"ana", "call", "ben", "quiet hours of Ana are over", yes},
	{"ana", "call", "ben", "Ana’s minutes are used up", "allowance_used"},
	{"ben", "call", "ana", "Ana’s minutes are used up", "allowance_used"},
	{"ana", "call", "mum", "Ana’s minutes are used up", yes},
	{"ana", "call", "ben", "Ana has a minute left", yes},

	// Writing is like calling, with a consent of its own, at all hours, and not
	// with the staff.
	{"ana", "write", "ben", "strangers", "not_found"},
	{"uma", "write", "ana", "strangers", "not_found"},
	{"dad", "write", "ana", "strangers", "not_found"},
	{"ana", "write", "nobody", "strangers", "not_found"},
	{"ana", "write", "ben", "Ana asked Ben", "not_approved"},
	{"ben", "write", "ana", "Ana asked Ben", "not_approved"},
	{"ana", "write", "ben", "only parents miss", "not_approved"},
	{"ben", "write", "ana", "only Ana’s parent misses", "not_approved"},
	{"ana", "write", "ben", "friends", yes},
	{"ben", "write", "ana", "friends", yes},
	{"teo", "write", "ana", "friends", yes},
	{"ana", "write", "ana", "friends", "not_allowed"},
	{"nobody", "write", "ana", "friends", "not_allowed"},
	{"ana", "write", "ben", "the request ran out", "not_found"},
	{"ana", "write", "ben", "Ben said no", "not_found"},
	{"ana", "write", "ben", "it ended", "not_found"},
	{"ben", "write", "ana", "it ended", "not_found"},
	{"ana", "write", "ben", "friends, Ana blocks", "not_found"},
	{"ben", "write", "ana", "friends, Ana blocks", "not_found"},
	{"ana", "write", "ben", "friends, Ben blocks", "not_found"},
	{"ana", "write", "ben", "Ben blocked Ana", "not_found"},
	{"ana", "write", "ben", "Ana asked Ben, who blocks", "not_found"},
	{"ana", "write", "ben", "friends, Ben is shut", "not_found"},
	{"ana", "write", "ben", "Ana asked Ben, who is shut", "not_found"},
	{"ana", "write", "ben", "friends, Ana is shut", "suspended"},
	{"ben", "write", "ana", "friends, Ana is shut", "not_found"},
	{"ana", "write", "mum", "strangers", yes},
	{"mum", "write", "ana", "strangers", yes},
	{"ana", "write", "sib", "strangers", yes},
	{"ana", "write", "ben", "Ana’s consent is gone", "needs_consent"},
	{"ben", "write", "ana", "Ana’s consent is gone", "needs_consent"},
	{"ana", "write", "mum", "Ana’s consent is gone", "needs_consent"},
	{"ana", "write", "ben", "Ben’s consent is gone", "needs_consent"},
	{"ana", "write", "teo", "Ben’s consent is gone", yes},
	{"ana", "write", "ben", "Ana’s parent has taken back calls and messages", "needs_consent"},
	{"ana", "write", "ben", "Ana’s parent has allowed messages only", yes},
	{"ana", "write", "ben", "Ana’s parent has allowed calls only", "needs_consent"},
	{"ben", "write", "ana", "Ana’s parent has allowed calls only", "needs_consent"},
	{"ana", "write", "mum", "Ana’s parent has allowed calls only", "needs_consent"},
	{"ana", "call", "ben", "Ana’s parent has allowed calls only", yes},
	{"ana", "write", "ben", "the notice has changed", "needs_consent"},
	{"teo", "write", "ana", "the notice has changed", "needs_consent"},
	{"ana", "write", "ben", "quiet hours of Ana", yes},
	{"ben", "write", "ana", "quiet hours of Ana", yes},
	{"ana", "write", "ben", "quiet hours of Ben", yes},
	{"ana", "write", "ben", "quiet hours of Ana are over", yes},
	{"ana", "write", "ben", "Ana’s minutes are used up", yes},
	{"ana", "write", "ben", "Ana has a minute left", yes},
	{"olga", "write", "dad", "Dad waits for a video call", "not_found"},
	{"dad", "write", "olga", "Dad waits for a video call", "not_found"},
	{"olga", "write", "dad", "a review of Dad’s form", "not_found"},
	{"olga", "write", "uma", "Uma waits, and is no parent", "not_found"},
	{"ana", "write", "olga", "the staff has asked Ana", "not_found"},
	{"olga", "write", "ana", "the staff has asked Ana", "not_found"},
	{"mum", "write", "ana", "Mum is shut", "suspended"},
	{"operator:kim", "write", "ana", "friends", "not_allowed"},

	// Asking is for everybody who may have friends; to find somebody takes
	// their code besides.
	{"ana", "ask", "ben", "strangers", yes},
	{"uma", "ask", "ana", "strangers", yes},
	{"ana", "ask", "nobody", "strangers", "not_found"},
	{"ana", "ask", "ana", "strangers", "not_allowed"},
	{"ana", "ask", "olga", "strangers", "not_found"},
	{"olga", "ask", "ana", "strangers", "not_allowed"},

	// Profile and presence are for approved friends.
	{"ana", "see", "ben", "strangers", "not_found"},
	{"ana", "see", "ben", "Ana asked Ben", "not_found"},
	{"ana", "see", "ben", "only Ana’s parent misses", "not_found"},
	{"ana", "see", "ben", "friends", yes},
	{"ana", "see", "ana", "strangers", yes},

	// Parents look after their own children, and nobody else does.
	{"mum", "look after", "ana", "strangers", yes},
	{"pop", "look after", "sib", "strangers", yes},
	{"mum", "look after", "ben", "friends", "not_found"},
	{"dad", "look after", "ana", "friends", "not_found"},
	{"ana", "look after", "mum", "friends", "not_found"},
	{"ana", "look after", "ana", "friends", "not_found"},
	{"sib", "look after", "ana", "friends", "not_found"},
	{"olga", "look after", "ana", "friends", "not_found"},
	{"operator:kim", "look after", "ana", "friends", "not_allowed"},

	// The staff reaches a parent who waits for a review by video call.
	{"olga", "call", "dad", "Dad waits for a video call", yes},
	{"dad", "call", "olga", "Dad waits for a video call", "not_found"},
	{"olga", "call", "mum", "Dad waits for a video call", "not_found"},
	{"olga", "call", "ben", "Dad waits for a video call", "not_found"},
	{"olga", "call", "dad", "a review of Dad’s form", "not_found"},
	{"olga", "call", "dad", "friends", "not_found"},
	{"olga", "call", "uma", "Uma waits, and is no parent", "not_found"},
	{"ana", "call", "olga", "the staff has asked Ana", "not_found"},
	{"olga", "call", "ana", "the staff has asked Ana", "not_found"},
	{"olga", "call", "ana", "friends", "not_found"},
	{"olga", "see", "ana", "friends", "not_found"},

	// Operators look things up and decide; they reach nobody.
	{"operator:kim", "look up", "ana", "friends", yes},
	{"operator:kim", "suspend", "ana", "friends", yes},
	{"operator:kim", "review", "mum", "friends", yes},
	{"operator:kim", "call", "ana", "friends", "not_allowed"},
	{"operator:kim", "see", "ana", "friends", "not_allowed"},
	{"operator:kim", "ask", "ana", "friends", "not_allowed"},
	{"mum", "look up", "ana", "friends", "not_allowed"},
	{"olga", "suspend", "ana", "friends", "not_allowed"},
	{"dad", "review", "dad", "friends", "not_allowed"},

	// What nobody has thought of is refused.
	{"mum", "adopt", "ben", "friends", "not_allowed"},
}

func TestPolicy(t *testing.T) {
	used, written := map[string]bool{}, map[string]bool{}
	towns := map[string]*town{}
	for _, row := range policyTable {
		used[row.state] = true
		written[row.state] = written[row.state] || row.does == policy.ActionWrite
		if towns[row.state] == nil {
			require.Contains(t, states, row.state)
			towns[row.state] = newTown(t)
			states[row.state](towns[row.state])
		}
		w := towns[row.state]
		name := row.who + " " + string(row.does) + " " + row.whom + " / " + row.state
		err := w.May(t.Context(), row.who, row.does, row.whom)
		if row.does == policy.ActionCall {
			_, meet := w.Meet(t.Context(), row.who, []string{row.who, row.whom})
			require.Equal(t, err, meet, name)
		}
		if row.does == policy.ActionWrite {
			require.Equal(t, err, w.Correspond(t.Context(), row.who, []string{row.who, row.whom}), name)
		}
		if row.answer == yes {
			require.NoError(t, err, name)
			continue
		}
		require.Error(t, err, name)
		require.Equal(t, row.answer, w.refused(err).Code, name)
	}
	for state := range states {
		require.True(t, used[state], "no line of the table is about: %s", state)
		require.True(t, written[state], "no line of the table says whether one may write: %s", state)
	}
	for _, rule := range policy.Actions() {
		require.NotEmpty(t, rule.Says)
		answers := map[bool]bool{}
		for _, row := range policyTable {
			if row.does == rule.Action {
				answers[row.answer == yes] = true
			}
		}
		require.Len(t, answers, 2, "the table has no yes or no no about: %s", rule.Action)
	}
}
