package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// shelf is a log in memory, which can do what no engine does by itself: grow,
// or be changed, between two reads.
type shelf struct {
	entries []proto.AuditEntry
	seq     int64
	hash    string
	reads   int
	onRead  func(s *shelf) // before each page
	err     error
}

func (s *shelf) append(n int) {
	for range n {
		s.seq++
		e := proto.AuditEntry{Seq: s.seq, At: 5, Actor: "system", Action: "a", Subject: fmt.Sprint(s.seq)}
		e.Hash = Hash(s.hash, e)
		s.hash = e.Hash
		s.entries = append(s.entries, e)
	}
}

func (s *shelf) AuditHead(context.Context) (int64, string, error) { return s.seq, s.hash, s.err }

func (s *shelf) AuditAfter(_ context.Context, seq int64, limit int) ([]proto.AuditEntry, error) {
	s.reads++
	if s.onRead != nil {
		s.onRead(s)
	}
	var page []proto.AuditEntry
	for _, e := range s.entries {
		if e.Seq > seq && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, s.err
}

func TestVerifyReadsPages(t *testing.T) {
	s := &shelf{}
	s.append(2*pageSize + 1)
	report, err := Verify(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, Report{Entries: s.seq, LastSeq: s.seq, LastHash: s.hash}, report)
	require.Equal(t, 4, s.reads)

	s.entries[pageSize].Detail = "x"
	report, err = Verify(t.Context(), s)
	require.NoError(t, err)
	require.EqualValues(t, pageSize+1, report.Broken.Seq, "the first of the second page")
	require.EqualValues(t, pageSize, report.LastSeq)
	require.Equal(t, s.entries[pageSize-1].Hash, report.LastHash)
}

func TestVerifyWhileItGrows(t *testing.T) {
	s := &shelf{}
	s.append(3)
	s.onRead = func(s *shelf) {
		if s.reads < 4 {
			s.append(2)
		}
	}
	report, err := Verify(t.Context(), s, s.hash)
	require.NoError(t, err)
	require.True(t, report.Sound(), "%+v", report)
	require.EqualValues(t, 9, report.Entries)
}

func TestVerifyWatchesTheHead(t *testing.T) {
	cases := map[string]struct {
		change func(*shelf)
		broken int64
	}{
		"set back meanwhile": {func(s *shelf) { s.seq = 1 }, 2},
		"changed meanwhile":  {func(s *shelf) { s.hash = "x" }, 3},
		"emptied meanwhile":  {func(s *shelf) { s.entries, s.seq, s.hash = nil, 0, "" }, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := &shelf{onRead: c.change}
			s.append(3)
			report, err := Verify(t.Context(), s)
			require.NoError(t, err)
			require.NotNil(t, report.Broken)
			require.Equal(t, c.broken, report.Broken.Seq)
		})
	}
}

// TestVerifyWantsEveryNumber: hashes that fit do not make up for a number
// that is not there.
func TestVerifyWantsEveryNumber(t *testing.T) {
	s := &shelf{}
	s.append(3)
	s.seq++
	s.append(3)
	report, err := Verify(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, &Break{Seq: 4, Why: "it is missing: the next one is 5"}, report.Broken)
}

func TestVerifyTellsFailureFromFraud(t *testing.T) {
	_, err := Verify(t.Context(), &shelf{err: errors.New("no disk")})
	require.ErrorContains(t, err, "no disk")
}

// TestHashStays: the hashes are on disk, so what they are over never changes.
func TestHashStays(t *testing.T) {
	e := proto.AuditEntry{Seq: 1, At: 1_772_366_400_000, Actor: "u_ana", Action: "consent.granted", Subject: "cs_1",
		Detail: "method=video_call", Hash: "not looked at"}
	require.Equal(t, "8964a10baa8f1cb921f1a8d7f4dc214d80716c1b74e25d56f79b67750964e63f", Hash("", e))
}

// TestHashTellsEntriesApart: also where one field's end could be another's
// beginning. Both entries are the same text, cut into fields at other places.
func TestHashTellsEntriesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab\x00]{8}`).Draw(t, "text")
		cut := func(name string) [5]string {
			at := rapid.SliceOfN(rapid.IntRange(0, len(text)), 4, 4).Draw(t, name)
			slices.Sort(at)
			return [5]string{text[:at[0]], text[at[0]:at[1]], text[at[1]:at[2]], text[at[2]:at[3]], text[at[3]:]}
		}
		a, b := cut("a"), cut("b")
		hash := func(f [5]string) string {
			return Hash(f[0], proto.AuditEntry{Seq: 7, At: 7, Actor: f[1], Action: f[2], Subject: f[3], Detail: f[4]})
		}
		require.Equal(t, a == b, hash(a) == hash(b))
	})
}
