package feedback_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/feedback"
)

const ms = time.Millisecond

func TestLossesAskWhenDue(t *testing.T) {
	l := feedback.NewLosses(64)
	require.False(t, l.Receive(100, after(0)))
	require.False(t, l.Receive(103, after(0))) // 101 and 102 missing
	require.Empty(t, l.Due(after(9*ms), 0, nil), "one newer packet, 9 ms")
	require.Equal(t, []uint16{101, 102}, l.Due(after(10*ms), 0, nil))
	require.Empty(t, l.Due(after(39*ms), 0, nil))
	require.Equal(t, []uint16{101, 102}, l.Due(after(40*ms), 0, nil), "1.5 times 20 ms later")

	require.True(t, l.Receive(101, after(41*ms)))
	require.False(t, l.Receive(101, after(41*ms)), "no longer missing")
	require.Empty(t, l.Due(after(75*ms), 0, nil))
	require.Equal(t, []uint16{7, 102}, l.Due(after(76*ms), 0, []uint16{7}), "a fifth later, appended")

	asked, repaired, givenUp := l.Counts()
	require.EqualValues(t, []uint64{5, 1, 0}, []uint64{asked, repaired, givenUp})
	require.Equal(t, 1, l.Pending())
}

func TestLossesAllowForReordering(t *testing.T) {
	l := feedback.NewLosses(64)
	l.Receive(10, epoch)
	l.Receive(12, epoch)
	require.Empty(t, l.Due(epoch, 0, nil))
	require.True(t, l.Receive(11, epoch))
	require.EqualValues(t, 1, l.Reordered())

	l.Receive(14, epoch)
	l.Receive(15, epoch)
	require.Equal(t, []uint16{13}, l.Due(epoch, 0, nil), "two newer packets at once")
}

func TestLossesWaitForTheRoundTrip(t *testing.T) {
	l := feedback.NewLosses(64)
	l.Receive(10, epoch)
	l.Receive(12, epoch)
	require.Len(t, l.Due(after(10*ms), 200*ms, nil), 1)
	require.Empty(t, l.Due(after(309*ms), 200*ms, nil))
	require.Len(t, l.Due(after(310*ms), 200*ms, nil), 1)
}

func TestLossesGiveUp(t *testing.T) {
	t.Run("after a second", func(t *testing.T) {
		l := feedback.NewLosses(64)
		l.Receive(10, epoch)
		l.Receive(12, epoch)
		var asked []int
		for at := range 1000 {
			if len(l.Due(after(time.Duration(at)*ms), 60*ms, nil)) > 0 {
				asked = append(asked, at)
			}
		}
		require.Equal(t, []int{10, 100, 208, 338, 494, 681, 905}, asked)
		require.Equal(t, 1, l.Pending())
		require.Empty(t, l.Due(after(time.Second), 0, nil))
		require.Zero(t, l.Pending())
		_, _, givenUp := l.Counts()
		require.EqualValues(t, 1, givenUp)
		require.False(t, l.Receive(11, after(time.Second)), "not waited for any more")
	})
	t.Run("after ten tries", func(t *testing.T) {
		l := feedback.NewLosses(64)
		l.Receive(10, epoch)
		l.Receive(12, epoch)
		tries, at := 0, 0
		for ; l.Pending() > 0; at++ {
			tries += len(l.Due(after(time.Duration(at)*ms), 0, nil))
		}
		require.Equal(t, 10, tries)
		require.Less(t, at, 900)
	})
	t.Run("the oldest of too many", func(t *testing.T) {
		l := feedback.NewLosses(16)
		l.Receive(0, epoch)
		l.Receive(11, epoch) // 10 missing
		l.Receive(22, epoch) // 20, 4 too many
		require.Equal(t, 16, l.Pending())
		require.Equal(t, []uint16{5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21}, l.Due(after(10*ms), 0, nil))
		_, _, givenUp := l.Counts()
		require.EqualValues(t, 4, givenUp)
	})
	t.Run("all at an interruption", func(t *testing.T) {
		l := feedback.NewLosses(16)
		l.Receive(0, epoch)
		l.Receive(2, epoch)
		l.Receive(20, epoch)
		require.Zero(t, l.Pending())
		l.Receive(22, epoch)
		require.Equal(t, []uint16{21}, l.Due(after(10*ms), 0, nil))
	})
	t.Run("what a key frame makes useless", func(t *testing.T) {
		l := feedback.NewLosses(16)
		l.Receive(0, epoch)
		l.Receive(4, epoch)
		l.DropBefore(3)
		require.Equal(t, []uint16{3}, l.Due(after(10*ms), 0, nil))
		_, _, givenUp := l.Counts()
		require.EqualValues(t, 2, givenUp)
	})
}

func TestLossesOverTheWrap(t *testing.T) {
	l := feedback.NewLosses(64)
	l.Receive(1<<32+65533, epoch)
	l.Receive(1<<32+65538, epoch)
	require.Equal(t, []uint16{65534, 65535, 0, 1}, l.Due(after(10*ms), 0, nil))
	require.True(t, l.Receive(1<<32+65536, epoch))
}

// lossesModel remembers every packet and every request, and works out from
// those anew each time what is to be done.
type lossesModel struct {
	most    int
	highest uint64
	order   []uint64                  // packets that were newer than all before
	missing map[uint64]*lossesMissing // by extended sequence number
	asked, repaired, reordered, givenUp,
	noticed uint64
}

type lossesMissing struct {
	at    time.Time
	by    uint64 // the packet that showed it
	asks  []time.Time
	waits []time.Duration
}

func (m *lossesModel) sorted() []uint64 {
	var all []uint64
	for ext := range m.missing {
		all = append(all, ext)
	}
	slices.Sort(all)
	return all
}

func (m *lossesModel) giveUp(ext uint64) {
	delete(m.missing, ext)
	m.givenUp++
}

func (m *lossesModel) receive(ext uint64, now time.Time) bool {
	if hole := m.missing[ext]; hole != nil {
		if len(hole.asks) > 0 {
			m.repaired++
		} else {
			m.reordered++
		}
		delete(m.missing, ext)
		return true
	}
	if ext <= m.highest {
		return false
	}
	if gap := ext - m.highest - 1; gap > uint64(m.most) {
		for _, old := range m.sorted() {
			m.giveUp(old)
		}
	} else {
		for hole := m.highest + 1; hole < ext; hole++ {
			m.missing[hole] = &lossesMissing{at: now, by: ext}
			m.noticed++
		}
	}
	for _, old := range m.sorted() {
		if len(m.missing) > m.most {
			m.giveUp(old)
		}
	}
	m.highest = ext
	m.order = append(m.order, ext)
	return false
}

func (m *lossesModel) due(now time.Time, rtt time.Duration) []uint16 {
	var out []uint16
	for _, ext := range m.sorted() {
		hole := m.missing[ext]
		newer := 0
		for _, other := range m.order {
			if other >= hole.by {
				newer++
			}
		}
		tries := len(hole.asks)
		ready := newer >= 2 || now.Sub(hole.at) >= 10*ms
		if tries > 0 {
			ready = !now.Before(hole.asks[tries-1].Add(hole.waits[tries-1]))
		}
		if now.Sub(hole.at) >= time.Second || (ready && tries == 10) {
			m.giveUp(ext)
			continue
		}
		if !ready {
			continue
		}
		wait := min(max(rtt, 20*ms), time.Second) * 3 / 2
		for range tries {
			wait += wait / 5
		}
		hole.asks, hole.waits = append(hole.asks, now), append(hole.waits, wait)
		m.asked++
		out = append(out, uint16(ext))
	}
	return out
}

func TestLossesAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(16, 40).Draw(t, "most")
		l := feedback.NewLosses(most)
		first := rapid.Uint64Range(1<<32, 1<<32+1<<17).Draw(t, "first")
		m := &lossesModel{most: most, highest: first, missing: map[uint64]*lossesMissing{}}
		now := epoch
		l.Receive(first, now)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30000).Draw(t, "µs")) * time.Microsecond)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1, 2:
				rtt := time.Duration(rapid.SampledFrom([]int{0, 5, 50, 300, 5000}).Draw(t, "rtt")) * ms
				require.Equal(t, m.due(now, rtt), l.Due(now, rtt, nil))
			case 3, 4:
				ext := m.highest - rapid.Uint64Range(0, 30).Draw(t, "back")
				require.Equal(t, m.receive(ext, now), l.Receive(ext, now))
			case 5:
				now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "pause")) * ms)
			default:
				ext := m.highest + rapid.SampledFrom([]uint64{1, 1, 2, 3, 8, 17, 42}).Draw(t, "gap")
				require.Equal(t, m.receive(ext, now), l.Receive(ext, now))
			}
			asked, repaired, givenUp := l.Counts()
			require.Equal(t, []uint64{m.asked, m.repaired, m.reordered, m.givenUp},
				[]uint64{asked, repaired, l.Reordered(), givenUp})
			require.Equal(t, len(m.missing), l.Pending())
			require.Equal(t, m.noticed, repaired+l.Reordered()+givenUp+uint64(l.Pending()))
		}
	})
}

func TestLossesByManyGoroutines(t *testing.T) {
	l := feedback.NewLosses(64)
	done := make(chan struct{})
	var askers sync.WaitGroup
	for range 2 {
		askers.Go(func() {
			into := make([]uint16, 0, 64)
			for {
				select {
				case <-done:
					return
				default:
				}
				l.Due(after(20*ms), 0, into[:0])
				l.Counts()
				l.Pending()
			}
		})
	}
	for i := range uint64(20000) {
		l.Receive(1+i*2, epoch)
		if i > 20 && i%3 == 0 {
			l.Receive(i*2-20, epoch)
		}
	}
	close(done)
	askers.Wait()
	require.LessOrEqual(t, l.Pending(), 64)
}

func TestLossesDoNotAllocate(t *testing.T) {
	l := feedback.NewLosses(64)
	into := make([]uint16, 0, 64)
	ext, now := uint64(0), epoch
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		ext += 5
		now = now.Add(5 * ms)
		l.Receive(ext, now)
		l.Receive(ext-2, now)
		l.Due(now, 0, into)
	}))
}

func BenchmarkLossesReceive(b *testing.B) {
	for name, every := range map[string]uint64{"no loss": 1 << 62, "5 percent lost": 20} {
		b.Run(name, func(b *testing.B) {
			l := feedback.NewLosses(512)
			b.ReportAllocs()
			var ext uint64
			for b.Loop() {
				ext++
				if ext%every == 0 {
					continue
				}
				l.Receive(ext, epoch)
			}
		})
	}
}

func BenchmarkLossesDue(b *testing.B) {
	l := feedback.NewLosses(512)
	l.Receive(0, epoch)
	l.Receive(101, epoch)
	into := make([]uint16, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		l.Due(epoch, 0, into)
	}
}
