package reports_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/reports"
)

const (
	sentHi    = "आपके बच्चे की ओर से एक शिकायत"
	sentEn    = "your child has sent a report"
	lookedHi  = "शिकायत देख ली गई है"
	lookedEn  = "the report was looked at"
	talkPl    = "prosimy o rozmowę z dzieckiem"
	suspendPl = "konto Twojego dziecka jest zawieszone"
)

// TestWhoIsTold is the table of letters. Priya reads Hindi, Raj has not said,
// Tomek reads Polish.
func TestWhoIsTold(t *testing.T) {
	asMia := proto.ReportNew{About: "leo", Kind: proto.ReportBullying}
	asPriya := proto.ReportNew{About: "leo", Kind: proto.ReportBullying, OnBehalfOf: "mia"}
	cases := map[string]struct {
		tell     reports.TellParents
		reporter string
		in       proto.ReportNew
		decision proto.Decision
		filed    []string
		decided  []string
	}{
		"dismissed":           {reports.TellBoth, "mia", asMia, proto.DecisionDismiss, []string{"priya: " + sentHi, "raj: " + sentEn}, []string{"priya: " + lookedHi, "raj: " + lookedEn}},
		"warned":              {reports.TellBoth, "mia", asMia, proto.DecisionWarn, []string{"priya: " + sentHi, "raj: " + sentEn}, []string{"priya: " + lookedHi, "raj: " + lookedEn, "tomek: " + talkPl}},
		"suspended":           {reports.TellBoth, "mia", asMia, proto.DecisionSuspend, []string{"priya: " + sentHi, "raj: " + sentEn}, []string{"priya: " + lookedHi, "raj: " + lookedEn, "tomek: " + suspendPl}},
		"by a parent":         {reports.TellBoth, "priya", asPriya, proto.DecisionWarn, []string{"raj: " + sentEn}, []string{"priya: " + lookedHi, "raj: " + lookedEn, "tomek: " + talkPl}},
		"reported, dismissed": {reports.TellReported, "mia", asMia, proto.DecisionDismiss, nil, nil},
		"reported, warned":    {reports.TellReported, "mia", asMia, proto.DecisionWarn, nil, []string{"tomek: " + talkPl}},
		"reported, suspended": {reports.TellReported, "mia", asMia, proto.DecisionSuspend, nil, []string{"tomek: " + suspendPl}},
		"none, warned":        {reports.TellNone, "mia", asMia, proto.DecisionWarn, nil, nil},
		"none, suspended":     {reports.TellNone, "mia", asMia, proto.DecisionSuspend, nil, []string{"tomek: " + suspendPl}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.cfg.TellParents = c.tell
			h.Service = h.again()
			r, err := h.File(t.Context(), c.reporter, c.in)
			require.NoError(t, err)
			require.ElementsMatch(t, c.filed, h.letters())
			_, err = h.Decide(t.Context(), "ann", r.ID, decide(c.decision))
			require.NoError(t, err)
			require.ElementsMatch(t, c.decided, h.letters())
		})
	}
}

func TestThoseWithoutGuardiansAreToldThemselves(t *testing.T) {
	h := newHouse(t)
	h.cfg.TellParents = reports.TellNone
	h.Service = h.again()
	h.pair("mia", "ivo", "friends", false)
	r, err := h.File(t.Context(), "mia", about("ivo"))
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), "ann", r.ID, decide(proto.DecisionWarn))
	require.NoError(t, err)
	require.Equal(t, []string{"ivo: 關於您帳號的警告"}, h.letters())
	_, err = h.Suspend(t.Context(), "ann", "ivo", "x")
	require.NoError(t, err)
	_, err = h.Restore(t.Context(), "ann", "ivo", "x")
	require.NoError(t, err)
	require.Equal(t, []string{"ivo: 您的帳號已停用", "ivo: 您的帳號已恢復"}, h.letters())
	// An adult who reports has no parents to be told.
	_, err = h.File(t.Context(), "ivo", about("mia"))
	require.NoError(t, err)
	require.Empty(t, h.letters())
}

// TestWithinAFamily: a child who reports a parent must not be given away by a
// letter to the parents.
func TestWithinAFamily(t *testing.T) {
	for name, set := range map[string]func(h *house) string{
		"a parent": func(*house) string { return "raj" },
		"a guardian who is no friend": func(h *house) string {
			h.sql(`INSERT INTO guardians (guardian_id, child_id, since) VALUES ('ivo', 'mia', 0)`)
			h.called("mia", "ivo")
			return "ivo"
		},
		"a brother or sister": func(h *house) string {
			h.sql(`INSERT INTO guardians (guardian_id, child_id, since) VALUES ('raj', 'leo', 0)`)
			return "leo"
		},
		"a grown-up sister": func(h *house) string {
			h.pair("mia", "ivo", "friends", true)
			return "ivo"
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r, err := h.File(t.Context(), "mia", about(set(h)))
			require.NoError(t, err)
			_, err = h.Decide(t.Context(), "ann", r.ID, decide(proto.DecisionWarn))
			require.NoError(t, err)
			require.Empty(t, h.letters())
		})
	}
	// A parent who reports somebody else's child whose guardian they are, too.
	h := newHouse(t)
	r, err := h.File(t.Context(), "priya", about("mia"))
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), "ann", r.ID, decide(proto.DecisionWarn))
	require.NoError(t, err)
	require.Empty(t, h.letters())
}

// TestLettersGiveNothingAway: neither what was reported, nor the name of
// anybody but the reader's own child.
func TestLettersGiveNothingAway(t *testing.T) {
	h := newHouse(t)
	h.cfg.TellParents = reports.TellBoth
	for i, d := range []proto.Decision{proto.DecisionWarn, proto.DecisionSuspend} {
		r, err := h.File(t.Context(), "mia", proto.ReportNew{About: "leo", Kind: proto.ReportSexual, Text: "what was said to me"})
		require.NoError(t, err)
		_, err = h.Decide(t.Context(), "ann", r.ID, proto.DecisionIn{Decision: d, Note: "why it was so"})
		require.NoError(t, err, i)
	}
	require.Len(t, h.mails, 10)
	own := map[string]string{"priya@example.org": "Name-of-mia", "raj@example.org": "Name-of-mia", "tomek@example.org": "Name-of-leo"}
	for _, m := range h.mails {
		require.Contains(t, m.Text, own[m.To])
		for _, hidden := range []string{"what was said", "why it was", "sexual", "{name}", " ann ", "r_"} {
			require.NotContains(t, m.Subject+m.Text, hidden)
		}
		require.NotContains(t, m.Subject, "Name-of", "it is read on locked screens")
		require.NotContains(t, strings.ReplaceAll(m.Text, own[m.To], ""), "Name-of")
	}
}

// TestMailThatDoesNotGoOut changes nothing about the decision.
func TestMailThatDoesNotGoOut(t *testing.T) {
	h := newHouse(t)
	h.mailErr = errors.New("no route to the mail server")
	id := h.file("x")
	c, err := h.Decide(t.Context(), "ann", id, decide(proto.DecisionSuspend))
	require.NoError(t, err)
	require.Equal(t, "suspended", c.About.State)
}

func TestTune(t *testing.T) {
	h := newHouse(t)
	h.cfg.TellParents = reports.TellNone
	require.NoError(t, h.Tune(h.cfg))
	_, err := h.File(t.Context(), "mia", about("leo"))
	require.NoError(t, err)
	require.Empty(t, h.letters())
	h.cfg.TellParents = "everybody"
	require.Error(t, h.Tune(h.cfg))
	h.cfg.TellParents = reports.TellBoth
	require.NoError(t, h.Tune(h.cfg))
	h.pair("mia", "ivo", "friends", false)
	_, err = h.File(t.Context(), "mia", about("ivo"))
	require.NoError(t, err)
	require.NotEmpty(t, h.letters(), "both are told again")
}
