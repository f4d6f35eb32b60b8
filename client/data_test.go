package client

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"
)

// TestDataChannels opens one channel at once and another later, against a
// server that sends everything back as participant p2's.
func TestDataChannels(t *testing.T) {
	heard := make(chan DataMessage, 100)
	open, shut := make(chan string, 10), make(chan string, 10)
	channel := func(label string, lossy bool) DataChannel {
		return DataChannel{
			Label: label, Lossy: lossy, OnMessage: func(m DataMessage) { heard <- m },
			OnOpen: func() { open <- label }, OnClose: func() { shut <- label },
		}
	}
	l, _, _, call := setUp(t, MediaOptions{Data: []DataChannel{channel("play", false)}})
	theirs := make(chan *webrtc.DataChannel, 10)
	l.pc.OnDataChannel(func(d *webrtc.DataChannel) {
		theirs <- d
		d.OnMessage(func(m webrtc.DataChannelMessage) {
			framed := append([]byte("\x02p2"), m.Data...)
			if string(m.Data) == "malformed" {
				framed = []byte{9, 'p', '2'}
			}
			if m.IsString {
				_ = d.SendText(string(framed))
			} else {
				_ = d.Send(framed)
			}
		})
	})
	ctx := limit(t)
	next := func() DataMessage {
		select {
		case m := <-heard:
			return m
		case <-ctx.Done():
			t.Fatal("nothing comes back")
			return DataMessage{}
		}
	}
	await := func(c chan string, label string) {
		select {
		case got := <-c:
			require.Equal(t, label, got)
		case <-ctx.Done():
			t.Fatal("the channel's state does not change")
		}
	}
	await(open, "play")
	require.NoError(t, call.SendData("play", true, []byte("hello")))
	require.Equal(t, DataMessage{"p2", true, []byte("hello")}, next())
	require.NoError(t, call.SendData("play", false, []byte("malformed")))
	require.NoError(t, call.SendData("play", false, nil))
	require.Equal(t, DataMessage{"p2", false, []byte{}}, next())
	require.ErrorIs(t, call.SendData("play", false, make([]byte, MaxData+1)), ErrTooMuch)
	require.ErrorIs(t, call.SendData("other", false, nil), ErrNoChannel)

	require.NoError(t, call.OpenData(ctx, channel("strokes", true)))
	await(open, "strokes")
	for i, ordered := range []bool{true, false} {
		d := <-theirs
		require.Equal(t, ordered, d.Ordered())
		require.Equal(t, !ordered, d.MaxRetransmits() != nil && *d.MaxRetransmits() == 0)
		if i == 0 {
			require.NoError(t, d.Close())
		}
	}
	await(shut, "play")
	require.ErrorIs(t, call.SendData("play", false, nil), ErrNoChannel)
	require.NoError(t, call.SendData("strokes", false, []byte{1}))
	require.Equal(t, DataMessage{"p2", false, []byte{1}}, next())
	l.mu.Lock()
	require.Len(t, l.offers, 1, "a channel more needs no offer")
	l.mu.Unlock()
}

// TestDataChannelsLater asks for the first channel of a call that has none.
func TestDataChannelsLater(t *testing.T) {
	l, _, _, call := setUp(t, MediaOptions{})
	opened := make(chan struct{})
	ctx := limit(t)
	require.NoError(t, call.Connected(ctx))
	require.NoError(t, call.OpenData(ctx, DataChannel{Label: "play", OnOpen: func() { close(opened) }}))
	select {
	case <-opened:
	case <-ctx.Done():
		t.Fatal("it does not open")
	}
	l.mu.Lock()
	require.Len(t, l.offers, 2)
	l.mu.Unlock()
	// The server no longer takes anything: what waits is bounded.
	require.NoError(t, l.pc.Close())
	require.Eventually(t, func() bool {
		return call.SendData("play", true, []byte(strings.Repeat("x", MaxData))) != nil
	}, 20*time.Second, time.Microsecond)
}

func FuzzParseDataFrame(f *testing.F) {
	for _, b := range []string{"", "\x00", "\x02p2", "\x02p2hello", "\x03p2", "\xff", "\x80" + strings.Repeat("x", 200)} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		id, message, ok := parseDataFrame(b)
		if !ok {
			return
		}
		require.NotEmpty(t, id)
		require.Equal(t, b, append(append([]byte{byte(len(id))}, id...), message...), "there is one way to write a frame")
	})
}
