// Package record turns what was measured in one call into the call's record.
//
// A Call takes samples from two sides that know different things: the server
// (RTP headers and RTCP at the server) and each client (its own getStats).
// Both send counters that run from the start of a stream. The package takes
// differences over the time that really passed, so that a sample that comes
// late or is missing makes one longer interval and never a false rate, and
// notices when a counter began afresh. Each interval gives one value of each
// figure (bitrate, loss, frame rate …) to that figure's distribution.
//
// The two sides are never mixed: a stream has a server view and a client
// view, side by side, and the reader can see where they differ.
//
// Everything here is pure: it takes the time as an argument, starts no
// goroutine, and knows no database and no Prometheus. A Call is not safe for
// use by several goroutines at once.
//
// docs/record.md documents the resulting JSON field by field.
package record
