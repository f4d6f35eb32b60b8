// Package netcheck finds out what a network lets through to a Kinwire server:
// the pages over HTTP, the WebSocket, STUN, and a connection of the kind that
// media takes over each transport. It is behind `kinwire netcheck`; the app has
// the same as a page.
//
// Nothing is asked of the user but the address of the server: no login, no
// microphone, no camera. A connection is made, a path is chosen, DTLS shakes
// hands; then it is taken down again.
//
//	res, err := netcheck.Run(ctx, netcheck.Options{BaseURL: "https://calls.example"}, nil)
//	err = res.WriteTable(os.Stdout)
//
// # What is measured
//
//   - Round-trip time: of each way by itself; over media's transports it is that
//     of ICE's connectivity checks (RFC 8445, section 7).
//   - NAT: the address that STUN saw (RFC 8489), asked from one port at every
//     address the server gives. Several different answers mean a mapping that
//     depends on the destination (RFC 4787, section 4.1), which is what keeps
//     people from reaching each other, though not from reaching a server.
//   - MTU: the largest IP packet that went to the server unfragmented, by binding
//     requests with the don't-fragment bit and growing padding (as RFC 8899 probes;
//     on Linux only).
//
// The result names no full address: networks as IPv4 to /24, IPv6 to /48.
package netcheck
