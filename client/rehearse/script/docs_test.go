package script_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/client/rehearse/script"
)

var update = flag.Bool("update", false, "write the generated parts of docs/rehearse.md anew")

const page = "../../../docs/rehearse.md"

// The generated parts of the page are those of the code, and what it shows as
// an example reads.
func TestDocsAreFresh(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	text := string(data)
	want := between(t, between(t, text, "scripts", scriptTable(t)), "reference", script.Reference())
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	require.True(t, text == want, "docs/rehearse.md is stale: go test ./client/rehearse/script -run Docs -update")
}

func TestExamplesOfTheDocsRead(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	n := 0
	for _, block := range strings.Split(string(data), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if strings.HasPrefix(text, "network:") {
			text = "name: x\nparticipants:\n  leo:\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\nsteps:\n  - {who: leo, do: move}\n"
		}
		_, err := script.ReadBytes("docs", []byte(text))
		require.NoError(t, err, text)
		n++
	}
	require.Equal(t, 2, n)
}

// between puts new between the two marks of that name.
func between(t *testing.T, text, mark, new string) string {
	t.Helper()
	begin, end := "<!-- "+mark+": begin -->\n", "<!-- "+mark+": end -->"
	before, rest, ok := strings.Cut(text, begin)
	require.True(t, ok, begin)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, end)
	return before + begin + "\n" + strings.TrimRight(new, "\n") + "\n\n" + end + after
}

func scriptTable(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(scriptsDir, "*.yaml"))
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("| script | | what it is for |\n|---|---|---|\n")
	for _, f := range files {
		s, err := script.Read(f)
		require.NoError(t, err)
		how := ""
		switch {
		case s.Quick:
			how = "quick"
		case s.NeedsLab():
			how = "root"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", filepath.Base(f), how, strings.TrimSuffix(s.Says, " Needs root, for networks of its own."))
	}
	return b.String()
}
