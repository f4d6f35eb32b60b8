package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newRing(t *testing.T) (*Ring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys", "relay.keys")
	require.NoError(t, NewFile(path, t0))
	r, err := Open(t.Context(), File(path))
	require.NoError(t, err)
	return r, path
}

func TestSealed(t *testing.T) {
	r, _ := newRing(t)
	require.Regexp(t, `^20260301T120000-[a-z2-7]{6}$`, r.Sealing())
	body, place := []byte("a body"), []byte("g_1|7|message")
	sealed, err := r.Seal(place, body)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "a body")
	again, err := r.Seal(place, body)
	require.NoError(t, err)
	require.NotEqual(t, sealed, again)
	opened, err := r.Open(place, sealed)
	require.NoError(t, err)
	require.Equal(t, body, opened)

	for _, other := range []string{"", "g_1|8|message", "g_2|7|message", "g_1|7|commit", "g_1|7|message ", "g_1|7|messag"} {
		_, err := r.Open([]byte(other), sealed)
		require.ErrorIs(t, err, ErrNotSealed, "moved to %q", other)
	}
	for n := range sealed {
		_, err := r.Open(place, sealed[:n])
		require.ErrorIs(t, err, ErrNotSealed, "the first %d bytes", n)
		bent := bytes.Clone(sealed)
		bent[n] ^= 1
		_, err = r.Open(place, bent)
		require.ErrorIs(t, err, ErrNotSealed, "byte %d is another", n)
	}
	_, err = r.Open(place, append(sealed, 0))
	require.ErrorIs(t, err, ErrNotSealed)
	other, _ := newRing(t)
	_, err = other.Open(place, sealed)
	require.ErrorIs(t, err, ErrNotSealed)
	require.ErrorContains(t, err, r.Sealing()+`" is not in the ring`)
}

func TestSealedAnything(t *testing.T) {
	r, _ := newRing(t)
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.Byte(), 0, 200)
		aad, body, otherPlace := bytes.Draw(t, "aad"), bytes.Draw(t, "body"), bytes.Draw(t, "other aad")
		sealed, err := r.Seal(aad, body)
		require.NoError(t, err)
		opened, err := r.Open(aad, sealed)
		require.NoError(t, err)
		require.Equal(t, string(body), string(opened))
		if _, err := r.Open(otherPlace, sealed); string(otherPlace) != string(aad) {
			require.ErrorIs(t, err, ErrNotSealed)
		}
		_, err = r.Open(aad, body)
		require.Error(t, err)
	})
}

// TestRotation puts fresh keys in front while others seal and open: nothing has
// to wait, and nothing is lost.
func TestRotation(t *testing.T) {
	r, path := newRing(t)
	first := r.Sealing()
	early, err := r.Seal(nil, []byte("early"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	stop, errs := make(chan struct{}), make(chan error, 4)
	for i := range cap(errs) {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				place := fmt.Append(nil, i)
				sealed, err := r.Seal(place, place)
				if err == nil {
					_, err = r.Open(place, sealed)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for range 20 {
		id, err := Rotate(path, t0)
		require.NoError(t, err)
		require.NoError(t, r.Reload(t.Context()))
		require.Equal(t, id, r.Sealing())
		require.NotEqual(t, first, id)
		opened, err := r.Open(nil, early)
		require.NoError(t, err)
		require.Equal(t, "early", string(opened))
	}
	close(stop)
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	require.NoError(t, err)
	require.Len(t, names, 1, "nothing is left lying about")

	// The oldest key goes, and with it what it has sealed.
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.SplitAfter(bytes.TrimSpace(text), []byte("\n"))
	require.Len(t, lines, 21)
	require.NoError(t, os.WriteFile(path, bytes.Join(lines[:20], nil), 0o600))
	require.NoError(t, r.Reload(t.Context()))
	_, err = r.Open(nil, early)
	require.ErrorIs(t, err, ErrNotSealed)
}

func TestReloadFails(t *testing.T) {
	r, path := newRing(t)
	sealed, err := r.Seal(nil, []byte("x"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("# nothing\n"), 0o600))
	require.ErrorContains(t, r.Reload(t.Context()), "there is no key in it")
	_, err = Rotate(path, t0)
	require.ErrorContains(t, err, "there is no key in it", "what is not understood is not written to")
	_, err = r.Open(nil, sealed)
	require.NoError(t, err, "everything stays as it was")
}

func TestFiles(t *testing.T) {
	_, path := newRing(t)
	require.ErrorContains(t, NewFile(path, t0), "file exists")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601, 0o610} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := Open(t.Context(), File(path))
		require.ErrorContains(t, err, fmt.Sprintf("has the mode %04o, by which others than its owner can get at the keys: chmod 600 it", mode))
		_, err = Rotate(path, t0)
		require.ErrorContains(t, err, "chmod 600 it")
	}
	require.NoError(t, os.Chmod(path, 0o400))
	_, err := Open(t.Context(), File(path))
	require.NoError(t, err)
	_, err = Open(t.Context(), File(filepath.Dir(path)))
	require.ErrorContains(t, err, "is not a plain file")
	_, err = Open(t.Context(), File(path+"x"))
	require.ErrorIs(t, err, os.ErrNotExist)
	large := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(large, make([]byte, maxText+1), 0o600))
	_, err = Open(t.Context(), File(large))
	require.ErrorContains(t, err, "has more than 262144 bytes")
}

func TestTexts(t *testing.T) {
	key := func(fill byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)) }
	k, err := parse([]byte("\n# two keys\r\n  b\t" + key(2) + "\r\na " + key(1)))
	require.NoError(t, err)
	require.Equal(t, "b", k.first.id)
	require.Len(t, k.byID, 2)
	require.Equal(t, byte(1), k.byID["a"].secret[31])
	for text, says := range map[string]string{
		"":                                     "there is no key in it",
		"a":                                    "line 1: it must be a name",
		"a b c":                                "line 1: it must be a name",
		"\n\na " + key(1) + "\na " + key(2):    `line 4: the name "a" is there twice`,
		"a " + key(1)[:40]:                     "line 1: the key has 30 bytes: it must have 32",
		"a " + key(0):                          "line 1: the key is all zeros",
		"a " + strings.Repeat("_", 44):         "line 1: the key is not base64",
		strings.Repeat("a", 65) + " " + key(1): "line 1: the name has 65 bytes: allowed are 64",
	} {
		_, err := parse([]byte(text))
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), key(1)[:40])
	}
	var many strings.Builder
	for i := range maxKeys + 1 {
		fmt.Fprintf(&many, "k%d %s\n", i, key(1))
	}
	_, err = parse([]byte(many.String()))
	require.ErrorContains(t, err, "line 1001: there are more than 1000 keys")
}

func TestCommands(t *testing.T) {
	_, path := newRing(t)
	r, err := Open(t.Context(), Command{Argv: []string{"cat", path}})
	require.NoError(t, err)
	sealed, err := r.Seal(nil, []byte("x"))
	require.NoError(t, err)
	_, err = r.Open(nil, sealed)
	require.NoError(t, err)

	_, err = Open(t.Context(), Command{})
	require.ErrorContains(t, err, "no command is given")
	_, err = Open(t.Context(), Command{Argv: []string{"cat", "/nowhere/secret-argument"}})
	require.ErrorContains(t, err, "the command cat: exit status 1")
	require.NotContains(t, err.Error(), "secret-argument")
	_, err = Open(t.Context(), Command{Argv: []string{filepath.Join(t.TempDir(), "none")}})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(t.Context(), Command{Argv: []string{"true"}})
	require.ErrorContains(t, err, "the command true: there is no key in it")
	_, err = Open(t.Context(), Command{Argv: []string{"yes"}})
	require.ErrorContains(t, err, "the command yes prints more than 262144 bytes")
	_, err = Open(t.Context(), Command{Argv: []string{"sleep", "1000"}, Timeout: 20 * time.Millisecond})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "the command sleep did not end within 20ms")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Open(ctx, Command{Argv: []string{"sleep", "1000"}})
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "keys")
	require.NoError(f, NewFile(path, t0))
	r, err := Open(f.Context(), File(path))
	require.NoError(f, err)
	sealed, err := r.Seal([]byte("place"), []byte("body"))
	require.NoError(f, err)
	f.Add(sealed)
	f.Add([]byte{1, 255})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := r.Open([]byte("place"), b)
		if !bytes.Equal(b, sealed) {
			require.ErrorIs(t, err, ErrNotSealed)
			require.Nil(t, body)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))))
	f.Add([]byte("# no\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := parse(b)
		if err == nil {
			require.Contains(t, k.byID, k.first.id)
			require.LessOrEqual(t, len(k.first.id), maxName)
		}
	})
}
