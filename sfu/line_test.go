package sfu_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/sfu"
)

// word is a message as somebody else heard it.
type word struct {
	from, message string
	text          bool
}

// line is a client's end of a data channel.
type line struct {
	t    testing.TB
	dc   *webrtc.DataChannel
	open chan struct{}
	shut chan struct{}
	in   chan word
	deaf sync.RWMutex // locked: nothing that comes is taken
}

// line opens a data channel; after the first offer it needs another.
func (c *client) line(label string, init *webrtc.DataChannelInit) *line {
	dc, err := c.pc.CreateDataChannel(label, init)
	require.NoError(c.t, err)
	l := &line{t: c.t, dc: dc, open: make(chan struct{}), shut: make(chan struct{}), in: make(chan word, 1<<14)}
	dc.OnOpen(func() { close(l.open) })
	dc.OnClose(func() { close(l.shut) })
	dc.OnMessage(func(m webrtc.DataChannelMessage) {
		l.deaf.RLock()
		defer l.deaf.RUnlock()
		n := int(m.Data[0])
		l.in <- word{string(m.Data[1 : 1+n]), string(m.Data[1+n:]), m.IsString}
	})
	return l
}

func after[T any](t testing.TB, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(wait):
		t.Fatal("never: " + what)
	}
	return v
}

func (l *line) opened() { l.t.Helper(); after(l.t, l.open, "the channel opens") }
func (l *line) closed() { l.t.Helper(); after(l.t, l.shut, "the channel is closed") }
func (l *line) next() word {
	l.t.Helper()
	return after(l.t, l.in, "a message comes")
}
func (l *line) send(s string) { l.t.Helper(); require.NoError(l.t, l.dc.SendText(s)) }

// table lets people join a room, each with a channel "play" that is open.
func table(t testing.TB, s *sfu.Server, room string, names ...string) (lines []*line) {
	for _, name := range names {
		c := newClient(t, s, name, clientOptions{})
		c.room = room
		lines = append(lines, c.line("play", nil))
		require.NoError(t, c.join(clientOptions{}))
	}
	for _, l := range lines {
		l.opened()
	}
	settle(t, lines)
	return lines
}

// settle waits until the server has all channels in its table: a client hears
// that its own is open a moment before that.
func settle(t testing.TB, lines []*line) {
	t.Helper()
	for _, l := range lines[1:] {
		require.Eventually(t, func() bool {
			l.send("here")
			select {
			case <-lines[0].in:
				return true
			case <-time.After(20 * time.Millisecond):
				return false
			}
		}, wait, time.Millisecond)
	}
	for _, l := range lines {
		l.send("done")
	}
	for _, l := range lines {
		for n := 1; n < len(lines); {
			if l.next().message == "done" {
				n++
			}
		}
	}
}
