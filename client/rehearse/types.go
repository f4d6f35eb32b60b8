// Package rehearse describes calls that are rehearsed: the script of a call,
// what is measured while it runs, and what came of it. It holds the terms only;
// package script reads scripts, package stage plays them, package report tells
// of them.
package rehearse

import (
	"context"
	"strconv"
	"time"

	"kinwire/client/impair"
)

// Script is one call to be rehearsed.
type Script struct {
	File         string // where it was read
	Name         string
	Says         string // what it is for
	Seed         uint64 // of everything random; 0: 1
	Timeout      time.Duration
	Quick        bool              // short enough for every run of the tests
	Server       map[string]string // configuration keys of a server that kincall starts itself
	Participants []Participant
	Steps        []Step
	Expect       []Expectation
}

// Participant is one device of one person.
type Participant struct {
	Name   string // in the script
	Person string // whose device it is; two participants may be the same person's. Empty: Name
	Role   string // parent, child, teen or adult
	Login  Login  // empty: one of the demo people in this role
	Via    Via
	Media  Media
	Net    Network
}

// Login is an account on the server. Package script fills it in: what a script
// leaves out becomes one of the demo people and DefaultPasswordEnv.
type Login struct {
	User        string
	PasswordEnv string // name of the environment variable with the password
}

// Where a script names no account, the demo people of a server in demo mode
// are meant. DemoPassword is theirs, and holds while DefaultPasswordEnv is not
// set; it is no secret (see the server's demo mode).
const (
	DefaultPasswordEnv = "KINCALL_PASSWORD"
	DemoPassword       = "kinwire-demo"
)

// Via is the way to the server.
type Via struct {
	Path     string // direct or relay
	Protocol string // udp, tcp, tls; empty: what ICE finds
}

// Media is what a participant sends.
type Media struct {
	Audio     string   // one of script.Sources: clip, generator, none
	Video     string   // likewise
	Codecs    []string // preference, such as vp8, h264, opus, lower case; empty: all
	Simulcast bool
	BitrateUp int // of video, bit/s; 0: the clip's own
}

// Network is the network of a participant.
type Network struct {
	Name    string          // of a profile; empty or "none": as it is
	Profile *impair.Profile // nil: none
}

// Step is one thing that somebody does at a moment.
//
// Steps are set off one after the other, in the order of the file; setting one
// off does not wait for what comes of it, so that two people can call each
// other in the same moment. A step's moment is, by what it names:
//
//	at     (At; When and Previous zero)  At after the start of the run
//	after  (When)                        when the condition has been seen since the last
//	                                     step above that could have brought it about (see
//	                                     package stage); then At more, from when it was seen
//	wait   (Previous)                    At after the step before was set off
//
// and at once where that moment has passed already. The run ends when all steps
// have been set off and nobody is in a call or rings any more, and messages
// that are under way have come or been waited for; not to get there within
// Timeout is an error that names who is still in a call.
type Step struct {
	Line     int
	At       time.Duration
	After    string    // as written, such as "leo rings"
	When     Condition // After, as package script has read it
	Previous bool      // At counts from the step before
	Who      string    // a participant
	Do       string    // an action of script.Actions
	With     []string  // participants it is done to; of call, add and message: the persons behind them
	Network  Network   // of the action network
	// Args holds further values by the name in script.Actions, checked and in
	// one form: durations as time.Duration prints them, numbers in decimal,
	// yes and no as true and false. Those left out have their default here.
	Args map[string]string
}

// Duration gives a value of Args that is a time, 0 where there is none.
func (s Step) Duration(name string) time.Duration {
	d, _ := time.ParseDuration(s.Args[name])
	return d
}

// Int gives a value of Args that is a whole number, 0 where there is none.
func (s Step) Int(name string) int {
	n, _ := strconv.Atoi(s.Args[name])
	return n
}

// Bool gives a value of Args that is yes or no.
func (s Step) Bool(name string) bool { return s.Args[name] == "true" }

// Condition is something about a participant that holds or does not; see
// script.Conditions. The zero value is none.
type Condition struct {
	Who  string // a participant
	Is   string // one of the constants
	Whom string // of hears and sees: another participant
}

// What can be so about a participant.
const (
	Rings     = "rings"     // a call rings at this device that it has not answered
	Connected = "connected" // its media connection is up
	InCall    = "in call"   // the server says so: it has joined and the call has been answered
	Ended     = "ended"     // it was called or in a call, and that is over, whatever the reason
	Hears     = "hears"     // sound of Whom has come in the last second
	Sees      = "sees"      // a picture of Whom has come in the last second
)

// Expectation is what must hold, as written.
type Expectation struct {
	Line int
	Text string // such as: leo audio.mos p5 > 3.6
	Expr any    // as package script has read it: a script.Expr
}

// Sample is what one participant measured in one second. Values are by metric
// name (see script.Metrics), per stream "kind.metric", such as video.fps. What
// was not measured in that second is absent. Of several streams that come from
// several people the worst counts, but for bit rates, which are summed up.
type Sample struct {
	At          time.Duration
	Participant string
	Values      map[string]float64
}

// Event is something that happened.
type Event struct {
	At          time.Duration
	Participant string // empty: of the run
	Kind        string // state, step, network, note, error
	Text        string
}

// Result is what came of a script. The participants' Texts hold, besides the
// metrics of that sort, participant_id: who they are in Record.
type Result struct {
	Script   Script
	Server   string // URL
	Began    time.Time
	Took     time.Duration
	Err      error                         // why it could not be played to its end; nil: it could
	Scalars  map[string]map[string]float64 // by participant ("" for the call) and name: setup_ms, freeze_ratio, messages_lost …
	Texts    map[string]map[string]string  // likewise: record.end_reason, codec …
	Samples  []Sample
	Events   []Event
	Record   []byte  // record of the last call as JSON, as the server gives it; nil: not to be had
	Checks   []Check // one for each expectation, by script.Judge at the end of Play
	LogLines []string
}

// Check is an expectation held against what was measured.
type Check struct {
	Expectation
	OK       bool
	Measured string // such as "leo audio.mos p5 = 2.91"
	Why      string // for a failure: in words, with what was measured when
}

// Passed says whether the script ran to its end and all that must hold held.
func (r *Result) Passed() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return r.Err == nil
}

// Progress hears of a run while it goes on. Its methods return at once.
type Progress interface {
	Started(Script)
	State(participant, state string) // such as calling, ringing, in call, muted, away
	Sampled(Sample)
	Happened(Event)
	Finished(*Result)
}

// Player plays a script.
type Player interface {
	Play(ctx context.Context, s Script, p Progress) *Result
}

// NeedsLab says whether a script can be played only where the networks of
// package lab can be made: somebody has a network, or it changes on the way.
func (s Script) NeedsLab() bool {
	for _, p := range s.Participants {
		if p.Net.Profile != nil {
			return true
		}
	}
	for _, st := range s.Steps {
		if st.Do == "network" || st.Do == "move" || st.Do == "outage" {
			return true
		}
	}
	return false
}

// Metric describes one thing that a run measures, for scripts and reports.
type Metric struct {
	Name string // setup_ms, audio.mos …
	Unit string // ms, ratio, bit/s, fps, px, MOS, yes/no, count or text
	Says string
	Per  string // call or participant
	Sort string // scalar, sampled or text
}
