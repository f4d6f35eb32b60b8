package reports_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func about(id string) proto.ReportNew {
	return proto.ReportNew{About: id, Kind: proto.ReportOther}
}

func TestReportAFriend(t *testing.T) {
	h := newHouse(t)
	in := proto.ReportNew{About: "leo", CallID: "c_1", Kind: proto.ReportBullying, Text: " he said \x00mean things ", Block: true}
	r, err := h.File(t.Context(), "mia", in)
	require.NoError(t, err)
	require.Regexp(t, `^r_[a-z0-9]{20,}$`, r.ID)
	require.Equal(t, proto.Report{ID: r.ID, About: proto.NameOf{ID: "leo", Name: "Name-of-leo", Avatar: "🦊"}, Kind: proto.ReportBullying,
		At: h.now.UnixMilli(), State: proto.ReportOpen, Blocked: true}, r)
	require.Equal(t, []string{"mia leo"}, h.list(`SELECT blocker_id || ' ' || blocked_id FROM blocks`))

	mine, err := h.again().Mine(t.Context(), "mia")
	require.NoError(t, err)
	require.Equal(t, proto.ReportList{Reports: []proto.Report{r}}, mine, "after a restart")
	for _, other := range []string{"leo", "priya", "nobody"} {
		mine, err := h.Mine(t.Context(), other)
		require.NoError(t, err)
		require.Equal(t, proto.ReportList{Reports: []proto.Report{}}, mine, other)
	}
	c, err := h.Case(t.Context(), "ann", r.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"he said mean things", "c_1", "mia", "leo"}, []string{c.Text, c.CallID, c.Reporter.Person.ID, c.About.Person.ID})
	require.Equal(t, []string{"mia report.filed " + r.ID + " about=leo kind=bullying blocked=true"}, h.audit(), "ids and choices, no words")
}

func TestWhomOneMayReport(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	for i, state := range []string{"pending", "declined", "cancelled", "ended", "expired"} {
		id := fmt.Sprint("p_", i)
		h.sql(`INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $1, '', 'child', '')`, id)
		h.pair("mia", id, state, false)
		for _, given := range []string{id, "f_" + min("mia", id) + max("mia", id)} {
			r, err := h.File(ctx, "mia", about(given))
			require.NoError(t, err, "%s: %s", state, given)
			require.Equal(t, id, r.About.ID)
		}
	}
	h.sql(`INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('mia', 'ivo', 0)`)
	_, err := h.File(ctx, "mia", about("ivo"))
	require.NoError(t, err, "blocked")
	h.called("mia", "leo sam priya")
	_, err = h.File(ctx, "mia", about("sam"))
	require.NoError(t, err, "was in a call")
	h.sql(`UPDATE people SET state = 'suspended' WHERE id = 'leo'`)
	_, err = h.File(ctx, "mia", about("leo"))
	require.NoError(t, err, "suspended already")
}

// TestNobodyLearnsWhoExists: those whom one does not know and those who do not
// exist get the same answer, and nothing happens.
func TestNobodyLearnsWhoExists(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	_, want := h.File(ctx, "mia", proto.ReportNew{About: "nobody", Kind: proto.ReportSpam, Block: true})
	requireCode(t, proto.CodeNotFound, want)
	h.sql(`INSERT INTO blocks (blocker_id, blocked_id, at) VALUES ('zoe', 'mia', 0)`) // is not told of it
	h.called("mia", "zo_ xzoe zoex")                                                  // other people, whose ids are alike
	h.called("leo", "zoe")                                                            // another's call
	h.called("mia", "nobody")                                                         // an account that was deleted
	for _, id := range []string{"zoe", "ZOE", "tomek", "f_leotomek", "f_", "f_x", "%", "_oe", "zoe ", "z\x00", "'; --", strings.Repeat("z", 65)} {
		_, err := h.File(ctx, "mia", proto.ReportNew{About: id, Kind: proto.ReportSpam, Block: true})
		require.Equal(t, want, err, id)
	}
	require.Empty(t, h.list(`SELECT id FROM reports`))
	require.Equal(t, []string{"zoe"}, h.list(`SELECT blocker_id FROM blocks`))
	require.Empty(t, h.audit())
	require.Empty(t, h.letters())
}

func TestNotOneself(t *testing.T) {
	h := newHouse(t)
	_, err := h.File(t.Context(), "mia", about("mia"))
	requireCode(t, proto.CodeNotAllowed, err)
	for _, id := range []string{"priya", "mia"} {
		_, err = h.File(t.Context(), "priya", proto.ReportNew{About: id, OnBehalfOf: "mia", Kind: proto.ReportSpam})
		requireCode(t, proto.CodeNotAllowed, err)
	}
	_, err = h.File(t.Context(), "mia", about("f_miamia"))
	requireCode(t, proto.CodeNotFound, err)
}

func TestAParentReportsForAChild(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	in := proto.ReportNew{About: "leo", OnBehalfOf: "mia", Kind: proto.ReportViolent, Block: true}
	r, err := h.File(ctx, "priya", in)
	require.NoError(t, err)
	require.Equal(t, []string{"mia leo"}, h.list(`SELECT blocker_id || ' ' || blocked_id FROM blocks`), "it is the child for whom is blocked")
	require.Equal(t, "priya report.filed "+r.ID+" about=leo kind=violent blocked=true on_behalf_of=mia", h.audit()[0])
	mine, err := h.Mine(ctx, "priya")
	require.NoError(t, err)
	require.Equal(t, []proto.Report{r}, mine.Reports)
	c, err := h.Case(ctx, "ann", r.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"priya", "mia"}, []string{c.Reporter.Person.ID, c.OnBehalfOf})

	// Whom the child knows counts, not whom the parent knows.
	h.pair("priya", "ivo", "friends", false)
	_, err = h.File(ctx, "priya", proto.ReportNew{About: "ivo", OnBehalfOf: "mia", Kind: proto.ReportSpam})
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.File(ctx, "priya", about("ivo"))
	require.NoError(t, err)
	_, err = h.File(ctx, "priya", about("leo"))
	requireCode(t, proto.CodeNotFound, err)

	for _, who := range []string{"tomek", "leo", "mia", "ivo", "sam", "nobody"} {
		_, err := h.File(ctx, who, in)
		requireCode(t, proto.CodeNotFound, err)
	}
	_, err = h.File(ctx, "priya", proto.ReportNew{About: "mia", OnBehalfOf: "leo", Kind: proto.ReportSpam})
	requireCode(t, proto.CodeNotFound, err)
	require.Len(t, h.list(`SELECT id FROM reports`), 2)
}

func TestReportsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		in   proto.ReportNew
		says string
	}{
		"no kind":    {proto.ReportNew{About: "leo"}, `kind is "": it must be one of [bullying sexual violent impersonation spam other]`},
		"other kind": {proto.ReportNew{About: "leo", Kind: "boring"}, `kind is "boring"`},
		"nobody":     {proto.ReportNew{Kind: proto.ReportSpam}, "about is empty"},
		"long text":  {proto.ReportNew{About: "leo", Kind: proto.ReportSpam, Text: strings.Repeat("é", 1001)}, "text has 1001 characters: at most 1000"},
		"call":       {proto.ReportNew{About: "leo", Kind: proto.ReportSpam, CallID: "he said"}, "call_id is not the id of a call"},
	} {
		_, err := h.File(t.Context(), "mia", c.in)
		require.Contains(t, requireCode(t, proto.CodeBadMessage, err).Message, c.says, name)
	}
	_, err := h.File(t.Context(), "mia", proto.ReportNew{About: "leo", Kind: proto.ReportSpam, Text: strings.Repeat("é", 1000)})
	require.NoError(t, err)
}

func TestBlockComesFirst(t *testing.T) {
	h := newHouse(t)
	h.onBlock = func() { require.Empty(t, h.list(`SELECT id FROM reports`)) }
	_, err := h.File(t.Context(), "mia", proto.ReportNew{About: "leo", Kind: proto.ReportSpam, Block: true})
	require.NoError(t, err)
	require.Len(t, h.list(`SELECT id FROM reports`), 1)
}

func TestNeitherBlockNorReportCostsTheOther(t *testing.T) {
	h := newHouse(t)
	in := proto.ReportNew{About: "leo", Kind: proto.ReportSpam, Block: true}
	h.blockErr = &proto.Error{Code: proto.CodeNotAllowed, Message: "family is not blocked"}
	r, err := h.File(t.Context(), "mia", in)
	require.NoError(t, err)
	require.False(t, r.Blocked, "and it says so")
	require.Contains(t, h.audit()[0], "blocked=false")

	h.blockErr = errors.New("the disk is full")
	_, err = h.File(t.Context(), "mia", in)
	require.ErrorIs(t, err, h.blockErr)
	requireFault(t, err)
	require.Len(t, h.list(`SELECT id FROM reports`), 2, "the report is there")

	h.blockErr = nil
	h.sql(`DROP TABLE reports`)
	_, err = h.File(t.Context(), "mia", in)
	requireFault(t, err)
	require.Len(t, h.list(`SELECT blocked_id FROM blocks`), 1, "the block is there")
}

func TestTwentyADay(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	errs := make(chan error, 30)
	var wg sync.WaitGroup
	for range cap(errs) {
		wg.Go(func() {
			_, err := h.File(ctx, "mia", about("leo"))
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	refused := 0
	for err := range errs {
		if err != nil {
			requireCode(t, proto.CodeRateLimited, err)
			refused++
		}
	}
	require.Equal(t, 10, refused, "exactly twenty, however many come at once")
	require.Len(t, h.audit(), 20)

	// Over the limit the block stands.
	_, err := h.File(ctx, "mia", proto.ReportNew{About: "leo", Kind: proto.ReportSpam, Block: true})
	require.Contains(t, requireCode(t, proto.CodeRateLimited, err).Message, "the person is blocked all the same")
	require.Equal(t, []string{"mia"}, h.list(`SELECT blocker_id FROM blocks`))

	_, err = h.File(ctx, "leo", about("mia"))
	require.NoError(t, err, "others are not held up")
	_, err = h.File(ctx, "priya", proto.ReportNew{About: "leo", OnBehalfOf: "mia", Kind: proto.ReportSpam})
	require.NoError(t, err, "nor is the parent")
	h.now = h.now.Add(24 * time.Hour)
	_, err = h.File(ctx, "mia", about("leo"))
	require.NoError(t, err, "a day later")
}

func TestFilingWhenTheStoreIsAway(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.File(ctx, "mia", about("leo"))
	requireFault(t, err)
	_, err = h.Mine(ctx, "mia")
	requireFault(t, err)
	_, err = h.Queue(ctx, "")
	requireFault(t, err)
	_, err = h.Case(ctx, "ann", "r_1")
	requireFault(t, err)
	_, err = h.LookUp(ctx, "ann", "mia")
	requireFault(t, err)
	_, err = h.Suspend(ctx, "ann", "mia", "why")
	requireFault(t, err)
	requireFault(t, h.Sweep(ctx))
}
