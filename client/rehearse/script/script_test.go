package script_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client/impair"
	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

// scriptsDir holds the scripts of this repository.
const scriptsDir = "../../../scripts/calls"

func read(t *testing.T, text string) rehearse.Script {
	t.Helper()
	s, err := script.ReadBytes("x.yaml", []byte(text))
	require.NoError(t, err)
	return s
}

const small = `name: small
participants:
  mia:
  leo:
steps:
  - {who: mia, do: call, with: leo}
`

func TestReadsAWholeScript(t *testing.T) {
	s := read(t, `name: whole
says: everything at once
quick: yes
seed: 7
timeout: 90s
server:
  calls.ring_timeout: 5s
  sfu: {udp_port: 0}
participants:
  mia: {role: child, network: 3g, codecs: [h264, opus]}
  leo-phone: {person: leo, path: relay, protocol: tls}
  leo-tablet: {person: leo, video: generator, bitrate: 1.5Mbps}
  someone:
    role: parent
    network: {profile: lossy, delay: 10ms, up: {loss: 2%, rate: 512kbps}, down: {burst: {to_bad: 1%, to_good: 0.25}, outages: [{from: 5s, for: 2s, every: 30s}]}}
steps:
  - {at: 1s, who: mia, do: call, with: [leo, someone], video: no}
  - {after: leo-phone   rings, wait: 300ms, who: leo-phone, do: answer}
  - {after: mia hears leo-phone, who: mia, do: network, to: {loss: 0.5}}
  - {wait: 2s, who: mia, do: outage, for: 1500ms}
  - {who: someone, do: message, with: leo-tablet, count: 20}
expect:
  - setup_ms < 0.8s
`)
	require.Equal(t, "whole", s.Name)
	require.True(t, s.Quick)
	require.Equal(t, uint64(7), s.Seed)
	require.Equal(t, 90*time.Second, s.Timeout)
	require.Equal(t, map[string]string{"calls.ring_timeout": "5s", "sfu.udp_port": "0"}, s.Server)
	require.True(t, s.NeedsLab())

	mia, phone, tablet, someone := s.Participants[0], s.Participants[1], s.Participants[2], s.Participants[3]
	require.Equal(t, rehearse.Login{User: "mia", PasswordEnv: rehearse.DefaultPasswordEnv}, mia.Login)
	require.Equal(t, "child", mia.Role)
	want, _ := impair.Named("3g")
	require.Equal(t, rehearse.Network{Name: "3g", Profile: &want}, mia.Net)
	require.Equal(t, []string{"h264", "opus"}, mia.Media.Codecs)
	require.Equal(t, rehearse.Via{Path: "relay", Protocol: "tls"}, phone.Via)
	require.Equal(t, []string{"leo", "leo"}, []string{phone.Login.User, tablet.Login.User})
	require.Equal(t, rehearse.Media{Audio: "clip", Video: "generator", BitrateUp: 1_500_000}, tablet.Media)
	require.Equal(t, "priya", someone.Login.User, "the first demo parent who is nobody else")
	lossy, _ := impair.Named("lossy")
	p := someone.Net.Profile
	require.Equal(t, "lossy with own figures", someone.Net.Name)
	require.Equal(t, impair.Direction{Loss: 0.02, Delay: 10 * time.Millisecond, RateBPS: 512_000}, p.Up)
	require.Equal(t, lossy.Down.Loss, p.Down.Loss)
	require.Equal(t, &impair.GilbertElliott{ToBad: 0.01, ToGood: 0.25, LossBad: 1}, p.Down.Burst)
	require.Equal(t, []impair.Outage{{From: 5 * time.Second, For: 2 * time.Second, Every: 30 * time.Second}}, p.Down.Outages)

	require.Equal(t, rehearse.Step{Line: 17, At: time.Second, Who: "mia", Do: "call", With: []string{"leo-phone", "someone"}, Args: map[string]string{"video": "false"}}, s.Steps[0])
	require.Equal(t, rehearse.Step{Line: 18, At: 300 * time.Millisecond, After: "leo-phone rings", When: rehearse.Condition{Who: "leo-phone", Is: rehearse.Rings}, Who: "leo-phone", Do: "answer", Args: map[string]string{}}, s.Steps[1])
	require.Equal(t, rehearse.Condition{Who: "mia", Is: rehearse.Hears, Whom: "leo-phone"}, s.Steps[2].When)
	require.Equal(t, 0.5, s.Steps[2].Network.Profile.Up.Loss)
	require.True(t, s.Steps[3].Previous)
	require.Equal(t, 1500*time.Millisecond, s.Steps[3].Duration("for"))
	require.Equal(t, 20, s.Steps[4].Int("count"))
	require.Equal(t, "hello", s.Steps[4].Args["text"])
	require.Equal(t, script.Expr{Metric: "setup_ms", Op: "<", Value: script.Value{Number: 800, Unit: "ms"}}, s.Expect[0].Expr)
	require.Equal(t, 23, s.Expect[0].Line)
}

func TestRefusesEverythingAtOnceWithItsLine(t *testing.T) {
	_, err := script.ReadBytes("bad.yaml", []byte(`name: bad
tiemout: 5s
seed: -1
participants:
  mia: {netwrok: 3g}
  leo: {network: 3gg, protocol: tls}
  x: {}
steps:
  - {at: 1s, after: leo rings, who: mia, do: cal, with: leo}
  - {after: leo rigns, who: lea, do: answer}
  - {who: mia, do: mute}
  - {who: mia, do: message, with: [mia], count: 0, for: 3s}
expect:
  - setup < 800
  - leo audio.mos > 3
`))
	var bad *script.Error
	require.ErrorAs(t, err, &bad)
	require.Equal(t, strings.Split(strings.TrimSpace(`
bad.yaml:2: no such key: "tiemout"; did you mean timeout?
bad.yaml:3: seed: given "-1"; allowed: a whole number from 1 to 2147483647
bad.yaml:5: participants.mia: no such key: "netwrok"; did you mean network?
bad.yaml:6: participants.leo.network: no such network: "3gg"; did you mean 3g?
bad.yaml:6: participants.leo.protocol: given "tls" with path direct; allowed: udp, tcp, or path: relay, for only the TURN server speaks TLS
bad.yaml:7: participants.x: has no account; allowed: user: with a login, role: parent or child for one of the demo people, or the name of one of them (priya, tomek, mia, leo)
bad.yaml:9: steps[0].at: given together with after or wait; allowed: at: since the start of the run, or after: and wait:
bad.yaml:9: steps[0].do: no such action: "cal"; did you mean call?
bad.yaml:10: steps[1].after: no such condition: "rigns"; did you mean rings?
bad.yaml:10: steps[1].who: no such participant: "lea"; did you mean leo?
bad.yaml:11: steps[2].kind: missing; mute needs it: which of the own sources
bad.yaml:12: steps[3].with: given mia, who does it; allowed: somebody else
bad.yaml:12: steps[3].count: given "0"; allowed: a whole number from 1 to 1000
bad.yaml:12: steps[3]: for is no key of the action message; allowed: at, after, wait, who, do, with, text, count
bad.yaml:14: expect[0]: no such metric: "setup"; did you mean setup_ms?
bad.yaml:15: expect[1]: audio.mos is measured once a second, so say which value is meant: min, max, mean, median, p5, p95, last
`), "\n"), strings.Split(err.Error(), "\n"))
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":          {"", "empty; allowed: a script"},
		"a list":           {"- x", "given a list; allowed: the keys name"},
		"not YAML":         {"name: [", "not valid YAML"},
		"two documents":    {small + "---\nname: y", "x.yaml:7: a second document begins"},
		"key twice":        {small + "name: y\n", "x.yaml:7: name: given twice, first on line 1"},
		"nothing named":    {"name: x\n", "participants: missing"},
		"an alias":         {strings.Replace(small, "  leo:", "  leo: *x", 1), "not valid YAML: unknown anchor"},
		"alias known":      {strings.Replace(strings.Replace(small, "mia:", "mia: &a {audio: none}", 1), "leo:", "leo: *a", 1), "given an alias (*a); allowed: the keys role"},
		"metric as name":   {strings.Replace(small, "leo:", "path:", 1), `given "path", which is the name of a metric`},
		"capital":          {strings.Replace(small, "leo:", "Leo:", 1), `given "Leo"; allowed: 1 to 32 of a-z`},
		"role":             {strings.Replace(small, "leo:", "leo: {role: parent}", 1), "the demo's leo is a child"},
		"account twice":    {strings.Replace(small, "leo:", "leo: {user: mia}", 1), `logs in as "mia", as mia does`},
		"no demo person":   {strings.Replace(small, "leo:", "leo: {}\n  a: {role: teen}", 1), "no further demo person in the role teen"},
		"unit missing":     {small + "timeout: 5\n", `timeout: given "5"; allowed: a time with its unit from 1s to 1h`},
		"codec":            {strings.Replace(small, "leo:", "leo: {codecs: [vp9]}", 1), "kincall sends vp8 or h264"},
		"codec misspelled": {strings.Replace(small, "leo:", "leo: {codecs: [h265]}", 1), "did you mean h264?"},
		"generator codec":  {strings.Replace(small, "leo:", "leo: {codecs: [h264], video: generator}", 1), "the generator makes vp8"},
		"bitrate of clip":  {strings.Replace(small, "leo:", "leo: {bitrate: 1Mbps}", 1), "a clip has the bit rate it was recorded with"},
		"share":            {strings.Replace(small, "leo:", "leo: {network: {loss: 120%}}", 1), `network.loss: given "120%"; allowed: a share from 0 to 1`},
		"rate":             {strings.Replace(small, "leo:", "leo: {network: {up: {rate: 512}}}", 1), "allowed: a bit rate with its unit"},
		"outage":           {strings.Replace(small, "leo:", "leo: {network: {outages: [{from: 1s}]}}", 1), "an outage needs to end"},
		"outages overlap":  {strings.Replace(small, "leo:", "leo: {network: {outages: [{for: 9s, every: 5s}]}}", 1), "for not longer than every"},
		"burst":            {strings.Replace(small, "leo:", "leo: {network: {burst: {to_bad: 1%}}}", 1), "burst.to_good: missing"},
		"no figures":       {strings.Replace(small, "leo:", "leo: {network: {}}", 1), "given no figures"},
		"no step":          {strings.Replace(small, "  - {who: mia, do: call, with: leo}", "  []", 1), "steps: given 0; allowed: 1 to 500"},
		"nobody":           {strings.Replace(small, "with: leo", "with: []", 1), "given nobody"},
		"hears":            {strings.Replace(small, "{who: mia", "{after: mia hears, who: mia", 1), "allowed: mia hears and one other participant"},
		"hears oneself":    {strings.Replace(small, "{who: mia", "{after: mia hears mia, who: mia", 1), "another participant than mia"},
		"sees whom":        {strings.Replace(small, "{who: mia", "{after: mia sees lio, who: mia", 1), "did you mean leo?"},
		"two of one":       {strings.Replace(strings.Replace(small, "leo:", "leo: {}\n  leo2: {person: leo}", 1), "with: leo", "with: [leo, leo2]", 1), "given leo twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := script.ReadBytes("x.yaml", []byte(c.text))
			var bad *script.Error
			require.ErrorAs(t, err, &bad)
			require.Contains(t, err.Error(), c.want)
		})
	}
}

func TestReadNamesTheFile(t *testing.T) {
	_, err := script.Read(filepath.Join(t.TempDir(), "gone.yaml"))
	require.ErrorContains(t, err, "gone.yaml: cannot be read: no such file or directory")
	big := filepath.Join(t.TempDir(), "big.yaml")
	require.NoError(t, os.WriteFile(big, make([]byte, 1<<20+1), 0o600))
	_, err = script.Read(big)
	require.ErrorContains(t, err, "larger than the allowed 1048576 bytes")
}

func TestTemplateReadsBack(t *testing.T) {
	for _, name := range []string{"", "My call", `with "quotes" \ and: colons # too`, "line\nbreak\x1b[31m", strings.Repeat("ü", 400)} {
		s, err := script.ReadBytes("new.yaml", []byte(script.Template(name)))
		require.NoError(t, err, name)
		require.NotEmpty(t, s.Name)
		require.NotEmpty(t, s.Expect)
	}
	// What is commented out is valid too.
	all := strings.NewReplacer("    # role", "    role", "    # path:", "    path:", "    # audio", "    audio", "    # codecs", "    codecs",
		"    # network:\n", "    network:\n", "    #   delay", "      delay", "    #   loss", "      loss", "    #   up", "      up",
		"  # priya-tablet", "  priya-tablet", "# server:\n#  ", "server:\n ").Replace(script.Template(""))
	s := read(t, all)
	require.Len(t, s.Participants, 3)
	require.NotNil(t, s.Participants[0].Net.Profile)
	require.NotEmpty(t, s.Server)
}

func TestScriptsOfTheRepositoryRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scriptsDir, "*.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 10)
	quick := 0
	used := map[string]bool{}
	for _, f := range files {
		s, err := script.Read(f)
		require.NoError(t, err)
		require.NotEmpty(t, s.Says, f)
		require.NotEmpty(t, s.Expect, f)
		require.False(t, s.Quick && s.NeedsLab(), "%s: a quick script needs no root", f)
		if s.Quick {
			quick++
		}
		for _, st := range s.Steps {
			used[st.Do] = true
		}
	}
	require.GreaterOrEqual(t, quick, 6)
	for _, a := range script.Actions() {
		require.True(t, used[a.Name], "no script does %s", a.Name)
	}
}

func TestDescribe(t *testing.T) {
	s := read(t, strings.Replace(small, "  - {who: mia, do: call, with: leo}", `  - {who: mia, do: call, with: leo, video: no}
  - {who: mia, do: mute, kind: audio}
  - {who: mia, do: network, to: 3g}
  - {who: mia, do: outage, for: 5s}
  - {who: mia, do: message, with: leo, count: 3}
  - {who: mia, do: drop_socket}`, 1))
	var got []string
	for _, st := range s.Steps {
		got = append(got, script.Describe(st))
	}
	require.Equal(t, []string{"call leo, video: no", "mute audio", "network to 3g", "outage for 5s", "message leo × 3", "drop socket"}, got)
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := script.ReadBytes("x.yaml", []byte("name: \"\x07\"\n"))
	require.Error(t, err)
	var bad *script.Error
	require.True(t, errors.As(err, &bad))
	require.NotContains(t, err.Error(), "\x07")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(script.Template("")))
	f.Add([]byte("name: x\nparticipants: {mia: {network: {loss: 1e309}}}\nsteps: [{who: mia, do: outage, for: 1s}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? [1]\n: 2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := script.ReadBytes("f.yaml", data)
		if err == nil {
			require.NotEmpty(t, s.Name)
			require.NotEmpty(t, s.Participants)
			require.NotEmpty(t, s.Steps)
			return
		}
		var bad *script.Error
		require.ErrorAs(t, err, &bad)
		require.NotEmpty(t, bad.Problems)
		for _, p := range bad.Problems {
			require.NotContains(t, p.String(), "\n")
			require.NotContains(t, p.String(), "\x1b")
		}
	})
}
