package reports_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/frank"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/reports"
)

// chat is a house where Mia and Leo write to each other, and Zoe with Ivo, and
// where reports are sealed and verified as they are in a server.
type chat struct {
	*house
	frank *frank.Keys
	ring  *seal.Ring
	log   bytes.Buffer
}

const mean = `{"text":"DISTINCTIVE-WORDS that nobody else may read"}`

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{house: newHouse(t)}
	var err error
	c.frank, err = frank.New(frank.Key{ID: "k1", Secret: bytes.Repeat([]byte{1}, 32)})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, seal.NewFile(file, c.now))
	c.ring, err = seal.Open(t.Context(), seal.File(file))
	require.NoError(t, err)
	for id, people := range map[string][]string{"g_ml": {"mia", "leo"}, "g_zi": {"zoe", "ivo"}, "g_lz": {"leo", "zoe"}} {
		c.sql(`INSERT INTO chat_conversations (id, kind, pair_low, pair_high, suite, generation, epoch, seq, group_info, committer, committed_id, created_by, created_at, last_at)
			VALUES ($1, 'group', '', '', 1, 1, 1, 0, x'', '', '', '', 0, 0)`, id)
		for _, person := range people {
			c.sql(`INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES ($1, $2, 'in', 0)`, id, person)
		}
	}
	c.Service = c.with(c.ring)
	return c
}

func (c *chat) with(sealer reports.Sealer) *reports.Service {
	s, err := reports.New(reports.Stores{Reports: c.store, Evidence: c.store, Suspensions: c.store, People: c.store}, func() time.Time { return c.now }, c.cfg,
		reports.Deps{Policy: c, Blocker: c, Logins: c, Marks: c, Changes: c, Mail: c, Franking: c.frank, Sealer: sealer, Log: slog.New(slog.NewTextHandler(&c.log, nil))})
	require.NoError(c.t, err)
	return s
}

// wrote is a message that somebody wrote, as its receivers have it.
func (c *chat) wrote(sender, conversation, content string) proto.MessageEvidence {
	e := proto.MessageEvidence{ConversationID: conversation, Seq: 7, SenderID: sender, At: c.now.UnixMilli(),
		Content: []byte(content), Opening: bytes.Repeat([]byte{9}, 32)}
	e.Tag = c.frank.Tag(frank.Commit(e.Opening, e.Content), e.SenderID, e.ConversationID, e.Seq, e.At)
	return e
}

func reveals(aboutID string, e proto.MessageEvidence) proto.ReportNew {
	return proto.ReportNew{About: aboutID, Kind: proto.ReportBullying, Message: &e}
}

func (c *chat) reveal() string {
	c.t.Helper()
	r, err := c.File(c.t.Context(), "mia", reveals("leo", c.wrote("leo", "g_ml", mean)))
	require.NoError(c.t, err)
	return r.ID
}

// everywhere is all that the database holds, text and bytes.
func (c *chat) everywhere() string {
	c.t.Helper()
	return strings.Join(c.list(`SELECT CAST(evidence AS TEXT) || body || note FROM reports UNION ALL SELECT actor || action || subject || detail FROM audit_log`), "\n")
}

// TestAReportThatProvesItself: an operator sees what was revealed, and that
// they looked is written down; nobody else sees anything.
func TestAReportThatProvesItself(t *testing.T) {
	c := newChat(t)
	ctx := t.Context()
	id := c.reveal()
	require.Equal(t, "mia report.filed "+id+" about=leo kind=bullying blocked=false evidence=true", c.audit()[0])

	got, err := c.Case(ctx, "ann", id)
	require.NoError(t, err)
	require.Equal(t, &proto.Evidence{ConversationID: "g_ml", Seq: 7, At: c.now.UnixMilli(), Content: []byte(mean)}, got.Evidence)
	_, err = c.with(c.ring).Case(ctx, "bob", id)
	require.NoError(t, err)
	require.Equal(t, []string{"operator:ann report.evidence_seen " + id + " ", "operator:bob report.evidence_seen " + id + " "}, c.audit()[1:])

	queue, err := c.Queue(ctx, "")
	require.NoError(t, err)
	require.Len(t, queue.Reports, 1)
	require.Nil(t, queue.Reports[0].Evidence)
	for _, who := range []string{"mia", "leo", "priya"} {
		mine, err := c.Mine(ctx, who)
		require.NoError(t, err)
		text, err := json.Marshal(mine)
		require.NoError(t, err)
		require.NotContains(t, string(text), "DISTINCTIVE")
	}
	require.Len(t, c.audit(), 3, "the queue shows nothing, so nobody looked")
	require.NotContains(t, c.everywhere(), "DISTINCTIVE", "sealed")
	require.NotContains(t, c.everywhere(), string(bytes.Repeat([]byte{9}, 32)))
	require.NotContains(t, c.log.String(), "DISTINCTIVE")
	for _, letter := range c.mails {
		require.NotContains(t, letter.Text, "DISTINCTIVE")
	}

	// A report without a message is looked at without a word.
	plain := c.file("text")
	got, err = c.Case(ctx, "ann", plain)
	require.NoError(t, err)
	require.Nil(t, got.Evidence)
	require.Len(t, c.audit(), 4)
}

// TestWhoMayReveal: the sender is the one whom the report is about, and the
// reporter, or the child for whom it is made, is or was there.
func TestWhoMayReveal(t *testing.T) {
	c := newChat(t)
	ctx := t.Context()
	leos := c.wrote("leo", "g_ml", mean)
	for name, wrong := range map[string]struct {
		who string
		in  proto.ReportNew
	}{
		"about another":        {"mia", reveals("raj", leos)},
		"sender swapped":       {"mia", func() proto.ReportNew { e := leos; e.SenderID = "raj"; return reveals("raj", e) }()},
		"not there":            {"mia", reveals("leo", c.wrote("leo", "g_lz", mean))},
		"no such conversation": {"mia", reveals("leo", c.wrote("leo", "g_none", mean))},
		"conversation swapped": {"mia", func() proto.ReportNew {
			e := c.wrote("leo", "g_lz", mean)
			e.ConversationID = "g_ml"
			return reveals("leo", e)
		}()},
		"a parent for oneself": {"tomek", reveals("leo", leos)},
		"one's own message":    {"leo", reveals("mia", leos)},
		"content":              {"mia", func() proto.ReportNew { e := leos; e.Content = []byte("worse"); return reveals("leo", e) }()},
		"opening":              {"mia", func() proto.ReportNew { e := leos; e.Opening = make([]byte, 32); return reveals("leo", e) }()},
		"no opening":           {"mia", func() proto.ReportNew { e := leos; e.Opening = nil; return reveals("leo", e) }()},
		"seq":                  {"mia", func() proto.ReportNew { e := leos; e.Seq++; return reveals("leo", e) }()},
		"time":                 {"mia", func() proto.ReportNew { e := leos; e.At++; return reveals("leo", e) }()},
		"tag":                  {"mia", func() proto.ReportNew { e := leos; e.Tag = make([]byte, len(e.Tag)); return reveals("leo", e) }()},
		"nothing":              {"mia", reveals("leo", proto.MessageEvidence{SenderID: "leo"})},
		"another's child's": {"priya", func() proto.ReportNew {
			in := reveals("leo", c.wrote("leo", "g_lz", mean))
			in.OnBehalfOf = "mia"
			return in
		}()},
		"the parent was, alone": {"priya", func() proto.ReportNew {
			in := reveals("leo", c.wrote("leo", "g_zi", mean))
			in.OnBehalfOf = "mia"
			return in
		}()},
	} {
		if name == "the parent was, alone" {
			c.sql(`INSERT INTO chat_members (conversation_id, person_id, state, since) VALUES ('g_zi', 'priya', 'in', 0)`)
		}
		_, err := c.File(ctx, wrong.who, wrong.in)
		refusal := requireCode(t, proto.CodeBadMessage, err)
		require.NotContains(t, refusal.Message, "DISTINCTIVE", name)
	}
	require.Empty(t, c.list(`SELECT id FROM reports`))
	require.Empty(t, c.audit())

	in := reveals("leo", leos)
	in.OnBehalfOf = "mia"
	_, err := c.File(ctx, "priya", in)
	require.NoError(t, err, "for the child who was there")
	c.sql(`UPDATE chat_members SET state = 'out'`)
	_, err = c.File(ctx, "mia", reveals("f_leomia", leos))
	require.NoError(t, err, "who was there, and by the id of the friendship")
	_, err = c.File(ctx, "ivo", reveals("leo", leos))
	requireCode(t, proto.CodeNotFound, err)
}

// TestTheBlockStands where the proof does not hold, and the refusal says so.
func TestTheBlockStands(t *testing.T) {
	c := newChat(t)
	e := c.wrote("leo", "g_ml", mean)
	e.Seq++
	in := reveals("leo", e)
	in.Block = true
	_, err := c.File(t.Context(), "mia", in)
	refusal := requireCode(t, proto.CodeBadMessage, err)
	require.Contains(t, refusal.Message, "the person is blocked all the same")
	require.Equal(t, []string{"leo"}, c.list(`SELECT blocked_id FROM blocks WHERE blocker_id = 'mia'`))
	require.Empty(t, c.list(`SELECT id FROM reports`))
}

// TestHowLongEvidenceStays: gone with a dismissal, and some time after any
// other decision.
func TestHowLongEvidenceStays(t *testing.T) {
	for _, decision := range []proto.Decision{proto.DecisionDismiss, proto.DecisionWarn, proto.DecisionSuspend} {
		t.Run(string(decision), func(t *testing.T) {
			c := newChat(t)
			ctx := t.Context()
			id := c.reveal()
			c.now = c.now.AddDate(1, 0, 0)
			require.NoError(t, c.Sweep(ctx))
			got, err := c.Case(ctx, "ann", id)
			require.NoError(t, err)
			require.NotNil(t, got.Evidence, "as long as nobody has decided")
			decided, err := c.Decide(ctx, "ann", id, proto.DecisionIn{Decision: decision, Note: "why"})
			require.NoError(t, err)
			require.Nil(t, decided.Evidence)
			looks := len(c.list(`SELECT seq FROM audit_log WHERE action = 'report.evidence_seen'`))
			require.Equal(t, 1, looks, "to decide is not to look")

			end := c.now.Add(720 * time.Hour)
			got, err = c.Case(ctx, "ann", id)
			require.NoError(t, err)
			if decision == proto.DecisionDismiss {
				require.Nil(t, got.Evidence)
				require.Equal(t, []string{"0"}, c.list(`SELECT length(evidence) FROM reports`))
				return
			}
			require.Equal(t, end.UnixMilli(), got.Evidence.Until)
			c.now = end.Add(-time.Millisecond)
			require.NoError(t, c.Sweep(ctx))
			got, err = c.Case(ctx, "ann", id)
			require.NoError(t, err)
			require.Equal(t, mean, string(got.Evidence.Content))
			c.now = end
			require.NoError(t, c.Sweep(ctx))
			require.Equal(t, []string{"0"}, c.list(`SELECT length(evidence) FROM reports`))
			require.Contains(t, c.log.String(), "evidence=1")
			got, err = c.Case(ctx, "ann", id)
			require.NoError(t, err)
			require.Nil(t, got.Evidence)
		})
	}
}

// TestEvidenceOfAnotherReport: what is sealed for one report opens for no
// other, whoever may write to the database.
func TestEvidenceOfAnotherReport(t *testing.T) {
	c := newChat(t)
	one := c.reveal()
	two := c.file("about something else")
	c.sql(`UPDATE reports SET evidence = (SELECT evidence FROM reports WHERE id = $1) WHERE id = $2`, one, two)
	got, err := c.Case(t.Context(), "ann", two)
	require.NoError(t, err, "the rest of it is there")
	require.Nil(t, got.Evidence)
	require.Equal(t, "about something else", got.Text)
	require.Contains(t, c.log.String(), "cannot be opened")
}

// brokenSeal fails.
type brokenSeal struct{}

var errSeal = errors.New("no key")

func (brokenSeal) Seal(_, _ []byte) ([]byte, error) { return nil, errSeal }
func (brokenSeal) Open(_, _ []byte) ([]byte, error) { return nil, errSeal }

// TestNothingUnsealedIsKept: without a key the report is not taken; what cannot
// be opened leaves the report readable.
func TestNothingUnsealedIsKept(t *testing.T) {
	c := newChat(t)
	id := c.reveal()
	broken := c.with(brokenSeal{})
	_, err := broken.File(t.Context(), "mia", reveals("leo", c.wrote("leo", "g_ml", mean)))
	requireFault(t, err)
	require.ErrorIs(t, err, errSeal)
	require.Len(t, c.list(`SELECT id FROM reports`), 1)
	got, err := broken.Case(t.Context(), "ann", id)
	require.NoError(t, err)
	require.Nil(t, got.Evidence)
}

// TestWithoutMessages: a server that has no relay takes reports as before.
func TestWithoutMessages(t *testing.T) {
	c := newChat(t)
	for name, leave := range map[string]func(*reports.Stores, *reports.Deps){
		"no store":    func(s *reports.Stores, _ *reports.Deps) { s.Evidence = nil },
		"no franking": func(_ *reports.Stores, d *reports.Deps) { d.Franking = nil },
		"no sealer":   func(_ *reports.Stores, d *reports.Deps) { d.Sealer = nil },
	} {
		stores := reports.Stores{Reports: c.store, Evidence: c.store, Suspensions: c.store, People: c.store}
		deps := reports.Deps{Policy: c, Blocker: c, Logins: c, Marks: c, Changes: c, Mail: c, Franking: c.frank, Sealer: c.ring, Log: slog.New(slog.DiscardHandler)}
		leave(&stores, &deps)
		s, err := reports.New(stores, func() time.Time { return c.now }, c.cfg, deps)
		require.NoError(t, err)
		_, err = s.File(t.Context(), "mia", reveals("leo", c.wrote("leo", "g_ml", mean)))
		requireCode(t, proto.CodeNotAllowed, err)
		r, err := s.File(t.Context(), "mia", about("leo"))
		require.NoError(t, err, name)
		got, err := s.Case(t.Context(), "ann", r.ID)
		require.NoError(t, err)
		require.Nil(t, got.Evidence)
		require.NoError(t, s.Sweep(t.Context()))
	}
}

// badEvidence is a store that fails.
type badEvidence struct{}

var errStore = errors.New("no disk")

func (badEvidence) WasInConversation(context.Context, string, string) (bool, error) {
	return false, errStore
}
func (badEvidence) ReportEvidence(context.Context, string, time.Time, ...proto.AuditEntry) ([]byte, int64, error) {
	return nil, 0, errStore
}
func (badEvidence) SweepEvidence(context.Context, time.Time) (int64, error) { return 0, errStore }

func TestEvidenceStoreFails(t *testing.T) {
	c := newChat(t)
	id := c.reveal()
	s, err := reports.New(reports.Stores{Reports: c.store, Evidence: badEvidence{}, Suspensions: c.store, People: c.store}, func() time.Time { return c.now }, c.cfg,
		reports.Deps{Policy: c, Blocker: c, Logins: c, Marks: c, Changes: c, Mail: c, Franking: c.frank, Sealer: c.ring, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = s.File(t.Context(), "mia", reveals("leo", c.wrote("leo", "g_ml", mean)))
	requireFault(t, err)
	_, err = s.Case(t.Context(), "ann", id)
	requireFault(t, err)
	require.ErrorIs(t, s.Sweep(t.Context()), errStore)
}

func TestLargestMessage(t *testing.T) {
	c := newChat(t)
	for size, ok := range map[int]bool{0: true, 64 << 10: true, 64<<10 + 1: false} {
		r, err := c.File(t.Context(), "mia", reveals("leo", c.wrote("leo", "g_ml", strings.Repeat("x", size))))
		if !ok {
			requireCode(t, proto.CodeBadMessage, err)
			continue
		}
		require.NoError(t, err, fmt.Sprint(size))
		got, err := c.Case(t.Context(), "ann", r.ID)
		require.NoError(t, err)
		require.Len(t, got.Evidence.Content, size)
	}
	require.True(t, slices.Contains(c.list(`SELECT state FROM reports`), "open"))
}
