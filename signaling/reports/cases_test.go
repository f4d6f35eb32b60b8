package reports_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/reports"
)

func decide(d proto.Decision) proto.DecisionIn {
	return proto.DecisionIn{Decision: d, Note: " looked at it "}
}

func ids(q proto.CaseReports) (all []string) {
	for _, c := range q.Reports {
		all = append(all, c.ID)
	}
	return all
}

func TestTheQueue(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	empty, err := h.Queue(ctx, "")
	require.NoError(t, err)
	require.NotNil(t, empty.Reports, "an array on the wire, not null")
	var filed []string
	for range 4 {
		filed = append(filed, h.file("x"))
		h.now = h.now.Add(time.Minute)
	}
	for _, i := range []int{0, 2} {
		_, err := h.Decide(ctx, "ann", filed[i], decide(proto.DecisionDismiss))
		require.NoError(t, err)
		h.now = h.now.Add(time.Minute)
	}
	for state, want := range map[string][]string{
		"open":    {filed[1], filed[3]},
		"decided": {filed[2], filed[0]},
		"":        {filed[1], filed[3], filed[2], filed[0]},
	} {
		got, err := h.Queue(ctx, state)
		require.NoError(t, err)
		require.Equal(t, want, ids(got), "state %q", state)
	}
	for _, state := range []string{"closed", "OPEN", "open'--"} {
		_, err := h.Queue(ctx, state)
		requireCode(t, proto.CodeBadMessage, err)
	}
}

func TestTheQueueHasAnEnd(t *testing.T) {
	h := newHouse(t)
	for i := range 103 {
		h.sql(`INSERT INTO reports (id, reporter_id, on_behalf_of, about_id, call_id, kind, body, at, state, decision, decided_by, decided_at, note)
			VALUES ($1, 'mia', '', 'leo', '', 'spam', '', $2, 'open', '', '', 0, '')`, fmt.Sprintf("r_%03d", i), i)
	}
	got, err := h.Queue(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, got.Reports, 100)
	require.Equal(t, "r_000", got.Reports[0].ID, "who has waited longest comes first")
	mine, err := h.Mine(t.Context(), "mia")
	require.NoError(t, err)
	require.Len(t, mine.Reports, 100)
	require.Equal(t, "r_102", mine.Reports[0].ID)
}

func TestACaseHasBothAccountsFacts(t *testing.T) {
	h := newHouse(t)
	id := h.file("mean things")
	c, err := h.Case(t.Context(), "ann", id)
	require.NoError(t, err)
	mia, err := h.User(t.Context(), "mia")
	require.NoError(t, err)
	leo, err := h.User(t.Context(), "leo")
	require.NoError(t, err)
	require.Equal(t, proto.CaseReport{ID: id, Kind: proto.ReportBullying, Text: "mean things", At: h.now.UnixMilli(), State: proto.ReportOpen,
		Reporter: mia, About: leo}, c)
	q, err := h.Queue(t.Context(), "open")
	require.NoError(t, err)
	require.Equal(t, []proto.CaseReport{c}, q.Reports)

	// An account that is deleted leaves its id.
	h.sql(`DELETE FROM people WHERE id = 'mia'`)
	c, err = h.Case(t.Context(), "ann", id)
	require.NoError(t, err)
	require.Equal(t, proto.UserState{Person: proto.Person{ID: "mia"}, State: "gone", Guardians: []string{}, Children: []string{}}, c.Reporter)

	for _, other := range []string{"r_nothing", "", "mia", "r_\x00", strings.Repeat("r", 65)} {
		_, err := h.Case(t.Context(), "ann", other)
		requireCode(t, proto.CodeNotFound, err)
	}
}

func TestDecisions(t *testing.T) {
	for _, d := range []proto.Decision{proto.DecisionDismiss, proto.DecisionWarn, proto.DecisionSuspend} {
		t.Run(string(d), func(t *testing.T) {
			h := newHouse(t)
			id := h.file("x")
			h.now = h.now.Add(time.Hour)
			c, err := h.Decide(t.Context(), "ann", id, decide(d))
			require.NoError(t, err)
			require.Equal(t, proto.ReportDecided, c.State)
			require.Equal(t, []string{string(d), "ann", "looked at it"}, []string{string(c.Decision), c.DecidedBy, c.Note})
			require.Equal(t, h.now.UnixMilli(), c.DecidedAt)
			again, err := h.again().Case(t.Context(), "ann", id)
			require.NoError(t, err)
			require.Equal(t, c, again, "after a restart")

			log := h.audit()[1:]
			require.Equal(t, "operator:ann report.decided "+id+" decision="+string(d)+" about=leo", log[0])
			suspended := d == proto.DecisionSuspend
			require.Equal(t, suspended, len(log) == 2)
			require.Equal(t, suspended, c.About.State == "suspended")
			require.Equal(t, suspended, len(h.relations) > 0)
			require.Equal(t, d == proto.DecisionWarn, c.About.Warnings == 1)
			if suspended {
				require.Equal(t, fmt.Sprintf("operator:ann person.suspended leo report=%s record_until=%d", id, h.now.Add(record).UnixMilli()), log[1])
			}
			for _, line := range h.audit() {
				require.NotContains(t, line, "looked at it", "what somebody wrote is not for the log")
			}

			// Decided is decided.
			for _, d := range []proto.Decision{proto.DecisionDismiss, proto.DecisionWarn, proto.DecisionSuspend} {
				_, err := h.Decide(t.Context(), "bob", id, decide(d))
				requireCode(t, proto.CodeWrongState, err)
			}
			again, err = h.Case(t.Context(), "ann", id)
			require.NoError(t, err)
			require.Equal(t, c, again)
			require.Len(t, h.audit(), 1+len(log))
		})
	}
}

func TestDecisionsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id := h.file("x")
	_, err := h.Decide(ctx, "ann", id, proto.DecisionIn{Decision: "scold", Note: "x"})
	require.Contains(t, requireCode(t, proto.CodeBadMessage, err).Message, `decision is "scold": it must be dismiss, warn or suspend`)
	_, err = h.Decide(ctx, "ann", id, proto.DecisionIn{Decision: proto.DecisionWarn, Note: " \n"})
	require.Contains(t, requireCode(t, proto.CodeBadMessage, err).Message, "note is empty")
	_, err = h.Decide(ctx, "ann", id, proto.DecisionIn{Decision: proto.DecisionWarn, Note: strings.Repeat("x", 1001)})
	require.Contains(t, requireCode(t, proto.CodeBadMessage, err).Message, "note has 1001 characters")
	for _, other := range []string{"r_nothing", "", "leo"} {
		_, err = h.Decide(ctx, "ann", other, decide(proto.DecisionWarn))
		requireCode(t, proto.CodeNotFound, err)
	}

	h.called("mia", "sam")
	staff, err := h.File(ctx, "mia", about("sam"))
	require.NoError(t, err)
	_, err = h.Decide(ctx, "ann", staff.ID, decide(proto.DecisionSuspend))
	requireCode(t, proto.CodeNotAllowed, err)
	h.sql(`DELETE FROM people WHERE id = 'leo'`)
	_, err = h.Decide(ctx, "ann", id, decide(proto.DecisionSuspend))
	requireCode(t, proto.CodeWrongState, err)
	q, err := h.Queue(ctx, "open")
	require.NoError(t, err)
	require.Len(t, q.Reports, 2, "both are open still")
	_, err = h.Decide(ctx, "ann", id, decide(proto.DecisionDismiss))
	require.NoError(t, err)
	_, err = h.Decide(ctx, "ann", staff.ID, decide(proto.DecisionWarn))
	require.NoError(t, err)
}

// TestTwoOperatorsAtOnce: one wins, everybody else is told; and only what the
// winner decided has happened.
func TestTwoOperatorsAtOnce(t *testing.T) {
	for round := range 5 {
		h := newHouse(t)
		id := h.file("x")
		choices := []proto.Decision{proto.DecisionSuspend, proto.DecisionDismiss, proto.DecisionWarn, proto.DecisionSuspend, proto.DecisionDismiss}
		errs := make([]error, len(choices))
		var wg sync.WaitGroup
		for i, d := range choices {
			wg.Go(func() { _, errs[i] = h.Decide(t.Context(), fmt.Sprint("op", i), id, decide(d)) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			if err == nil {
				require.Equal(t, -1, winner, "round %d: two won", round)
				winner = i
				continue
			}
			requireCode(t, proto.CodeWrongState, err)
		}
		require.NotEqual(t, -1, winner)
		c, err := h.Case(t.Context(), "ann", id)
		require.NoError(t, err)
		require.Equal(t, choices[winner], c.Decision)
		require.Equal(t, fmt.Sprint("op", winner), c.DecidedBy)
		suspended := choices[winner] == proto.DecisionSuspend
		require.Equal(t, suspended, c.About.State == "suspended")
		require.Equal(t, suspended, len(h.list(`SELECT mark FROM suspensions`)) > 0)
		require.Len(t, h.list(`SELECT subject FROM audit_log WHERE action = 'report.decided'`), 1)
	}
}

func TestReportsGoAfterTheirTime(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	decided, open := h.file("x"), h.file("y")
	_, err := h.Decide(ctx, "ann", decided, decide(proto.DecisionWarn))
	require.NoError(t, err)
	h.now = h.now.Add(record)
	require.NoError(t, h.Sweep(ctx))
	require.Len(t, h.list(`SELECT id FROM reports`), 2)
	h.now = h.now.Add(time.Millisecond)
	require.NoError(t, h.Sweep(ctx))
	require.Equal(t, []string{open}, h.list(`SELECT id FROM reports`), "an open one waits for its decision")
	require.Len(t, h.audit(), 3, "the log is for good")
}

func TestConfigIsChecked(t *testing.T) {
	_, err := reports.New(reports.Stores{}, time.Now, reports.Config{Record: time.Hour, TellParents: "some"}, reports.Deps{})
	require.ErrorContains(t, err, `tell parents is "some": it must be both, reported or none`)
	_, err = reports.New(reports.Stores{}, time.Now, reports.Config{}, reports.Deps{})
	require.ErrorContains(t, err, "it must be longer than nothing")
	_, err = reports.New(reports.Stores{}, time.Now, reports.Config{Record: time.Hour}, reports.Deps{})
	require.NoError(t, err)
}
