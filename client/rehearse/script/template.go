package script

import "strings"

// Template is a commented script to begin with. It reads back without a
// problem, and plays on a server in demo mode. name is its name; empty: a
// general one.
func Template(name string) string {
	name = strings.Join(strings.Fields(printable(name)), " ")
	if r := []rune(name); len(r) > 100 {
		name = string(r[:100])
	}
	if name == "" {
		name = "A child calls a parent"
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	return strings.Replace(template, "NAME", quoted, 1)
}

const template = `# A rehearsal of one call. Check it with  kincall check FILE,  play it with
# kincall run FILE.  Everything that may stand here:  kincall reference
name: NAME
says: Mia calls Priya; after a while Mia's picture is off for some seconds, then Priya hangs up.

# Short enough for every run of the tests (kincall run --quick plays only these).
quick: true

# Of everything random, so that a run can be repeated. 1 if left out.
seed: 1

# When the run is given up. 1m if left out.
timeout: 1m

# Configuration keys of the server that kincall starts for this script. They
# have no effect on a server that runs already (--url).
# server:
#   calls.ring_timeout: 5s

# Who takes part: one entry for each device. A name of the demo people (the
# parents priya and tomek, the children mia and leo) needs nothing more.
participants:
  mia:
    # Everything below may be left out.
    # role: child                 # parent, child, teen or adult
    # user: mia                   # login; left out: the demo person of that name, or one in that role
    # password_env: KINCALL_PASSWORD   # variable with the password; left out: this one, or the demo's password
    # path: direct                # or relay: through TURN alone
    # protocol: udp               # udp, tcp, or tls (with path: relay)
    # audio: clip                 # clip, generator or none
    # video: clip                 # likewise
    # codecs: [vp8, opus]         # in order of preference
    # network: 3g                 # see kincall profiles; needs root. Or figures:
    # network:
    #   delay: 40ms
    #   loss: 2%
    #   up: {rate: 768kbps, jitter: 20ms}
  priya:
  # A second device of the same person:
  # priya-tablet: {person: priya}

# What they do, one step after the other. A step comes
#   at: 5s             that long after the start,
#   after: leo rings   when that has been seen (kincall reference lists what can be),
#   wait: 3s           that long after the step before, or after what after: names.
steps:
  - {at: 0s, who: mia, do: call, with: priya}
  - {after: priya rings, wait: 500ms, who: priya, do: answer}
  - {after: priya sees mia, wait: 2s, who: mia, do: mute, kind: video}
  - {wait: 2s, who: mia, do: unmute, kind: video}
  - {wait: 3s, who: priya, do: hangup}

# What must hold:  [who] metric [aggregate] OP value[unit].  Without who it
# holds for everybody.
expect:
  - setup_ms < 2s
  - priya first_video_ms < 2s
  - audio.loss max < 1%
  - priya video.decodable >= 99%
  - record.end_reason == hangup
`
