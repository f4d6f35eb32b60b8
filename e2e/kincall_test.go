package e2e

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kincallPrograms builds kincall, and beside it the server that it starts.
var kincallPrograms = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kincall-e2e-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "kinwire/cmd/kincall", "kinwire/cmd/kinwire").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return filepath.Join(dir, "kincall"), nil
})

// kincall runs it in the folder of the module, and gives its exit code and what
// it said.
func kincall(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	program, err := kincallPrograms()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = ".."
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// Asked to stop, it ends the servers that it has started.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err, "%s", out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// kincallReport is what this test reads of report.json.
type kincallReport struct {
	Passed  bool `json:"passed"`
	Scripts []struct {
		File   string `json:"file"`
		Name   string `json:"name"`
		Passed bool   `json:"passed"`
		Error  string `json:"error"`
		Checks []struct {
			Line     int    `json:"line"`
			Text     string `json:"text"`
			OK       bool   `json:"ok"`
			Measured string `json:"measured"`
			Why      string `json:"why"`
		} `json:"checks"`
	} `json:"scripts"`
}

type kincallSuites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Name string `xml:"name,attr"`
	} `xml:"testsuite"`
}

// readReports reads all three reports of a run.
func readReports(t *testing.T, dir string) (r kincallReport, suites kincallSuites, page string) {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return b
	}
	require.NoError(t, json.Unmarshal(read("report.json"), &r))
	require.NoError(t, xml.Unmarshal(read("junit.xml"), &suites))
	page = string(read("report.html"))
	require.Contains(t, page, "</html>")
	return r, suites, page
}

// TestKincallPlaysTheQuickScripts: all examples that need no root and little
// time hold on a server of this build.
func TestKincallPlaysTheQuickScripts(t *testing.T) {
	dir := t.TempDir()
	code, said := kincall(t, "run", "--quick", "--parallel", "4", "--plain", "--out", dir, "scripts/calls")
	require.Zero(t, code, "%s", said)
	r, suites, page := readReports(t, dir)
	require.True(t, r.Passed)
	require.GreaterOrEqual(t, len(r.Scripts), 10)
	require.Len(t, suites.Suites, len(r.Scripts))
	require.Zero(t, suites.Failures+suites.Errors)
	for _, s := range r.Scripts {
		require.True(t, s.Passed, "%s", s.File)
		require.Empty(t, s.Error, "%s", s.File)
		require.NotEmpty(t, s.Checks, "%s expects nothing", s.File)
		require.Contains(t, page, s.Name)
	}
}

// TestKincallSaysWhatFailed: an example with one expectation made impossible.
func TestKincallSaysWhatFailed(t *testing.T) {
	text, err := os.ReadFile("../scripts/calls/call-of-two.yaml")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "impossible.yaml")
	require.NoError(t, os.WriteFile(file, append(text, "  - mia video.fps median > 1000\n"...), 0o600))
	dir := t.TempDir()
	code, said := kincall(t, "run", "--plain", "--out", dir, file)
	require.Equal(t, 1, code, "%s", said)
	r, suites, page := readReports(t, dir)
	require.False(t, r.Passed)
	require.Len(t, r.Scripts, 1)
	checks := r.Scripts[0].Checks
	last := checks[len(checks)-1]
	for _, c := range checks[:len(checks)-1] {
		require.True(t, c.OK, "%s: %s", c.Text, c.Why)
	}
	require.False(t, last.OK)
	require.Equal(t, strings.Count(string(text), "\n")+1, last.Line)
	require.Regexp(t, `mia video\.fps median = \d+`, last.Measured)
	require.Regexp(t, `\d+ fps`, last.Why, "it says what was measured")
	require.Contains(t, last.Why, "1000 fps", "and what must hold")
	require.Contains(t, said, last.Why, "the terminal says it too")
	require.Contains(t, page, "1000 fps")
	require.Equal(t, 1, suites.Failures)
}

// TestKincallRefusesWhatItCannotRead: with line and suggestion, and a code of
// its own.
func TestKincallRefusesWhatItCannotRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wrong.yaml")
	require.NoError(t, os.WriteFile(file, []byte("name: Wrong\nparticipants: {mia: , leo: }\nsteps:\n  - {at: 0s, who: mia, do: cal, with: leo}\nexpect: [setup_ms < 2s]\n"), 0o600))
	code, said := kincall(t, "run", file)
	require.Equal(t, 2, code, "%s", said)
	require.Contains(t, said, "wrong.yaml:4")
	require.Contains(t, said, "call")
}

// TestKincallLoad: many calls at once, and what they cost.
func TestKincallLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "load.json")
	code, said := kincall(t, "load", "--calls", "5", "--per-call", "4", "--ramp", "2s", "--hold", "5s", "--json", file)
	require.Zero(t, code, "%s", said)
	type spread struct {
		N        int
		Min, Max float64
	}
	var r struct {
		Connected int
		Failed    int
		Setup     spread `json:"setup_ms"`
		Media     spread `json:"first_media_ms"`
		Loss      spread `json:"loss_ratio"`
		RTT       spread `json:"rtt_ms"`
		Cost      struct {
			Known        bool
			Packets      float64
			CPUPerPacket float64 `json:"cpu_us_per_packet"`
		} `json:"server_cost"`
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &r))
	require.Equal(t, 5, r.Connected)
	require.Zero(t, r.Failed)
	require.Equal(t, 5, r.Setup.N)
	require.Equal(t, 5*4*3*2, r.Media.N, "each receives sound and picture of three others")
	require.Equal(t, 5*4*3*2, r.Loss.N)
	require.Zero(t, r.Loss.Max)
	require.Positive(t, r.RTT.N)
	require.True(t, r.Cost.Known)
	// Each of 20 people sends 65 frames a second to three others.
	require.Greater(t, r.Cost.Packets, 0.5*20*65*3*5)
	require.Positive(t, r.Cost.CPUPerPacket)
}
