// Package script reads the scripts of rehearsals and judges what came of them.
//
// A script is a YAML file: who takes part, on which networks, who does what
// and when, and what must hold in the end. [Read] turns it into a
// [rehearse.Script] or refuses it with everything that is wrong, each with its
// line, what was given and what is allowed. What a step may do is in the table
// [Actions], what it may wait for in [Conditions], and what may be expected in
// [Metrics]; package stage plays just these, and the reference in
// docs/rehearse.md is written from them by [Reference].
//
// An expectation is one line, such as
//
//	leo audio.mos p5 > 3.6
//
// [Parse] reads it, [Eval] holds it against a [rehearse.Result] and says in
// words what was measured, when it was worst and against what; [Judge] does so
// for all of a script. Nothing in this package reads the clock, the network or,
// but for Read, a file.
package script
