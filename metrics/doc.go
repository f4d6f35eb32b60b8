// Package metrics measures calls and says what it found, in three places: one
// record per call in the store, one line of log at hang-up, and Prometheus
// metrics at all times.
//
// A Recorder is told what happens (CallStarted, ParticipantJoined …) and what
// was measured: about once a second what the server knows of a participant's
// link (ServerSample), and now and then what the client's getStats said
// (ClientSample). Package metrics/record does the arithmetic.
//
// # Privacy
//
// A record names a person by the id it was given and an address by its
// network (package internal/mask). The log line has neither. Metrics carry
// labels from closed lists only (package metrics/label), so that no id and
// no free text can become one. Who asks for OpenMetrics gets exemplars beside
// them: the id of one call for a bucket, which opens nothing by itself.
//
// # Planes
//
// The package imports no plane. Planes keep atomics; cmd hands them in with
// Source, which declares their names and labels once and reads them at each
// scrape.
//
// # Goroutines and locks
//
// One goroutine saves records, and a few for each place hand them on
// (Deps.Exports), each with a bounded queue and retries; no call waits for
// them, Close does. Each live call has a lock of
// its own, so that calls do not wait for one another. The table of live calls
// and the queues have theirs, which are held for moments and may be
// taken while a call's is held, never the other way round.
package metrics
