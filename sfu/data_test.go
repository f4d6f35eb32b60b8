package sfu_test

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"
)

// TestDataChannelsReachTheOthers opens a channel with the same label at two
// peers: what one says the other hears, in order, and nobody hears himself.
func TestDataChannelsReachTheOthers(t *testing.T) {
	s, _ := start(t, nil)
	o := clientOptions{audio: 1, video: 2}
	a, b := newClient(t, s, "a", o), newClient(t, s, "b", o)
	heard := map[*client]chan webrtc.DataChannelMessage{}
	channels := map[*client]*webrtc.DataChannel{}
	opened := make(chan struct{}, 2)
	for _, c := range []*client{a, b} {
		dc, err := c.pc.CreateDataChannel("game", nil)
		require.NoError(t, err)
		in := make(chan webrtc.DataChannelMessage, 64)
		heard[c], channels[c] = in, dc
		dc.OnMessage(func(m webrtc.DataChannelMessage) { in <- m })
		dc.OnOpen(func() { opened <- struct{}{} })
		require.NoError(t, c.join(o))
	}
	for range 2 {
		select {
		case <-opened:
		case <-time.After(wait):
			t.Fatal("the channels do not open")
		}
	}
	// Open here means open for the server too, but perhaps a moment later: the
	// first word is said until it is heard.
	require.Eventually(t, func() bool {
		require.NoError(t, channels[a].SendText("hello"))
		select {
		case m := <-heard[b]:
			return m.IsString && string(m.Data) == "hello"
		case <-time.After(20 * time.Millisecond):
			return false
		}
	}, wait, time.Millisecond)
	for i := range 20 {
		require.NoError(t, channels[a].Send([]byte{byte(i)}))
	}
	for i := 0; i < 20; {
		m := <-heard[b]
		if m.IsString {
			continue // a further hello
		}
		require.Equal(t, []byte{byte(i)}, m.Data)
		i++
	}
	require.NoError(t, channels[b].SendText("and back"))
	require.Equal(t, "and back", string((<-heard[a]).Data))
	require.Empty(t, heard[a])
}
