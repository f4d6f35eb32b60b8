package reports_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestSuspend(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.signIn("leo", 2)
	h.signIn("mia", 1)
	u, err := h.Suspend(ctx, "ann", "leo", "by phone: threatened others")
	require.NoError(t, err)
	require.Equal(t, "suspended", u.State)
	require.Equal(t, "by phone: threatened others", u.Note)
	require.Equal(t, h.now.Add(record).UnixMilli(), u.SuspendedTil)
	require.ElementsMatch(t, []string{"hash-leo0", "hash-leo1"}, h.ended["leo"])
	require.Equal(t, []string{"hash-mia0"}, h.list(`SELECT token_hash FROM sessions`), "others stay signed in")
	require.Equal(t, []string{"mark1-leo", "mark2-leo"}, h.list(`SELECT mark FROM suspensions WHERE person_id = 'leo' ORDER BY mark`))
	require.Equal(t, []string{"leo"}, h.relations)
	require.Equal(t, []string{"tomek"}, h.family)
	require.Equal(t, []string{fmt.Sprintf("operator:ann person.suspended leo record_until=%d", u.SuspendedTil)}, h.audit())
	require.Equal(t, []string{"tomek: konto Twojego dziecka jest zawieszone"}, h.letters())

	_, found, err := h.store.Person(ctx, "leo")
	require.NoError(t, err)
	require.False(t, found, "nobody to those who ask for active people")

	again, err := h.again().User(ctx, "leo")
	require.NoError(t, err)
	require.Equal(t, u, again, "after a restart")
	_, err = h.Suspend(ctx, "bob", "leo", "again")
	requireCode(t, proto.CodeWrongState, err)
	require.Len(t, h.audit(), 1)
	require.Empty(t, h.letters())
}

func TestWhoCannotBeSuspended(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	_, err := h.Suspend(ctx, "ann", "sam", "x")
	requireCode(t, proto.CodeNotAllowed, err)
	for _, id := range []string{"nobody", "", "leo'--", "leo\x00"} {
		_, err = h.Suspend(ctx, "ann", id, "x")
		requireCode(t, proto.CodeNotFound, err)
		_, err = h.Restore(ctx, "ann", id, "x")
		requireCode(t, proto.CodeNotFound, err)
	}
	for _, note := range []string{"", "  "} {
		_, err = h.Suspend(ctx, "ann", "leo", note)
		requireCode(t, proto.CodeBadMessage, err)
		_, err = h.Restore(ctx, "ann", "leo", note)
		requireCode(t, proto.CodeBadMessage, err)
	}
	_, err = h.Restore(ctx, "ann", "leo", "x")
	requireCode(t, proto.CodeWrongState, err)
	require.Empty(t, h.audit())
	require.Empty(t, h.list(`SELECT id FROM people WHERE state = 'suspended'`))
	require.Empty(t, h.relations)
}

func TestRestore(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.signIn("leo", 1)
	_, err := h.Suspend(ctx, "ann", "leo", "x")
	require.NoError(t, err)
	h.letters()
	u, err := h.Restore(ctx, "bob", "leo", "it was somebody else")
	require.NoError(t, err)
	require.Equal(t, []any{"active", int64(0), "it was somebody else"}, []any{u.State, u.SuspendedTil, u.Note})
	require.Empty(t, h.list(`SELECT mark FROM suspensions`))
	require.Empty(t, h.list(`SELECT token_hash FROM sessions`), "signs in anew")
	require.Equal(t, "operator:bob person.restored leo ", h.audit()[1])
	require.Equal(t, []string{"tomek: konto Twojego dziecka znów działa"}, h.letters())
	require.Equal(t, []string{"leo", "leo"}, h.relations)
	_, err = h.Restore(ctx, "bob", "leo", "x")
	requireCode(t, proto.CodeWrongState, err)
}

func TestSuspendAtOnce(t *testing.T) {
	h := newHouse(t)
	race := func(do func(context.Context, string, string, string) (proto.UserState, error)) {
		errs := make(chan error, 6)
		var wg sync.WaitGroup
		for i := range cap(errs) {
			wg.Go(func() {
				_, err := do(t.Context(), fmt.Sprint("op", i), "leo", "x")
				errs <- err
			})
		}
		wg.Wait()
		close(errs)
		won := 0
		for err := range errs {
			if err == nil {
				won++
				continue
			}
			requireCode(t, proto.CodeWrongState, err)
		}
		require.Equal(t, 1, won)
	}
	race(h.Suspend)
	race(h.Restore)
	require.Len(t, h.audit(), 2)
}

// TestTheRecordGoesAfterAYear, and the account stays shut.
func TestTheRecordGoesAfterAYear(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	_, err := h.Suspend(ctx, "ann", "leo", "x")
	require.NoError(t, err)
	h.now = h.now.Add(30 * 24 * time.Hour)
	_, err = h.Suspend(ctx, "ann", "ivo", "y")
	require.NoError(t, err)
	h.now = h.now.Add(record - 30*24*time.Hour - time.Millisecond)
	require.NoError(t, h.Sweep(ctx))
	require.Len(t, h.list(`SELECT mark FROM suspensions`), 4)

	h.now = h.now.Add(time.Millisecond)
	runCtx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); h.Run(runCtx) }()
	require.Eventually(t, func() bool { return len(h.list(`SELECT mark FROM suspensions`)) == 2 }, 10*time.Second, 5*time.Millisecond)
	cancel()
	<-done
	require.Equal(t, []string{"ivo"}, h.list(`SELECT DISTINCT person_id FROM suspensions`))
	u, err := h.User(ctx, "leo")
	require.NoError(t, err)
	require.Equal(t, []any{"suspended", int64(0), ""}, []any{u.State, u.SuspendedTil, u.Note})
	_, err = h.Restore(ctx, "ann", "leo", "x")
	require.NoError(t, err)
}

// TestAFurtherReportAboutSomebodySuspended keeps the record for longer.
func TestAFurtherReportAboutSomebodySuspended(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	first, second := h.file("x"), h.file("y")
	_, err := h.Decide(ctx, "ann", first, decide(proto.DecisionSuspend))
	require.NoError(t, err)
	h.now = h.now.Add(time.Hour)
	h.letters()
	c, err := h.Decide(ctx, "ann", second, decide(proto.DecisionSuspend))
	require.NoError(t, err)
	require.Equal(t, h.now.Add(record).UnixMilli(), c.About.SuspendedTil)
	require.Equal(t, []string{second, second}, h.list(`SELECT report_id FROM suspensions`))
	for _, l := range h.letters() {
		require.NotContains(t, l, "tomek", "knows already")
	}
}
