package store

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func passkey(id string) proto.Passkey {
	return proto.Passkey{ID: id, Name: "Phone 🔑", CreatedAt: t0.UnixMilli()}
}

func addPasskey(t *testing.T, s *Store, personID string, key proto.Passkey) {
	t.Helper()
	added, err := s.AddPasskey(t.Context(), personID, key, `{"n":1}`, 10)
	require.NoError(t, err)
	require.True(t, added)
}

func testPasskeys(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, cat)
	second := passkey("k-a")
	second.CreatedAt++
	addPasskey(t, s, cat.ID, second)
	addPasskey(t, s, cat.ID, passkey("k-b"))

	keys, err := s.Passkeys(ctx, cat.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.Passkey{passkey("k-b"), second}, keys, "the oldest first")

	// An id that is taken stays whose it is.
	added, err := s.AddPasskey(ctx, ana.ID, passkey("k-a"), "{}", 10)
	require.NoError(t, err)
	require.False(t, added)
	_, err = s.AddPasskey(ctx, "nobody", passkey("k-c"), "{}", 10)
	require.Error(t, err, "foreign keys hold")

	personID, credential, found, err := s.PasskeyCredential(ctx, "k-a")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, []string{cat.ID, `{"n":1}`}, []string{personID, credential})
	_, _, found, err = s.PasskeyCredential(ctx, "k-c")
	require.NoError(t, err)
	require.False(t, found)

	suspend(t, s, cat.ID)
	_, _, found, err = s.PasskeyCredential(ctx, "k-a")
	require.NoError(t, err)
	require.False(t, found, "who is suspended does not sign in")

	for _, c := range []struct {
		personID, id string
		deleted      bool
	}{{ana.ID, "k-a", false}, {cat.ID, "k-c", false}, {cat.ID, "k-a", true}, {cat.ID, "k-a", false}} {
		deleted, err := s.DeletePasskey(ctx, c.personID, c.id)
		require.NoError(t, err)
		require.Equal(t, c.deleted, deleted, "%s deletes %s", c.personID, c.id)
	}
	keys, err = s.Passkeys(ctx, cat.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.Passkey{passkey("k-b")}, keys)
}

func testPasskeyUsed(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, cat)
	addPasskey(t, s, cat.ID, passkey("k"))

	ok, err := s.UsePasskey(ctx, "k", `{"n":1}`, `{"n":2}`, t0.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, ok)
	_, credential, _, err := s.PasskeyCredential(ctx, "k")
	require.NoError(t, err)
	require.Equal(t, `{"n":2}`, credential)
	keys, err := s.Passkeys(ctx, cat.ID)
	require.NoError(t, err)
	require.Equal(t, t0.Add(time.Hour).UnixMilli(), keys[0].UsedAt)

	ok, err = s.UsePasskey(ctx, "k", `{"n":1}`, `{"n":3}`, t0.Add(2*time.Hour))
	require.NoError(t, err)
	require.False(t, ok, "somebody was faster")
	_, credential, _, err = s.PasskeyCredential(ctx, "k")
	require.NoError(t, err)
	require.Equal(t, `{"n":2}`, credential)
}

func testPasskeyLimit(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, cat, ana)
	const limit, writers = 3, 8
	var added atomic.Int32
	errs := make(chan error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			ok, err := s.AddPasskey(ctx, cat.ID, passkey(fmt.Sprint("k-", i)), "{}", limit)
			if ok {
				added.Add(1)
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, limit, added.Load())
	keys, err := s.Passkeys(ctx, cat.ID)
	require.NoError(t, err)
	require.Len(t, keys, limit)
	addPasskey(t, s, ana.ID, passkey("k-ana")) // each has a limit of their own
}

func testOIDCLinks(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, ana, cat)
	_, _, found, err := s.OIDCPerson(ctx, "google", "1")
	require.NoError(t, err)
	require.False(t, found)

	for _, c := range []struct {
		provider, subject, personID string
		linked                      bool
		says                        string
	}{
		{"google", "1", cat.ID, true, "the first time"},
		{"google", "1", cat.ID, true, "again"},
		{"google", "1", ana.ID, false, "the subject is somebody else"},
		{"google", "2", cat.ID, false, "the person is another subject"},
		{"other", "1", ana.ID, true, "the same subject of another provider is somebody else"},
		{"other", "2", cat.ID, true, "one person may use several providers"},
	} {
		linked, err := s.AddOIDCLink(ctx, c.provider, c.subject, c.personID)
		require.NoError(t, err)
		require.Equal(t, c.linked, linked, c.says)
	}
	_, err = s.AddOIDCLink(ctx, "google", "3", "nobody")
	require.Error(t, err, "foreign keys hold")

	personID, active, found, err := s.OIDCPerson(ctx, "google", "1")
	require.NoError(t, err)
	require.True(t, found)
	require.True(t, active)
	require.Equal(t, cat.ID, personID)
	suspend(t, s, cat.ID)
	_, active, found, err = s.OIDCPerson(ctx, "google", "1")
	require.NoError(t, err)
	require.True(t, found)
	require.False(t, active, "known, and not let in")
}

func testKeysGoWithPerson(t *testing.T, s *Store) {
	ctx := t.Context()
	add(t, s, cat)
	addPasskey(t, s, cat.ID, passkey("k"))
	linked, err := s.AddOIDCLink(ctx, "google", "1", cat.ID)
	require.NoError(t, err)
	require.True(t, linked)
	_, err = s.write.ExecContext(ctx, `DELETE FROM people WHERE id = $1`, cat.ID)
	require.NoError(t, err)
	for _, table := range []string{"passkeys", "oidc_links"} {
		var n int
		require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n))
		require.Zero(t, n, table)
	}
}

func testOneTimeTickets(t *testing.T, s *Store) {
	ctx := t.Context()
	require.NoError(t, s.AddTicket(ctx, "door", "secret", "p", `{"a":1}`, t0.Add(time.Minute)))

	for name, c := range map[string]struct {
		kind, token string
		now         time.Time
	}{
		"another kind":  {"gate", "secret", t0},
		"another token": {"door", "Secret", t0},
		"the hash":      {"door", ticketHash("door", "secret"), t0},
	} {
		_, _, found, err := s.TakeTicket(ctx, c.kind, c.token, c.now)
		require.NoError(t, err)
		require.False(t, found, name)
	}
	personID, data, found, err := s.TakeTicket(ctx, "door", "secret", t0.Add(time.Minute-time.Millisecond))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, []string{"p", `{"a":1}`}, []string{personID, data})
	_, _, found, err = s.TakeTicket(ctx, "door", "secret", t0)
	require.NoError(t, err)
	require.False(t, found, "a second time")

	require.NoError(t, s.AddTicket(ctx, "door", "secret", "", "", t0.Add(time.Minute)))
	_, _, found, err = s.TakeTicket(ctx, "door", "secret", t0.Add(time.Minute))
	require.NoError(t, err)
	require.False(t, found, "it has run out")
	var n int
	require.NoError(t, s.read.QueryRowContext(ctx, `SELECT count(*) FROM tickets`).Scan(&n))
	require.Zero(t, n, "what has run out is deleted")
}

func testTicketTakenOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	require.NoError(t, s.AddTicket(ctx, "door", "secret", "p", "", t0.Add(time.Minute)))
	var taken atomic.Int32
	errs := make(chan error, 8)
	var wg sync.WaitGroup
	for range cap(errs) {
		wg.Go(func() {
			_, _, found, err := s.TakeTicket(ctx, "door", "secret", t0)
			if found {
				taken.Add(1)
			}
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, taken.Load())
}
