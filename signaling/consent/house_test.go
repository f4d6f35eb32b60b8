package consent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/audit"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const secret = "the secret that both sides share"

// house is the service on a real store, with a clock that the test moves.
type house struct {
	*Service
	store   *store.Store
	db      *sql.DB // the same file, for what other modules would write
	post    *post
	changes *changes
	now     time.Time
}

type sent struct{ to, subject, text string }

// post keeps e-mails. While failing, it takes none.
type post struct {
	mu      sync.Mutex
	sent    []sent
	failing bool

	language string // of everybody's letters; set before anything else
}

func (p *post) Send(_ context.Context, to, subject, text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing {
		return errors.New("550 no mailbox " + to)
	}
	p.sent = append(p.sent, sent{to, subject, text})
	return nil
}

func (p *post) fail(failing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failing = failing
}

func (p *post) all() []sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

func (p *post) Mailbox(_ context.Context, userID string) (address, language string, err error) {
	return userID + "@example.org", p.language, nil
}

var link = regexp.MustCompile(`https://kin\.example/#consent=(\S+)`)

// token is that of the link in the newest e-mail.
func (p *post) token(t require.TestingT) string {
	all := p.all()
	require.NotEmpty(t, all)
	found := link.FindStringSubmatch(all[len(all)-1].text)
	require.Len(t, found, 2)
	return found[1]
}

// changes keeps who was told what since it was last asked.
type changes struct {
	mu   sync.Mutex
	told []string
}

func (c *changes) tell(what string, ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, fmt.Sprint(what, ids))
}

func (c *changes) Relations(ids ...string) { c.tell("relations", ids) }
func (c *changes) Family(ids ...string)    { c.tell("family", ids) }

func (c *changes) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.told
	c.told = nil
	return told
}

func config() Config {
	return Config{
		NoticeVersion: "1", Delay: 24 * time.Hour, Lifetime: 48 * time.Hour, PublicURL: "https://kin.example/",
		Methods: []proto.ConsentMethod{
			proto.MethodEmailPlus, proto.MethodDemo, proto.MethodSignedForm, proto.MethodVideoCall, proto.MethodExternal, "telepathy",
		},
		ExternalURL: "https://check.example/start?app=kin", ExternalSecret: secret,
	}
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{post: &post{}, changes: &changes{}, now: t0}
	path := filepath.Join(t.TempDir(), "kinwire.db")
	var err error
	h.store, err = storetest.Open(t, path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.db, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.db.Close()) })
	h.Service = h.with(config())
	h.people(t, "parent", "u_ana", "u_bob", "u_eve")
	return h
}

// with is the service as it would be after a restart with another
// configuration.
func (h *house) with(cfg Config) *Service {
	return New(h.store, func() time.Time { return h.now }, cfg,
		Deps{Mail: h.post, Changes: h.changes, People: h.post, Log: slog.New(slog.DiscardHandler)})
}

func (h *house) exec(t require.TestingT, query string, args ...any) {
	_, err := h.db.Exec(query, args...)
	require.NoError(t, err)
}

func (h *house) people(t require.TestingT, role string, ids ...string) {
	for _, id := range ids {
		h.exec(t, `INSERT INTO people (id, name, avatar, role, family) VALUES (?, ?, '🦊', ?, 'Novák')`, id, id, role)
	}
}

// child makes a child with its parents; the first consent's is the one that
// the child is made with, if one is given.
func (h *house) child(t require.TestingT, id, consentID string, parents ...string) {
	h.people(t, "child", id)
	for _, parent := range parents {
		h.exec(t, `INSERT INTO guardians (guardian_id, child_id, since) VALUES (?, ?, 0)`, parent, id)
	}
	if consentID != "" {
		h.exec(t, `UPDATE consents SET child_id = ? WHERE id = ? AND child_id IS NULL AND state = 'granted'`, id, consentID)
	}
}

func (h *house) start(t require.TestingT, parent string, method proto.ConsentMethod, childID string, scopes ...proto.Scope) proto.Consent {
	if len(scopes) == 0 {
		scopes = []proto.Scope{proto.ScopeCalls}
	}
	c, err := h.Start(context.Background(), parent, proto.ConsentNew{
		Method: method, NoticeVersion: h.cfg.NoticeVersion, Scopes: scopes, ChildID: childID,
	})
	require.NoError(t, err)
	return c
}

// granted is a consent by video call that an operator approved.
func (h *house) granted(t require.TestingT, parent, childID string, scopes ...proto.Scope) proto.Consent {
	c := h.start(t, parent, proto.MethodVideoCall, childID, scopes...)
	c, err := h.DecideReview(context.Background(), "olga", c.ID, proto.ReviewIn{Approve: true, Note: "talked with her"})
	require.NoError(t, err)
	require.Equal(t, proto.ConsentGranted, c.State)
	return c
}

// listed is a consent as its parent finds it in the list.
func (h *house) listed(t require.TestingT, parent, id string) proto.Consent {
	list, err := h.List(context.Background(), parent)
	require.NoError(t, err)
	at := slices.IndexFunc(list.Consents, func(c proto.Consent) bool { return c.ID == id })
	require.GreaterOrEqual(t, at, 0, "%s is not in the list of %s", id, parent)
	return list.Consents[at]
}

func (h *house) given(t require.TestingT, childID string) []proto.Scope {
	scopes, err := h.Given(context.Background(), childID)
	require.NoError(t, err)
	return scopes
}

// logged is the audit log as "actor action subject", the oldest first; it
// must be sound.
func (h *house) logged(t require.TestingT) []string {
	report, err := audit.Verify(context.Background(), h.store)
	require.NoError(t, err)
	require.True(t, report.Sound(), "%+v", report)
	entries, err := h.store.AuditAfter(context.Background(), 0, 10_000)
	require.NoError(t, err)
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		lines = append(lines, e.Actor+" "+e.Action+" "+e.Subject)
	}
	return lines
}

func requireCode(t require.TestingT, code proto.Code, err error) {
	var e *proto.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
}
