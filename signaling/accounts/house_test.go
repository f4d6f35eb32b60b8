package accounts_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/accounts"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	home   = "https://kin.example"
	notice = "2026-1"
)

// house is the service on a real store with the demo families, a clock that
// the test moves, a letterbox, and a note of who was told of changes.
type house struct {
	*accounts.Service
	store *store.Store
	file  string
	now   time.Time
	post  letterbox
	told  changes
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := emptyHouse(t)
	_, err := h.SeedDemo(t.Context())
	require.NoError(t, err)
	return h
}

func emptyHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), file: filepath.Join(t.TempDir(), "kinwire.db")}
	var err error
	h.store, err = storetest.Open(t, h.file, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	h.Service = h.service(notice)
	return h
}

// service is the service as it would be after a restart with another notice.
func (h *house) service(noticeVersion string) *accounts.Service {
	return accounts.New(h.store, func() time.Time { return h.now }, accounts.Config{
		SessionLifetime: time.Hour,
		Argon2:          accounts.Argon2{MemoryKiB: 64, Iterations: 1, Parallelism: 1},
		PublicURL:       home,
		MarkKey:         []byte("a key for tests alone"),
		NoticeVersion:   noticeVersion,
	}, accounts.Deps{Mail: &h.post, Changes: &h.told, Ages: []accounts.AgeRule{
		{Age: 13, Source: "default"},
		{Country: "DK", Age: 13, From: "2018-05-25"}, {Country: "DK", Age: 15, From: "2024-01-01"},
		{Country: "PL", Age: 16, From: "2018-05-25"},
	}})
}

// letterbox keeps e-mails.
type letterbox struct {
	mu    sync.Mutex
	mails []proto.Mail
	fails error
}

func (l *letterbox) Send(_ context.Context, to, subject, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails != nil {
		return l.fails
	}
	l.mails = append(l.mails, proto.Mail{To: to, Subject: subject, Text: text})
	return nil
}

// last is the newest e-mail.
func (l *letterbox) last(t *testing.T) proto.Mail {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NotEmpty(t, l.mails)
	return l.mails[len(l.mails)-1]
}

var link = regexp.MustCompile(`https://kin\.example/#(confirm|reset)=(\S+)`)

// token is that of the link in the newest e-mail.
func (l *letterbox) token(t *testing.T, kind string) string {
	t.Helper()
	m := link.FindStringSubmatch(l.last(t).Text)
	require.NotNil(t, m, "no link in %s", l.last(t).Text)
	require.Equal(t, kind, m[1])
	return m[2]
}

// changes notes who was told.
type changes struct {
	mu                sync.Mutex
	relations, family []string
}

func (c *changes) Relations(ids ...string) { c.note(&c.relations, ids) }
func (c *changes) Family(ids ...string)    { c.note(&c.family, ids) }

func (c *changes) note(list *[]string, ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*list = append(*list, ids...)
}

// take returns who was told of relations, in order and once, and forgets it.
func (c *changes) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := slices.Clone(c.relations)
	c.relations, c.family = nil, nil
	slices.Sort(ids)
	return slices.Compact(ids)
}

func requireCode(t *testing.T, code proto.Code, err error, says ...string) {
	t.Helper()
	var e *proto.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	for _, s := range says {
		require.Contains(t, e.Message, s)
	}
}

var device = proto.Device{Model: "Tablet", OS: "17", App: "1.0"}

// parent signs a parent up and returns who that is, signed in.
func (h *house) parent(t *testing.T, name string) proto.LoggedIn {
	t.Helper()
	require.NoError(t, h.SignUpParent(t.Context(), proto.SignUpParent{
		Email: strings.ToLower(name) + "@home.example", Password: "a good password", Name: name, Avatar: "🌻",
	}))
	in, err := h.Confirm(t.Context(), proto.SignUpConfirm{Password: "a good password", Token: h.post.token(t, "confirm"), Device: &device})
	require.NoError(t, err)
	return in
}

// consent puts a parent's consent into the store as the room of consents would.
func (h *house) consent(t *testing.T, id, parentID string, change func(*proto.ConsentRow)) string {
	t.Helper()
	row := proto.ConsentRow{GuardianID: parentID, Consent: proto.Consent{
		ID: id, Method: proto.MethodEmailPlus, State: proto.ConsentGranted, NoticeVersion: notice,
		Scopes: []proto.Scope{proto.ScopeCalls}, RequestedAt: h.now.UnixMilli(), DecidedAt: h.now.UnixMilli(),
	}}
	if change != nil {
		change(&row)
	}
	added, err := h.store.AddConsent(t.Context(), row, 100)
	require.NoError(t, err)
	require.True(t, added)
	return id
}

func ana(consentID string) proto.ChildNew {
	return proto.ChildNew{
		ConsentID: consentID, Nickname: "Ana", BirthDate: "2016-05-20", Country: "PL", Avatar: "🐱",
		Gender: proto.GenderGirl, User: "Ana.K", Password: "🦊🚀🐱🌻",
	}
}

// child makes Ana for that parent.
func (h *house) child(t *testing.T, parentID, user string) proto.Child {
	t.Helper()
	in := ana(h.consent(t, "cs_"+user, parentID, nil))
	in.User = user
	c, err := h.NewChild(t.Context(), parentID, in)
	require.NoError(t, err)
	return c
}

func (h *house) suspend(t *testing.T, userID string) {
	t.Helper()
	marks, err := h.Marks(t.Context(), userID)
	require.NoError(t, err)
	_, done, err := h.store.SuspendPerson(t.Context(), proto.Suspension{
		PersonID: userID, Operator: "operator:ola", Marks: marks, Since: h.now, Until: h.now.AddDate(1, 0, 0),
	})
	require.NoError(t, err)
	require.True(t, done)
}

// rows is how many rows a table has, by a look into the file itself.
func (h *house) rows(t *testing.T, table string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", h.file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

// friends are the ids of a person's friends, family marked with a star.
func (h *house) friends(t *testing.T, userID string) []string {
	t.Helper()
	list, _, err := h.store.FriendList(t.Context(), userID)
	require.NoError(t, err)
	ids := []string{}
	for _, f := range list {
		star := ""
		if f.Family {
			star = "*"
		}
		ids = append(ids, f.Person.ID+star)
	}
	slices.Sort(ids)
	return ids
}

func (h *house) audit(t *testing.T) []proto.AuditEntry {
	t.Helper()
	entries, err := h.store.AuditAfter(t.Context(), 0, 1000)
	require.NoError(t, err)
	return entries
}

// race runs do twice at once and returns how often it went through. Whoever
// lost was refused with that code.
func race(t *testing.T, lost proto.Code, do func() error) (won int) {
	t.Helper()
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	for _, err := range errs {
		var e *proto.Error
		if errors.As(err, &e) {
			require.Equal(t, lost, e.Code, e.Message)
			continue
		}
		require.NoError(t, err)
		won++
	}
	return won
}
