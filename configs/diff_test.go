package configs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// loaded is a configuration out of a text.
func loaded(t require.TestingT, text string) *Config {
	ld := newLoader()
	ld.addYAML("f.yaml", []byte(text))
	c, err := ld.finish()
	require.NoError(t, err)
	return c
}

func TestDiff(t *testing.T) {
	old := loaded(t, "turn: {secret: the-first-secret}\noperator: {staff: [\"ann:0123456789abcdef\"]}")
	require.Empty(t, Diff(old, old))
	require.Empty(t, Diff(loaded(t, ""), loaded(t, "http: {allowed_origins: []}")), "an empty list is the default")
	next := loaded(t, `log: {level: debug}
calls: {ring_timeout: 10m}
sfu: {udp_port: 7900, codecs: {video: [h264, vp8]}}
turn: {secret: another-secret-1}
operator: {staff: ["ann:0123456789abcdef", "raj:0123456789abcdef"]}
data_dir: "a\nb"
`)
	require.Equal(t, []Change{
		{Key: "log.level", Old: "info", New: "debug", Acts: Live, Where: "f.yaml:1"},
		{Key: "data_dir", Old: "./kinwire-data", New: `"a\nb"`, Acts: Restart, Where: "f.yaml:6"},
		{Key: "operator.staff", Old: "[********]", New: "[********, ********]", Acts: Live, Where: "f.yaml:5"},
		{Key: "calls.ring_timeout", Old: "45s", New: "10m", Acts: OnCalls, Where: "f.yaml:2"},
		{Key: "sfu.udp_port", Old: "7882", New: "7900", Acts: Restart, Where: "f.yaml:3"},
		{Key: "sfu.codecs.video", Old: "[vp8, h264, vp9, av1]", New: "[h264, vp8]", Acts: OnCalls, Where: "f.yaml:3"},
		{Key: "turn.secret", Old: "********", New: "********", Acts: Restart, Where: "f.yaml:4"},
	}, Diff(old, next))
	require.Equal(t, "log.level: info -> debug (live)", Diff(old, next)[0].String())
	require.Equal(t, "default", Diff(next, loaded(t, ""))[0].Where)
}

func TestSwitchingACertificateOnWaitsForARestart(t *testing.T) {
	none, one, other := loaded(t, ""), loaded(t, "http: {tls: {cert_file: a, key_file: b}}"), loaded(t, "http: {tls: {cert_file: c, key_file: d}}")
	for _, c := range []struct {
		from, to *Config
		acts     Acts
	}{{none, one, Restart}, {one, none, Restart}, {one, other, Live}} {
		changes := Diff(c.from, c.to)
		require.Len(t, changes, 2)
		require.Equal(t, c.acts, changes[0].Acts)
		require.Equal(t, c.acts, changes[1].Acts)
	}
}

func TestTake(t *testing.T) {
	running := loaded(t, "sfu: {udp_port: 7900}")
	next := loaded(t, "log: {level: debug}\nsfu: {udp_port: 7901}")
	taken, applied, pending, err := running.Take(next)
	require.NoError(t, err)
	require.Equal(t, []string{"log.level"}, keysOf(applied))
	require.Equal(t, []string{"sfu.udp_port"}, keysOf(pending))
	require.Equal(t, "debug", taken.Log.Level)
	require.Equal(t, 7900, taken.SFU.UDPPort, "the port stays until a restart")
	require.Equal(t, "f.yaml:1", taken.Origin("sfu.udp_port"))
	require.Equal(t, 7901, next.SFU.UDPPort, "next is not changed")

	// What waits goes on waiting, and is nothing new.
	again, applied, pending, err := taken.Take(next)
	require.NoError(t, err)
	require.Empty(t, applied)
	require.Equal(t, []string{"sfu.udp_port"}, keysOf(pending))
	require.Empty(t, Diff(taken, again))
}

func TestTakeRefusesHalfOfWhatBelongsTogether(t *testing.T) {
	running := loaded(t, "turn: {enabled: false}")
	next := loaded(t, "turn: {enabled: true}\nsfu: {direct: false}")
	_, _, _, err := running.Take(next)
	require.ErrorContains(t, err, "sfu.direct, turn.enabled: given false and false")
	require.ErrorContains(t, err, "waits for a restart")
	var typed *Error
	require.ErrorAs(t, err, &typed)
}

func keysOf(changes []Change) (keys []string) {
	for _, c := range changes {
		keys = append(keys, c.Key)
	}
	return keys
}

// TestTakeIsTheOldOrTheNew: whatever two sound files say, the outcome has of
// each key the old value or the new one, by what the key acts on, and a second
// look finds nothing more to apply.
func TestTakeIsTheOldOrTheNew(t *testing.T) {
	lines := []string{"log: {level: debug}", "data_dir: /d", "http: {listen: \":9000\", allowed_origins: [\"https://a.example\"]}", "sfu: {udp_port: 7000, frame_hold: 1ms}",
		"calls: {max_participants: 4, video: false}", "turn: {max_allocations: 99, realm: r}", "metrics: {sample_interval: 2s}", "store: {dsn: x.db}"}
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string) *Config {
			text := ""
			for _, line := range rapid.SliceOfDistinct(rapid.SampledFrom(lines), rapid.ID[string]).Draw(r, name) {
				text += line + "\n"
			}
			return loaded(r, text)
		}
		running, next := draw("running"), draw("next")
		taken, applied, pending, err := running.Take(next)
		require.NoError(r, err)
		require.Equal(r, len(Diff(running, next)), len(applied)+len(pending))
		require.Equal(r, keysOf(applied), keysOf(Diff(running, taken)))
		require.Equal(r, keysOf(pending), keysOf(Diff(taken, next)))
	})
}

// TestDiffOfFiles: a value's origin is the file's line, so that a person finds
// it.
func TestDiffOfFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new.yaml")
	require.NoError(t, os.WriteFile(file, []byte("log:\n  level: warn\n"), 0o600))
	next, err := Load(Options{File: file})
	require.NoError(t, err)
	require.Equal(t, file+":2", Diff(loaded(t, ""), next)[0].Where)
}
