//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/pion/rtcp"
)

const (
	reportEvery = time.Second     // receiver reports
	checksEvery = 2 * time.Second // connectivity checks that keep the path open (RFC 7675)
)

// control takes RTCP from the server; called with mu held. A sender answers
// to a key frame request. It does not send anything again: what is lost is to
// be seen as lost.
func (c *client) control(b []byte) {
	plain, err := c.in.DecryptRTCP(nil, b, nil)
	if err != nil {
		c.tally.unsealed()
		return
	}
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		c.tally.unsealed()
		return
	}
	for _, p := range packets {
		switch p.(type) {
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			c.keyWanted.Store(true)
		}
	}
}

// tend sends what a client sends by time, until it is closed: transport-wide
// feedback every so often (0: never), receiver reports, connectivity checks.
func (c *client) tend(every time.Duration, failed func(error)) {
	defer c.running.Done()
	step := reportEvery
	if every > 0 {
		step = min(step, every)
	}
	tick := time.NewTicker(step)
	defer tick.Stop()
	now := ticks()
	report, check, feedback := now+int64(reportEvery), now+int64(checksEvery), now+int64(every)
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		now = ticks()
		var due []rtcp.Packet
		if now >= report {
			report = now + int64(reportEvery)
			due = append(due, c.report())
		}
		if every > 0 && now >= feedback-int64(step/2) {
			feedback = now + int64(every)
			c.mu.Lock()
			due = append(due, c.twcc.BuildFeedbackPacket()...)
			c.mu.Unlock()
		}
		err := c.sendRTCP(due)
		if err == nil && now >= check {
			check = now + int64(checksEvery)
			err = c.keepAlive()
		}
		if err != nil {
			failed(err)
			return
		}
	}
}

func (c *client) keepAlive() error {
	m, err := c.binding()
	if err != nil {
		return err
	}
	return c.write(m.Raw)
}

// report is a receiver report about every stream.
func (c *client) report() rtcp.Packet {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	r := &rtcp.ReceiverReport{SSRC: c.ssrc}
	for _, s := range c.tally.streams {
		if len(r.Reports) < 31 {
			r.Reports = append(r.Reports, rtcp.ReceptionReport{SSRC: s.ssrc, LastSequenceNumber: s.highest})
		}
	}
	return r
}

func (c *client) sendRTCP(packets []rtcp.Packet) error {
	if len(packets) == 0 {
		return nil
	}
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		return fmt.Errorf("%s: writing RTCP: %w", c.name, err)
	}
	c.mu.Lock()
	sealed, err := c.out.EncryptRTCP(nil, plain, nil)
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: sealing RTCP: %w", c.name, err)
	}
	return c.write(sealed)
}
