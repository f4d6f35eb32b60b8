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
// view, side by side, and the reader can see where they differ. Only a score
// looks at both: each closed interval is judged by package quality, with what
// is known of the source's way up and the receiver's way down in the last few
// seconds, and goes into the stream's scores with the place and the fault that
// are to blame. From these come the call's score and its verdict, and, while the
// call goes on, how each participant's connection is (Call.Quality).
//
// Beside the distributions a Call keeps a time line in columns of single floats,
// whose steps grow longer with a long call, and a bounded list of events.
//
// Everything here is pure: it takes the time as an argument, starts no
// goroutine, and knows no database and no Prometheus. A Call is not safe for
// use by several goroutines at once.
//
// docs/record.md documents the resulting JSON field by field.
package record
