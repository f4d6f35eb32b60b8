package feedback

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTransportFeedbackIsCountedAsPionReadsIt writes feedback about random
// arrivals and counts it both ways.
func TestTransportFeedbackIsCountedAsPionReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := NewArrivals()
		now := time.Unix(1000, 0)
		seq := rapid.Uint16().Draw(t, "first")
		for range rapid.IntRange(1, 300).Draw(t, "packets") {
			seq += uint16(rapid.SampledFrom([]int{1, 1, 1, 1, 2, 5, 40}).Draw(t, "step"))
			now = now.Add(time.Duration(rapid.IntRange(0, 80_000).Draw(t, "gap")) * time.Microsecond)
			a.Record(seq, now)
		}
		for _, p := range a.Feedback(1, 2, now) {
			cc := p.(*rtcp.TransportLayerCC)
			b, err := cc.Marshal()
			require.NoError(t, err)
			received, lost, ok := CountTransport(b)
			require.True(t, ok)
			require.Equal(t, len(cc.RecvDeltas), received)
			require.Equal(t, int(cc.PacketStatusCount), received+lost)
		}
	})
}

func TestOtherPacketsAreNotTransportFeedback(t *testing.T) {
	b, err := (&rtcp.PictureLossIndication{MediaSSRC: 1}).Marshal()
	require.NoError(t, err)
	_, _, ok := CountTransport(b)
	require.False(t, ok)
	_, _, ok = CountTransport(nil)
	require.False(t, ok)
}

func FuzzCountTransport(f *testing.F) {
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 0, 0x20, 2, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		received, lost, ok := CountTransport(b)
		if ok {
			require.GreaterOrEqual(t, received, 0)
			require.GreaterOrEqual(t, lost, 0)
			require.LessOrEqual(t, received+lost, 1<<16)
		}
	})
}
