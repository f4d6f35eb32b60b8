package ice

import (
	"net/netip"
	"time"

	"github.com/pion/stun/v3"
)

// Path is the way between one address of ours and one of the peer's. Paths are
// the same when they are equal, so the caller must always write an address in
// the same form.
type Path struct {
	Local, Remote netip.AddrPort
	Stream        uint64 // the number of the TCP connection, 0 for UDP
}

// Config says how long silence may last. All three count from the last sign of
// life, not from one another. Zero takes the default.
type Config struct {
	Disconnected time.Duration // without any authenticated packet; 5 s
	Failed       time.Duration // the same, for good; 25 s
	Consent      time.Duration // without a check; 30 s, which is the most that RFC 7675 section 5.1 allows
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&c.Disconnected, 5 * time.Second},
		{&c.Failed, 25 * time.Second},
		{&c.Consent, 30 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	return c
}

// State is where an agent is.
type State uint8

// The states.
const (
	New          State = iota // no check has held yet
	Connected                 // the peer was heard lately
	Disconnected              // silence, which the peer may end
	Failed                    // nothing but Restart helps
)

func (s State) String() string {
	names := [...]string{New: "new", Connected: "connected", Disconnected: "disconnected", Failed: "failed"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// generation is one pair of credentials and what is made of it: a restart
// begins another.
type generation struct {
	number        uint64
	local, remote Credentials
	key           stun.MessageIntegrity
}

func newGeneration(number uint64, local, remote Credentials) *generation {
	return &generation{number: number, local: local, remote: remote, key: stun.NewShortTermIntegrity(local.Pwd)}
}

// Agent is the server's side of ICE for one peer.
type Agent struct {
	cfg Config

	current  *generation
	previous *generation // serves until the first good check of current; nil after that

	paths     []*path // in no order; all valid
	selected  *path   // one of paths, or nil
	nominated bool    // a path was, since the agent was last New

	born    time.Time // of current, or of the agent
	alive   bool      // a check has held since the agent was last New
	checked time.Time // last good check
	heard   time.Time // last good check or authenticated packet
	failed  bool

	request, response stun.Message // for use in Check
}

// NewAgent makes an agent with credentials of ours. Its first check must come
// within Config.Consent.
func NewAgent(cfg Config, local Credentials, now time.Time) *Agent {
	return &Agent{
		cfg:     cfg.withDefaults(),
		current: newGeneration(0, local, Credentials{}),
		born:    now,
		request: stun.Message{Raw: make([]byte, 0, 256)},
	}
}

// Local is our credentials.
func (a *Agent) Local() Credentials { return a.current.local }

// SetRemote tells the peer's credentials. From then on checks must name its
// ufrag; before, any will do, since an early check may overtake the signaling.
func (a *Agent) SetRemote(c Credentials) { a.current.remote = c }

// Restart begins anew with other credentials on both sides. An agent that has
// failed is New again. On any other nothing changes at first: the old
// credentials serve on, and so do the paths, until the first check with the new
// ones. If the old paths die meanwhile the agent is New, not Failed: the peer
// has until Config.Consent after its Restart.
func (a *Agent) Restart(local, remote Credentials, now time.Time) {
	a.settle(now)
	next := newGeneration(a.current.number+1, local, remote)
	switch {
	case a.failed:
		a.failed, a.previous = false, nil
	case a.previous == nil:
		a.previous = a.current
	default:
		// Two restarts in a row: the one in between never carried anything, so
		// what is still in use is the one before it.
	}
	a.current, a.born = next, now
}

// Heard tells of an authenticated packet (SRTP, SRTCP, DTLS) on p. It says
// whether the selected path has changed by it. A path that is not valid is not
// made so: nobody has shown that who is there wants packets.
func (a *Agent) Heard(p Path, now time.Time) (selected bool) {
	a.settle(now)
	from := a.find(p)
	if from == nil {
		return false
	}
	a.heard = later(a.heard, now)
	takes := a.takesOver(from, now, TakeoverMedia)
	from.heard = later(from.heard, now)
	if takes {
		a.selected = from
	}
	return takes
}

// Lost tells that the TCP connection of p is closed. If p was the selected
// path, none is until another is nominated or heard.
func (a *Agent) Lost(p Path, now time.Time) {
	a.settle(now)
	a.remove(a.find(p))
}

// Selected is the path to send on, if there is one.
func (a *Agent) Selected() (Path, bool) {
	if a.selected == nil {
		return Path{}, false
	}
	return a.selected.Path, true
}

// Valid says whether a check has proved p to be a path of the peer's. Before
// one is selected, what comes in on a valid path may be answered there.
func (a *Agent) Valid(p Path) bool { return a.find(p) != nil }

// Paths gives all valid paths.
func (a *Agent) Paths() []Path {
	paths := make([]Path, len(a.paths))
	for i, p := range a.paths {
		paths[i] = p.Path
	}
	return paths
}

// State says where the agent is. It has to be asked at NextChange, or a little
// later, for paths to be given up in time.
func (a *Agent) State(now time.Time) State {
	a.settle(now)
	switch {
	case a.failed:
		return Failed
	case !a.alive:
		return New
	case now.Before(a.heard.Add(a.cfg.Disconnected)):
		return Connected
	default:
		return Disconnected
	}
}

// NextChange says when silence from now on would change the state; never if
// not ok.
func (a *Agent) NextChange(now time.Time) (at time.Time, ok bool) {
	a.settle(now)
	if a.failed {
		return time.Time{}, false
	}
	end := a.end()
	if silent := a.heard.Add(a.cfg.Disconnected); a.alive && now.Before(silent) && silent.Before(end) {
		return silent, true
	}
	return end, true
}

// end is when silence ends the present life.
func (a *Agent) end() time.Time {
	if !a.alive {
		return a.born.Add(a.cfg.Consent)
	}
	silence, consent := a.heard.Add(a.cfg.Failed), a.checked.Add(a.cfg.Consent)
	if silence.Before(consent) {
		return silence
	}
	return consent
}

// settle draws the conclusions from the silence up to now. It comes first in
// whatever is done: what happens after the end does not undo it, though nobody
// looked in between.
func (a *Agent) settle(now time.Time) {
	for !a.failed && !now.Before(a.end()) {
		restarting := a.alive && a.previous != nil
		a.paths, a.selected, a.nominated, a.alive, a.previous = nil, nil, false, false, nil
		// With a restart under way, its own time begins to count.
		a.failed = !restarting
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
