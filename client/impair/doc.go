// Package impair makes networks bad on purpose: loss, delay, jitter, reordering,
// a rate with a queue, and outages, by a model that is the same in every run
// with the same seed.
//
// A [Profile] describes a network as somebody behind it has it; [Named] knows
// the usual ones. [New] makes a [Model] of one, which has two ways, up and down.
// A [Way] is asked about each packet with [Way.Judge] or [Way.Arrive] and says
// when it comes out at the other end, once, twice or not at all:
//
//	m := impair.New(profile, 7)
//	for _, d := range m.Up.Arrive(now, len(packet)) {
//		deliverAt(d.At, packet)
//	}
//
// It reads no clock, has no goroutine and sends nothing: package lab puts it
// between network namespaces, and a test may put it anywhere else.
//
// # What happens to a packet, in order
//
//   - The rate: a packet waits for those before it and then takes its size times
//     8 through the rate. One that would wait longer than the queue allows is
//     dropped (drop tail).
//   - Outages: a packet whose last bit leaves the queue in an outage is lost.
//   - Loss, at random and in bursts. A lost packet has used its share of the rate,
//     as on a radio link.
//   - Delay, with jitter. The delay of packets wanders about its mean: it is
//     normally distributed, and two packets that follow one another closely have
//     nearly the same one (an Ornstein-Uhlenbeck process with a correlation time
//     of 20 ms), because what delays packets in real networks lasts longer than a
//     packet does. Packets do not overtake one another by jitter: one that would
//     comes out together with the one before.
//   - Reordering: a packet that overtakes comes out just before the latest one
//     that is still on its way. When nothing is on its way there is nobody to
//     overtake; so a link without delay does not reorder.
//   - Duplication: the second copy comes right behind the first, and has used no
//     share of the rate.
//
// # The same in every run
//
// Each way has random numbers of its own, and in it each kind of mishap has, so
// that the n-th packet of a way is lost, or overtakes, or comes twice in every
// run with the same seed, whatever the other way carries and whenever the packet
// comes. Delay and queue depend on when packets come; with the same times they
// are the same.
package impair
