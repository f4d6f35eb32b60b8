//go:build linux

package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// source is one thing that a client sends.
type source struct {
	media
	section
	number uint16 // in the whole shape
	next   int64  // when its next frame is due
	count  uint32 // packets so far
	seq    uint16
	time   uint32
	frames int
}

// sent is what the senders have sent.
type sent struct {
	mu       sync.Mutex
	total    uint64
	inWindow uint64
	late     histogram // how long after their time the window's frames went out
}

func (s *sent) windowed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inWindow
}

// forget makes the window's count begin anew.
func (s *sent) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inWindow, s.late = 0, histogram{}
}

func (s *sent) add(total, inWindow uint64, late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total += total
	s.inWindow += inWindow
	if inWindow > 0 {
		s.late.add(late)
	}
}

// play sends frames at their times until the client is closed or quit is.
func (c *client) play(sources []*source, w *window, out *sent, quit <-chan struct{}, failed func(error)) {
	defer c.running.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	p := &player{client: c, header: rtp.Header{Version: 2}, plain: make([]byte, packetSize), sealed: make([]byte, packetSize)}
	for {
		s := sources[0]
		for _, o := range sources[1:] {
			if o.next < s.next {
				s = o
			}
		}
		timer.Reset(time.Duration(s.next - ticks()))
		select {
		case <-c.stop:
			return
		case <-quit:
			return
		case <-timer.C:
		}
		late := time.Duration(ticks() - s.next)
		total, inWindow, err := p.frame(s, w)
		out.add(total, inWindow, late)
		if err != nil {
			failed(err)
			return
		}
		s.next += int64(s.Every)
	}
}

// player holds what one client needs to send.
type player struct {
	client        *client
	header        rtp.Header
	plain, sealed []byte
	twcc          uint16
}

// frame sends one frame of a source.
func (p *player) frame(s *source, w *window) (total, inWindow uint64, err error) {
	begin := vp8Delta
	if s.video && (s.frames == 0 || p.client.keyWanted.Swap(false)) {
		begin = vp8Key
	}
	for i := range s.Packets {
		if i > 0 {
			begin = vp8Rest
		}
		stamp := ticks()
		if err := p.packet(s, begin, i == s.Packets-1, stamp); err != nil {
			return total, inWindow, err
		}
		total++
		if w.has(stamp) {
			inWindow++
		}
	}
	s.frames++
	if s.video {
		s.time += uint32(90000 * s.Every / time.Second)
	} else {
		s.time += uint32(48000 * s.Every / time.Second)
	}
	return total, inWindow, nil
}

func (p *player) packet(s *source, begin []byte, last bool, stamp int64) error {
	h := &p.header
	h.PayloadType, h.Marker = opusType, false
	if s.video {
		h.PayloadType, h.Marker = vp8Type, last
	}
	h.SSRC, h.SequenceNumber, h.Timestamp = s.ssrc, s.seq, s.time
	if err := h.SetExtension(twccID, []byte{byte(p.twcc >> 8), byte(p.twcc)}); err != nil {
		return fmt.Errorf("%s: numbering a packet: %w", p.client.name, err)
	}
	n, err := h.MarshalTo(p.plain)
	if err != nil {
		return fmt.Errorf("%s: writing a header: %w", p.client.name, err)
	}
	payload := p.plain[n : n+s.Payload]
	if s.video {
		clear(payload[:labelAt])
		copy(payload, begin)
	} else {
		payload[0] = 0xfc // Opus: CELT, 20 ms, stereo, one frame
	}
	label{source: s.number, number: s.count, stamp: stamp}.put(payload)
	c := p.client
	c.mu.Lock()
	sealed, err := c.out.EncryptRTP(p.sealed[:0], p.plain[:n+s.Payload], nil)
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: sealing: %w", c.name, err)
	}
	s.seq++
	s.count++
	p.twcc++
	return c.write(sealed)
}
