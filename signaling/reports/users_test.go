package reports_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestWhatAnOperatorSeesOfAnybody(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.pair("leo", "zoe", "ended", false)
	h.sql(`INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('mia', 'leo', 0), ('zoe', 'leo', 0), ('leo', 'ivo', 0)`)
	id := h.file("x")
	_, err := h.Decide(ctx, "ann", id, decide(proto.DecisionWarn))
	require.NoError(t, err)
	h.file("y")

	u, err := h.User(ctx, "leo")
	require.NoError(t, err)
	require.Equal(t, proto.UserState{
		Person: proto.Person{ID: "leo", Name: "Name-of-leo", Avatar: "🦊", Role: proto.RoleChild}, State: "active", Country: "PL", Age: 11,
		CreatedAt: 7, LastSeenAt: 9, Guardians: []string{"tomek"}, Children: []string{}, Friends: 2, Blocks: 2, Reports: 2, Warnings: 1,
	}, u)
	u, err = h.User(ctx, "priya")
	require.NoError(t, err)
	require.Equal(t, []string{"mia"}, u.Children)
	require.Zero(t, u.Age, "no date of birth")
	u, err = h.User(ctx, "mia")
	require.NoError(t, err)
	require.Equal(t, []string{"priya", "raj"}, u.Guardians)
	require.Equal(t, 10, u.Age, "eleven tomorrow")
	for _, id := range []string{"nobody", "", "leo ", "mia@example.org"} {
		_, err = h.User(ctx, id)
		requireCode(t, proto.CodeNotFound, err)
	}
	require.Empty(t, h.list(`SELECT seq FROM audit_log WHERE action = 'person.looked_up'`))
}

func TestLookUp(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	for _, c := range []struct{ find, id, entry string }{
		{"leo", "leo", "leo found=yes by=id"},
		{" Tomek@Example.org ", "tomek", "tomek found=yes by=login"},
		{"MIA", "mia", "mia found=yes by=login"},
	} {
		u, err := h.LookUp(ctx, "ann", c.find)
		require.NoError(t, err, c.find)
		require.Equal(t, c.id, u.Person.ID)
		log := h.audit()
		require.Equal(t, "operator:ann person.looked_up "+c.entry, log[len(log)-1])
	}
	_, err := h.Suspend(ctx, "ann", "leo", "x")
	require.NoError(t, err)
	u, err := h.LookUp(ctx, "ann", "leo")
	require.NoError(t, err)
	require.Equal(t, "suspended", u.State, "those who are suspended are found")
}

// TestLookUpOfNobody is in the log as well, but not what was looked for.
func TestLookUpOfNobody(t *testing.T) {
	h := newHouse(t)
	for i, find := range []string{"Some.Body@example.org", "some.body@example.org", "Name-of-leo", "le_", "tomek@", "example.org", "' OR 1=1 --"} {
		_, err := h.LookUp(t.Context(), "ann", find)
		requireCode(t, proto.CodeNotFound, err)
		line := h.audit()[i]
		require.Regexp(t, `^operator:ann person\.looked_up sha256:[0-9a-f]{16} found=no$`, line)
		require.NotContains(t, strings.ToLower(line), "body")
	}
	log := h.audit()
	require.Equal(t, log[0], log[1], "the same however it is spelled")
	require.NotEqual(t, log[1], log[2])
	for _, find := range []string{"", "  ", strings.Repeat("x", 255), "a\nb", "a\x00b", "\xff"} {
		_, err := h.LookUp(t.Context(), "ann", find)
		requireCode(t, proto.CodeBadMessage, err)
	}
	require.Len(t, h.audit(), len(log))
}

// TestNoLookUpWithoutItsEntry: the two are one transaction.
func TestNoLookUpWithoutItsEntry(t *testing.T) {
	h := newHouse(t)
	h.sql(`DROP TABLE audit_log`)
	_, err := h.LookUp(t.Context(), "ann", "leo")
	requireFault(t, err)
	h.now = h.now.Add(time.Hour)
	_, err = h.Suspend(t.Context(), "ann", "leo", "x")
	requireFault(t, err)
	require.Empty(t, h.list(`SELECT id FROM people WHERE state = 'suspended'`), "nor a suspension")
	require.Empty(t, h.list(`SELECT mark FROM suspensions`))
	_, err = h.File(t.Context(), "mia", about("leo"))
	requireFault(t, err)
	require.Empty(t, h.list(`SELECT id FROM reports`), "nor a report")
}
