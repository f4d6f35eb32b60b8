package record

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// way is a simulated call: a speaks and b listens, through a server, over
// links that lose a share of the packets at random.
type way struct {
	up, down     float64 // share lost
	rttA, rttB   time.Duration
	reportEvery  int // ticks of 100 ms between b's receiver reports
	seconds      int
	silentUplink [2]int // seconds in which nothing comes up
}

// run feeds the call's record as the server would: it samples once a second,
// while b's reports come at a time of their own.
func (w way) run(t *testing.T) *Call {
	t.Helper()
	c, n, r := two(), &notes{}, rand.New(rand.NewPCG(7, 7))
	var sent, came, forwarded, heard, expected, lost, priorExpected, priorLost, reports uint64
	var fraction float64
	for tick := 1; tick <= w.seconds*10; tick++ {
		second := tick / 10
		for range 5 { // 50 packets a second
			if second >= w.silentUplink[0] && second < w.silentUplink[1] {
				continue
			}
			sent++
			if r.Float64() < w.up {
				continue
			}
			came, forwarded = came+1, forwarded+1
			if r.Float64() >= w.down {
				heard++
			}
		}
		if tick%w.reportEvery == 3 {
			reports++
			expected, lost = sent, sent-heard
			if due := expected - priorExpected; due > 0 {
				fraction = float64((lost-priorLost)*256/due) / 256 // RFC 3550: eight bits, rounded down
			}
			priorExpected, priorLost = expected, lost
		}
		if tick%10 != 0 {
			continue
		}
		at := after(2 + float64(tick)/10)
		c.Server("a", &LinkSample{Path: Path{"host", "udp"}, RTT: w.rttA, Streams: []StreamSample{{
			ID: "0", Direction: "up", Kind: "audio", Codec: "opus", Started: after(2), Packets: came, Bytes: came * 80, Expected: sent, Lost: sent - came, RTT: w.rttA, Jitter: 3 * time.Millisecond,
		}}}, at, n)
		c.Server("b", &LinkSample{Path: Path{"host", "udp"}, RTT: w.rttB, Streams: []StreamSample{{
			ID: "0/a", Direction: "down", Kind: "audio", Codec: "opus", From: "a", Started: after(2), Packets: forwarded, Bytes: forwarded * 80,
			Reports: reports, RemoteLost: int64(lost), RemoteFractionLost: fraction, RTT: w.rttB, Jitter: 3 * time.Millisecond, Holes: sent - came,
		}}}, at, n)
	}
	return c
}

func (w way) views(t *testing.T) (up, down *Stream, d *Document) {
	t.Helper()
	d = w.run(t).End("hangup", after(2+float64(w.seconds)))
	return &d.Participants[0].Streams[0], &d.Participants[1].Streams[0], d
}

// A link with 5 % loss and 80 ms shows 5 ± 1 % and 80 ± 5 ms, on the hop that
// has them and on no other.
func TestTheRecordAgreesWithTheNetwork(t *testing.T) {
	const tolerance = 0.01
	for name, w := range map[string]way{
		"loss up":                 {up: 0.05, reportEvery: 10},
		"loss down":               {down: 0.05, reportEvery: 10},
		"loss both":               {up: 0.05, down: 0.05, reportEvery: 10},
		"a lot up, a little down": {up: 0.2, down: 0.02, reportEvery: 10},
		"reports every 5 s":       {up: 0.05, down: 0.05, reportEvery: 50},
		"reports out of step":     {up: 0.05, down: 0.05, reportEvery: 13},
		"nothing lost":            {reportEvery: 10},
	} {
		t.Run(name, func(t *testing.T) {
			w.rttA, w.rttB, w.seconds = 80*time.Millisecond, 40*time.Millisecond, 120
			up, down, d := w.views(t)
			require.InDelta(t, w.up, up.Server.Totals.LossRatio, tolerance)
			require.InDelta(t, w.down, down.Server.Totals.LossRatio, tolerance)
			require.InDelta(t, w.up, up.Server.Loss.Median, 2*tolerance)
			require.InDelta(t, w.down, down.Server.Loss.Median, 2*tolerance)
			require.InDelta(t, 80, up.Server.RTT.Median, 5)
			require.InDelta(t, 40, down.Server.RTT.Median, 5)
			require.InDelta(t, 80, d.Participants[0].Path.Server.RTT.Median, 5)
			mean := 0.0
			for _, v := range d.Timeline.Media[1].Loss {
				mean += orZero(v) / float64(d.Timeline.Steps)
			}
			require.InDelta(t, w.down, mean, tolerance, "the time line too")
		})
	}
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func TestTroubleIsFoundWhereItIs(t *testing.T) {
	for name, c := range map[string]struct {
		way
		where, why, says string
		verdict          string
	}{
		"uplink": {way{up: 0.12, reportEvery: 10}, "uplink", "loss", "The uplink of a lost 12 % of the packets.",
			"The uplink of a lost 12 % of the packets: audio from a to b was poor for "},
		"downlink": {way{down: 0.12, reportEvery: 10}, "downlink", "loss", "The downlink of b lost 13 % of the packets.",
			"The downlink of b lost 13 % of the packets: audio from a to b was poor for "},
		"delay": {way{rttA: 900 * time.Millisecond, reportEvery: 10}, "uplink", "delay", "The way there and back over the uplink of a took up to 900 ms.",
			"The way there and back over the uplink of a took up to 900 ms: audio from a to b was poor for 100 % of the time."},
		"silence": {way{silentUplink: [2]int{20, 50}, reportEvery: 10}, "uplink", "silence", "Nothing came over the uplink of a for a time.",
			"Nothing came over the uplink of a for a time: audio from a"},
	} {
		t.Run(name, func(t *testing.T) {
			c.seconds = 60
			c.rttA, c.rttB = max(c.rttA, 30*time.Millisecond), 30*time.Millisecond
			_, down, d := c.views(t)
			require.NotNil(t, down.Trouble)
			require.Equal(t, c.where+" "+c.why, down.Trouble.Where+" "+down.Trouble.Why)
			require.Equal(t, c.says, down.Trouble.Says)
			require.Contains(t, d.Verdict, c.verdict)
			require.Less(t, d.Score, 3.2)
			require.Greater(t, d.Score, 0.99)
		})
	}
}

func TestACallWithoutTroubleHasNoVerdict(t *testing.T) {
	up, down, d := way{up: 0.001, rttA: 20 * time.Millisecond, rttB: 20 * time.Millisecond, reportEvery: 10, seconds: 60}.views(t)
	require.Empty(t, d.Verdict)
	require.Greater(t, d.Score, 4.0)
	require.Nil(t, up.Trouble)
	require.Nil(t, down.Trouble)
	require.Greater(t, up.Score.N, uint64(50))
}
