// Package datagram moves UDP packets between a media loop and the kernel, many
// with one system call.
//
// A server that forwards media does little with a packet; most of its time
// goes into handing packets to the kernel and taking them from it. Linux lets
// both be done in bulk, on two levels, and this package uses both.
//
// # Many messages a call, many packets a message
//
// recvmmsg(2) and sendmmsg(2) take a list of messages, each with its own
// address. That saves the way into the kernel and back, but each message still
// goes through the whole network stack by itself.
//
// Generic segmentation offload (GSO, the control message UDP_SEGMENT) saves
// that too: one message holds up to 64 packets of one size to one address, only
// the last may be shorter, and the kernel, or the network card, cuts it into
// packets after the stack. Generic receive offload (GRO, the socket option
// UDP_GRO) is the other way round: packets of one size that came close together
// from one address are handed over as one message, a train, with the size in a
// control message. See udp(7), and the kernel's Documentation/networking/
// segmentation-offloads.
//
// # In
//
// A Reader gives the packets that are there, cut out of their trains, in
// memory that is good until the next Read.
//
// It waits in Go's network poller, so that it holds no processor, and lets a
// timerfd(2) end a wait of any length exactly; Go's own timers are rounded up
// to a millisecond while a program is idle. Measured with 1,000 packets a
// second that come one by one and go on to three receivers, in a program that
// is otherwise idle, all its CPU time divided by the packets: a bare socket in
// the poller 48 µs, this Reader 50 to 54 µs, a blocking recvmmsg 101 to 108 µs.
// The blocking call loses because Go's system monitor is woken whenever a
// goroutine enters a system call while all else is idle, and then looks around
// every 20 µs; for the same reason sends here do not tell the scheduler about
// the call (54 µs a packet; 104 if they do). Asking the kernel again and again
// for 20 to 50 µs before waiting cost 10 to 30 µs a packet and won no time. A
// wait that runs out costs a wake, 30 µs here, as a packet does.
//
// The socket itself is not in Go's poller but in an epoll(7) set of its own
// that asks for reading only, and the set is: Go would ask for writing too, and
// each packet sent would then wake it.
//
// # Out
//
// A Batch gathers packets in the order in which they come to mind, the first
// packet for all receivers, then the second for all. Flush orders them by
// destination, makes a run of those of equal size to one destination, and sends
// all messages of a socket with one call. Within a destination nothing
// overtakes. Dest.Send is for a packet that goes by itself.
//
// When the socket's send buffer is full (EAGAIN), what is left is copied to a
// backlog of a bounded size, the oldest first out when it is full too. The
// backlog leaves before anything newer does; if nothing newer comes, a goroutine
// that lives only as long as the backlog sends it as soon as there is room.
// Every packet that is not sent is counted under a reason (see Stats).
//
// # Memory
//
// A Batch of 512 packets has 800 kB of packets, used from the front, so that
// one that is flushed with few small packets keeps to a few pages, and 80 kB of
// its own. A Reader of 32 messages takes 56 kB; with GRO, where any message may
// be a train, 2 MiB, of which only those pages cost that trains were written to.
// A backlog takes 800 kB once it is needed.
//
// # Elsewhere
//
// On systems other than Linux the same calls are made of net.UDPConn, packet by
// packet, so that programs build and run there.
package datagram
