package policy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
)

func texts(missing []proto.Missing) []string {
	all := []string{}
	for _, m := range missing {
		all = append(all, string(m.Need)+": "+m.Text)
	}
	return all
}

func TestEveryPairOfAGroup(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	all := []string{"ana", "ben", "teo"}
	w.friends([2]string{"ana", "ben"}, [2]string{"ana", "teo"})
	_, err := w.Meet(ctx, "ana", all)
	e := w.refused(err)
	require.Equal(t, proto.CodeNotApproved, e.Code)
	require.Equal(t, []string{"friends: Ben and Teo are not friends yet"}, texts(e.Missing))
	require.Equal(t, e.Missing[0].Text, e.Message)
	require.Equal(t, []string{"ben", "teo"}, []string{e.Missing[0].A.ID, e.Missing[0].B.ID}, "Ana knows both")

	w.tie("ben", "teo", proto.FriendRow{State: proto.FriendPending, Yes: [2]bool{false, true}})
	_, err = w.Meet(ctx, "ana", all)
	require.Equal(t, []string{"a: Ben has not said yes to Teo yet", "parent_a: Ben’s parent has not approved Teo yet"}, texts(w.refused(err).Missing))

	w.friends([2]string{"ben", "teo"})
	terms, err := w.Meet(ctx, "ana", all)
	require.NoError(t, err)
	require.Equal(t, proto.CallTerms{}, terms)
	broken, err := w.Pairs(ctx, all)
	require.NoError(t, err)
	require.Empty(t, broken)

	// Somebody whom Ana does not know spoils it, and no name is told.
	w.friends([2]string{"ben", "eve"}, [2]string{"eve", "teo"})
	_, err = w.Meet(ctx, "ana", append(all, "eve"))
	require.Equal(t, &proto.Error{Code: proto.CodeNotFound, Message: "there is no such person among those you may call"}, err)
	_, unknown := w.Meet(ctx, "ana", append(all, "nobody"))
	require.Equal(t, err, unknown)
}

// TestWhatIsMissing holds the words for every need, and that they give no ids
// of people who are not friends yet.
func TestWhatIsMissing(t *testing.T) {
	w := newTown(t)
	meet := func(asker string, ids ...string) *proto.Error {
		_, err := w.Meet(t.Context(), asker, ids)
		return w.refused(err)
	}
	w.tie("ana", "ben", proto.FriendRow{State: proto.FriendPending, AskedBy: "ana", Yes: [2]bool{true, false}})
	e := meet("ana", "ana", "ben")
	require.Equal(t, []string{
		"parent_a: Ana’s parent has not approved Ben yet",
		"b: Ben has not said yes to Ana yet",
		"parent_b: Ben’s parent has not approved Ana yet",
	}, texts(e.Missing))
	for _, m := range e.Missing {
		require.Equal(t, "ana", m.A.ID)
		require.Equal(t, proto.NameOf{Name: "Ben", Avatar: "🦊"}, m.B, "the name of the request, and no id")
	}

	// A parent who does not ask to approve is not missing.
	w.do(`UPDATE rules SET approve_friends = 0 WHERE child_id = 'ana'`)
	require.Equal(t, []string{"b: Ben has not said yes to Ana yet", "parent_b: Ben’s parent has not approved Ana yet"}, texts(meet("ana", "ana", "ben").Missing))

	// Every yes is there, but nobody has made them friends: that is a no.
	w.do(`UPDATE rules SET approve_friends = 0 WHERE child_id = 'ben'`)
	w.tie("ana", "ben", proto.FriendRow{State: proto.FriendPending, AskedBy: "ana", Yes: [2]bool{true, true}})
	require.Equal(t, []string{"friends: Ana and Ben are not friends yet"}, texts(meet("ana", "ana", "ben").Missing))

	// What is over and may begin again is as if it had never been.
	w.friends([2]string{"ana", "ben"}, [2]string{"ana", "teo"})
	for _, row := range []proto.FriendRow{
		{State: proto.FriendCancelled}, {State: proto.FriendExpired}, {State: proto.FriendDeclined}, {State: proto.FriendEnded},
		{State: proto.FriendPending, ExpiresAt: 1},
	} {
		w.tie("ben", "teo", row)
		require.Equal(t, []string{"friends: Ben and Teo are not friends yet"}, texts(meet("ana", "ana", "ben", "teo").Missing))
	}

	// Why something is not to be is not told.
	never := []string{"never: Ben and Teo cannot be in one call"}
	for _, row := range []proto.FriendRow{
		{State: proto.FriendEnded, BlockedBy: [2]string{"ben", ""}},
		{State: proto.FriendEnded, BlockedBy: [2]string{"", "teo"}},
		{State: proto.FriendApproved, BlockedBy: [2]string{"dad", ""}},
		{State: proto.FriendDeclined, DeclinedBy: "teo", QuietUntil: w.now.Add(time.Hour).UnixMilli()},
		{State: proto.FriendEnded, DeclinedBy: "ben", QuietUntil: w.now.Add(time.Hour).UnixMilli()},
	} {
		w.tie("ben", "teo", row)
		require.Equal(t, never, texts(meet("ana", "ana", "ben", "teo").Missing))
	}

	w.friends([2]string{"ben", "teo"})
	w.do(`UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ben'`)
	e = meet("ana", "ana", "ben")
	require.Equal(t, proto.CodeNeedsConsent, e.Code)
	require.Equal(t, []string{"consent_a: Ben’s parent has not allowed calls"}, texts(e.Missing))
	e = meet("", "ana", "ben")
	require.Equal(t, proto.CodeNeedsConsent, e.Code)
	require.Empty(t, e.Missing, "nobody asked, nobody is told")
	require.Empty(t, meet("ben", "ana", "ben").Missing, "Ben is told of himself")
}

func TestPairsThatBreak(t *testing.T) {
	all := []string{"ana", "ben", "teo"}
	abt := [][2]string{{"ana", "ben"}, {"ben", "teo"}}
	for name, c := range map[string]struct {
		happens func(*town)
		broken  [][2]string
	}{
		"ended": {func(w *town) { w.tie("ana", "ben", proto.FriendRow{State: proto.FriendEnded}) }, abt[:1]},
		"blocked": {func(w *town) {
			w.tie("ana", "ben", proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{"", "ben"}})
		}, abt[:1]},
		"suspended": {func(w *town) { w.do(`UPDATE people SET state = 'suspended' WHERE id = 'ben'`) }, abt},
		"withdrawn": {func(w *town) { w.do(`UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ben'`) }, abt},
		"quiet":     {func(w *town) { w.do(`UPDATE rules SET quiet_hours = '[{"days":[3],"from":"00:00","to":"00:00"}]'`) }, nil},
		"gone":      {func(w *town) { w.do(`DELETE FROM people WHERE id = 'ben'`) }, abt},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.friends([2]string{"ana", "ben"}, [2]string{"ana", "teo"}, [2]string{"ben", "teo"})
			_, err := w.Meet(t.Context(), "", all)
			require.NoError(t, err)
			c.happens(w)
			broken, err := w.Pairs(t.Context(), all)
			require.NoError(t, err)
			require.Equal(t, c.broken, broken)
			_, err = w.Meet(t.Context(), "", all)
			w.refused(err)
		})
	}
}

func TestTerms(t *testing.T) {
	at := func(clock string) time.Time {
		parsed, err := time.Parse("2006-01-02 15:04", "2026-03-04 "+clock)
		require.NoError(t, err)
		return parsed
	}
	w := newTown(t) // it is 11:00 UTC, 12:00 in Warsaw
	w.friends([2]string{"ana", "ben"}, [2]string{"ana", "teo"}, [2]string{"ben", "teo"}, [2]string{"mum", "ben"})
	meet := func(ids ...string) proto.CallTerms {
		terms, err := w.Meet(t.Context(), ids[0], ids)
		require.NoError(t, err)
		return terms
	}
	require.Equal(t, proto.CallTerms{}, meet("ana", "ben"))

	w.do(`UPDATE rules SET video = 0 WHERE child_id = 'ben'`)
	require.True(t, meet("ana", "ben").NoVideo)
	require.True(t, meet("ben", "dad").NoVideo)
	require.True(t, meet("ana", "ben", "teo").NoVideo)
	require.False(t, meet("ana", "teo").NoVideo)

	w.do(`UPDATE rules SET quiet_hours = '[{"days":[1,2,3,4,5,6,7],"from":"20:00","to":"07:00"}]' WHERE child_id = 'ana'`)
	require.Equal(t, proto.CallTerms{EndsAt: at("19:00"), Reason: proto.ReasonQuietHours}, meet("ana", "teo"))
	w.do(`UPDATE rules SET daily_minutes = 600 WHERE child_id = 'ben'`)
	require.Equal(t, proto.CallTerms{NoVideo: true, EndsAt: at("19:00"), Reason: proto.ReasonQuietHours}, meet("ana", "ben"))
	w.do(`UPDATE rules SET daily_minutes = 60 WHERE child_id = 'ben'`)
	require.Equal(t, proto.CallTerms{NoVideo: true, EndsAt: at("12:00"), Reason: proto.ReasonAllowance}, meet("ana", "ben"))
	w.do(`INSERT INTO talk_days (child_id, day, seconds) VALUES ('ben', '2026-03-04', 1200)`)
	require.Equal(t, at("11:40"), meet("teo", "ana", "ben").EndsAt)

	// A call within the family has no end; one that has somebody else in it does.
	require.Equal(t, proto.CallTerms{}, meet("ana", "mum", "pop", "sib"))
	require.Equal(t, proto.ReasonAllowance, meet("ben", "ana", "mum").Reason)

	// A zone that does not exist is UTC.
	w.do(`UPDATE rules SET time_zone = 'Mars/Olympus' WHERE child_id = 'ana'`)
	require.Equal(t, at("20:00"), meet("ana", "teo").EndsAt)
}

// TestChildWithoutRules: the strict ones hold.
func TestChildWithoutRules(t *testing.T) {
	w := newTown(t)
	w.do(`DELETE FROM rules`)
	w.tie("ana", "teo", proto.FriendRow{State: proto.FriendPending, Yes: [2]bool{true, true}})
	_, err := w.Meet(t.Context(), "ana", []string{"ana", "teo"})
	require.Equal(t, proto.NeedParentA, w.refused(err).Missing[0].Need)
}

func TestGuardsAndMayAsk(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	require.NoError(t, w.Guards(ctx, "mum", "ana"))
	require.NoError(t, w.Guards(ctx, "pop", "ana"))
	for _, pair := range [][2]string{{"dad", "ana"}, {"ana", "mum"}, {"ana", "ana"}, {"mum", "nobody"}, {"nobody", "ana"}, {"", ""}} {
		require.Equal(t, proto.CodeNotFound, w.refused(w.Guards(ctx, pair[0], pair[1])).Code, pair)
	}
	for id, code := range map[string]proto.Code{"ana": "", "mum": "", "teo": "", "uma": "", "olga": "not_allowed", "nobody": "not_allowed"} {
		err := w.MayAsk(ctx, id)
		if code == "" {
			require.NoError(t, err, id)
			continue
		}
		require.Equal(t, code, w.refused(err).Code, id)
	}
}

// TestReviewIsForTwo: a review by video call is between two people, and goes on
// as long as it is one.
func TestReviewIsForTwo(t *testing.T) {
	w := newTown(t)
	w.friends([2]string{"dad", "mum"})
	w.do(`UPDATE consents SET method = 'video_call', state = 'review' WHERE guardian_id IN ('dad', 'mum')`)
	meet := func(asker string, ids ...string) error {
		_, err := w.Meet(t.Context(), asker, ids)
		return err
	}
	require.NoError(t, meet("olga", "olga", "dad"))
	require.NoError(t, meet("", "olga", "dad"))
	require.NoError(t, meet("dad", "dad", "mum"))
	require.Equal(t, proto.CodeNotFound, w.refused(meet("olga", "olga", "dad", "mum")).Code)
	require.Equal(t, proto.CodeNotApproved, w.refused(meet("", "olga", "dad", "mum")).Code)
	w.do(`UPDATE consents SET state = 'granted'`)
	require.Equal(t, proto.CodeNotApproved, w.refused(meet("", "olga", "dad")).Code)
}

// TestSecondConsent: one that holds is enough, whichever parent gave it.
func TestSecondConsent(t *testing.T) {
	w := newTown(t)
	w.friends([2]string{"ana", "teo"})
	w.do(`UPDATE consents SET state = 'withdrawn' WHERE child_id = 'ana'`)
	_, err := w.Meet(t.Context(), "ana", []string{"ana", "teo"})
	require.Equal(t, proto.CodeNeedsConsent, w.refused(err).Code)
	w.do(`INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by)
		VALUES ('cs_2', 'pop', 'ana', 'email_plus', 'granted', '2', '', 0, 0, 0, 0, '')`)
	w.do(`INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES ('cs_2', 'calls', 1, 0, '')`)
	_, err = w.Meet(t.Context(), "ana", []string{"ana", "teo"})
	require.NoError(t, err)
}

// broken is a store that has failed.
type broken struct{ people, ties, guards error }

func (b broken) PeopleFacts(context.Context, []string, string, string) ([]proto.PersonFacts, error) {
	return nil, b.people
}
func (b broken) FriendRows(context.Context, []string) ([]proto.FriendRow, error) { return nil, b.ties }
func (b broken) Guards(context.Context, string, string) (bool, error)            { return true, b.guards }

// TestUnknownIsNeverYes: a fault is an error, and no refusal either.
func TestUnknownIsNeverYes(t *testing.T) {
	gone := errors.New("the disk is gone")
	for _, st := range []broken{{people: gone}, {ties: gone}, {guards: gone}} {
		s := policy.New(st, time.Now, policy.Config{})
		_, meet := s.Meet(t.Context(), "ana", []string{"ana", "ben"})
		_, pairs := s.Pairs(t.Context(), []string{"ana", "ben"})
		var refused *proto.Error
		for name, err := range map[string]error{
			"meet": meet, "pairs": pairs, "guards": s.Guards(t.Context(), "mum", "ana"), "ask": s.MayAsk(t.Context(), "ana"),
			"may": s.May(t.Context(), "mum", policy.ActionLookAfter, "ana"),
		} {
			if st.guards == nil && name == "guards" || st.people == nil && name == "ask" || st.guards != nil && (name == "meet" || name == "pairs") {
				continue // does not touch what is broken
			}
			require.ErrorIs(t, err, gone, name)
			require.False(t, errors.As(err, &refused), name)
		}
	}
}
