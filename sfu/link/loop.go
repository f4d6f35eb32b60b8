package link

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"kinwire/sfu/datagram"
	"kinwire/sfu/ice"
	"kinwire/sfu/packet"
)

// pooledBatch is the size of a batch for those who take one packet at a time.
const pooledBatch = 32

// readPause is how long a loop waits after the kernel has failed it.
const readPause = 50 * time.Millisecond

// pass is what one reader of a door has taken in and not sent yet. It belongs
// to one goroutine.
type pass struct {
	out  *datagram.Batch
	now  time.Time
	view packet.View
	buf  [packet.MaxSize]byte // for those whose packets must not be changed in place

	// open counts streams that are in the middle of a picture in this turn. A
	// stream notes the turn in which it was counted.
	open int
	turn uint32
}

func newPass(packets int) *pass { return &pass{out: datagram.NewBatch(packets), turn: 1} }

// flush sends what the pass has gathered and begins another turn.
func (p *pass) flush() {
	p.out.Flush()
	p.open = 0
	p.turn++
}

// borrow lends a pass to somebody who reads no UDP socket; give takes it back
// and sends what was gathered.
func (t *Transport) borrow() *pass {
	p := t.passes.Get().(*pass)
	p.now = t.now()
	return p
}

func (t *Transport) give(p *pass) {
	p.flush()
	t.passes.Put(p)
}

// loop reads one UDP socket and does everything that is due to a packet.
type loop struct {
	t      *Transport
	door   *socketDoor
	reader *datagram.Reader
	pass   *pass

	// known is what the directory has said since its epoch.
	epoch uint64
	known map[netip.AddrPort]*way
}

// newLoop reads s, which is the door's own socket or another at its address.
func newLoop(t *Transport, d *socketDoor, s *datagram.Socket) *loop {
	l := &loop{t: t, door: d, reader: s.NewReader(readBatch), known: map[netip.AddrPort]*way{}}
	if s == d.socket {
		l.pass = newPass(sendBatch)
	} else {
		l.pass = newPass(pooledBatch)
	}
	return l
}

// drain takes what is there and does not wait.
func (l *loop) drain(now time.Time) {
	l.pass.now = now
	for {
		in, err := l.reader.Read(0)
		if err != nil || len(in) == 0 {
			return
		}
		for i := range in {
			l.take(in[i].Data, in[i].From)
		}
		l.pass.flush()
		if len(in) < readBatch {
			return
		}
	}
}

// run reads until the socket is closed.
//
// A picture comes in several packets, one shortly after the other. If they are
// read one by one, they leave one by one; together they leave for each receiver
// as one run that only the kernel takes apart (UDP GSO). So while a picture is
// incomplete, what is to be sent waits for the rest of it, for FrameHold at
// most since the first of it came.
func (l *loop) run() {
	defer l.t.running.Done()
	var due time.Time // when what waits must leave; zero: nothing waits
	for {
		wait := time.Duration(-1)
		if !due.IsZero() {
			wait = max(due.Sub(l.t.now()), 0)
		}
		in, err := l.reader.Read(wait)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// The kernel is short of something: it will not be for ever.
			l.t.log.Warn("reading a media socket", "err", err)
			select {
			case <-l.t.stop:
				return
			case <-time.After(readPause):
			}
		}
		l.pass.now = l.t.now()
		for i := range in {
			l.take(in[i].Data, in[i].From)
		}
		hold := time.Duration(l.t.frameHold.Load())
		switch {
		case l.pass.open == 0 || hold <= 0 || l.pass.out.Len() == 0:
		case due.IsZero():
			due = l.pass.now.Add(hold)
			continue
		case l.pass.now.Before(due):
			continue
		}
		l.pass.flush()
		due = time.Time{}
	}
}

func (l *loop) take(b []byte, from netip.AddrPort) {
	if len(b) == 0 {
		return
	}
	if isSTUN(b) {
		if !l.t.relays.has(from) {
			l.t.check(l.door, b, from)
		}
		return
	}
	w := l.way(from)
	if w == nil {
		l.t.count.stranger.Add(1)
		return
	}
	w.take(l.pass, b)
}

// way is whose packets come from an address.
func (l *loop) way(from netip.AddrPort) *way {
	if e := l.t.directory.epoch.Load(); e != l.epoch {
		l.epoch = e
		clear(l.known)
	}
	if w, ok := l.known[from]; ok {
		return w
	}
	w := l.t.directory.byPath(ice.Path{Local: l.door.address, Remote: from})
	if w == nil || w.relayed() {
		// Strangers are not remembered, there may be any number; and nobody on
		// the network may speak for a relayed address.
		return nil
	}
	l.known[from] = w
	return w
}

func (w *way) relayed() bool {
	_, ok := w.door.(*relayDoor)
	return ok
}

// takeFrom is take for a reader that is no loop.
func (t *Transport) takeFrom(d door, p *pass, b []byte, from netip.AddrPort) {
	if len(b) == 0 {
		return
	}
	if isSTUN(b) {
		t.check(d, b, from)
		return
	}
	w := t.directory.byPath(d.path(from))
	if w == nil {
		t.count.stranger.Add(1)
		return
	}
	w.take(p, b)
}

// The first byte of a packet tells what it is (RFC 7983 section 7).
func isSTUN(b []byte) bool { return b[0] < 4 }
func isDTLS(b []byte) bool { return b[0] >= 20 && b[0] < 64 }
func isRTP(b []byte) bool  { return b[0] >= 128 && b[0] < 192 }

// isRTCP tells the two kinds of SRTP packets apart (RFC 5761 section 4).
func isRTCP(b []byte) bool { return len(b) > 1 && b[1] >= 192 && b[1] < 224 }

func (w *way) take(p *pass, b []byte) {
	switch {
	case isRTP(b):
		w.link.media(w, p, b)
	case isDTLS(b):
		w.link.handshakePacket(w, b)
	default:
		w.link.t.count.malformed.Add(1)
	}
}
