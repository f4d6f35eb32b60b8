package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// conformance is what every engine must do. Each case gets a store of its own
// with empty tables.
func conformance(t *testing.T, open func(t *testing.T) *Store) {
	cases := map[string]func(t *testing.T, s *Store){
		"AddPerson":           testAddPerson,
		"Suspended":           testSuspended,
		"Sessions":            testSessions,
		"SessionsExpire":      testSessionsExpire,
		"Accounts":            testAccounts,
		"AccountMadeOnce":     testAccountMadeOnce,
		"TicketsReplaced":     testTicketsReplaced,
		"Passwords":           testPasswords,
		"LoginSessions":       testLoginSessions,
		"PushHandles":         testPush,
		"Profiles":            testProfiles,
		"AddChild":            testAddChild,
		"NoChild":             testNoChild,
		"ChildrenAtOnce":      testChildrenAtOnce,
		"EditChild":           testEditChild,
		"AddGuardian":         testAddGuardian,
		"GuardiansAtOnce":     testGuardiansAtOnce,
		"Demo":                testDemo,
		"Records":             testRecords,
		"RecordsRefused":      testRecordsRefused,
		"CallHistory":         testCallHistory,
		"CallHistoryDeleted":  testCallHistoryDeleted,
		"PushHandleForgotten": testPushHandleForgotten,
		"RecordsDeleted":      testRecordsDeleted,
		"DeletePersonIsFull":  testDeletePerson,
		"TxRollsBack":         testTxRollsBack,
		"ConcurrentWriters":   testConcurrentWriters,
		"MigrateTwice":        testMigrateTwice,
		"ContextEnds":         testContextEnds,
		"Friendships":         testFriendships,
		"FriendshipAudit":     testFriendshipAudit,
		"FriendshipIsHeld":    testFriendshipIsHeld,
		"PendingTies":         testPendingTies,
		"FriendCodes":         testFriendCodes,
		"Blocked":             testBlocked,
		"Talk":                testTalkScore,
		"TalkAtOnce":          testManyTalk,
		"FriendsGoWithPerson": testFriendsGoWithPerson,
		"PeopleFacts":         testPeopleFacts,
		"FriendRows":          testFriendRows,
		"Guards":              testGuards,
		"Passkeys":            testPasskeys,
		"PasskeyUsed":         testPasskeyUsed,
		"PasskeyLimit":        testPasskeyLimit,
		"OIDCLinks":           testOIDCLinks,
		"KeysGoWithPerson":    testKeysGoWithPerson,
		"OneTimeTickets":      testOneTimeTickets,
		"TicketTakenOnce":     testTicketTakenOnce,
		"Consents":            testConsents,
		"ConsentLimit":        testConsentLimit,
		"ConsentMoves":        testConsentMoves,
		"ConsentLoggedOrNot":  testConsentIsLoggedOrNot,
		"ConsentScopes":       testConsentScopes,
		"ConsentReplaced":     testConsentReplaced,
		"AuditLog":            testAuditLog,
		"AuditTampered":       testAuditTampered,
		"AuditWriters":        testAuditWriters,
		"Rules":               testRules,
		"Reports":             testReports,
	}
	maps.Copy(cases, relayCases)
	maps.Copy(cases, chatCases)
	maps.Copy(cases, recordCases)
	for name, run := range cases {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// chatCases are about conversations and what is kept sealed; relayCases are
// about queues.
var chatCases = map[string]func(t *testing.T, s *Store){
	"ChatDevices":        testChatDevices,
	"KeyPackages":        testKeyPackages,
	"Conversations":      testConversations,
	"ConversationMoves":  testConversationMoves,
	"OneConversation":    testOneConversation,
	"OneCommit":          testOneCommit,
	"Unsend":             testUnsend,
	"LooseConversations": testLooseConversations,
	"Blobs":              testBlobs,
	"Sealed":             testSealed,
}

var (
	ana = proto.Person{ID: "p-ana", Name: "Ana", Avatar: "🦊", Role: proto.RoleChild, Family: "Novák"}
	ben = proto.Person{ID: "p-ben", Name: "Ben", Avatar: "🚀", Role: proto.RoleChild, Family: "O'Neil"}
	cat = proto.Person{ID: "p-cat", Name: "Cat", Avatar: "🐱", Role: proto.RoleParent, Family: "O'Neil"}
	t0  = time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)
)

func add(t *testing.T, s *Store, people ...proto.Person) {
	t.Helper()
	for _, p := range people {
		added, err := s.AddPerson(t.Context(), p, "login-"+p.ID, "hash-"+p.ID)
		require.NoError(t, err)
		require.True(t, added)
	}
}

func suspend(t *testing.T, s *Store, userID string) {
	t.Helper()
	_, err := s.write.ExecContext(t.Context(), `UPDATE people SET state = 'suspended' WHERE id = $1`, userID)
	require.NoError(t, err)
}

func testAddPerson(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)

	got, found, err := s.Person(ctx, ana.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ana, got)

	account, found, err := s.AccountByLogin(ctx, "login-"+ana.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, proto.AccountRow{Person: ana, Active: true, Login: "login-" + ana.ID, Password: "hash-" + ana.ID,
		CreatedAt: time.UnixMilli(0).UTC()}, account)

	// Taken: the id, or the login.
	added, err := s.AddPerson(ctx, proto.Person{ID: ana.ID, Name: "Other"}, "other", "x")
	require.NoError(t, err)
	require.False(t, added)
	added, err = s.AddPerson(ctx, ben, "login-"+ana.ID, "x")
	require.NoError(t, err)
	require.False(t, added)
	got, _, err = s.Person(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, ana, got)
	_, found, err = s.Person(ctx, ben.ID)
	require.NoError(t, err)
	require.False(t, found)

	_, found, err = s.AccountByLogin(ctx, "' OR 1=1 --")
	require.NoError(t, err)
	require.False(t, found)
}

func testSuspended(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	require.NoError(t, s.AddSession(ctx, "h", ben.ID, proto.Device{}, t0, t0.Add(time.Hour)))
	suspend(t, s, ben.ID)

	_, found, err := s.Person(ctx, ben.ID)
	require.NoError(t, err)
	require.False(t, found)
	account, found, err := s.AccountByLogin(ctx, "login-"+ben.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.False(t, account.Active)
	_, found, err = s.SessionPerson(ctx, "h", t0)
	require.NoError(t, err)
	require.False(t, found)
}

func testSessions(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	d := proto.Device{Model: "Tablet 9", OS: "17.2", App: "kin 1.0"}
	require.NoError(t, s.AddSession(ctx, "h1", ana.ID, d, t0, t0.Add(time.Hour)))
	require.Error(t, s.AddSession(ctx, "h1", ana.ID, d, t0, t0.Add(time.Hour)), "a token is never given twice")
	require.Error(t, s.AddSession(ctx, "h2", "nobody", d, t0, t0.Add(time.Hour)))

	got, found, err := s.SessionPerson(ctx, "h1", t0)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ana, got)

	var stored proto.Device
	var created, expires int64
	require.NoError(t, s.read.QueryRowContext(ctx,
		`SELECT device_model, device_os, device_app, created_at, expires_at FROM sessions WHERE token_hash = $1`, "h1").
		Scan(&stored.Model, &stored.OS, &stored.App, &created, &expires))
	require.Equal(t, d, stored)
	require.Equal(t, []time.Time{t0, t0.Add(time.Hour)}, []time.Time{fromMillis(created), fromMillis(expires)})

	require.NoError(t, s.DeleteSession(ctx, "h1"))
	require.NoError(t, s.DeleteSession(ctx, "h1"))
	_, found, err = s.SessionPerson(ctx, "h1", t0)
	require.NoError(t, err)
	require.False(t, found)
}

func testSessionsExpire(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	end := t0.Add(time.Hour)
	require.NoError(t, s.AddSession(ctx, "h1", ana.ID, proto.Device{}, t0, end))
	_, found, err := s.SessionPerson(ctx, "h1", end.Add(-time.Millisecond))
	require.NoError(t, err)
	require.True(t, found)
	_, found, err = s.SessionPerson(ctx, "h1", end)
	require.NoError(t, err)
	require.False(t, found)

	require.NoError(t, s.AddSession(ctx, "h2", ana.ID, proto.Device{}, end, end.Add(time.Hour)))
	var n int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM sessions`).Scan(&n))
	require.Equal(t, 1, n, "what has run out is deleted by the next sign-in")
}

func record(id string, ended time.Time) Record {
	return Record{
		CallID: id, StartedAt: ended.Add(-time.Minute), EndedAt: ended, Reason: "hangup", Participants: 2,
		Codecs: []string{}, Paths: []string{},
		Document: json.RawMessage(`{"b": 1,  "a": "ž🦊' \u0000"}`), // order and spaces must stay
	}
}

func testRecords(t *testing.T, s *Store) {
	ctx := t.Context()
	want := record("c1", t0)
	require.NoError(t, s.SaveRecord(ctx, want))
	require.NoError(t, s.SaveRecord(ctx, want), "saving twice is no error")
	got, err := s.Record(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, want, got)

	want.Reason, want.Participants, want.Document = "lost", 3, json.RawMessage(`[]`)
	require.NoError(t, s.SaveRecord(ctx, want))
	got, err = s.Record(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = s.Record(ctx, "c2")
	require.ErrorIs(t, err, ErrNotFound)
}

func testRecordsRefused(t *testing.T, s *Store) {
	r := record("", t0)
	require.ErrorContains(t, s.SaveRecord(t.Context(), r), "no call id")
	r = record("c1", t0)
	r.Document = json.RawMessage(`{`)
	require.ErrorContains(t, s.SaveRecord(t.Context(), r), "not JSON")
}

func testRecordsDeleted(t *testing.T, s *Store) {
	ctx := t.Context()
	for i := range 4 {
		require.NoError(t, s.SaveRecord(ctx, record(fmt.Sprint("c", i), t0.Add(time.Duration(i)*time.Hour))))
	}
	n, err := s.DeleteRecordsBefore(ctx, t0.Add(2*time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	_, err = s.Record(ctx, "c1")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = s.Record(ctx, "c2")
	require.NoError(t, err, "a call that ended at that very moment stays")
}

func testDeletePerson(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, ben)
	require.NoError(t, s.AddSession(ctx, "h", ana.ID, proto.Device{}, t0, t0.Add(time.Hour)))
	_, err := s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, ana.ID)
	require.NoError(t, err)
	for _, table := range []string{"sessions"} {
		var n int
		require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n))
		require.Zero(t, n, table)
	}
}

func testTxRollsBack(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	require.NoError(t, s.AddSession(ctx, "old", ana.ID, proto.Device{}, t0, t0.Add(time.Hour)))
	// The deletion of what has run out must not stand when the insert fails.
	require.Error(t, s.AddSession(ctx, "new", "nobody", proto.Device{}, t0.Add(2*time.Hour), t0.Add(3*time.Hour)))
	_, found, err := s.SessionPerson(ctx, "old", t0)
	require.NoError(t, err)
	require.True(t, found)
}

func testConcurrentWriters(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana)
	const writers, each = 8, 10
	errs := make(chan error, writers*each*2)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("c-%d-%d", w, i)
				errs <- s.SaveRecord(ctx, record(id, t0))
				_, err := s.Record(ctx, id)
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func testMigrateTwice(t *testing.T, s *Store) {
	for _, d := range dialects {
		if fmt.Sprintf("%T", s.write.Driver()) != driverTypes[d.name] {
			continue
		}
		n, err := migrate(t.Context(), d, s.write)
		require.NoError(t, err)
		require.Zero(t, n)
		return
	}
	t.Fatalf("no dialect for driver %T", s.write.Driver())
}

var driverTypes = map[string]string{"sqlite": "*sqlite.Driver", "postgres": "*stdlib.Driver"}

func testContextEnds(t *testing.T, s *Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.Person(ctx, ana.ID)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, s.SaveRecord(ctx, record("c", t0)), context.Canceled)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
