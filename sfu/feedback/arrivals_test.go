package feedback_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/feedback"
)

// told is one packet as feedback tells of it.
type told struct {
	seq uint16
	at  time.Duration // on the clock of the feedback
}

// parsed sends p over the wire and gives it as the sender parses it.
func parsed(t require.TestingT, p rtcp.Packet) *rtcp.TransportLayerCC {
	raw, err := p.Marshal()
	require.NoError(t, err)
	var cc rtcp.TransportLayerCC
	require.NoError(t, cc.Unmarshal(raw))
	return &cc
}

// symbols gives the status of each packet, without what fills the last chunk.
func symbols(cc *rtcp.TransportLayerCC) []uint16 {
	var out []uint16
	for _, chunk := range cc.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				out = append(out, c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			out = append(out, c.SymbolList...)
		}
	}
	return out[:cc.PacketStatusCount]
}

// received gives the packets that cc says have come.
func received(cc *rtcp.TransportLayerCC) []told {
	var out []told
	at := time.Duration(cc.ReferenceTime) * 64 * ms
	deltas := cc.RecvDeltas
	for i, symbol := range symbols(cc) {
		if symbol == rtcp.TypeTCCPacketNotReceived {
			continue
		}
		at += time.Duration(deltas[0].Delta) * time.Microsecond
		deltas = deltas[1:]
		out = append(out, told{cc.BaseSequenceNumber + uint16(i), at})
	}
	return out
}

// clockLead is where the clock of the feedback stands when the first packet
// comes.
const clockLead = time.Second

func TestArrivalsTellTimes(t *testing.T) {
	a := feedback.NewArrivals()
	require.Nil(t, a.Feedback(1, 2, epoch))
	a.Record(65534, epoch)
	a.Record(65535, after(10*ms))
	a.Record(2, after(300*ms)) // 0 and 1 lost; further than one byte of delta
	a.Record(1, after(301*ms)) // out of order
	a.Record(2, after(302*ms)) // a second time: the first counts
	packets := a.Feedback(11, 22, after(310*ms))
	require.Len(t, packets, 1)
	cc := parsed(t, packets[0])
	require.EqualValues(t, 11, cc.SenderSSRC)
	require.EqualValues(t, 22, cc.MediaSSRC)
	require.EqualValues(t, 65534, cc.BaseSequenceNumber)
	require.EqualValues(t, 5, cc.PacketStatusCount)
	require.Equal(t, []told{
		{65534, clockLead}, {65535, clockLead + 10*ms}, {1, clockLead + 301*ms}, {2, clockLead + 300*ms},
	}, received(cc))
	require.Nil(t, a.Feedback(11, 22, after(320*ms)), "told once")

	a.Record(4, after(330*ms))
	cc = parsed(t, a.Feedback(11, 22, after(340*ms))[0])
	require.EqualValues(t, 3, cc.BaseSequenceNumber, "goes on where it ended")
	require.EqualValues(t, 1, cc.FbPktCount)
}

func TestArrivalsKeepLimits(t *testing.T) {
	a := feedback.NewArrivals()
	for i := range 2050 {
		a.Record(uint16(i), epoch)
	}
	require.Equal(t, feedback.ArrivalCounts{Recorded: 2050, Overrun: 2}, a.Counts())
	var seqs []uint16
	for _, p := range a.Feedback(1, 2, epoch) {
		got := received(parsed(t, p))
		require.LessOrEqual(t, len(got), 256)
		for _, one := range got {
			seqs = append(seqs, one.seq)
		}
	}
	require.Len(t, seqs, 2048)
	require.EqualValues(t, 2, seqs[0])

	a.Record(65536-3000, epoch) // 5,049 behind the newest
	require.EqualValues(t, 1, a.Counts().Stale)
	require.Nil(t, a.Feedback(1, 2, epoch))
}

func TestArrivalsBeforeTheFirst(t *testing.T) {
	a := feedback.NewArrivals()
	a.Record(5, epoch)
	a.Record(4, after(-3*ms)) // another goroutine took its time a little before
	a.Record(3, after(-time.Hour))
	got := received(parsed(t, a.Feedback(1, 2, epoch)[0]))
	require.Equal(t, []told{{3, 0}, {4, clockLead - 3*ms}, {5, clockLead}}, got)
}

func TestArrivalsAfterWeeks(t *testing.T) {
	a := feedback.NewArrivals()
	a.Record(1, epoch)
	a.Feedback(1, 2, epoch)
	const wrap = 1 << 24 * 64 * ms // 12.4 days
	a.Record(2, after(wrap))
	cc := parsed(t, a.Feedback(1, 2, after(wrap))[0])
	require.EqualValues(t, 0, cc.FbPktCount-1)
	require.InDelta(t, float64(clockLead), float64(received(cc)[0].at), float64(250*time.Microsecond))
}

// Decoded again, feedback gives exactly what was recorded, to 250 µs.
func TestArrivalsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := feedback.NewArrivals()
		start := rapid.Uint16().Draw(t, "first")
		at, now := int(start), epoch
		// When each number came, all times of it; the test stays within one turn
		// of the numbers.
		recorded := map[uint16][]time.Duration{}
		heard := map[uint16]bool{}
		record := func(seq int) {
			a.Record(uint16(seq), now)
			recorded[uint16(seq)] = append(recorded[uint16(seq)], now.Sub(epoch)+clockLead)
		}
		tell := func() {
			for _, p := range a.Feedback(1, 2, now) {
				cc := parsed(t, p)
				require.LessOrEqual(t, int(cc.Header.Length+1)*4, 1200, "fits an MTU")
				for _, one := range received(cc) {
					require.True(t, slices.ContainsFunc(recorded[one.seq], func(came time.Duration) bool {
						return (came - one.at).Abs() <= 250*time.Microsecond
					}), "%d came at %v, not at %v", one.seq, recorded[one.seq], one.at)
					heard[one.seq] = true
				}
			}
			require.Len(t, heard, len(recorded), "all that came is told")
		}
		record(at)
		for range rapid.IntRange(1, 200).Draw(t, "packets") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 3, 120, 249, 1000, 9876, 70000, 9000000}).Draw(t, "µs")) * time.Microsecond)
			switch rapid.IntRange(0, 19).Draw(t, "what") {
			case 0:
				at += rapid.IntRange(2, 200).Draw(t, "gap")
				record(at)
			case 1, 2:
				record(max(at-rapid.IntRange(0, 20).Draw(t, "late"), int(start)))
			case 3:
				tell()
			default:
				at++
				record(at)
			}
		}
		tell()
	})
}

func TestArrivalsByManyGoroutines(t *testing.T) {
	a := feedback.NewArrivals()
	done := make(chan struct{})
	var writer sync.WaitGroup
	heard := 0
	writer.Go(func() {
		for {
			for _, p := range a.Feedback(1, 2, epoch) {
				heard += len(received(parsed(t, p)))
			}
			a.Counts()
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range 20000 {
		a.Record(uint16(i), epoch)
	}
	close(done)
	writer.Wait()
	counts := a.Counts()
	require.EqualValues(t, 20000, counts.Recorded)
	require.Positive(t, heard)
}

func TestArrivalsRecordDoesNotAllocate(t *testing.T) {
	a := feedback.NewArrivals()
	var seq uint16
	require.Zero(t, testing.AllocsPerRun(5000, func() {
		seq++
		a.Record(seq, epoch)
	}))
}

func BenchmarkArrivalsRecord(b *testing.B) {
	a := feedback.NewArrivals()
	b.ReportAllocs()
	now := epoch
	var seq uint16
	for b.Loop() {
		seq++
		now = now.Add(100 * time.Microsecond)
		a.Record(seq, now)
	}
}

func BenchmarkArrivalsFeedback(b *testing.B) {
	a := feedback.NewArrivals()
	b.ReportAllocs()
	now := epoch
	var seq uint16
	for b.Loop() {
		for range 50 {
			seq++
			now = now.Add(time.Millisecond)
			a.Record(seq, now)
		}
		a.Feedback(1, 2, now)
	}
}
