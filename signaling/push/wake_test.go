package push

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMessagesWakeOnce: many messages in a row are one wake-up, of their own
// kind; a call in between wakes as ever, and so does a message later on.
func TestMessagesWakeOnce(t *testing.T) {
	h := newHook(t)
	p := &phones{of: map[string][]string{"u_ana": {"phone"}}}
	s := h.start(p, func(cfg *Config) { cfg.MessagePause = time.Hour })
	for range 5 {
		s.WakeForMessage("u_ana")
	}
	s.Wake("u_ana")
	h.eventually("both", func() bool { return s.Stats().Sent == 2 })
	kinds := map[string]int{}
	for _, r := range h.requests() {
		h.verify(r)
		kinds[r.wakeUp.Kind]++
	}
	require.Equal(t, map[string]int{"call": 1, "message": 1}, kinds)
}

func TestRecent(t *testing.T) {
	var r recent
	now := time.UnixMilli(1_000_000)
	require.False(t, r.was("a", now, time.Minute))
	require.True(t, r.was("a", now.Add(59*time.Second), time.Minute))
	require.False(t, r.was("b", now, time.Minute), "somebody else")
	require.False(t, r.was("a", now.Add(time.Minute), time.Minute))
	for i := range mostRecent {
		r.was(string(rune(i)), now.Add(time.Hour), time.Minute)
	}
	require.LessOrEqual(t, len(r.at), mostRecent, "those of long ago are thrown out")
}
