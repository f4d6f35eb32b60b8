package relay

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/relay/seal"
)

func TestWake(t *testing.T) {
	h := newHouse(t, Config{TellInterval: time.Millisecond})
	ana, ben, cat, dan := h.person(2), h.person(2), h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana[0], ana[1], ben[0], ben[1], cat, dan)
	ana[0].attach()
	ben[0].attach()
	dan.attach()
	h.hub.mu.Lock()
	h.hub.away[dan.user] = true
	h.hub.mu.Unlock()
	ana[0].send(c, "<a")
	eventually(t, func() bool { return len(h.wokenNow()) >= 2 }, func() string { return "who is away is woken" })
	h.later(time.Second)
	ana[0].send(c, "<b")
	eventually(t, func() bool { return len(h.wokenNow()) >= 4 }, func() string { return "and again" })
	require.ElementsMatch(t, []string{cat.user, dan.user, cat.user, dan.user}, h.wokenNow(), "ana and ben have a device here, if not all")
}

func TestOneThatDoesNotAcknowledge(t *testing.T) {
	h := newHouse(t, Config{Window: 3, WindowBytes: 4000, Workers: 1, SendBurst: 1000})
	ana, slow, quick := h.person(1)[0], h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, slow, quick)
	for _, p := range []*phone{ana, slow, quick} {
		p.attach()
	}
	for i := range 10 {
		ana.send(c, fmt.Sprint("<", i))
		quick.waitFor(i + 1)
		quick.ack(int64(i + 1))
	}
	h.idle()
	require.Len(t, slow.got(), 3, "no more than its window")
	require.Equal(t, 3, h.Stats().Unackd)
	slow.ack(2)
	slow.waitFor(5)
	slow.ack(5)
	slow.waitFor(8)
	slow.ack(9) // one that has come by an earlier session, say
	eventually(t, func() bool { return last(slow.got()).Pos == 10 }, func() string { return "the last one comes" })
	slow.ack(10)
	for range 3 {
		ana.send(c, long(3000))
	}
	h.idle()
	require.Equal(t, 4, h.Stats().Unackd, "two to each: the first does not fill the window, with the second it is full")
}

// TestKeyIsMissing takes the key away with which a message was sealed, and gives
// it back: the message was not lost, and comes by itself.
func TestKeyIsMissing(t *testing.T) {
	h := newHouse(t, Config{})
	ana, ben := h.person(1)[0], h.person(1)[0]
	c := h.conversation(ana, ben)
	ana.attach()
	ana.send(c, "<a")
	path := filepath.Join(h.folder, "keys")
	_, err := seal.Rotate(path, t0)
	require.NoError(t, err)
	both, err := os.ReadFile(path)
	require.NoError(t, err)
	fresh, _, _ := bytes.Cut(both, []byte("\n"))
	reload := func(keys []byte) {
		require.NoError(t, os.WriteFile(path, keys, 0o600))
		require.NoError(t, h.ring.Reload(t.Context()))
	}
	reload(fresh)
	ben.attach()
	eventually(t, func() bool { return h.Stats().Unopened > 0 }, func() string { return "it is counted" })
	ana.send(c, "<b")
	require.Empty(t, ben.got(), "nothing overtakes it")
	reload(both)
	require.Equal(t, []string{"<a", "<b"}, textsOf(ben.waitFor(2)))
	require.NotContains(t, h.logged(), "<a")
	require.Contains(t, h.logged(), "is not in the ring")
}
