//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// run32 is how many equal packets the floor of that name sends to one address.
const run32 = 32

// floorPlan is what a floor is to send. The senders' media of a shape, each
// to its receivers.
type floorPlan struct {
	Way     string        `json:"way"` // a name of ways
	Media   []media       `json:"media"`
	Senders [][]int       `json:"senders"` // of each the receivers, by index
	Targets []floorTarget `json:"targets"`
}

type floorTarget struct {
	Addr netip.AddrPort `json:"addr"`
	Key  []byte         `json:"key"`
	Salt []byte         `json:"salt"`
}

// floorSent is what a floor has sent in the window.
type floorSent struct {
	Packets uint64 `json:"packets"`
	Frames  uint64 `json:"frames"` // for which it woke up
}

// ways are the ways to send, by name.
var ways = map[string]func(*floorSource, []uint64, int64) (uint64, error){
	"sendto":   (*floorSource).sendto,
	"sendmmsg": (*floorSource).sendmmsg,
	"runs":     (*floorSource).runs,
	"gso32":    (*floorSource).gso32,
	"wake":     (*floorSource).wake,
}

// floorProcess seals and sends, and does nothing else.
type floorProcess struct {
	window *window
	fd     int
	quit   chan struct{}
	done   sync.WaitGroup
	packet atomic.Uint64
	wakes  atomic.Uint64
	failed atomic.Pointer[error]
}

func serveFloor(_ []string, in io.Reader, out io.Writer) error {
	fd, err := openSender()
	if err != nil {
		return err
	}
	f := &floorProcess{window: newWindow(), fd: fd, quit: make(chan struct{})}
	err = answers(in, out, map[string]func(request) (reply, error){
		"usage":  tellUsage,
		"start":  f.start,
		"window": f.open,
		"sent": func(request) (reply, error) {
			if e := f.failed.Load(); e != nil {
				return reply{}, *e
			}
			return reply{Sent: &floorSent{Packets: f.packet.Load(), Frames: f.wakes.Load()}}, nil
		},
	})
	close(f.quit)
	f.done.Wait()
	return errors.Join(err, unix.Close(fd))
}

// open sets the window; what was counted in one before is forgotten.
func (f *floorProcess) open(r request) (reply, error) {
	f.window.open(r.From, r.To)
	f.packet.Store(0)
	f.wakes.Store(0)
	return reply{}, nil
}

// start has one goroutine a sender, as the server wakes up for each sender's
// packets. (Of what was tried it costs least: a single goroutine finds the
// readers' processor asleep more often, clock_nanosleep costs more than Go's
// timers.)
func (f *floorProcess) start(r request) (reply, error) {
	if r.Floor == nil || ways[r.Floor.Way] == nil {
		return reply{}, fmt.Errorf("asked to start a floor that there is not: %+v", r.Floor)
	}
	number, begin := 0, ticks()
	for _, receivers := range r.Floor.Senders {
		var sources []*floorSource
		for _, m := range r.Floor.Media {
			s, err := f.source(r.Floor, m, uint16(number), receivers)
			if err != nil {
				return reply{}, err
			}
			s.next = begin + int64(phase(number, m.Every))
			sources = append(sources, s)
			number++
		}
		f.done.Add(1)
		go f.play(sources, ways[r.Floor.Way])
	}
	return reply{}, nil
}

func (f *floorProcess) play(sources []*floorSource, send func(*floorSource, []uint64, int64) (uint64, error)) {
	defer f.done.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s := slices.MinFunc(sources, func(a, b *floorSource) int { return cmp.Compare(a.next, b.next) })
		timer.Reset(time.Duration(s.next - ticks()))
		select {
		case <-f.quit:
			return
		case <-timer.C:
		}
		stamp := ticks()
		n, err := send(s, s.index, stamp)
		if err != nil {
			f.failed.CompareAndSwap(nil, &err)
			return
		}
		if f.window.has(stamp) {
			f.packet.Add(n)
			f.wakes.Add(1)
		}
		s.next += int64(s.Every)
	}
}

// floorSource is one source, with its receivers.
type floorSource struct {
	media
	number uint16
	fd     int
	next   int64
	model  []byte
	header int
	seals  []*seal
	addrs  []*unix.SockaddrInet4
	raw    []*unix.RawSockaddrInet4
	index  []uint64 // packets so far, by receiver
	arena  []byte   // of what is sent together
	batch  *batch
	credit int // packets that the floor of runs of 32 has not sent yet
	turn   int // whose turn it is there
}

func (f *floorProcess) source(p *floorPlan, m media, number uint16, receivers []int) (*floorSource, error) {
	b, header, err := model(m, number)
	if err != nil {
		return nil, err
	}
	s := &floorSource{media: m, number: number, fd: f.fd, model: b, header: header, index: make([]uint64, len(receivers))}
	for _, i := range receivers {
		t := p.Targets[i]
		seal, err := newSeal(t.Key, t.Salt)
		if err != nil {
			return nil, err
		}
		s.seals = append(s.seals, seal)
		s.addrs = append(s.addrs, &unix.SockaddrInet4{Addr: t.Addr.Addr().As4(), Port: int(t.Addr.Port())})
		s.raw = append(s.raw, rawAddress(t.Addr))
	}
	together := max(m.Packets*len(receivers), run32)
	s.arena = make([]byte, together*(len(b)+tagSize))
	s.batch = newBatch(f.fd, together)
	return s, nil
}

// seal makes the next packet for a receiver, at the given place.
func (s *floorSource) seal(place int, receiver int, index []uint64, stamp int64) []byte {
	size := len(s.model) + tagSize
	b := s.arena[place*size : (place+1)*size]
	copy(b, s.model)
	i := index[receiver]
	index[receiver]++
	number(b, s.header, i, label{source: s.number, number: uint32(i), stamp: stamp})
	return b[:s.seals[receiver].packet(b, s.header, len(s.model), uint32(s.number)+1, i)]
}

// wake sends nothing, and says how much there was to send.
func (s *floorSource) wake([]uint64, int64) (uint64, error) {
	return uint64(s.Packets * len(s.raw)), nil
}

// sendto sends each packet by itself.
func (s *floorSource) sendto(index []uint64, stamp int64) (uint64, error) {
	for range s.Packets {
		for r := range s.addrs {
			b := s.seal(0, r, index, stamp)
			if err := unix.Sendto(s.fd, b, 0, s.addrs[r]); err != nil {
				return 0, fmt.Errorf("sendto: %w", err)
			}
		}
	}
	return uint64(s.Packets * len(s.addrs)), nil
}

// sendmmsg sends a frame to all receivers with one system call.
func (s *floorSource) sendmmsg(index []uint64, stamp int64) (uint64, error) {
	n := 0
	for range s.Packets {
		for r := range s.raw {
			if err := s.batch.add(s.raw[r], s.seal(n, r, index, stamp), 0); err != nil {
				return 0, err
			}
			n++
		}
	}
	return uint64(n), s.batch.flush()
}

// runs does the same, with the packets of a frame to one receiver as one run
// of equal packets that the kernel splits.
func (s *floorSource) runs(index []uint64, stamp int64) (uint64, error) {
	n := 0
	size := len(s.model) + tagSize
	for r := range s.raw {
		begin := n
		for range s.Packets {
			s.seal(n, r, index, stamp)
			n++
		}
		if err := s.batch.add(s.raw[r], s.arena[begin*size:n*size], size); err != nil {
			return 0, err
		}
	}
	return uint64(n), s.batch.flush()
}

// gso32 sends as many packets in the long run, always 32 to one receiver: the
// most that splitting in the kernel can save.
func (s *floorSource) gso32(index []uint64, stamp int64) (uint64, error) {
	size := len(s.model) + tagSize
	var sent uint64
	for s.credit += s.Packets * len(s.raw); s.credit >= run32; s.credit -= run32 {
		r := s.turn % len(s.raw)
		s.turn++
		for i := range run32 {
			s.seal(i, r, index, stamp)
		}
		if err := s.batch.add(s.raw[r], s.arena[:run32*size], size); err != nil {
			return 0, err
		}
		if err := s.batch.flush(); err != nil {
			return 0, err
		}
		sent += run32
	}
	return sent, nil
}
