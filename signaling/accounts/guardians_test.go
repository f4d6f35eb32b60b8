package accounts_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestSecondParent: by the code of one parent another begins to look after the
// child, and is family from then on, as are that parent's other children.
func TestSecondParent(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora, otto := h.parent(t, "Nora").Me, h.parent(t, "Otto").Me
	one, two := h.child(t, nora.ID, "one"), h.child(t, otto.ID, "two")
	require.Equal(t, []string{nora.ID + "*"}, h.friends(t, one.Person.ID))

	c, err := h.GuardianCode(ctx, nora.ID, one.Person.ID)
	require.NoError(t, err)
	require.Equal(t, home+"/#guardian="+c.Code, c.URL)
	h.told.take()
	h.now = h.now.Add(time.Minute)
	child, err := h.AddGuardian(ctx, otto.ID, " "+c.Code+" ")
	require.NoError(t, err)
	require.Equal(t, []proto.Person{nora, otto}, child.Guardians)
	require.Equal(t, one.Person, child.Person, "the child keeps the name of its family")
	require.Equal(t, sorted(nora.ID, otto.ID, one.Person.ID, two.Person.ID), h.told.take())

	require.Equal(t, sorted(nora.ID+"*", otto.ID+"*", two.Person.ID+"*"), h.friends(t, one.Person.ID))
	require.Equal(t, sorted(nora.ID+"*", one.Person.ID+"*", two.Person.ID+"*"), h.friends(t, otto.ID))
	require.Equal(t, sorted(otto.ID+"*", one.Person.ID+"*"), h.friends(t, nora.ID))
	require.Equal(t, sorted(otto.ID+"*", one.Person.ID+"*"), h.friends(t, two.Person.ID), "Nora is not Two's family")

	last := h.audit(t)[len(h.audit(t))-1]
	require.Equal(t, []string{otto.ID, "guardian.added", one.Person.ID, "guardian=" + otto.ID + " by=" + nora.ID},
		[]string{last.Actor, last.Action, last.Subject, last.Detail})

	// Both have the same rights.
	_, err = h.ChildCode(ctx, otto.ID, one.Person.ID)
	require.NoError(t, err)
	list, err := h.Children(ctx, otto.ID)
	require.NoError(t, err)
	require.Len(t, list.Children, 2)
	marks, err := h.Marks(ctx, one.Person.ID)
	require.NoError(t, err)
	require.Len(t, marks, 2, "known again with either parent")
	_, err = h.AddGuardian(ctx, nora.ID, c.Code)
	requireCode(t, proto.CodeUnauthenticated, err)
}

func TestGuardianCodeRefused(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	otto := h.parent(t, "Otto").Me
	code := func() string {
		c, err := h.GuardianCode(ctx, "demo-priya", "demo-mia")
		require.NoError(t, err)
		return c.Code
	}
	c := code()
	_, err := h.AddGuardian(ctx, "demo-leo", c)
	requireCode(t, proto.CodeNotAllowed, err, "only a parent")
	child, err := h.AddGuardian(ctx, "demo-priya", c)
	require.NoError(t, err, "no harm done")
	require.Len(t, child.Guardians, 1)

	h.now = h.now.Add(10 * time.Minute)
	_, err = h.AddGuardian(ctx, otto.ID, c)
	requireCode(t, proto.CodeUnauthenticated, err)

	c = code()
	h.suspend(t, "demo-priya")
	_, err = h.AddGuardian(ctx, otto.ID, c)
	requireCode(t, proto.CodeUnauthenticated, err)
	for _, e := range h.audit(t) {
		require.NotEqual(t, "guardian.added", e.Action)
	}
}

func TestGuardianCodeWorksOnce(t *testing.T) {
	h := newHouse(t)
	parents := make(chan string, 2)
	parents <- h.parent(t, "Otto").Me.ID
	parents <- h.parent(t, "Pia").Me.ID
	c, err := h.GuardianCode(t.Context(), "demo-priya", "demo-mia")
	require.NoError(t, err)
	require.Equal(t, 1, race(t, proto.CodeUnauthenticated, func() error {
		_, err := h.AddGuardian(context.WithoutCancel(t.Context()), <-parents, c.Code)
		return err
	}))
	child, err := h.Child(t.Context(), "demo-mia")
	require.NoError(t, err)
	require.Len(t, child.Guardians, 2)
}

// TestFamilyReplacesWhatWasBetweenThem: somebody who was declined, or is a
// friend already, becomes family like anybody else.
func TestFamilyReplacesWhatWasBetweenThem(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	otto := h.parent(t, "Otto").Me
	_, err := h.store.ChangeFriendship(ctx, otto.ID, "demo-mia", func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row := tie.Row
		row.ID, row.State, row.DeclinedBy = "f_no", proto.FriendDeclined, "demo-mia"
		row.QuietUntil, row.ChangedAt = h.now.AddDate(0, 1, 0).UnixMilli(), h.now.UnixMilli()
		return row, nil, nil
	})
	require.NoError(t, err)
	for _, parent := range []string{otto.ID, "demo-tomek"} { // Tomek is a friend, not family
		c, err := h.GuardianCode(ctx, "demo-priya", "demo-mia")
		require.NoError(t, err)
		_, err = h.AddGuardian(ctx, parent, c.Code)
		require.NoError(t, err)
	}
	require.Equal(t, sorted("demo-priya*", "demo-tomek*", "demo-leo*", otto.ID+"*"), h.friends(t, "demo-mia"))
}
