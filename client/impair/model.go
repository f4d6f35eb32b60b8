package impair

import "time"

// Model is a network at work. It is not safe for concurrent use.
type Model struct {
	Up, Down *Way
}

// New makes the model of a profile. What happens in it follows from the seed.
func New(p Profile, seed uint64) *Model {
	return &Model{Up: newWay(p.Up, seed, 1), Down: newWay(p.Down, seed, 2)}
}

// Set makes it another network from now on. What is on its way stays on its way,
// what waits for the rate has been sent at the old one, and the random numbers go
// on where they are.
func (m *Model) Set(p Profile) {
	m.Up.Set(p.Up)
	m.Down.Set(p.Down)
}

// Cut begins or ends an outage in both ways.
func (m *Model) Cut(on bool) {
	m.Up.Cut(on)
	m.Down.Cut(on)
}

// Delivery is one arrival of a packet at the other end.
type Delivery struct{ At time.Time }

// Fate is what became of a packet.
type Fate uint8

// Fates of packets.
const (
	Delivered Fate = iota // also when it came twice or overtook others
	Lost                  // at random
	LostInBurst
	Dropped // the queue was full
	InOutage
)

var fates = [...]string{"delivered", "lost", "lost in a burst", "dropped by the queue", "lost in an outage"}

// String is the fate in words.
func (f Fate) String() string { return fates[min(int(f), len(fates)-1)] }

// Counts is what has become of the packets of one way.
type Counts struct {
	Packets, Bytes              uint64 // that came in
	Delivered, DeliveredBytes   uint64 // without second copies
	Lost, LostInBurst           uint64
	Dropped                     uint64 // by the queue
	Outage                      uint64 // in outages
	Duplicated, Reordered       uint64 // among the delivered
	LongestWait, LongestTransit time.Duration
}

// LossRatio is the share of packets that did not come out; 0 without packets.
func (c Counts) LossRatio() float64 {
	if c.Packets == 0 {
		return 0
	}
	return 1 - float64(c.Delivered)/float64(c.Packets)
}
