package feedback_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/feedback"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(d time.Duration) time.Time { return epoch.Add(d) }

func TestReceptionCounts(t *testing.T) {
	tests := map[string]struct {
		seqs  []uint16
		fresh []bool
		want  feedback.Totals
	}{
		"in order":             {[]uint16{5, 6, 7}, []bool{true, true, true}, feedback.Totals{Packets: 3, Expected: 3}},
		"over the wrap":        {[]uint16{65534, 65535, 0, 1}, []bool{true, true, true, true}, feedback.Totals{Packets: 4, Expected: 4}},
		"a gap":                {[]uint16{5, 8}, []bool{true, true}, feedback.Totals{Packets: 2, Expected: 4, Lost: 2}},
		"a gap over the wrap":  {[]uint16{65535, 2}, []bool{true, true}, feedback.Totals{Packets: 2, Expected: 4, Lost: 2}},
		"a gap filled":         {[]uint16{5, 7, 6}, []bool{true, true, true}, feedback.Totals{Packets: 3, Expected: 3, Late: 1}},
		"duplicates":           {[]uint16{5, 5, 6, 7, 6}, []bool{true, false, true, true, false}, feedback.Totals{Packets: 3, Expected: 3, Duplicates: 2}},
		"late before first":    {[]uint16{0, 65534, 65535}, []bool{true, true, true}, feedback.Totals{Packets: 3, Expected: 3, Late: 2}},
		"longest gap":          {[]uint16{0, 2999}, []bool{true, true}, feedback.Totals{Packets: 2, Expected: 3000, Lost: 2998}},
		"latest":               {[]uint16{0, 2048, 1}, []bool{true, true, true}, feedback.Totals{Packets: 3, Expected: 2049, Lost: 2046, Late: 1}},
		"too late":             {[]uint16{0, 2049, 1}, []bool{true, true, false}, feedback.Totals{Packets: 2, Expected: 2050, Lost: 2048, Strays: 1}},
		"a stray":              {[]uint16{5, 9000, 6}, []bool{true, false, true}, feedback.Totals{Packets: 2, Expected: 2, Strays: 1}},
		"restart ahead":        {[]uint16{5, 9000, 9001, 9002}, []bool{true, false, true, true}, feedback.Totals{Packets: 3, Expected: 3, Strays: 1, Restarts: 1}},
		"restart behind":       {[]uint16{9000, 5, 6}, []bool{true, false, true}, feedback.Totals{Packets: 2, Expected: 2, Strays: 1, Restarts: 1}},
		"restart, over a wrap": {[]uint16{40000, 20000, 65535, 0}, []bool{true, false, false, true}, feedback.Totals{Packets: 2, Expected: 2, Strays: 2, Restarts: 1}},
		"strays in between":    {[]uint16{5, 9000, 6, 9001}, []bool{true, false, true, false}, feedback.Totals{Packets: 2, Expected: 2, Strays: 2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := feedback.NewReception(90000)
			for i, seq := range test.seqs {
				ext, fresh := r.Receive(seq, 0, epoch)
				require.Equal(t, test.fresh[i], fresh, "packet %d", i)
				require.Equal(t, seq, uint16(ext))
			}
			require.Equal(t, test.want, r.Totals())
		})
	}
}

func TestReceptionBlock(t *testing.T) {
	r := feedback.NewReception(90000)
	require.Zero(t, r.Block(7, epoch).LastSequenceNumber)

	for _, seq := range []uint16{65530, 65531, 65533, 1} { // 8 expected, 4 lost
		r.Receive(seq, 0, epoch)
	}
	b := r.Block(7, epoch)
	require.EqualValues(t, 7, b.SSRC)
	require.EqualValues(t, 128, b.FractionLost)
	require.EqualValues(t, 4, b.TotalLost)
	require.EqualValues(t, 1<<16+1, b.LastSequenceNumber)
	require.Zero(t, b.LastSenderReport)
	require.Zero(t, b.Delay)

	// Nothing new, but two holes filled: the fraction is not below 0.
	r.Receive(65532, 0, epoch)
	r.Receive(65534, 0, epoch)
	b = r.Block(7, epoch)
	require.Zero(t, b.FractionLost)
	require.EqualValues(t, 2, b.TotalLost)

	// All of an interval lost but its last packet: 255/256, not 256/256.
	r.Receive(2001, 0, epoch)
	require.EqualValues(t, 255, r.Block(7, epoch).FractionLost)

	// A restart does not set the cumulative loss back.
	lost := r.Block(7, epoch).TotalLost
	r.Receive(40000, 0, epoch)
	r.Receive(40001, 0, epoch)
	require.Equal(t, lost, r.Block(7, epoch).TotalLost)
}

func TestReceptionBlockNeverOverflows(t *testing.T) {
	r := feedback.NewReception(90000)
	var seq uint16
	for range 3000 { // 2,999 of each 3,000 lost: 9 million in all
		r.Receive(seq, 0, epoch)
		seq += 2999
	}
	b := r.Block(1, epoch)
	require.EqualValues(t, 1<<23-1, b.TotalLost)
	_, err := b.Marshal()
	require.NoError(t, err)
}

func TestReceptionSenderReport(t *testing.T) {
	r := feedback.NewReception(48000)
	_, ok := r.Clock()
	require.False(t, ok)
	r.SenderReport(0x1122334455667788, 99, after(time.Second))
	c, ok := r.Clock()
	require.True(t, ok)
	require.Equal(t, feedback.Clock{NTP: 0x1122334455667788, RTP: 99, At: after(time.Second)}, c)

	tests := map[time.Duration]uint32{
		0:                       0,
		-time.Second:            0,
		time.Second:             65536,
		1500 * time.Millisecond: 98304,
		24 * time.Hour:          0xffffffff,
	}
	for passed, want := range tests {
		b := r.Block(1, after(time.Second+passed))
		require.EqualValues(t, 0x33445566, b.LastSenderReport)
		require.Equal(t, want, b.Delay, "after %s", passed)
	}
}

func TestReceptionJitter(t *testing.T) {
	r := feedback.NewReception(90000)
	// Frames every 40 ms that come alternately on time and 16 ms late: the
	// difference of transit times is always 16 ms, which the jitter nears.
	for i := range 400 {
		delay := time.Duration(i%2) * 16 * time.Millisecond
		now := after(time.Duration(i)*40*time.Millisecond + delay)
		r.Receive(uint16(3*i), uint32(i*3600), now)
		// Two more packets of the same picture, which do not count.
		r.Receive(uint16(3*i+1), uint32(i*3600), now.Add(3*time.Millisecond))
		r.Receive(uint16(3*i+2), uint32(i*3600), now.Add(6*time.Millisecond))
	}
	require.InDelta(t, 16, r.Totals().Jitter.Seconds()*1000, 0.1)
	require.InDelta(t, 1440, r.Block(1, epoch).Jitter, 9)

	// A sender that sets its clock is not a network that delays.
	before := r.Totals().Jitter
	r.Receive(1200, 1<<31, after(16*time.Second))
	require.Equal(t, before, r.Totals().Jitter)
}

func TestReceptionJitterOfLongCall(t *testing.T) {
	r := feedback.NewReception(90000)
	for i := range uint64(60) { // one packet an hour, on time to the tick
		r.Receive(uint16(i), uint32(i*3600*90000), after(time.Duration(i)*time.Hour))
	}
	require.Zero(t, r.Totals().Jitter)
}

// receptionModel is what Reception should do, told in whole numbers without
// wrap-around and with everything remembered.
type receptionModel struct {
	highest, base int64
	seen          map[int64]bool
	awaited       int64 // the number that would confirm a leap
	before        int64
	packets       uint64
	duplicates    uint64
	strays        uint64
	late          uint64
	restarts      uint64
	jitter        float64
	stamp         int64
	arrival       time.Time
}

func (m *receptionModel) receive(seq int64, ts int64, now time.Time) (fresh bool) {
	switch {
	case m.seen == nil:
		m.seen = map[int64]bool{}
		m.highest, m.base, m.awaited = seq, seq, math.MinInt64
		m.stamp, m.arrival = ts, now
	case seq-m.highest >= 3000 || seq-m.highest <= -2048:
		if seq != m.awaited {
			m.awaited = seq + 1
			m.strays++
			return false
		}
		m.before += m.highest - m.base + 1
		m.restarts++
		m.highest, m.base, m.awaited = seq, seq, math.MinInt64
		m.seen = map[int64]bool{}
		m.stamp, m.arrival = ts, now
	case m.seen[seq]:
		m.duplicates++
		return false
	case seq < m.highest:
		m.late++
		m.base = min(m.base, seq)
	default:
		m.highest, m.awaited = seq, math.MinInt64
		if ts != m.stamp {
			d := math.Abs(now.Sub(m.arrival).Seconds()*90000 - float64(ts-m.stamp))
			m.jitter += (d - m.jitter) / 16
			m.stamp, m.arrival = ts, now
		}
	}
	m.seen[seq] = true
	m.packets++
	return true
}

func (m *receptionModel) expected() int64 { return m.before + m.highest - m.base + 1 }

func TestReceptionAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := feedback.NewReception(90000)
		m := &receptionModel{}
		at := rapid.Int64Range(0, 65535).Draw(t, "first")
		ts := rapid.Int64Range(0, 1<<33).Draw(t, "timestamp")
		now := epoch
		m.receive(at, ts, now)
		r.Receive(uint16(at), uint32(ts), now)
		var priorExpected, priorPackets int64
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			seq := at
			switch rapid.IntRange(0, 19).Draw(t, "what") {
			case 0, 1, 2: // late, or again
				seq -= rapid.Int64Range(0, 60).Draw(t, "back")
			case 3:
				seq -= rapid.Int64Range(0, 2047).Draw(t, "far back")
			case 4, 5: // a gap
				seq += rapid.Int64Range(2, 30).Draw(t, "gap")
			case 6:
				seq += rapid.Int64Range(2, 2999).Draw(t, "long gap")
			case 7: // a leap, which goes on or does not
				seq += rapid.Int64Range(3000, 65536-2049).Draw(t, "leap")
				if rapid.Bool().Draw(t, "goes on") {
					require.Equal(t, m.receive(seq, ts, now), second(r.Receive(uint16(seq), uint32(ts), now)))
					seq++
				}
			default:
				seq++
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 40000).Draw(t, "µs")) * time.Microsecond)
			if rapid.Bool().Draw(t, "next picture") {
				ts += rapid.Int64Range(1, 4000).Draw(t, "ticks")
			}
			wantFresh := m.receive(seq, ts, now)
			ext, fresh := r.Receive(uint16(seq), uint32(ts), now)
			require.Equal(t, wantFresh, fresh)
			require.Equal(t, seq, int64(ext-1<<32), "extended")
			at = m.highest
			checkReception(t, m, r)
			if rapid.IntRange(0, 9).Draw(t, "report") == 0 {
				due, came := m.expected()-priorExpected, int64(m.packets)-priorPackets
				priorExpected, priorPackets = m.expected(), int64(m.packets)
				b := r.Block(9, now)
				want := 0.0
				if due > 0 && due > came {
					want = math.Min(math.Floor(256*float64(due-came)/float64(due)), 255)
				}
				require.EqualValues(t, want, b.FractionLost)
				require.EqualValues(t, m.expected()-int64(m.packets), b.TotalLost)
				require.EqualValues(t, uint32(m.highest), b.LastSequenceNumber)
			}
		}
	})
}

func second(_ uint64, fresh bool) bool { return fresh }

func checkReception(t *rapid.T, m *receptionModel, r *feedback.Reception) {
	got := r.Totals()
	require.InDelta(t, m.jitter/90, float64(got.Jitter)/1e6, 2.0/90+0.02, "jitter in ms")
	got.Jitter = 0
	require.Equal(t, feedback.Totals{
		Packets: m.packets, Expected: uint64(m.expected()), Lost: uint64(m.expected()) - m.packets,
		Late: m.late, Duplicates: m.duplicates, Strays: m.strays, Restarts: m.restarts,
	}, got)
}

// Any 16 bit numbers whatever keep the counts in order.
func TestReceptionOfNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := feedback.NewReception(90000)
		seqs := rapid.SliceOfN(rapid.Uint16(), 1, 200).Draw(t, "seqs")
		seen := map[uint64]bool{}
		for _, seq := range seqs {
			for range rapid.IntRange(1, 3).Draw(t, "in a row") {
				ext, fresh := r.Receive(seq, rapid.Uint32().Draw(t, "ts"), epoch)
				require.Equal(t, seq, uint16(ext))
				require.False(t, fresh && seen[ext], "the same number twice")
				seen[ext] = seen[ext] || fresh
				seq++
			}
		}
		got := r.Totals()
		require.EqualValues(t, got.Expected, got.Packets+got.Lost)
		require.LessOrEqual(t, got.Packets, got.Expected)
		_, err := r.Block(1, epoch).Marshal()
		require.NoError(t, err)
	})
}

func TestReceptionByManyGoroutines(t *testing.T) {
	r := feedback.NewReception(90000)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				r.SenderReport(1, 2, epoch)
				r.Block(1, epoch)
				r.Clock()
				if got := r.Totals(); got.Packets > got.Expected {
					panic("more packets than expected")
				}
			}
		})
	}
	for i := range 20000 {
		r.Receive(uint16(i), uint32(i), epoch)
	}
	close(done)
	readers.Wait()
	require.EqualValues(t, 20000, r.Totals().Packets)
}

func TestReceptionDoesNotAllocate(t *testing.T) {
	r := feedback.NewReception(90000)
	var seq uint16
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		seq += 2
		r.Receive(seq, uint32(seq), epoch)
		r.Receive(seq-1, uint32(seq), epoch)
		r.Receive(seq-1, uint32(seq), epoch)
	}))
}

func BenchmarkReceptionReceive(b *testing.B) {
	r := feedback.NewReception(90000)
	b.ReportAllocs()
	now := epoch
	var seq uint16
	for b.Loop() {
		seq++
		now = now.Add(time.Millisecond)
		r.Receive(seq, uint32(seq)*90, now)
	}
}
