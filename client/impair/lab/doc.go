// Package lab puts real programs behind bad networks, on one machine and without
// any cooperation of theirs: sockets, browsers and whole processes of a [Host]
// live in a network namespace of their own, whose only way out is a TUN device
// that this process reads and writes. Between the devices stands a hub that asks
// the host's [impair.Model] what becomes of each packet, and when.
//
//	l, err := lab.New(ctx, lab.Options{Seed: 7})      // ErrNeedsRoot: see there
//	defer l.Close()
//	server := start("--http.listen", l.ServerAddr())  // an ordinary process
//	threeG, _ := impair.Named("3g")
//	h, err := l.Attach("leo", threeG)
//	s, err := client.Dial(ctx, client.Options{BaseURL: url, HTTPClient: h.HTTPClient()})
//	call, err := s.Join(ctx, entered, client.MediaOptions{Net: h.Net()})
//	h.Outage(true)                                    // a tunnel
//	h.Move()                                          // another network, in mid-call
//
// # Where everything is
//
//	 root namespace                this process                namespace of "leo"
//	┌─────────────────┐   ┌──────────────────────────────┐   ┌──────────────────┐
//	│ server, at      │   │        hub                   │   │ sockets, browser │
//	│ ServerAddr      │   │                              │   │                  │
//	│ kwlab0 (TUN) ◄──┼───┼── model of leo, up ◄─────────┼───┼── eth0 (TUN)     │
//	│              ───┼───┼─────────► model of leo, down ┼───┼►                 │
//	└─────────────────┘   └──────────────────────────────┘   └──────────────────┘
//
// The server under test runs in the root namespace, as it always does, and is
// told to use [Lab.ServerAddr], an address on a TUN device there; whatever else
// runs on the machine reaches it as ever, without a bad network. [Lab.Server] is
// the host of that side; its network may be made bad too. Packets to addresses that
// are none of the lab's go to that side as well: so a server that listens on another
// address of this machine is reached by that, and one on another machine where this
// one forwards and masquerades what comes from the lab, which is not set up here.
//
// A packet from one host to another passes the up way of the first and the down
// way of the second. Addresses are taken from 198.18.0.0/15, which is set aside
// for measurements (RFC 2544, appendix C.2.2); several labs on one machine take
// different parts of it. The MTU is 1500 bytes. There is no name service in a
// host's namespace: names are looked up in the root namespace.
//
// # Time
//
// One timer (timerfd, precise to microseconds where Go's own timers are to a
// millisecond) wakes the hub for the next packet of a heap. When the machine is
// busy, packets come out late; how late is in [Stats], and a test that measures
// delays should look there before it blames anybody else.
//
// # What it leaves behind
//
// Nothing: there are no names in /run/netns. Devices vanish with their files and
// namespaces with the last process in them, however this process ends.
package lab
