package watch

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched counts what Run tells of.
func watched(t *testing.T, path string) (heard chan struct{}) {
	t.Helper()
	w, err := New(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	heard = make(chan struct{}, 100)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, func() { heard <- struct{}{} })
	}()
	t.Cleanup(func() { stop(); <-done })
	return heard
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func await(t *testing.T, heard chan struct{}, what string) {
	t.Helper()
	select {
	case <-heard:
	case <-time.After(30 * time.Second):
		t.Fatal("not noticed: " + what)
	}
}

func TestChangesOfAPlainFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kinwire.yaml")
	write(t, path, "a")
	heard := watched(t, path)
	write(t, path, "b")
	await(t, heard, "written in place")
	for _, text := range []string{"c", "d"} { // twice: the second rename is of another inode
		write(t, filepath.Join(dir, "new"), text)
		require.NoError(t, os.Rename(filepath.Join(dir, "new"), path))
		await(t, heard, "renamed over")
	}
	require.NoError(t, os.Remove(path))
	await(t, heard, "removed")
	write(t, path, "e")
	await(t, heard, "there again")
}

// TestChangesOfAConfigMap does what the kubelet does: a new folder, and the link
// ..data swapped by a rename.
func TestChangesOfAConfigMap(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kinwire.yaml")
	publish := func(name, text string) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "kinwire.yaml"), text)
		require.NoError(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	publish("..2027_01_01", "a")
	require.NoError(t, os.Symlink("..data/kinwire.yaml", path))
	heard := watched(t, path)
	for _, name := range []string{"..2027_01_02", "..2027_01_03"} {
		publish(name, name)
		await(t, heard, name)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, name, string(text))
	}
}

// TestChangesBehindALink: the file is a link to a file elsewhere, which is
// written, renamed over, and at last the link shows somewhere else.
func TestChangesBehindALink(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	path, target := filepath.Join(here, "kinwire.yaml"), filepath.Join(there, "real.yaml")
	write(t, target, "a")
	require.NoError(t, os.Symlink(target, path))
	heard := watched(t, path)
	write(t, target, "b")
	await(t, heard, "the target was written")
	write(t, filepath.Join(there, "new"), "c")
	require.NoError(t, os.Rename(filepath.Join(there, "new"), target))
	await(t, heard, "the target was renamed over")
	other := filepath.Join(t.TempDir(), "other.yaml")
	write(t, other, "d")
	require.NoError(t, os.Symlink(other, filepath.Join(here, "link")))
	require.NoError(t, os.Rename(filepath.Join(here, "link"), path))
	await(t, heard, "the link is another")
	write(t, other, "e")
	await(t, heard, "the new target was written")
}

func TestNeighboursArePassedOver(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kinwire.yaml")
	write(t, path, "a")
	heard := watched(t, path)
	for range 20 {
		write(t, filepath.Join(dir, "kinwire.db-wal"), "x")
	}
	require.NoError(t, os.Chmod(path, 0o644))
	write(t, path, "b")
	await(t, heard, "written in place")
	require.Empty(t, heard, "one burst, told of once")
}

func TestFolderIsMissing(t *testing.T) {
	_, err := New(filepath.Join(t.TempDir(), "no", "kinwire.yaml"), slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestChainEnds(t *testing.T) {
	dir := t.TempDir()
	round := filepath.Join(dir, "round")
	require.NoError(t, os.Symlink("round", round))
	require.Equal(t, round, chain(round)[0], "a link to itself")
	dangling := filepath.Join(dir, "dangling")
	require.NoError(t, os.Symlink("nothing", dangling))
	require.Contains(t, chain(dangling), dangling)
}

// TestSettle: however many events come in a burst, one look; and a burst that
// does not end is looked at in between.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, looks := make(chan struct{}), []time.Duration{}
		start := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			settle(ctx, events, 200*time.Millisecond, 2*time.Second, func() { looks = append(looks, time.Since(start)) })
		}()
		time.Sleep(time.Hour) // nothing happens, nothing is looked at
		synctest.Wait()
		require.Empty(t, looks)

		start = time.Now()
		for range 5 {
			events <- struct{}{}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []time.Duration{600 * time.Millisecond}, looks, "200 ms after the last of five")

		looks, start = nil, time.Now()
		for range 45 { // every 100 ms for 4.5 s
			events <- struct{}{}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.GreaterOrEqual(t, len(looks), 3)
		require.Equal(t, 2*time.Second, looks[0], "no burst puts it off for longer")
		stop()
		<-done
	})
}
