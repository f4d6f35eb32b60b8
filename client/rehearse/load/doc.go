// Package load puts many calls on a server at once and says what came of them:
// how long it took until everybody was connected, what was lost, and how much
// CPU the server spent on each packet that it sent on.
//
// The people are the demo's crowd (configuration key demo.crowd), sixteen of
// whom are friends of one another; each call takes its people out of one such
// circle. A run has five phases and ends by itself:
//
//	preparing  a server is started, if there is none, and everybody signs in
//	ramp       calls begin, evenly over the time given
//	hold       all of them go on; what the server spends is measured here alone
//	ending     everybody hangs up
//	done
//
// The clients are real ones of the Go SDK with real media. So that they leave
// the machine to the server, one goroutine sends for all of them, recorded
// clips are shared, and receivers look at numbers and times of packets, not into
// them. Clients and server still share the processors when both run on one
// machine: then the CPU per packet holds, and delays say as much about the
// machine as about the server.
package load
