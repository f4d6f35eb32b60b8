package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

type change = func(proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error)

// keep writes row, whatever stood there.
func keep(row proto.FriendRow) change {
	return func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row.IDs = tie.Row.IDs
		return row, []proto.AuditEntry{{At: 77, Actor: ana.ID, Action: "friend.asked", Subject: row.ID}}, nil
	}
}

func befriended(t *testing.T, s *Store, a, b string, row proto.FriendRow) proto.FriendRow {
	t.Helper()
	found, err := s.ChangeFriendship(t.Context(), a, b, keep(row))
	require.NoError(t, err)
	require.True(t, found)
	rows, err := s.FriendRows(t.Context(), []string{a, b})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0]
}

// neighbours are Ana, child of Cat, and Ben, who has no parents here.
func neighbours(t *testing.T, s *Store) {
	t.Helper()
	add(t, s, ana, ben, cat)
	for _, q := range []string{
		`INSERT INTO guardians (guardian_id, child_id, since) VALUES ('p-cat', 'p-ana', 0)`,
		`INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
			VALUES ('p-ana', 0, 0, 90, 'Europe/Prague', '[{"days":[1,7],"from":"20:00","to":"07:00"}]', 0, '')`,
	} {
		_, err := s.write.ExecContext(t.Context(), q)
		require.NoError(t, err)
	}
}

var wholeRow = proto.FriendRow{
	ID: "f_1", IDs: [2]string{ana.ID, ben.ID}, State: proto.FriendPending, Yes: [2]bool{true, false}, ParentYes: [2]string{cat.ID, ""},
	BlockedBy: [2]string{"", ben.ID}, AskedBy: ana.ID, Via: cat.ID, DeclinedBy: ben.ID,
	CreatedAt: 1, ChangedAt: 2, ExpiresAt: 3, QuietUntil: 4, RemindedAt: 5,
}

func testFriendships(t *testing.T, s *Store) {
	ctx := t.Context()
	neighbours(t, s)
	require.Equal(t, wholeRow, befriended(t, s, ben.ID, ana.ID, wholeRow), "whichever is named first")

	// What a decision gets to see, and that a refusal leaves no trace.
	no := errors.New("no")
	found, err := s.ChangeFriendship(ctx, ana.ID, ben.ID, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		require.Equal(t, proto.FriendTie{
			Row: wholeRow,
			Sides: [2]proto.FriendSide{
				{Person: ana, Active: true, Guardians: []string{cat.ID}},
				{Person: ben, Active: true, Approve: true}, // a child without rules
			},
			Via: proto.Person{ID: cat.ID, Name: cat.Name, Avatar: cat.Avatar},
		}, tie)
		return proto.FriendRow{State: proto.FriendApproved}, nil, no
	})
	require.True(t, found)
	require.Equal(t, no, err, "as it is")
	require.Equal(t, wholeRow, befriended(t, s, ana.ID, ben.ID, wholeRow))

	tie, found, err := s.FriendTie(ctx, "f_1")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, wholeRow, tie.Row)
	require.Equal(t, []proto.Person{ana, ben}, []proto.Person{tie.Sides[0].Person, tie.Sides[1].Person})
	require.Equal(t, []bool{false, true}, []bool{tie.Sides[0].Approve, tie.Sides[1].Approve})
	require.Equal(t, cat.Name, tie.Via.Name)
	_, found, err = s.FriendTie(ctx, "f_none")
	require.NoError(t, err)
	require.False(t, found)

	// Everything can change.
	other := proto.FriendRow{ID: "f_2", IDs: wholeRow.IDs, State: proto.FriendApproved, Family: true, Yes: [2]bool{false, true}, ParentYes: [2]string{"", cat.ID}, BlockedBy: [2]string{cat.ID, ""}}
	require.Equal(t, other, befriended(t, s, ana.ID, ben.ID, other))

	// A state of nothing is no row; for the next one there was none.
	_, err = s.ChangeFriendship(ctx, ana.ID, ben.ID, keep(proto.FriendRow{}))
	require.NoError(t, err)
	rows, err := s.FriendRows(ctx, []string{ana.ID, ben.ID})
	require.NoError(t, err)
	require.Empty(t, rows)
	_, err = s.ChangeFriendship(ctx, ana.ID, ben.ID, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		require.Empty(t, tie.Row.State)
		return tie.Row, nil, no
	})
	require.Equal(t, no, err)
	rows, err = s.FriendRows(ctx, []string{ana.ID, ben.ID})
	require.NoError(t, err)
	require.Empty(t, rows, "what a refusal has looked at is not there")

	for _, pair := range [][2]string{{ana.ID, "nobody"}, {"nobody", ana.ID}, {ana.ID, ana.ID}} {
		found, err := s.ChangeFriendship(ctx, pair[0], pair[1], func(proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
			t.Error("asked about nobody")
			return proto.FriendRow{}, nil, nil
		})
		require.NoError(t, err)
		require.False(t, found)
	}
}

// testFriendshipAudit: a decision and its entry are there together or not at
// all.
func testFriendshipAudit(t *testing.T, s *Store) {
	ctx := t.Context()
	neighbours(t, s)
	entries := func() (n int) {
		require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM audit_log`).Scan(&n))
		return n
	}
	befriended(t, s, ana.ID, ben.ID, wholeRow)
	require.Equal(t, 1, entries())
	// Cat's row would take the id of another: it fails after the row was held.
	clash := wholeRow
	_, err := s.ChangeFriendship(ctx, ana.ID, cat.ID, keep(clash))
	require.Error(t, err)
	require.Equal(t, 1, entries())
	_, err = s.write.ExecContext(ctx, `DELETE FROM audit_head`)
	require.NoError(t, err)
	clash.State = proto.FriendEnded
	_, err = s.ChangeFriendship(ctx, ana.ID, ben.ID, keep(clash))
	require.ErrorContains(t, err, "audit log")
	rows, err := s.FriendRows(ctx, []string{ana.ID, ben.ID})
	require.NoError(t, err)
	require.Equal(t, []proto.FriendRow{wholeRow}, rows, "what cannot be logged is not done")
}

// testFriendshipIsHeld: decisions about one pair come one after the other.
func testFriendshipIsHeld(t *testing.T, s *Store) {
	neighbours(t, s)
	const each = 10
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for range cap(errs) {
		wg.Go(func() {
			for range each {
				_, err := s.ChangeFriendship(t.Context(), ana.ID, ben.ID, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
					tie.Row.State = proto.FriendPending
					tie.Row.CreatedAt++
					return tie.Row, nil, nil
				})
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	rows, err := s.FriendRows(t.Context(), []string{ana.ID, ben.ID})
	require.NoError(t, err)
	require.EqualValues(t, each*cap(errs), rows[0].CreatedAt)
}

func testPendingTies(t *testing.T, s *Store) {
	ctx := t.Context()
	neighbours(t, s)
	dan := proto.Person{ID: "p-dan", Name: "Dan", Role: proto.RoleChild}
	add(t, s, dan)
	_, err := s.write.ExecContext(ctx, `INSERT INTO guardians (guardian_id, child_id, since) VALUES ('p-cat', 'p-dan', 0)`)
	require.NoError(t, err)
	row := func(id string, expires int64) proto.FriendRow {
		return proto.FriendRow{ID: id, State: proto.FriendPending, ExpiresAt: expires, Via: cat.ID}
	}
	befriended(t, s, ana.ID, ben.ID, row("f_ab", 30))
	befriended(t, s, ana.ID, dan.ID, row("f_ad", 10))
	befriended(t, s, ben.ID, dan.ID, row("f_bd", 20))
	befriended(t, s, ben.ID, cat.ID, proto.FriendRow{ID: "f_bc", State: proto.FriendDeclined, Via: cat.ID, ExpiresAt: 1})
	ids := func(ties []proto.FriendTie, err error) []string {
		require.NoError(t, err)
		all := []string{}
		for _, tie := range ties {
			guardians := ""
			for i, side := range tie.Sides {
				if len(side.Guardians) > 0 {
					require.Equal(t, []string{cat.ID}, side.Guardians)
					guardians += " " + tie.Row.IDs[i]
				}
			}
			all = append(all, tie.Row.ID+guardians)
		}
		slices.Sort(all)
		return all
	}
	require.Equal(t, []string{"f_ab", "f_ad"}, ids(s.PendingTies(ctx, ana.ID)))
	require.Equal(t, []string{"f_ad", "f_bd"}, ids(s.PendingTies(ctx, dan.ID)))
	require.Empty(t, ids(s.PendingTies(ctx, cat.ID)))
	require.Equal(t, []string{"f_ab p-ana", "f_ad p-ana p-dan", "f_bd p-dan"}, ids(s.PendingTiesOfChildren(ctx, cat.ID)))
	require.Empty(t, ids(s.PendingTiesOfChildren(ctx, ana.ID)))
	require.Empty(t, ids(s.DueTies(ctx, fromMillis(9), 10)))
	require.Equal(t, []string{"f_ad", "f_bd"}, ids(s.DueTies(ctx, fromMillis(20), 10)))
	require.Equal(t, []string{"f_ad"}, ids(s.DueTies(ctx, fromMillis(99), 1)), "the oldest first")
	n, err := s.OpenIntroductions(ctx, cat.ID)
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func testFriendCodes(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	_, found, err := s.FriendCode(ctx, ana.ID)
	require.NoError(t, err)
	require.False(t, found)
	set := func(id, code string, replace bool) bool {
		done, err := s.SetFriendCode(ctx, id, code, t0, replace)
		require.NoError(t, err)
		return done
	}
	is := func(id, want string) {
		code, found, err := s.FriendCode(ctx, id)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, code)
	}
	require.True(t, set(ana.ID, "AAA", false))
	require.True(t, set(ana.ID, "BBB", false))
	is(ana.ID, "AAA")
	require.True(t, set(ana.ID, "BBB", true))
	is(ana.ID, "BBB")
	require.False(t, set(ben.ID, "BBB", true), "it is Ana's")
	require.True(t, set(ben.ID, "AAA", false), "nobody's any more")
	require.False(t, set("nobody", "CCC", true))

	owner := func(code, asker, want string) {
		p, found, err := s.FriendCodeOwner(ctx, code, asker)
		require.NoError(t, err)
		require.Equal(t, want != "", found)
		require.Equal(t, want, p.ID)
	}
	owner("BBB", ben.ID, ana.ID)
	owner("BBB", ana.ID, ana.ID)
	owner("bbb", ben.ID, "")
	owner("", ben.ID, "")
	befriended(t, s, ana.ID, ben.ID, proto.FriendRow{ID: "f", State: proto.FriendEnded, BlockedBy: [2]string{cat.ID, ""}})
	owner("BBB", ben.ID, "")
	owner("AAA", ana.ID, ben.ID)
	suspend(t, s, ben.ID)
	owner("AAA", ana.ID, "")
}

func testBlocked(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben, cat)
	befriended(t, s, ana.ID, ben.ID, proto.FriendRow{ID: "f_1", State: proto.FriendEnded, BlockedBy: [2]string{ana.ID, ""}})
	befriended(t, s, ana.ID, cat.ID, proto.FriendRow{ID: "f_2", State: proto.FriendEnded, BlockedBy: [2]string{cat.ID, cat.ID}})
	suspend(t, s, ben.ID)
	people, err := s.Blocked(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.Person{ben, cat}, people)
	people, err = s.Blocked(ctx, ben.ID)
	require.NoError(t, err)
	require.Empty(t, people)
}

func testTalkScore(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben, cat)
	talked := func(a, b string, seconds float64, at int64) {
		require.NoError(t, s.AddTalk(ctx, a, b, func(before float64, _ int64) (float64, int64) { return before + seconds, at }))
	}
	talked(ana.ID, ben.ID, 1.5, 10)
	talked(ben.ID, ana.ID, 2, 20)
	talked(ana.ID, "nobody", 9, 9)
	befriended(t, s, ana.ID, ben.ID, proto.FriendRow{ID: "f_1", State: proto.FriendApproved, ChangedAt: 7})
	befriended(t, s, ana.ID, cat.ID, proto.FriendRow{ID: "f_2", State: proto.FriendApproved, Family: true})
	_, err := s.write.ExecContext(ctx, `UPDATE people SET last_seen_at = 5 WHERE id = $1`, ben.ID)
	require.NoError(t, err)
	_, err = s.write.ExecContext(ctx, `INSERT INTO settings (person_id, presence, last_seen, call_waiting, order_by_talk) VALUES ($1, 'nobody', 'family', 0, 0)`, ben.ID)
	require.NoError(t, err)
	list := func(id string) ([]proto.FriendListed, bool) {
		friends, byTalk, err := s.FriendList(ctx, id)
		require.NoError(t, err)
		slices.SortFunc(friends, func(a, b proto.FriendListed) int { return slices.Compare([]string{a.Person.ID}, []string{b.Person.ID}) })
		return friends, byTalk
	}
	friends, byTalk := list(ana.ID)
	require.True(t, byTalk, "the default")
	require.Equal(t, []proto.FriendListed{
		{Person: ben, Since: 7, Presence: proto.VisibleNobody, LastSeen: proto.VisibleFamily, LastSeenAt: 5, TalkSeconds: 3.5, TalkAt: 20},
		{Person: cat, Family: true, Presence: proto.VisibleFriends, LastSeen: proto.VisibleFriends},
	}, friends)
	friends, byTalk = list(ben.ID)
	require.False(t, byTalk)
	require.Len(t, friends, 1)
	befriended(t, s, ana.ID, ben.ID, proto.FriendRow{ID: "f_1", State: proto.FriendPending})
	friends, _ = list(ben.ID)
	require.Empty(t, friends)
	suspend(t, s, cat.ID)
	friends, _ = list(ana.ID)
	require.Empty(t, friends)
}

// testFriendsGoWithPerson: nothing is left of somebody who is deleted.
func testFriendsGoWithPerson(t *testing.T, s *Store) {
	ctx := t.Context()
	neighbours(t, s)
	befriended(t, s, ana.ID, ben.ID, wholeRow)
	require.NoError(t, s.AddTalk(ctx, ana.ID, ben.ID, func(float64, int64) (float64, int64) { return 1, 1 }))
	_, err := s.SetFriendCode(ctx, ana.ID, "AAA", t0, true)
	require.NoError(t, err)
	_, err = s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, ana.ID)
	require.NoError(t, err)
	for _, table := range []string{"friendships", "blocks", "talk", "friend_codes"} {
		var n int
		require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n))
		require.Zero(t, n, table)
	}
}

// testManyTalk: two calls of the same two that end at once both count.
func testManyTalk(t *testing.T, s *Store) {
	add(t, s, ana, ben)
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		wg.Go(func() {
			errs <- s.AddTalk(t.Context(), ana.ID, ben.ID, func(seconds float64, at int64) (float64, int64) { return seconds + 1, at })
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	var seconds float64
	require.NoError(t, s.read.QueryRowContext(t.Context(), `SELECT seconds FROM talk`).Scan(&seconds))
	require.Equal(t, fmt.Sprint(cap(errs)), fmt.Sprint(seconds))
}
