package feedback_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/feedback"
)

func TestNTP(t *testing.T) {
	require.EqualValues(t, uint64(2208988800)<<32, feedback.NTP(time.Unix(0, 0)))
	require.EqualValues(t, uint64(2208988801)<<32|1<<31, feedback.NTP(time.Unix(1, 500000000)))
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(0, rapid.Int64Range(0, 2085978495e9).Draw(t, "ns")).UTC()
		require.Equal(t, at, feedback.FromNTP(feedback.NTP(at)))
	})
}

func TestSenderReport(t *testing.T) {
	s := feedback.NewSendStats(90000)
	require.Nil(t, s.SenderReport(5, epoch), "nothing was sent")

	s.Sent(4294967295, 1000, epoch)
	s.Sent(4294967295, 200, after(5*ms))    // same picture
	s.Sent(4294967294-3000, 7, after(9*ms)) // sent again
	sr := s.SenderReport(5, after(100*ms))
	require.Equal(t, &rtcp.SenderReport{
		SSRC: 5, NTPTime: feedback.NTP(after(100 * ms)), RTPTime: 8999, PacketCount: 3, OctetCount: 1207,
	}, sr)

	s.Sent(2999, 1, after(50*ms)) // the next picture, over the wrap
	require.EqualValues(t, 2999+4500, s.SenderReport(5, after(100*ms)).RTPTime)
	require.EqualValues(t, 4, s.Totals().Packets)
	require.EqualValues(t, 1208, s.Totals().Bytes)
}

func TestSenderReportWithTheSourcesClock(t *testing.T) {
	s := feedback.NewSendStats(48000)
	source := uint64(1000) << 32
	s.Anchor(source, 4294967295, epoch)
	require.Nil(t, s.SenderReport(5, epoch))
	s.Sent(77, 1, after(ms))
	sr := s.SenderReport(5, after(2500*ms))
	require.Equal(t, source+uint64(2)<<32+1<<31, sr.NTPTime)
	require.EqualValues(t, 119999, sr.RTPTime)
	require.Equal(t, source-1<<31, s.SenderReport(5, after(-500*ms)).NTPTime)

	// The round trip is measured all the same.
	rtt, ok := s.Block(rtcp.ReceptionReport{LastSenderReport: uint32(sr.NTPTime >> 16), Delay: 32768}, after(3040*ms))
	require.True(t, ok)
	require.Equal(t, 40*ms, rtt)

	s.Unanchor()
	sr = s.SenderReport(5, after(2*time.Second))
	require.Equal(t, feedback.NTP(after(2*time.Second)), sr.NTPTime)
	require.EqualValues(t, 77+48*1999, sr.RTPTime)
}

func TestSendStatsBlock(t *testing.T) {
	s := feedback.NewSendStats(90000)
	s.Sent(1, 1, epoch)
	lsr := uint32(s.SenderReport(5, epoch).NTPTime >> 16)

	rtt, ok := s.Block(rtcp.ReceptionReport{
		FractionLost: 64, TotalLost: 12, LastSequenceNumber: 65540, Jitter: 900, LastSenderReport: lsr, Delay: 65536,
	}, after(1050*ms))
	require.True(t, ok)
	require.Equal(t, 50*ms, rtt)
	got := s.Totals()
	require.Equal(t, feedback.SendTotals{
		Packets: 1, Bytes: 1, Reports: 1, ReportedAt: after(1050 * ms), RTT: 50 * ms,
		FractionLost: 0.25, Lost: 12, Judged: 1, Jitter: 10 * ms, HighestSequence: 65540,
	}, got)

	refused := map[string]rtcp.ReceptionReport{
		"no report":        {Delay: 5},
		"another report":   {LastSenderReport: lsr + 1},
		"had it too long":  {LastSenderReport: lsr, Delay: 3 * 65536},
		"had it for hours": {LastSenderReport: lsr, Delay: 0xffffffff},
	}
	for name, b := range refused {
		_, ok = s.Block(b, after(2*time.Second))
		require.False(t, ok, name)
		require.Equal(t, 50*ms, s.Totals().RTT, name)
	}

	// On one machine the way is shorter than a unit of the report.
	rtt, ok = s.Block(rtcp.ReceptionReport{LastSenderReport: lsr, Delay: 65537}, after(time.Second))
	require.True(t, ok)
	require.Equal(t, time.Nanosecond, rtt)

	// More came than were sent: duplicates.
	s.Block(rtcp.ReceptionReport{TotalLost: 0xfffffe}, epoch)
	require.EqualValues(t, -2, s.Totals().Lost)

	// Reports long past are forgotten.
	for i := range 16 {
		s.SenderReport(5, after(time.Duration(i+1)*time.Second))
	}
	_, ok = s.Block(rtcp.ReceptionReport{LastSenderReport: lsr}, after(20*time.Second))
	require.False(t, ok)
}

// A Reception at the other end of a line and a SendStats at this agree on the
// line's delay, to the 15 µs of the report.
func TestRoundTripOverALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sender, receiver := feedback.NewSendStats(90000), feedback.NewReception(90000)
		span := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Microsecond
		}
		now := epoch.Add(span("start", 1e9))
		sender.Sent(9, 100, now)
		receiver.Receive(1, 9, now)
		there, here, back := span("there", 1e6), span("held", 1e7), span("back", 1e6)
		sr := sender.SenderReport(1, now)
		receiver.SenderReport(sr.NTPTime, sr.RTPTime, now.Add(there))
		rtt, ok := sender.Block(receiver.Block(1, now.Add(there+here)), now.Add(there+here+back))
		require.True(t, ok)
		require.InDelta(t, float64(there+back), float64(rtt), float64(40*time.Microsecond))
	})
}

func TestSendStatsByManyGoroutines(t *testing.T) {
	s := feedback.NewSendStats(90000)
	done := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			s.SenderReport(1, epoch)
			s.Block(rtcp.ReceptionReport{LastSenderReport: 1}, epoch)
			s.Anchor(1, 2, epoch)
			s.Totals()
		}
	})
	for i := range 20000 {
		s.Sent(uint32(i), 10, epoch)
	}
	close(done)
	others.Wait()
	require.EqualValues(t, 200000, s.Totals().Bytes)
}

func TestSentDoesNotAllocate(t *testing.T) {
	s := feedback.NewSendStats(90000)
	var ts uint32
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		ts += 3000
		s.Sent(ts, 1000, epoch)
	}))
}

func BenchmarkSent(b *testing.B) {
	s := feedback.NewSendStats(90000)
	b.ReportAllocs()
	var ts uint32
	for b.Loop() {
		ts++
		s.Sent(ts, 1000, epoch)
	}
}

func TestSplitNACK(t *testing.T) {
	tests := map[string]struct {
		pairs []rtcp.NackPair
		want  []uint16
	}{
		"none":          {nil, nil},
		"one":           {[]rtcp.NackPair{{PacketID: 7}}, []uint16{7}},
		"with a mask":   {[]rtcp.NackPair{{PacketID: 7, LostPackets: 0x8005}}, []uint16{7, 8, 10, 23}},
		"over the wrap": {[]rtcp.NackPair{{PacketID: 65535, LostPackets: 3}}, []uint16{65535, 0, 1}},
		"several":       {[]rtcp.NackPair{{PacketID: 9}, {PacketID: 3, LostPackets: 1}}, []uint16{9, 3, 4}},
	}
	for name, test := range tests {
		var got []uint16
		feedback.SplitNACK(&rtcp.TransportLayerNack{Nacks: test.pairs}, func(seq uint16) { got = append(got, seq) })
		require.Equal(t, test.want, got, name)
	}
}

// What Losses asks for, packed and sent, is what is read at the other end.
func TestNACKOverTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := feedback.NewLosses(200)
		ext := rapid.Uint64Range(1<<32, 1<<32+1<<16).Draw(t, "first")
		l.Receive(ext, epoch)
		for range rapid.IntRange(1, 20).Draw(t, "packets") {
			ext += rapid.Uint64Range(1, 12).Draw(t, "step")
			l.Receive(ext, epoch)
		}
		due := l.Due(after(10*ms), 0, nil)
		if len(due) == 0 {
			return
		}
		nack := &rtcp.TransportLayerNack{Nacks: rtcp.NackPairsFromSequenceNumbers(due)}
		raw, err := nack.Marshal()
		require.NoError(t, err)
		var read rtcp.TransportLayerNack
		require.NoError(t, read.Unmarshal(raw))
		var got []uint16
		feedback.SplitNACK(&read, func(seq uint16) { got = append(got, seq) })
		require.Equal(t, due, got)
	})
}
