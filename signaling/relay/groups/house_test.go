package groups_test

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/e2e/postgres"
	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/relay/groups"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const suite = 1

// square is where people meet: the service on a real store, with the real
// policy, a real key ring, and a clock that the test moves.
//
//	mum, pop   parents of Ana      dad   parent of Ben
//	cat        a child of gran     teo, uma, kai   look after themselves
//	olga       of the staff
//
// All children and grown-ups but kai are friends; kai knows nobody.
type square struct {
	*groups.Service
	t    testing.TB
	st   *store.Store
	db   *sql.DB
	ring *seal.Ring

	mu       sync.Mutex
	now      time.Time
	told     []string // "ana g_…": chat.changed
	looked   []string // device ids
	detached []string
	drawn    int
	ids      map[string]string               // of devices, by their names here
	keys     map[string]proto.ChatDeviceNew  // by device id
	owner    map[string]string               // by device id
	secrets  map[string]proto.ChatDeviceMade // by device id
}

var everybody = []proto.Person{
	{ID: "ana", Name: "Ana", Role: proto.RoleChild}, {ID: "ben", Name: "Ben", Role: proto.RoleChild}, {ID: "cat", Name: "Cat", Role: proto.RoleChild},
	{ID: "mum", Name: "Mum", Role: proto.RoleParent}, {ID: "pop", Name: "Pop", Role: proto.RoleParent}, {ID: "dad", Name: "Dad", Role: proto.RoleParent},
	{ID: "gran", Name: "Gran", Role: proto.RoleParent}, {ID: "teo", Name: "Teo", Role: proto.RoleTeen}, {ID: "uma", Name: "Uma", Role: proto.RoleAdult},
	{ID: "kai", Name: "Kai", Role: proto.RoleTeen}, {ID: "olga", Name: "Olga", Role: proto.RoleStaff},
}

var friends = []string{"ana", "ben", "cat", "teo", "uma"}

// engines are the stores that tests of races run on.
func engines(t *testing.T, run func(t *testing.T, w *square)) {
	t.Run("sqlite", func(t *testing.T) { run(t, newSquare(t)) })
	t.Run("postgres", func(t *testing.T) {
		dsn := postgres.Start(t).Database(t, "square")
		run(t, openSquare(t, "postgres", dsn, "pgx", groups.Config{}))
	})
}

func newSquare(t testing.TB) *square { return newSquareWith(t, groups.Config{}) }

func newSquareWith(t testing.TB, cfg groups.Config) *square {
	t.Helper()
	return openSquare(t, "sqlite", filepath.Join(t.TempDir(), "square.db"), "sqlite", cfg)
}

func openSquare(t testing.TB, engine, dsn, driver string, cfg groups.Config) *square {
	t.Helper()
	open := func() (*store.Store, error) { return storetest.Open(t, dsn, slog.New(slog.DiscardHandler)) }
	if engine != "sqlite" {
		open = func() (*store.Store, error) {
			return store.Open(t.Context(), store.Config{Driver: engine, DSN: dsn}, slog.New(slog.DiscardHandler))
		}
	}
	st, err := open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	if engine == "sqlite" {
		db.SetMaxOpenConns(1) // the pragmas are of one connection
		_, err = db.ExecContext(t.Context(), `PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = 1`)
		require.NoError(t, err)
	}
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, seal.NewFile(file, time.Now()))
	ring, err := seal.Open(t.Context(), seal.File(file))
	require.NoError(t, err)
	w := &square{
		t: t, st: st, db: db, ring: ring, now: time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC),
		ids: map[string]string{}, keys: map[string]proto.ChatDeviceNew{}, owner: map[string]string{}, secrets: map[string]proto.ChatDeviceMade{},
	}
	if cfg.Suites == nil {
		cfg.Suites = []int64{suite, 83}
	}
	if cfg.Commits.Burst == 0 {
		cfg.Commits = groups.Rate{Burst: 100_000, Every: time.Second}
	}
	if cfg.Starts.Burst == 0 {
		cfg.Starts = groups.Rate{Burst: 100_000, Every: time.Second}
	}
	w.Service = groups.New(st, w.clock, cfg, groups.Deps{
		Policy: policy.New(st, w.clock, policy.Config{NoticeVersion: "2"}), Sealer: ring, Hints: w, Notifier: w, Log: slog.New(slog.DiscardHandler),
	})
	w.settle()
	return w
}

func (w *square) settle() {
	for _, p := range everybody {
		w.do(`INSERT INTO people (id, name, avatar, role, family) VALUES ($1, $2, '🦊', $3, '')`, p.ID, p.Name, string(p.Role))
	}
	for child, parents := range map[string][]string{"ana": {"mum", "pop"}, "ben": {"dad"}, "cat": {"gran"}} {
		w.do(`INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by)
			VALUES ($1, 1, 1, 0, 'UTC', '[]', 0, '')`, child)
		w.do(`INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by)
			VALUES ($3, $2, $1, 'email_plus', 'granted', '2', '', 0, 0, 0, 0, '')`, child, parents[0], "cs_"+child)
		for _, scope := range []string{"messages", "photos"} {
			w.do(`INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES ($1, $2, 1, 0, '')`, "cs_"+child, scope)
		}
		for _, parent := range parents {
			w.do(`INSERT INTO guardians (guardian_id, child_id, since) VALUES ($1, $2, 0)`, parent, child)
			w.tie(child, parent, proto.FriendRow{State: proto.FriendApproved, Family: true})
		}
	}
	for i, a := range friends {
		for _, b := range friends[:i] {
			w.befriend(a, b)
		}
	}
}

func (w *square) do(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), query, args...)
	require.NoError(w.t, err, query)
}

func (w *square) count(query string, args ...any) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRowContext(w.t.Context(), query, args...).Scan(&n))
	return n
}

// tie puts row between a, whose fields come first, and b.
func (w *square) tie(a, b string, row proto.FriendRow) {
	w.t.Helper()
	found, err := w.st.ChangeFriendship(w.t.Context(), a, b, func(tie proto.FriendTie) (proto.FriendRow, []proto.AuditEntry, error) {
		row.IDs, row.ID = tie.Row.IDs, "f_"+a+b
		if row.IDs[0] != a {
			row.BlockedBy[0], row.BlockedBy[1] = row.BlockedBy[1], row.BlockedBy[0]
		}
		return row, nil, nil
	})
	require.NoError(w.t, err)
	require.True(w.t, found)
}

func (w *square) befriend(a, b string) { w.tie(a, b, proto.FriendRow{State: proto.FriendApproved}) }
func (w *square) part(a, b string)     { w.tie(a, b, proto.FriendRow{State: proto.FriendEnded}) }

// block: a blocks b.
func (w *square) block(a, b string) {
	w.tie(a, b, proto.FriendRow{State: proto.FriendEnded, BlockedBy: [2]string{a, ""}})
}

func (w *square) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *square) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// What groups tells others.

func (w *square) Look(devices ...proto.ChatReceiver) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range devices {
		w.looked = append(w.looked, d.DeviceID)
	}
}

func (w *square) Detach(deviceIDs ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.detached = append(w.detached, deviceIDs...)
}

func (w *square) ToUser(userID, typ string, data any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed, ok := data.(proto.ChatChanged)
	if !ok || typ != proto.TypeChatChanged {
		w.told = append(w.told, fmt.Sprintf("%s %s %v", userID, typ, data))
		return
	}
	w.told = append(w.told, userID+" "+changed.ConversationID)
}

// run runs the service until the test ends, or stop is called.
func (w *square) run() (stop func()) {
	ctx, cancel := contextOf(w.t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	w.t.Cleanup(stop)
	return stop
}

// hears waits until all of these people have been told of a conversation.
func (w *square) hears(conversationID string, people ...string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, p := range people {
			if !slices.Contains(w.told, p+" "+conversationID) {
				return false
			}
		}
		return true
	}, 10*time.Second, 5*time.Millisecond, "%v", people)
}

// heard is what was told up to now.
func (w *square) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.told)
}

func (w *square) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told, w.looked, w.detached = nil, nil, nil
}

// device makes a device of a person's, called by a name of the test's.
func (w *square) device(person, name string) string {
	w.t.Helper()
	in := proto.ChatDeviceNew{Name: name, SignatureKey: []byte("key of " + name)}
	w.later(time.Millisecond) // so that they have an order
	made, err := w.NewDevice(w.t.Context(), person, "login of "+name, in)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids[name], w.keys[made.ID], w.owner[made.ID], w.secrets[made.ID] = made.ID, in, person, made
	return made.ID
}

func (w *square) start(kind proto.ConversationKind, people []string, devices ...string) string {
	w.t.Helper()
	made, err := w.NewConversation(w.t.Context(), w.owner[devices[0]], w.starting(kind, people, devices...))
	require.NoError(w.t, err)
	return made.ID
}

func (w *square) see(person, id string) proto.Conversation {
	w.t.Helper()
	c, err := w.Conversation(w.t.Context(), person, id)
	require.NoError(w.t, err)
	return c
}

func (w *square) commit(person, id string, in proto.Commit) proto.Committed {
	w.t.Helper()
	out, err := w.Commit(w.t.Context(), person, id, in)
	require.NoError(w.t, err)
	return out
}

// say puts a message of a device into the queues of all others that are in.
func (w *square) say(id, device string, n int64) {
	w.t.Helper()
	r, found, err := w.st.ChatRoster(w.t.Context(), id)
	require.NoError(w.t, err)
	require.True(w.t, found)
	taken, err := w.st.TakeChat(w.t.Context(), proto.ChatLoad{
		Send:   proto.ChatSend{ConversationID: id, N: n, Commitment: make([]byte, 32)},
		UserID: w.owner[device], DeviceID: device, Generation: r.Generation, Epoch: r.Epoch, Drops: r.Drops,
		At: w.clock().UnixMilli(), ExpiresAt: w.clock().Add(time.Hour).UnixMilli(), Size: 5,
	}, func(seq int64) (sealed, tag []byte, err error) {
		sealed, err = w.ring.Seal(fmt.Appendf(nil, "%s|%d|message", id, seq), []byte("hello"))
		return sealed, []byte("tag"), err
	})
	require.NoError(w.t, err)
	require.False(w.t, taken.Stale)
}

// queue is what waits for a device: kind and, of what groups sends, the opened
// body.
func (w *square) queue(device string) (all []proto.ChatQueued) {
	w.t.Helper()
	list, err := w.st.ChatQueue(w.t.Context(), device, 0, 10_000, 1<<30)
	require.NoError(w.t, err)
	for i, q := range list {
		if len(q.Body) > 0 {
			list[i].Body, err = w.ring.Open(fmt.Appendf(nil, "%s|%d|%s", q.ConversationID, q.Seq, q.Kind), q.Body)
			require.NoError(w.t, err)
		}
	}
	return list
}

func (w *square) kinds(device string) (all []string) {
	for _, q := range w.queue(device) {
		all = append(all, string(q.Kind))
	}
	return all
}

// code is that of a refusal.
func code(t testing.TB, err error) proto.Code {
	t.Helper()
	refused, ok := errors.AsType[*proto.Error](err)
	require.True(t, ok, "%v is no refusal", err)
	require.NotEmpty(t, refused.Message)
	return refused.Code
}

// sound holds what must be true of all rows at all times.
func (w *square) sound() {
	w.t.Helper()
	for what, query := range map[string]string{
		"queues are counted":                  `SELECT count(*) FROM chat_devices AS d WHERE d.queued <> (SELECT count(*) FROM chat_queue AS q WHERE q.device_id = d.id)`,
		"messages are counted":                `SELECT count(*) FROM chat_messages AS m WHERE m.waits <> (SELECT count(*) FROM chat_queue AS q WHERE q.conversation_id = m.conversation_id AND q.seq = m.seq)`,
		"who is out gets nothing but notices": `SELECT count(*) FROM chat_queue AS q JOIN chat_messages AS s ON s.conversation_id = q.conversation_id AND s.seq = q.seq JOIN chat_devices AS d ON d.id = q.device_id JOIN chat_members AS m ON m.person_id = d.person_id AND m.conversation_id = q.conversation_id WHERE m.state = 'out' AND s.kind <> 'notice'`,
		"a leaf that is in is of a member who is in": `SELECT count(*) FROM chat_leaves AS l JOIN chat_devices AS d ON d.id = l.device_id WHERE l.state = 'in' AND NOT EXISTS (
			SELECT 1 FROM chat_members AS m WHERE m.conversation_id = l.conversation_id AND m.person_id = d.person_id AND m.state = 'in')`,
	} {
		require.Zero(w.t, w.count(query), what)
	}
}
