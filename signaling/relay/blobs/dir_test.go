package blobs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/relay/blobs"
)

func TestDirIsPrivateAndLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "attachments")
	dir := newDir(t, path)
	put(t, dir, anID(1), 0, "hello")
	modes := map[string]fs.FileMode{}
	require.NoError(t, filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := e.Info()
		modes[strings.TrimPrefix(name, path)] = info.Mode().Perm()
		return err
	}))
	require.Equal(t, map[string]fs.FileMode{"": 0o700, "/" + anID(1): 0o700, "/" + anID(1) + "/0": 0o600}, modes, "nothing else is left")
	require.Equal(t, "hello", get(t, newDir(t, path), anID(1), 0), "after a restart")
}

// TestDirIsNotLeft: the service asks for ids of its own making only; a bucket
// that is asked for anything else does not leave its directory all the same.
func TestDirIsNotLeft(t *testing.T) {
	parent := t.TempDir()
	dir := newDir(t, filepath.Join(parent, "attachments"))
	other := filepath.Join(parent, "other")
	require.NoError(t, os.Mkdir(other, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(other, "0"), []byte("private"), 0o600))
	require.NoError(t, os.Symlink(other, filepath.Join(parent, "attachments", "link")))
	for _, id := range []string{"../other", "..", other, "link", "a/../../other", "\x00"} {
		_, err := dir.Get(t.Context(), id, 0)
		require.Error(t, err, id)
		require.Error(t, dir.Put(t.Context(), id, 0, []byte("mine")), id)
		require.Error(t, dir.Put(t.Context(), id, 1, []byte("mine")), id)
		_ = dir.Delete(t.Context(), id) // a link may go, what it leads to may not
	}
	entries, err := os.ReadDir(other)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	b, err := os.ReadFile(filepath.Join(other, "0"))
	require.NoError(t, err)
	require.Equal(t, "private", string(b))
}

// TestDirAfterACrash: what a server that was killed while it wrote leaves
// behind is no chunk, and goes with the attachment.
func TestDirAfterACrash(t *testing.T) {
	path := t.TempDir()
	dir := newDir(t, path)
	put(t, dir, anID(1), 0, "hello")
	require.NoError(t, os.WriteFile(filepath.Join(path, anID(1), "new-XYZ"), []byte("hal"), 0o600))
	requireMissing(t, dir, anID(1), 1)
	require.Equal(t, []string{anID(1)}, ids(t, dir))
	require.NoError(t, dir.Delete(t.Context(), anID(1)))
	left, err := os.ReadDir(path)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestDirFull: where there is no room for a chunk, there is an error and no
// half of it.
func TestDirFull(t *testing.T) {
	path := t.TempDir()
	dir := newDir(t, path)
	require.NoError(t, os.MkdirAll(filepath.Join(path, anID(1), "0", "in the way"), 0o700))
	require.Error(t, dir.Put(t.Context(), anID(1), 0, []byte("hello")))
	left, err := os.ReadDir(filepath.Join(path, anID(1)))
	require.NoError(t, err)
	require.Len(t, left, 1, "what was begun is gone again")
}

func TestDirWhereAFileIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := blobs.NewDir(path)
	require.Error(t, err)
}
