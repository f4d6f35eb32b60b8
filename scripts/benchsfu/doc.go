//go:build linux

// Command benchsfu measures what it costs the SFU to forward a packet, in
// three shapes, beside the least that the kernel charges for the same sends.
// scripts/bench-sfu runs it; docs/bench.md says what the figures mean.
//
// Three processes, all of this one program: the parent holds the clients and
// every reader, "serve-sfu" is kinwire/sfu alone, "floor" seals and sends and
// does nothing else. Parent and child speak lines of JSON over the child's
// standard input and output; the child reads its own CPU time. With --vs there
// is a fourth, Debian's Janus, asked over its Unix socket and read in /proc.
//
// Two more things are done with the same clients: --instructions runs server
// and floor under valgrind in slow motion, and --soak lets calls come and go
// for hours and looks at what stays behind.
//
// A client is a UDP socket with one goroutine: STUN checks against the lite
// server, pion/dtls, pion/srtp contexts, and a tally of what came. Nothing
// else is between the socket and the count, so that two cores suffice for
// the server and a hundred streams of readers.
package main
