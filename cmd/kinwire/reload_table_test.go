package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
)

// table is the table of setters without a server behind it: names, keys and
// parts are what is looked at.
func table() []setter {
	s := &running{
		planes: &planes{families: &families{}, messages: &messages{}}, shape: &logShape{},
		sampler: &sampler{}, sweeper: &sweeper{}, reloader: &reloader{},
	}
	return s.setters()
}

// TestEveryKeyThatActsWithoutARestartHasASetter, and no other has one.
func TestEveryKeyThatActsWithoutARestartHasASetter(t *testing.T) {
	takenBy, names := map[string][]string{}, map[string]bool{}
	for _, s := range table() {
		require.False(t, names[s.name], "two setters are called %s", s.name)
		names[s.name] = true
		for _, k := range s.keys {
			takenBy[k] = append(takenBy[k], s.name)
		}
	}
	for _, k := range configs.Keys() {
		if k.Acts == configs.Restart {
			require.Empty(t, takenBy[k.Name], "%s is tagged restart and has a setter", k.Name)
		} else {
			require.NotEmpty(t, takenBy[k.Name], "%s is tagged %s and has no setter in reload_table.go", k.Name, k.Acts)
		}
		delete(takenBy, k.Name)
	}
	require.Empty(t, takenBy, "keys in reload_table.go that do not exist")
}

// anotherValue are texts of which at least one is allowed for each key and is
// not its default.
var anotherValue = []string{
	"debug", "json", "none", "false", "true", "1s", "3s", "31s", "7m", "49h", "2ms", "50ms", "3", "5", "12", "128", "999", "90000", "2MiB", "60MiB", "8KiB",
	"1", "h264", "aes128_cm_sha1_80", "https://a.example", "192.0.2.0/24", "a-token-of-enough-characters", "ann:a-token-of-enough-characters",
}

// together are keys that cannot be changed alone.
var together = map[string][]string{
	"http.tls.cert_file": {"http.tls.key_file"}, "http.tls.key_file": {"http.tls.cert_file"},
	"turn.cert_file": {"turn.key_file"}, "turn.key_file": {"turn.cert_file"},
}

// oneValue are keys that have a single value for now.
var oneValue = map[string]bool{"sfu.codecs.audio": true}

// changed is the default configuration with another value for one key, and what
// must go along.
func changed(t *testing.T, before *configs.Config, k configs.Key) *configs.Config {
	t.Helper()
	for _, value := range anotherValue {
		env := []string{k.Env + "=" + value}
		for _, other := range together[k.Name] {
			env = append(env, "KINWIRE_"+strings.ToUpper(strings.ReplaceAll(other, ".", "_"))+"=other")
		}
		cfg, err := configs.Load(configs.Options{Env: env})
		if err == nil && len(configs.Diff(before, cfg)) == len(env) {
			return cfg
		}
	}
	t.Fatalf("%s: no value of the test's list is allowed for it", k.Name)
	return nil
}

// TestWhatASetterHandsOverFollowsItsKeys changes one key after the other: the
// parts of all setters that name it become others, and no part of a setter that
// does not.
func TestWhatASetterHandsOverFollowsItsKeys(t *testing.T) {
	before, err := configs.Load(configs.Options{})
	require.NoError(t, err)
	for _, k := range configs.Keys() {
		if k.Acts == configs.Restart || oneValue[k.Name] {
			continue
		}
		after := changed(t, before, k)
		for _, s := range table() {
			same := reflect.DeepEqual(s.part(before), s.part(after))
			names := contains(s.keys, k.Name) || len(together[k.Name]) > 0 && contains(s.keys, together[k.Name][0])
			require.Equal(t, !names, same, "setter %s and key %s: the part that is handed over is the same: %v", s.name, k.Name, same)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestConfigDiff(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	old := file("old.yaml", "sfu: {udp_port: 7000}\nturn: {secret: the-first-secret-there-was}\n")
	next := file("new.yaml", "log: {level: debug}\ncalls: {ring_timeout: 1m}\nsfu: {udp_port: 7001}\nturn: {secret: another-secret-altogether}\n")

	code, out, stderr := kinwire(t, "config", "diff", "--config", old, old)
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, "no differences\n", out)

	code, out, stderr = kinwire(t, "config", "diff", "--config", old, next)
	require.Equal(t, exitDiffers, code)
	require.Empty(t, stderr)
	for _, want := range []string{
		"live     log.level           info      debug     " + next + ":1\n",
		"calls    calls.ring_timeout  45s       1m        " + next + ":2\n",
		"restart  sfu.udp_port        7000      7001      " + next + ":3\n",
		"restart  turn.secret         ********  ********  ",
		"\n1 at once, 1 on new calls, 2 after a restart\n",
	} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "secret-")

	code, out, _ = kinwire(t, "config", "diff", next)
	require.Equal(t, exitDiffers, code, "against the defaults")
	require.Contains(t, out, "7882")

	code, out, _ = kinwire(t, "config", "diff", "--config", old, "--log.level=debug", "--calls.ring_timeout=1m", "--json", next)
	require.Equal(t, exitDiffers, code)
	require.NotContains(t, out, "log.level", "what a flag sets is no difference")
	require.Contains(t, out, `"acts": "restart"`)

	bad := file("bad.yaml", "sfu: {udp_prot: 1}\n")
	code, _, stderr = kinwire(t, "config", "diff", bad)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "did you mean sfu.udp_port?")
	code, _, _ = kinwire(t, "config", "diff", "--config", bad, old)
	require.Equal(t, exitUsage, code)
	code, _, _ = kinwire(t, "config", "diff")
	require.Equal(t, exitUsage, code)

	off := file("off.yaml", "turn: {enabled: false}\n")
	half := file("half.yaml", "sfu: {direct: false}\n")
	code, _, stderr = kinwire(t, "config", "diff", "--config", off, half)
	require.Equal(t, exitUsage, code, "half of it would wait")
	require.Contains(t, stderr, "waits for a restart")
}

func TestConfigSchema(t *testing.T) {
	code, out, _ := kinwire(t, "config", "schema")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "draft/2020-12/schema")
}
