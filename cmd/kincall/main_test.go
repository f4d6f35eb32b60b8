package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"kinwire/client/impair"
	"kinwire/client/rehearse"
	"kinwire/client/rehearse/report"
	"kinwire/client/rehearse/script"
)

const scriptsDir = "../../scripts/calls"

func kincall(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "call.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestNewReadsBack(t *testing.T) {
	code, text, _ := kincall(t, "new", "My first call")
	require.Equal(t, exitOK, code)
	code, out, errs := kincall(t, "check", write(t, text))
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "My first call (2 participants, 5 steps, 5 expectations)")

	file := filepath.Join(t.TempDir(), "new.yaml")
	code, out, _ = kincall(t, "new", "--file", file)
	require.Equal(t, exitOK, code)
	require.Empty(t, out)
	_, err := script.Read(file)
	require.NoError(t, err)
	code, _, errs = kincall(t, "new", "--file", file)
	require.Equal(t, exitUsage, code, "nothing is written over")
	require.Contains(t, errs, "is there already")
}

func TestCheckReadsAFolder(t *testing.T) {
	code, out, errs := kincall(t, "check", scriptsDir)
	require.Equal(t, exitOK, code, errs)
	require.GreaterOrEqual(t, strings.Count(out, "\n"), 10)
	require.Contains(t, out, "train.yaml: On a train, with tunnels (2 participants, 3 steps, 6 expectations, needs root)")
	code, _, errs = kincall(t, "check", t.TempDir())
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "no script (*.yaml) is in it")
}

func TestRefusesWhatItCannotRead(t *testing.T) {
	bad := write(t, "name: x\ntiemout: 5s\nparticipants: {mia: , leo: }\nsteps: [{who: mia, do: cal}]\n")
	for _, command := range []string{"check", "run"} {
		code, out, errs := kincall(t, command, bad, filepath.Join(scriptsDir, "gone.yaml"))
		require.Equal(t, exitUsage, code)
		require.Empty(t, out, "nothing is played")
		require.Contains(t, errs, `:2: no such key: "tiemout"; did you mean timeout?`)
		require.Contains(t, errs, `did you mean call?`)
		require.Contains(t, errs, "gone.yaml: cannot be read: no such file or directory")
	}
}

func TestUsage(t *testing.T) {
	quick := filepath.Join(scriptsDir, "declined.yaml")
	for want, args := range map[string][]string{
		`unknown command "rnu"`:                   {"rnu"},
		"unknown flag: --sped":                    {"run", "--sped", quick},
		"requires at least 1 arg":                 {"run"},
		"--parallel: given 0; allowed: 1 to 32":   {"run", "--parallel", "0", quick},
		"none of the 1 scripts says quick: true":  {"run", "--quick", filepath.Join(scriptsDir, "train.yaml")},
		"--calls: given 0; allowed: 1 to 1000":    {"load", "--calls", "0"},
		"--per-call: given 99; allowed: 2 to 16":  {"load", "--per-call", "99"},
		`--codec: given "av1"; allowed: vp8, h26`: {"load", "--codec", "av1"},
		"--hold: given 0s; allowed: 1s to 24h":    {"load", "--hold", "0s"},
		"not a directory":                         {"run", "--html", quick + "/x/report.html", quick},
	} {
		code, _, errs := kincall(t, args...)
		require.Equal(t, exitUsage, code, "%v: %s", args, errs)
		require.Contains(t, errs, want)
	}
}

func TestTables(t *testing.T) {
	code, out, _ := kincall(t, "profiles")
	require.Equal(t, exitOK, code)
	for _, p := range impair.Profiles() {
		require.Contains(t, out, p.Name)
		require.Contains(t, out, p.Says)
	}
	require.Regexp(t, `3g +up +768 kbps +150ms +15ms +0.5 % +500ms`, out)
	for _, name := range []string{"reference", "metrics", "actions"} {
		code, out, _ = kincall(t, name)
		require.Equal(t, exitOK, code)
		require.Equal(t, script.Reference(), out)
	}
	code, out, _ = kincall(t, "help", "script")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "audio.mos")
	require.Contains(t, out, "participants:")
}

// player gives each script a result by its name, and counts how many it plays
// at once.
type player struct {
	now, most atomic.Int32
	gate      chan struct{} // closed when two play at once
}

func (p *player) Play(_ context.Context, s rehearse.Script, progress rehearse.Progress) *rehearse.Result {
	progress.Started(s)
	if n := p.now.Add(1); n == 2 {
		p.most.Store(n)
		close(p.gate)
	}
	if p.gate != nil {
		<-p.gate
	}
	r := &rehearse.Result{Script: s, Began: time.Unix(0, 0)}
	if s.Name == "broken" {
		r.Err = errors.New("no server")
	}
	r.Checks = []rehearse.Check{{OK: s.Name == "fine", Why: "too slow"}}
	progress.Finished(r)
	return r
}

func TestPlaysSomeAtOnceAndGivesTheCode(t *testing.T) {
	var out bytes.Buffer
	p := &player{gate: make(chan struct{})}
	live := report.NewLive(&out, report.LiveOptions{Now: time.Now})
	results := playAll(t.Context(), p, live, []rehearse.Script{{Name: "fine"}, {Name: "slow"}}, 2)
	live.Close()
	require.Equal(t, int32(2), p.most.Load())
	require.Equal(t, []string{"fine", "slow"}, []string{results[0].Script.Name, results[1].Script.Name})
	require.Contains(t, out.String(), "too slow")

	fine := &rehearse.Result{}
	failed := &rehearse.Result{Checks: []rehearse.Check{{}}}
	broken := &rehearse.Result{Err: errors.New("x"), Checks: []rehearse.Check{{}}}
	require.NoError(t, codeOf([]*rehearse.Result{fine}))
	require.Equal(t, outcome(exitFailed), codeOf([]*rehearse.Result{fine, failed}))
	require.Equal(t, outcome(exitNotPlayed), codeOf([]*rehearse.Result{broken, failed}))
}

func TestWritesAllReports(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	f := runFlags{out: dir, junit: filepath.Join(dir, "again", "j.xml")}
	all, err := f.outputs()
	require.NoError(t, err)
	cmd := &cobra.Command{}
	var out bytes.Buffer
	cmd.SetOut(&out)
	require.NoError(t, all.write(cmd, []*rehearse.Result{{Script: rehearse.Script{Name: "one"}}}))
	for _, name := range []string{"report.html", "report.json", "junit.xml", "again/j.xml"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, string(data), "one")
	}
	data, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(data, new(struct{})))
	require.Equal(t, 4, strings.Count(out.String(), "wrote "))
}

func TestSeedGoesOverTheScripts(t *testing.T) {
	f := runFlags{seed: 9}
	chosen, err := f.choose(&cobra.Command{}, []rehearse.Script{{Seed: 1}, {Seed: 2}})
	require.NoError(t, err)
	require.Equal(t, []uint64{9, 9}, []uint64{chosen[0].Seed, chosen[1].Seed})
}
