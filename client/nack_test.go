package client

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNACKsAskUntilItCame: not at once, for a packet may have been overtaken;
// then once a round trip, and no more once it has come, by whatever stream.
func TestNACKsAskUntilItCame(t *testing.T) {
	now := time.Unix(1000, 0)
	n := newNacks(func() time.Time { return now })
	n.know(func() time.Duration { return 200 * time.Millisecond })
	video := &interceptor.StreamInfo{SSRC: 7, RTCPFeedback: []interceptor.RTCPFeedback{{Type: "nack"}}}
	require.NotNil(t, n.BindRemoteStream(video, nil))
	require.Nil(t, n.BindRemoteStream(&interceptor.StreamInfo{SSRC: 8}, nil), "a stream without NACK is left alone")
	asks := func() []uint16 {
		var out []uint16
		for _, p := range n.due() {
			for _, pair := range p.(*rtcp.TransportLayerNack).Nacks {
				out = append(out, pair.PacketList()...)
			}
		}
		return out
	}
	for _, seq := range []uint16{65533, 65534, 1, 3} {
		n.came(7, seq)
	}
	require.Empty(t, asks())
	n.learn()
	n.came(7, 2) // it was overtaken only
	now = now.Add(nackAfter)
	require.Equal(t, []uint16{65535, 0}, asks())
	require.Empty(t, asks())
	now = now.Add(200 * time.Millisecond)
	require.Empty(t, asks(), "an answer may still be on its way")
	n.came(7, 0)
	now = now.Add(nackSlack)
	require.Equal(t, []uint16{65535}, asks())
	for range nackTries - 2 {
		now = now.Add(time.Second)
		require.Equal(t, []uint16{65535}, asks())
	}
	now = now.Add(time.Second)
	require.Empty(t, asks(), "it is given up")
	n.came(7, 5000)
	now = now.Add(time.Second)
	require.Empty(t, asks(), "nobody catches up with such a gap")
	n.came(7, 5002)
	n.UnbindRemoteStream(video)
	now = now.Add(time.Second)
	require.Empty(t, asks())
	require.NoError(t, n.Close())
	require.NoError(t, n.Close())
}

// TestNACKsAskForWhatIsMissing, and for nothing else, whatever came in whatever
// order.
func TestNACKsAskForWhatIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1000, 0)
		l := &nackLog{missing: map[int64]*asked{}}
		start := rapid.Uint16().Draw(t, "start")
		l.came(start, now)
		came, highest := map[int]bool{0: true}, 0
		for range rapid.IntRange(1, 60).Draw(t, "packets") {
			i := max(0, highest+rapid.IntRange(-20, 12).Draw(t, "step"))
			came[i] = true
			highest = max(highest, i)
			l.came(start+uint16(i), now)
		}
		var want []uint16
		for i := range highest {
			if !came[i] {
				want = append(want, start+uint16(i))
			}
		}
		got := l.due(now.Add(time.Second), time.Second)
		if len(got) != len(want) {
			t.Fatalf("asked for %v, missing %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("asked for %v, missing %v", got, want)
			}
		}
	})
}
