package reseal_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/reseal"
	"kinwire/signaling/relay/seal"
)

// shelves is a store in memory: the real one's part is held by the conformance
// tests of package store.
type shelves struct {
	rows map[string][]proto.SealedRow
	swap func(row proto.SealedRow) // somebody else changes a row before it is put
}

func (s *shelves) Shelves() []string { return []string{"a", "b"} }

func (s *shelves) SealedRows(_ context.Context, shelf string, after proto.SealedRow, limit int) (out []proto.SealedRow, err error) {
	all := s.rows[shelf]
	i := sort.Search(len(all), func(i int) bool { return all[i].ID > after.ID })
	return append(out, all[i:min(i+limit, len(all))]...), nil
}

func (s *shelves) PutSealed(_ context.Context, shelf string, row proto.SealedRow, fresh []byte) (bool, error) {
	if s.swap != nil {
		s.swap(row)
	}
	for i, r := range s.rows[shelf] {
		if r.ID == row.ID && string(r.Sealed) == string(row.Sealed) {
			s.rows[shelf][i].Sealed = fresh
			return true, nil
		}
	}
	return false, nil
}

func house(t *testing.T, n int) (path string, ring *seal.Ring, s *shelves) {
	path = filepath.Join(t.TempDir(), "keys")
	require.NoError(t, seal.NewFile(path, time.UnixMilli(0)))
	ring, err := seal.Open(t.Context(), seal.File(path))
	require.NoError(t, err)
	s = &shelves{rows: map[string][]proto.SealedRow{}}
	for _, shelf := range s.Shelves() {
		for i := range n {
			id := fmt.Sprintf("%s%04d", shelf, i)
			sealed, err := ring.Seal([]byte(id), []byte("body of "+id))
			require.NoError(t, err)
			s.rows[shelf] = append(s.rows[shelf], proto.SealedRow{ID: id, Place: []byte(id), Sealed: sealed})
		}
	}
	return path, ring, s
}

func rotate(t *testing.T, path string, ring *seal.Ring) {
	_, err := seal.Rotate(path, time.UnixMilli(1))
	require.NoError(t, err)
	require.NoError(t, ring.Reload(t.Context()))
}

// TestAll: after a rotation everything is sealed again with the newest key, so
// that the others can go; what is sealed with it is left alone.
func TestAll(t *testing.T) {
	path, ring, s := house(t, 250)
	again := reseal.New(s, ring, nil)
	done, err := again.All(t.Context())
	require.NoError(t, err)
	require.Zero(t, done, "nothing to do before the rotation")
	rotate(t, path, ring)
	left, err := again.Left(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 500, left)
	done, err = again.All(t.Context())
	require.NoError(t, err)
	require.Equal(t, reseal.Done{Resealed: 500}, done)
	left, err = again.Left(t.Context())
	require.NoError(t, err)
	require.Zero(t, left)

	dropped, err := seal.DropOld(path)
	require.NoError(t, err)
	require.Equal(t, 1, dropped)
	require.NoError(t, ring.Reload(t.Context()))
	for _, rows := range s.rows {
		for _, r := range rows {
			body, err := ring.Open(r.Place, r.Sealed)
			require.NoError(t, err)
			require.Equal(t, "body of "+r.ID, string(body))
		}
	}
}

// TestOddRows: one that does not open is counted and left, one that somebody
// else changes meanwhile is theirs, and an end in the middle loses nothing.
func TestOddRows(t *testing.T) {
	path, ring, s := house(t, 5)
	s.rows["a"][1].Place = []byte("elsewhere")
	rotate(t, path, ring)
	theirs, err := ring.Seal([]byte("a0003"), []byte("newer"))
	require.NoError(t, err)
	s.swap = func(row proto.SealedRow) {
		if row.ID == "a0003" {
			s.rows["a"][3].Sealed = theirs
		}
	}
	done, err := reseal.New(s, ring, nil).All(t.Context())
	require.NoError(t, err)
	require.Equal(t, reseal.Done{Resealed: 8, Changed: 1, Unopened: 1}, done)
	require.Equal(t, theirs, s.rows["a"][3].Sealed)
	left, err := reseal.New(s, ring, nil).Left(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, left, "the one that does not open")
}
