//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// history is how many packets back a late one is told from a second copy.
const history = 1024

// stream is what one source has sent to one receiver.
type stream struct {
	ssrc    uint32
	offset  uint16 // header's sequence number minus label's number, always the same
	newest  uint32
	highest uint32 // extended sequence number, for receiver reports
	seen    [history / 64]uint64
}

// note takes a packet's number; false when it has been here before.
func (s *stream) note(number uint32) bool {
	if number > s.newest {
		for n := s.newest + 1; n <= number && n-s.newest <= history; n++ {
			s.seen[n%history/64] &^= 1 << (n % 64)
		}
		s.newest = number
	} else if s.newest-number >= history {
		return true // too late to tell
	}
	bit := uint64(1) << (number % 64)
	word := &s.seen[number%history/64]
	first := *word&bit == 0
	*word |= bit
	return first
}

// counts is what a receiver has counted.
type counts struct {
	Total       uint64 `json:"total"`       // packets in all
	Delivered   uint64 `json:"delivered"`   // of the window
	Duplicates  uint64 `json:"duplicates"`  // came a second time
	Misnumbered uint64 `json:"misnumbered"` // header and payload number them differently
	Unsealed    uint64 `json:"unsealed"`    // did not open with the key: forged, repeated or broken
	Foreign     uint64 `json:"foreign"`     // opened, and not one of ours
}

func (c *counts) add(o counts) {
	c.Total += o.Total
	c.Delivered += o.Delivered
	c.Duplicates += o.Duplicates
	c.Misnumbered += o.Misnumbered
	c.Unsealed += o.Unsealed
	c.Foreign += o.Foreign
}

// tally counts what comes to one receiver.
type tally struct {
	window *window

	mu      sync.Mutex
	counts  counts
	streams map[uint16]*stream // by source
	latency histogram
	firstAt int64 // when the first packet of media was here, 0: not yet
	keyAt   int64 // when the first of a key frame was, 0: not yet
}

func newTally(w *window) *tally { return &tally{window: w, streams: map[uint16]*stream{}} }

func (t *tally) unsealed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Unsealed++
}

// take counts an opened packet.
func (t *tally) take(h *rtp.Header, payload []byte, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := readLabel(payload)
	if !ok {
		t.counts.Foreign++
		return
	}
	if t.firstAt == 0 {
		t.firstAt = now
	}
	if t.keyAt == 0 && bytes.HasPrefix(payload, vp8Key) {
		t.keyAt = now
	}
	s := t.streams[l.source]
	offset := h.SequenceNumber - uint16(l.number)
	if s == nil {
		s = &stream{ssrc: h.SSRC, offset: offset, newest: l.number, highest: uint32(h.SequenceNumber)}
		t.streams[l.source] = s
	}
	if !s.note(l.number) {
		t.counts.Duplicates++
		return
	}
	if s.offset != offset || s.ssrc != h.SSRC {
		t.counts.Misnumbered++
	}
	if ahead := int16(h.SequenceNumber - uint16(s.highest)); ahead > 0 {
		s.highest += uint32(ahead)
	}
	t.counts.Total++
	if t.window.has(l.stamp) {
		t.counts.Delivered++
		t.latency.add(time.Duration(now - l.stamp))
	}
}

// forget makes the window's count begin anew.
func (t *tally) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Delivered, t.latency = 0, histogram{}
}

// firsts are when the first packet was here, and the first of a key frame.
func (t *tally) firsts() (first, key int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.firstAt, t.keyAt
}

func (t *tally) sources() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.streams)
}

// unsound tells of packets that should not have come as they did.
func (t *tally) unsound() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.counts; c.Duplicates+c.Unsealed+c.Foreign > 0 {
		return fmt.Errorf("%w: %d twice, %d not opened, %d not ours", errUnsound, c.Duplicates, c.Unsealed, c.Foreign)
	}
	return nil
}

var errUnsound = errors.New("a member of a call has received packets that are not sound")

// addTo sums what was counted up.
func (t *tally) addTo(c *counts, latency *histogram) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.add(t.counts)
	latency.merge(&t.latency)
}
