package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/pion/webrtc/v4"
)

// MaxData is the largest message of a data channel in bytes; servers take none
// that is larger.
const MaxData = 16 << 10

// maxDataWaiting is how many bytes may wait to be sent on one channel.
const maxDataWaiting = 256 << 10

// The ways in which a message cannot be sent on a data channel.
var (
	ErrNoChannel = errors.New("client: no data channel with this label is open")
	ErrTooMuch   = errors.New("client: more than may be sent on a data channel")
)

// DataChannel is a channel on which those in a call who have opened one with
// the same label hear one another, by way of the server.
type DataChannel struct {
	Label string
	// Lossy channels neither repeat what was lost nor keep to an order. What is
	// sent on others comes in order, until the server closes them because this
	// client does not keep up.
	Lossy bool
	// OnMessage gets each message, one after the other. It may keep it.
	OnMessage func(DataMessage)
	// OnOpen is called when messages can be sent and come, OnClose after the end.
	OnOpen, OnClose func()
}

// DataMessage is what somebody else in the call has sent.
type DataMessage struct {
	ParticipantID string // who has sent it; the server says so
	Text          bool
	Data          []byte
}

// parseDataFrame takes a message apart as the server sends it: the length of a
// participant's id in one byte, the id, the message. false when it is none.
func parseDataFrame(b []byte) (id string, message []byte, ok bool) {
	if len(b) == 0 || b[0] == 0 || b[0] > 127 || len(b) <= int(b[0]) {
		return "", nil, false
	}
	return string(b[1 : 1+b[0]]), b[1+int(b[0]):], true
}

// OpenData opens a data channel. If the call's media has had none so far, it
// offers again. MediaOptions.Data are opened by Join, without another offer.
func (c *Call) OpenData(ctx context.Context, d DataChannel) error {
	first, err := c.addData(d)
	if err != nil {
		return err
	}
	if !first {
		return nil
	}
	if err := c.negotiate(ctx, false, c.sendAgain); err != nil {
		return fmt.Errorf("call %s: offer data channels: %w", c.id, err)
	}
	return nil
}

// addData makes a channel, and says whether it is the first.
func (c *Call) addData(d DataChannel) (first bool, err error) {
	init := &webrtc.DataChannelInit{}
	if d.Lossy {
		init.Ordered, init.MaxRetransmits = new(bool), new(uint16)
	}
	dc, err := c.pc.CreateDataChannel(d.Label, init)
	if err != nil {
		return false, fmt.Errorf("call %s: make the data channel %q: %w", c.id, d.Label, err)
	}
	dc.OnMessage(func(m webrtc.DataChannelMessage) {
		if id, message, ok := parseDataFrame(m.Data); ok && d.OnMessage != nil {
			d.OnMessage(DataMessage{ParticipantID: id, Text: m.IsString, Data: message})
		}
	})
	dc.OnOpen(func() {
		if d.OnOpen != nil {
			d.OnOpen()
		}
	})
	dc.OnClose(func() {
		c.mu.Lock()
		if c.data[d.Label] == dc {
			delete(c.data, d.Label)
		}
		c.mu.Unlock()
		if d.OnClose != nil {
			d.OnClose()
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	first = c.data == nil
	if first {
		c.data = map[string]*webrtc.DataChannel{}
	}
	c.data[d.Label] = dc
	return first, nil
}

// SendData sends a message to everybody else who has the channel.
func (c *Call) SendData(label string, text bool, message []byte) error {
	c.mu.Lock()
	dc := c.data[label]
	c.mu.Unlock()
	switch {
	case dc == nil || dc.ReadyState() != webrtc.DataChannelStateOpen:
		return fmt.Errorf("call %s, channel %q: %w", c.id, label, ErrNoChannel)
	case len(message) > MaxData:
		return fmt.Errorf("call %s, channel %q: %w: given %d bytes, at most %d are allowed", c.id, label, ErrTooMuch, len(message), MaxData)
	case dc.BufferedAmount()+uint64(len(message)) > maxDataWaiting:
		return fmt.Errorf("call %s, channel %q: %w: %d bytes wait already, at most %d may", c.id, label, ErrTooMuch, dc.BufferedAmount(), maxDataWaiting)
	}
	send := dc.Send
	if text {
		send = func(b []byte) error { return dc.SendText(string(b)) }
	}
	if err := send(message); err != nil {
		return fmt.Errorf("call %s, channel %q: send: %w", c.id, label, err)
	}
	return nil
}
