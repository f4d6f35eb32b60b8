package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/kinwire"
)

// needle is something to look for, in every form in which a program might have
// kept it.
type needle struct {
	name  string
	forms [][]byte
}

// needleOf takes bytes as they are, in hex, and in base64 at each of the three
// places at which they may begin in a longer text.
func needleOf(name string, plain []byte) needle {
	n := needle{name: name, forms: [][]byte{plain, []byte(hex.EncodeToString(plain))}}
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), plain...))
		// What depends on its neighbours is left out, at both ends.
		n.forms = append(n.forms, []byte(text[4:len(text)-4]))
	}
	return n
}

// hunt looks for needles in everything that the server has: its files, its log
// and its memory. It returns where it found any.
func hunt(t testing.TB, s *kinwire.Server, needles ...needle) []string {
	t.Helper()
	found := huntFiles(t, s.Dir, needles...)
	found = append(found, spot("the log", []byte(s.Log()), needles)...)
	return append(found, huntMemory(t, s.PID(), needles)...)
}

func huntFiles(t testing.TB, dir string, needles ...needle) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil // gone since
		}
		found = append(found, spot(strings.TrimPrefix(path, dir), text, needles)...)
		return err
	}))
	return found
}

// huntMemory reads all that the process may write to, by /proc.
func huntMemory(t testing.TB, pid int, needles []needle) (found []string) {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	require.NoError(t, err)
	defer func() { _ = maps.Close() }()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	require.NoError(t, err)
	defer func() { _ = mem.Close() }()
	read := 0
	const piece, overlap = 8 << 20, 1 << 16
	buf := make([]byte, piece+overlap)
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to uint64
		var rights string
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights)
		require.NoError(t, err)
		if !strings.HasPrefix(rights, "r") || from >= 1<<63 {
			continue // not to be read, or the kernel's ([vsyscall])
		}
		for at := from; at < to; at += piece {
			n, err := mem.ReadAt(buf[:min(piece+overlap, to-at)], int64(at))
			if n == 0 {
				break // unmapped since, or not to be read ([vvar])
			}
			read += n
			found = append(found, spot(fmt.Sprintf("memory at %x of %s", at, lines.Text()), buf[:n], needles)...)
			if err != nil && err != io.EOF {
				break
			}
		}
	}
	require.NoError(t, lines.Err())
	require.Greater(t, read, 1<<20, "the memory could be read")
	return found
}

func spot(where string, text []byte, needles []needle) (found []string) {
	for _, n := range needles {
		for i, form := range n.forms {
			if bytes.Contains(text, form) {
				found = append(found, fmt.Sprintf("%s (form %d) in %s", n.name, i, where))
			}
		}
	}
	return found
}

// TestHuntFinds: the hunter finds what is there: the operator's token is in a
// file, and in memory once it was used.
func TestHuntFinds(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	_, _, err := s.Get(t.Context(), "/v1/ops/me")
	require.NoError(t, err)
	found := strings.Join(hunt(t, s, needleOf("the token", []byte(s.Operator))), "\n")
	require.Contains(t, found, "operator-token")
	require.Contains(t, found, "memory at")
	require.Empty(t, hunt(t, s, needleOf("nothing", random(24))))
}
