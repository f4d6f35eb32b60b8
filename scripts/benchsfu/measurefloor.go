//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// floors are the names of the floors of a shape, in the order in which they
// are told. Where a frame is one packet there are no runs.
func (s shape) floors() []string {
	if slices.ContainsFunc(s.Media, func(m media) bool { return m.Packets > 1 }) {
		return []string{"sendto", "sendmmsg", "runs", "gso32", "wake"}
	}
	return []string{"sendto", "sendmmsg", "gso32", "wake"}
}

// measureFloor measures one way to send, towards readers like a server's.
func measureFloor(ctx context.Context, s shape, way string, o options) (r result, err error) {
	c, err := startChild(ctx, "floor")
	if err != nil {
		return r, err
	}
	st := newStage(ctx, s, o, c)
	defer func() { err = errors.Join(err, st.close()) }()
	plan, streams, err := st.floorPlan(way)
	if err != nil {
		return r, err
	}
	if _, err := c.ask(request{Do: "start", Floor: plan}); err != nil {
		return r, err
	}
	if way == "wake" {
		clear(streams) // nothing is sent
	}
	if err := st.until("the readers of the floor "+way, st.complete(func(i int) int { return streams[i] })); err != nil {
		return r, err
	}
	if err := st.pause(o.settle / 3); err != nil {
		return r, err
	}
	before, after, own, err := st.measure()
	if err != nil {
		return r, err
	}
	told, err := c.ask(request{Do: "sent"})
	if err != nil {
		return r, err
	}
	r = result{Subject: way, Shape: s.Name, Floor: told.Sent}
	r.measured(o.window, before, after, own, st.clients, told.Sent.Packets)
	if way == "wake" {
		r.Expected, r.Lost = 0, 0
		r.costs(after.CPU-before.CPU, after.User-before.User, after.System-before.System, told.Sent.Packets)
	}
	return r, nil
}

// floorPlan opens the readers, and says what is to be sent to them, and how
// many streams each is to have.
func (st *stage) floorPlan(way string) (*floorPlan, []int, error) {
	s := st.shape
	plan := &floorPlan{Way: way, Media: s.Media}
	streams := make([]int, s.participants())
	for i := range s.participants() {
		t, err := st.reader(fmt.Sprintf("reader %d", i), way == "gso32")
		if err != nil {
			return nil, nil, err
		}
		plan.Targets = append(plan.Targets, t)
		size := s.Senders + s.Receivers
		if i%size < s.Senders {
			plan.Senders = append(plan.Senders, others(i, size))
			for _, o := range others(i, size) {
				streams[o] += len(s.Media)
			}
		}
	}
	return plan, streams, nil
}

// others are the participants of i's room but i, rooms of the given size
// being numbered through.
func others(i, size int) []int {
	var out []int
	for o := i - i%size; o < i-i%size+size; o++ {
		if o != i {
			out = append(out, o)
		}
	}
	return out
}

// reader is a client whose key is given, not negotiated. One that takes runs
// has them handed over whole by the kernel (UDP_GRO).
func (s *stage) reader(name string, runs bool) (floorTarget, error) {
	c, err := openClient(name, loopback, s.window)
	if err != nil {
		return floorTarget{}, err
	}
	s.clients, s.receivers = append(s.clients, c), append(s.receivers, c)
	t := floorTarget{Addr: c.local(), Key: make([]byte, keySize), Salt: make([]byte, saltSize)}
	_, _ = rand.Read(t.Key) // never fails, see crypto/rand
	_, _ = rand.Read(t.Salt)
	in, err := inContext(t.Key, t.Salt)
	if err != nil {
		return floorTarget{}, err
	}
	c.unlock(in, nil)
	read := c.read
	if runs {
		if err := c.takeRuns(); err != nil {
			return floorTarget{}, err
		}
		read = c.readRuns
	}
	c.running.Add(1)
	go read()
	return t, nil
}

// takeRuns asks the kernel not to split what was sent as one run.
func (c *client) takeRuns() error {
	raw, err := c.conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("%s: reaching the socket: %w", c.name, err)
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
	if err = errors.Join(err, set); err != nil {
		return fmt.Errorf("%s: taking runs of packets whole: %w", c.name, err)
	}
	return nil
}

func (c *client) readRuns() {
	defer c.running.Done()
	buf, control := make([]byte, 1<<16), make([]byte, unix.CmsgSpace(4))
	for {
		n, nc, _, _, err := c.conn.ReadMsgUDPAddrPort(buf, control)
		if err != nil {
			return // closed
		}
		size := n
		if nc >= unix.CmsgLen(4) { // UDP_GRO is the only one that was asked for
			size = int(binary.NativeEndian.Uint32(control[unix.CmsgLen(0):]))
		}
		for b := buf[:n]; len(b) > 0 && size > 0; b = b[min(size, len(b)):] {
			c.sealed(b[:min(size, len(b))])
		}
	}
}

// descriptions say in words what the subjects are.
var descriptions = map[string]string{
	"kinwire":  "kinwire/sfu",
	"janus":    "Janus, videoroom",
	"sendto":   "floor: seal + sendto",
	"sendmmsg": "floor: seal + sendmmsg",
	"runs":     "floor: seal + sendmmsg of GSO runs",
	"gso32":    "floor: seal + GSO, 32 to one",
	"wake":     "of a floor: waking up alone",
}
