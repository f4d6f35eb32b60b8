package sfu_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/sfu"
	"kinwire/sfu/link"
)

// TestDataMessagesReachTheOthersOfTheCall: what one says all others of the
// room hear, with the sender's name before it, in order; nobody hears himself,
// and nobody in another room hears anything.
func TestDataMessagesReachTheOthersOfTheCall(t *testing.T) {
	s, _ := start(t, nil)
	here := table(t, s, "here", "a", "b", "c")
	there := table(t, s, "there", "a", "b")
	a, b, c := here[0], here[1], here[2]
	for i := range 20 {
		require.NoError(t, a.dc.Send([]byte{byte(i)}))
	}
	a.send("")
	a.send("\x01bI am b") // as if b had said it
	for _, l := range []*line{b, c} {
		for i := range 20 {
			require.Equal(t, word{"a", string([]byte{byte(i)}), false}, l.next())
		}
		require.Equal(t, word{"a", "", true}, l.next())
		require.Equal(t, word{"a", "\x01bI am b", true}, l.next())
	}
	c.send("and back")
	require.Equal(t, word{"c", "and back", true}, a.next())
	require.Equal(t, word{"c", "and back", true}, b.next())
	there[1].send("only there")
	require.Equal(t, word{"b", "only there", true}, there[0].next())
	for _, l := range append(here, there...) {
		require.Empty(t, l.in)
	}
	st := s.Transport().Stats().Data
	require.Equal(t, st.Closed, link.DataStats{}.Closed)
	require.Zero(t, st.Slowed)
	require.Zero(t, st.Dropped[link.DataFailed])
}

// TestAllHearAllInOneOrder lets five speak at once, and holds what any two hear
// against one another.
func TestAllHearAllInOneOrder(t *testing.T) {
	s, _ := start(t, func(c *sfu.Config) { c.Link.Data = link.DataLimits{Messages: 1e5, MessageBurst: 1e5} })
	lines := table(t, s, "room", "a", "b", "c", "d", "e")
	const each = 200
	var speaking sync.WaitGroup
	for _, l := range lines {
		speaking.Go(func() {
			for i := range each {
				_ = l.dc.SendText(fmt.Sprint(i))
			}
		})
	}
	speaking.Wait()
	heard := make([][]word, len(lines))
	for i, l := range lines {
		for range each * (len(lines) - 1) {
			heard[i] = append(heard[i], l.next())
		}
	}
	without := func(list []word, a, b int) []word {
		return slices.DeleteFunc(slices.Clone(list), func(w word) bool { return w.from == string(rune('a'+a)) || w.from == string(rune('a'+b)) })
	}
	for i := range lines {
		for j := range i {
			require.Equal(t, without(heard[i], i, j), without(heard[j], i, j))
		}
	}
}

// TestWhoHasNoChannelMissesNothingElse has one without data in the call, and
// one who asks for it later.
func TestWhoHasNoChannelMissesNothingElse(t *testing.T) {
	s, e := start(t, nil)
	o := clientOptions{audio: 3, video: 3}
	a, b, c := newClient(t, s, "a", o), newClient(t, s, "b", o), newClient(t, s, "c", o)
	from := a.line("play", nil)
	for _, x := range []*client{a, b, c} {
		require.NoError(t, x.join(o))
	}
	from.opened()
	from.send("nobody hears this")
	require.Eventually(t, func() bool { return s.Transport().Stats().Data.Dropped[link.DataNoChannel] == 2 }, wait, time.Millisecond)
	hears(t, e, b, "a", sfu.Video)
	to := b.line("play", nil)
	b.again(false)
	to.opened()
	settle(t, []*line{from, to})
	from.send("hello")
	require.Equal(t, word{"a", "hello", true}, to.next())
	hears(t, e, c, "b", sfu.Video)
	require.NotContains(t, c.answer.SDP, "m=application")

	// Another path, the same channels.
	b.again(true)
	from.send("still there")
	require.Equal(t, word{"a", "still there", true}, to.next())

	// A channel that is opened again takes the place of the one before.
	_ = to.dc.Close()
	to.closed()
	to = b.line("play", nil)
	to.opened()
	settle(t, []*line{from, to})
	from.send("again")
	require.Equal(t, word{"a", "again", true}, to.next())
}

func TestDataOverTCP(t *testing.T) {
	s, _ := start(t, nil)
	o := clientOptions{networks: []webrtc.NetworkType{webrtc.NetworkTypeTCP4}}
	a, b := newClient(t, s, "a", o), newClient(t, s, "b", o)
	from, to := a.line("play", nil), b.line("play", nil)
	require.NoError(t, a.join(o))
	require.NoError(t, b.join(o))
	from.opened()
	to.opened()
	settle(t, []*line{from, to})
	for range 10 {
		from.send(strings.Repeat("x", link.MaxMessage))
		require.Len(t, to.next().message, link.MaxMessage)
	}
}

// TestWhoHasLeftNeitherSaysNorHears: what comes from somebody after he was
// taken out, and before his connection has ended, goes nowhere.
func TestWhoHasLeftNeitherSaysNorHears(t *testing.T) {
	s, _ := start(t, nil)
	lines := table(t, s, "room", "a", "b", "c")
	a, b, c := lines[0], lines[1], lines[2]
	s.Leave("room", "b")
	a.send("b is gone")
	require.Equal(t, word{"a", "b is gone", true}, c.next())
	_ = b.dc.SendText("but I speak")
	b.closed()
	a.send("is he?")
	require.Equal(t, word{"a", "is he?", true}, c.next())
	require.Empty(t, a.in)
	require.Empty(t, b.in)
}

// TestTooLargeAMessageClosesItsChannel, and nothing else.
func TestTooLargeAMessageClosesItsChannel(t *testing.T) {
	s, e := start(t, nil)
	o := clientOptions{audio: 1, video: 2, mangled: func(answer string) string {
		require.Contains(t, answer, fmt.Sprintf("a=max-message-size:%d\r\n", link.MaxMessage))
		return strings.Replace(answer, fmt.Sprintf("a=max-message-size:%d", link.MaxMessage), "a=max-message-size:65536", 1)
	}}
	a, b := newClient(t, s, "a", o), newClient(t, s, "b", o)
	large, small, to := a.line("large", nil), a.line("play", nil), b.line("play", nil)
	unheard := b.line("large", nil)
	require.NoError(t, a.join(o))
	require.NoError(t, b.join(o))
	for _, l := range []*line{large, small, to, unheard} {
		l.opened()
	}
	settle(t, []*line{small, to})
	small.send(strings.Repeat("x", link.MaxMessage))
	require.Len(t, to.next().message, link.MaxMessage)
	large.send(strings.Repeat("x", link.MaxMessage+1))
	large.closed()
	require.EqualValues(t, 1, s.Transport().Stats().Data.Closed[link.DataCloseLarge])
	small.send("on it goes")
	require.Equal(t, word{"a", "on it goes", true}, to.next())
	require.Empty(t, unheard.in)
	hears(t, e, b, "a", sfu.Video)
	require.Equal(t, link.Connected, stats(s, "a").State)
}

// TestTooFastIsSlowedDown: what is above the rate comes later, and nothing is
// lost.
func TestTooFastIsSlowedDown(t *testing.T) {
	s, _ := start(t, func(c *sfu.Config) { c.Link.Data = link.DataLimits{Messages: 200, MessageBurst: 5} })
	lines := table(t, s, "room", "a", "b")
	before := s.Transport().Stats().Data.Slowed
	began := time.Now()
	for i := range 300 {
		lines[0].send(fmt.Sprint(i))
	}
	for i := range 300 {
		require.Equal(t, word{"a", fmt.Sprint(i), true}, lines[1].next())
	}
	require.Greater(t, s.Transport().Stats().Data.Slowed, before)
	require.Greater(t, time.Since(began), time.Second, "295 messages above the burst, 200 a second")
}

// TestWhoIsSlowHoldsNobody: somebody who takes nothing loses the messages of a
// channel that may lose some, and the whole of a channel that may not; the
// others hear everything, and he may come back.
func TestWhoIsSlowHoldsNobody(t *testing.T) {
	s, e := start(t, func(c *sfu.Config) {
		c.Link.Data = link.DataLimits{Messages: 1e6, MessageBurst: 1e6, Bytes: 1 << 30, ByteBurst: 1 << 30}
	})
	o := clientOptions{audio: 2, video: 3}
	narrow := o
	narrow.window = 64 << 10
	a, b, slow := newClient(t, s, "a", o), newClient(t, s, "b", o), newClient(t, s, "slow", narrow)
	none := uint16(0)
	lossy := &webrtc.DataChannelInit{MaxRetransmits: &none, Ordered: new(bool)}
	lines := map[*client][2]*line{}
	for _, c := range []*client{a, b, slow} {
		lines[c] = [2]*line{c.line("play", nil), c.line("strokes", lossy)}
		require.NoError(t, c.join(o))
	}
	for i := range 2 {
		lines[a][i].opened()
		lines[b][i].opened()
		lines[slow][i].opened()
		settle(t, []*line{lines[a][i], lines[b][i], lines[slow][i]})
	}
	for _, l := range lines[slow] {
		l.deaf.Lock()
	}
	listen := sync.OnceFunc(func() {
		for _, l := range lines[slow] {
			l.deaf.Unlock()
		}
	})
	t.Cleanup(listen)
	large := strings.Repeat("x", 8<<10)
	sum := func() link.DataStats { return s.Transport().Stats().Data }
	require.Eventually(t, func() bool {
		lines[a][1].send(large)
		select {
		case <-lines[b][1].in:
		case <-time.After(50 * time.Millisecond): // b may miss one, too: the channel is of that kind
		}
		return sum().Dropped[link.DataBehind] > 0
	}, wait, time.Millisecond)
	for i := 0; sum().Closed[link.DataCloseBehind] == 0; i++ {
		require.Less(t, i, 200, "256 KiB wait for the one who is slow, and no more")
		lines[a][0].send(large)
		require.Equal(t, "a", lines[b][0].next().from)
	}
	hears(t, e, slow, "a", sfu.Video)
	listen()
	lines[slow][0].closed()
	// Until what waits for him on the other channel has come, he is still behind.
	require.Eventually(t, func() bool {
		again := slow.line("play", nil)
		defer func() { _ = again.dc.Close() }()
		again.opened()
		for range 50 {
			lines[a][0].send("and now?")
			select {
			case w := <-again.in:
				return w == word{"a", "and now?", true}
			case <-again.shut:
				return false
			case <-time.After(20 * time.Millisecond):
			}
		}
		return false
	}, wait, 10*time.Millisecond)
}

// TestChannelsAreBounded: more than eight, and those with long labels, are
// closed at once; who goes on has no data channels any more, and the call of the
// others goes on.
func TestChannelsAreBounded(t *testing.T) {
	s, e := start(t, nil)
	o := clientOptions{audio: 1, video: 2}
	a, b := newClient(t, s, "a", o), newClient(t, s, "b", o)
	from := a.line("play", nil)
	to := b.line("play", nil)
	require.NoError(t, a.join(o))
	require.NoError(t, b.join(o))
	from.opened()
	to.opened()
	settle(t, []*line{from, to})
	a.line(strings.Repeat("l", 65), nil).closed()
	var more []*line
	for i := range 7 {
		l := a.line(fmt.Sprint(i), nil)
		l.opened()
		more = append(more, l)
	}
	a.line("8", nil).closed()
	require.EqualValues(t, 2, s.Transport().Stats().Data.Closed[link.DataCloseRefused])
	from.send("still here")
	require.Equal(t, word{"a", "still here", true}, to.next())
	_ = more[0].dc.Close()
	more[0].closed()
	require.Eventually(t, func() bool { // the place is free a moment later
		before := s.Transport().Stats().Data.Closed[link.DataCloseRefused]
		l := a.line("0", nil)
		select {
		case <-l.shut:
			return false
		case <-l.open:
		}
		l.send("x")
		return s.Transport().Stats().Data.Closed[link.DataCloseRefused] == before
	}, wait, time.Millisecond)
	for range 20 {
		_, _ = a.pc.CreateDataChannel("more", nil) // fails once there is no association
	}
	from.closed() // pion's client ends its whole connection for that
	require.EqualValues(t, 1, s.Transport().Stats().Data.Closed[link.DataCloseAbused])
	c := newClient(t, s, "c", o)
	other := c.line("play", nil)
	require.NoError(t, c.join(o))
	other.opened()
	settle(t, []*line{other, to})
	hears(t, e, c, "b", sfu.Video)
}

// BenchmarkDataMessage is the way of a small message from one peer to another
// by way of the server, and of the answer: pion's own work at both ends is part
// of it.
func BenchmarkDataMessage(b *testing.B) {
	s, _ := start(b, func(c *sfu.Config) {
		c.Link.Data = link.DataLimits{Messages: 1e9, MessageBurst: 1e9, Bytes: 1 << 40, ByteBurst: 1 << 40}
	})
	lines := table(b, s, "room", "a", "b")
	message := strings.Repeat("x", 64)
	b.ReportAllocs()
	for b.Loop() {
		lines[0].send(message)
		lines[1].next()
		lines[1].send(message)
		lines[0].next()
	}
}
