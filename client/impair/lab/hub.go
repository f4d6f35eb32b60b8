package lab

import (
	"container/heap"
	"net/netip"
	"sync"
	"time"

	"kinwire/client/impair"
)

// hub carries packets from device to device. Whoever has read a packet, and the
// goroutine that the alarm wakes, carry on what is due, one at a time.
type hub struct {
	alarm *alarm
	watch func(Passage)

	server *Host
	inside []netip.Prefix // the lab's addresses

	mu    sync.Mutex
	hosts map[netip.Addr]*Host
	due   queue
	seq   uint64
	set   time.Time // what the alarm is set to; zero: to nothing
	late  lateness
}

// errand is what is to be done with a packet at a moment.
type errand struct {
	at  time.Time
	seq uint64
	to  *Host // to be written to; nil: it has passed the up way of from
	pkt []byte
}

type queue []errand

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].seq < q[j].seq // those of one moment in the order they came
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(errand)) }
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = errand{}
	*q = old[:len(old)-1]
	return e
}

// take is a packet that a host sends.
func (b *hub) take(from *Host, pkt []byte, now time.Time) {
	src, _, ok := addresses(pkt)
	b.mu.Lock()
	defer b.mu.Unlock()
	if outside := from == b.server && b.isOutside(src); !ok || b.hosts[src] != from && !outside {
		from.foreign++ // such as from an address that it has no more
		return
	}
	b.pass(from, true, pkt, now)
	b.carry(now)
}

// pass sends a packet through one way of a host.
func (b *hub) pass(h *Host, up bool, pkt []byte, now time.Time) {
	way, to := h.model.Down, h
	if up {
		way, to = h.model.Up, nil
	}
	fate, out := way.Judge(now, len(pkt))
	if b.watch != nil {
		b.watch(Passage{Host: h.name, Up: up, At: now, Packet: pkt, Fate: fate, Copies: len(out)})
	}
	for _, d := range out {
		b.seq++
		heap.Push(&b.due, errand{at: d.At, seq: b.seq, to: to, pkt: pkt})
	}
}

// carry does what is due, and sets the alarm for what comes next.
func (b *hub) carry(now time.Time) {
	for len(b.due) > 0 && !b.due[0].at.After(now) {
		e := heap.Pop(&b.due).(errand)
		if e.to != nil {
			e.to.deliver(e.pkt)
			now = time.Now()
			b.late.add(now.Sub(e.at))
			continue
		}
		if h := b.towards(e.pkt); h != nil {
			// By the time at which it was due: lateness does not add up.
			b.pass(h, false, e.pkt, e.at)
		} else {
			b.late.nobody++
		}
	}
	if len(b.due) == 0 || b.due[0].at.Equal(b.set) {
		return
	}
	b.set = b.due[0].at
	_ = b.alarm.set(b.set.Sub(now)) // fails only when the lab is closed
}

// towards is the host that a packet is for. What is for no address of the lab is
// for the server's side, which may have other addresses and ways to go on.
func (b *hub) towards(pkt []byte) *Host {
	_, dst, _ := addresses(pkt)
	if h := b.hosts[dst]; h != nil || !b.isOutside(dst) {
		return h
	}
	return b.server
}

func (b *hub) isOutside(a netip.Addr) bool {
	for _, p := range b.inside {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast()
}

// run carries what becomes due, until the alarm is closed.
func (b *hub) run() {
	for b.alarm.wait() == nil {
		b.mu.Lock()
		b.set = time.Time{}
		b.carry(time.Now())
		b.mu.Unlock()
	}
}

// addresses reads source and destination of an IP packet.
func addresses(p []byte) (src, dst netip.Addr, ok bool) {
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20])), true
	case len(p) >= 40 && p[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40])), true
	}
	return src, dst, false
}

// Passage is a packet on one way of a host, for [Options.Watch].
type Passage struct {
	Host   string
	Up     bool
	At     time.Time
	Packet []byte // with its IP header; not to be changed
	Fate   impair.Fate
	Copies int // that come out
}
