package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/friends"
	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
)

// The city: every account has cityFriends friends, which are those next to it
// on a ring, so that any few in a row are all friends of each other. Ids are
// hashes, so that neighbours are nowhere near each other in the tables. Two in
// three are children, with rules, a consent and a parent.
const (
	cityPeople  = 100_000
	cityFriends = 20
)

func cityID(i int) string {
	sum := sha256.Sum256(fmt.Append(nil, i))
	return "u_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:16])[:26])
}

// BenchmarkFamilies is what the server asks all the time, in a city. What
// counts is p50-µs, the median of single answers.
//
//	go test -run - -bench Families ./signaling/store
func BenchmarkFamilies(b *testing.B) {
	s := openCity(b)
	now := func() time.Time { return t0 }
	p := policy.New(s, now, policy.Config{NoticeVersion: "1"})
	f := friends.New(s, now, friends.Config{TalkHalfLife: 336 * time.Hour}, friends.Deps{})
	meet := func(n int) func(ctx context.Context, i int) error {
		return func(ctx context.Context, i int) error {
			ids := make([]string, n)
			for k := range ids {
				ids[k] = cityID((i + k) % cityPeople)
			}
			_, err := p.Meet(ctx, ids[0], ids)
			return err
		}
	}
	for _, bench := range []struct {
		name string
		ask  func(ctx context.Context, i int) error
	}{
		{"PolicyMeet2", meet(2)},
		{"PolicyMeet4", meet(4)},
		{"PolicyMeet10", meet(10)},
		{"FriendList", func(ctx context.Context, i int) error {
			list, err := f.List(ctx, cityID(i))
			if err == nil && len(list.Friends) != cityFriends {
				err = fmt.Errorf("%d friends", len(list.Friends))
			}
			return err
		}},
		{"Known", func(ctx context.Context, i int) error { _, err := f.Known(ctx, cityID(i)); return err }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			draw := rand.New(rand.NewPCG(1, 2))
			took := make([]time.Duration, 0, b.N)
			for b.Loop() {
				i := draw.IntN(cityPeople)
				start := time.Now()
				err := bench.ask(b.Context(), i)
				took = append(took, time.Since(start))
				if err != nil {
					b.Fatal(err)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
		})
	}
}

func openCity(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), Config{Driver: "sqlite", DSN: filepath.Join(b.TempDir(), "city.db")}, quiet())
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	require.NoError(b, buildCity(b.Context(), s))
	return s
}

// batch writes many rows by few statements.
type batch struct {
	insert string // up to VALUES
	tx     *sql.Tx
	args   []any
	rows   int
	width  int
}

const batchRows = 500

func (w *batch) add(ctx context.Context, args ...any) error {
	w.args, w.width = append(w.args, args...), len(args)
	if w.rows++; w.rows == batchRows {
		return w.flush(ctx)
	}
	return nil
}

func (w *batch) flush(ctx context.Context) error {
	if w.rows == 0 {
		return nil
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", w.width), ",") + ")"
	_, err := w.tx.ExecContext(ctx, w.insert+strings.TrimSuffix(strings.Repeat(row+",", w.rows), ","), w.args...)
	w.args, w.rows = w.args[:0], 0
	return err
}

func buildCity(ctx context.Context, s *Store) error {
	// Room for the whole city while it is built: in KiB, of the one writer.
	if _, err := s.write.ExecContext(ctx, `PRAGMA cache_size = -1048576`); err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		people := &batch{insert: `INSERT INTO people (id, name, avatar, role, family) VALUES `, tx: tx}
		guardians := &batch{insert: `INSERT INTO guardians (guardian_id, child_id, since) VALUES `, tx: tx}
		rules := &batch{insert: `INSERT INTO rules (child_id, approve_friends, video, daily_minutes, time_zone, quiet_hours, changed_at, changed_by) VALUES `, tx: tx}
		consents := &batch{insert: `INSERT INTO consents (id, guardian_id, child_id, method, state, notice_version, reference, requested_at, next_at, expires_at, decided_at, decided_by) VALUES `, tx: tx}
		scopes := &batch{insert: `INSERT INTO consent_scopes (consent_id, scope, given, changed_at, changed_by) VALUES `, tx: tx}
		talk := &batch{insert: `INSERT INTO talk (low_id, high_id, seconds, at) VALUES `, tx: tx}
		ties := &batch{insert: `INSERT INTO friendships (` + friendNames + `) VALUES `, tx: tx}
		all := []*batch{people, guardians, rules, consents, scopes, ties, talk}

		parentOf := func(i int) string { return cityID(i - i%3) }
		isChild := func(i int) bool { return i%3 != 0 }
		for i := range cityPeople {
			role := proto.RoleParent
			if isChild(i) {
				role = proto.RoleChild
			}
			if err := people.add(ctx, cityID(i), fmt.Sprint("Name ", i%977), "🦊", string(role), "Family"); err != nil {
				return err
			}
		}
		if err := people.flush(ctx); err != nil {
			return err
		}
		for i := range cityPeople {
			if !isChild(i) {
				continue
			}
			id, consent := cityID(i), "cs_"+cityID(i)
			for _, err := range []error{
				guardians.add(ctx, parentOf(i), id, 0),
				rules.add(ctx, id, 1, 1, 600, "Europe/Warsaw", `[{"days":[1,2,3,4,5,6,7],"from":"20:00","to":"07:00"}]`, 0, ""),
				consents.add(ctx, consent, parentOf(i), id, "email_plus", "granted", "1", "", 0, 0, 0, 0, ""),
			} {
				if err != nil {
					return err
				}
			}
		}
		for _, w := range all {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
		return cityTies(ctx, scopes, ties, talk, isChild)
	})
}

func cityTies(ctx context.Context, scopes, ties, talk *batch, isChild func(int) bool) error {
	for i := range cityPeople {
		if isChild(i) {
			for _, scope := range []string{"calls", "messages"} {
				if err := scopes.add(ctx, "cs_"+cityID(i), scope, 1, 0, ""); err != nil {
					return err
				}
			}
		}
		for k := 1; k <= cityFriends/2; k++ {
			low, high := lowHigh(cityID(i), cityID((i+k)%cityPeople))
			if err := ties.add(ctx, "f_"+low+high, low, high, "friends", 0, 1, 1, "", "", low, "", "", 0, 0, 0, 0, 0); err != nil {
				return err
			}
			if k > 2 {
				continue
			}
			if err := talk.add(ctx, low, high, float64(i%3600), toMillis(t0)-int64(i)); err != nil {
				return err
			}
		}
	}
	for _, w := range []*batch{scopes, ties, talk} {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}
