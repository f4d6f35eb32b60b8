package datagram

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func TestRuns(t *testing.T) {
	repeat := func(n, size int) (sizes []int) {
		for range n {
			sizes = append(sizes, size)
		}
		return sizes
	}
	tests := map[string]struct {
		sizes []int
		want  string // packets×size of each message
	}{
		"a single":                 {[]int{100}, "1×100"},
		"equal ones":               {[]int{100, 100, 100}, "3×100"},
		"a shorter one ends it":    {[]int{100, 100, 60, 60, 60}, "3×100 2×60"},
		"a larger one ends it":     {[]int{60, 60, 100}, "2×60 1×100"},
		"each shorter":             {[]int{90, 80, 70, 60}, "2×90 2×70"},
		"each larger":              {[]int{60, 70, 80}, "1×60 1×70 1×80"},
		"as many as it may hold":   {repeat(64, 10), "64×10"},
		"more than it may hold":    {repeat(65, 10), "64×10 1×10"},
		"more bytes than it may":   {repeat(60, 1200), "54×1200 6×1200"},
		"the largest there are":    {repeat(2, BufferSize), "2×1564"},
		"nothing of a packet of 0": {[]int{50, 0, 50}, "2×50"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, k := faked(t)
			b, d := NewBatch(128), to(s, 1)
			var want []string
			for i, size := range test.sizes {
				p := strings.Repeat(string(rune('a'+i%26)), size)
				add(b, d, p)
				if size > 0 {
					want = append(want, p)
				}
			}
			b.Flush()
			var got []string
			runs := 0
			for _, m := range k.took {
				got = append(got, fmt.Sprintf("%d×%d", len(m.packets), len(m.packets[0])))
				if len(m.packets) > 1 {
					require.Equal(t, len(m.packets[0]), m.segment)
					runs++
				} else {
					require.Zero(t, m.segment)
				}
			}
			require.Equal(t, test.want, strings.Join(got, " "))
			require.Equal(t, want, k.packets()[1])
			require.Equal(t, 1, k.calls)
			require.Equal(t, Stats{Sent: uint64(len(want)), SendCalls: 1, Runs: uint64(runs)}, s.Stats())
		})
	}
}

func TestOneCallForEachSocket(t *testing.T) {
	one, first := faked(t)
	two, second := faked(t)
	b := NewBatch(4 * maxMessages)
	for i := range 4 {
		for port := range uint16(5) {
			add(b, to(one, port), numbered(i, 50)) // a Dest of its own each time
		}
		add(b, to(two, 9), numbered(i, 50))
	}
	b.Flush()
	require.Equal(t, 1, first.calls)
	require.Len(t, first.took, 20)
	require.Equal(t, 1, second.calls)
	require.Len(t, second.took, 4)
	for i := range 2 * maxMessages {
		add(b, to(one, uint16(i)), numbered(i, 50))
	}
	b.Flush()
	require.Equal(t, 3, first.calls)
	require.Len(t, first.took, 20+2*maxMessages)
}

func TestARefusedRunGoesSingly(t *testing.T) {
	tests := map[string]struct {
		errno   unix.Errno
		size    int
		segment int32 // what may still be in a run
	}{
		"no checksums":            {unix.EIO, 1000, 0},
		"not supported":           {unix.EOPNOTSUPP, 1000, 0},
		"invalid":                 {unix.EINVAL, 1000, 0},
		"invalid, perhaps larger": {unix.EINVAL, 1400, minMTU},
		"larger than the MTU":     {unix.EMSGSIZE, 1400, minMTU},
		"a narrow route":          {unix.EMSGSIZE, 1000, BufferSize},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, k := faked(t)
			k.errno = func(m sent) unix.Errno {
				if m.segment > 0 {
					return test.errno
				}
				return 0
			}
			b, d, other := NewBatch(16), to(s, 1), to(s, 2)
			add(b, other, "before")
			want := []string{numbered(1, test.size), numbered(2, test.size), numbered(3, test.size), "a larger one no more"}
			add(b, d, want...)
			b.Flush()
			require.Equal(t, want, k.packets()[1])
			require.Equal(t, []string{"before"}, k.packets()[2])
			stats := s.Stats()
			require.EqualValues(t, 1, stats.Refused)
			require.EqualValues(t, 5, stats.Sent)
			require.Zero(t, stats.Runs+stats.Full+stats.Unreachable+stats.TooLong)
			require.Equal(t, test.segment, s.segment.Load())
			if test.segment == 0 { // it is not asked again
				add(b, d, want...)
				b.Flush()
				require.EqualValues(t, 1, s.Stats().Refused)
				require.Len(t, k.packets()[1], 8)
			}
		})
	}
}

func TestOneBadMessageIsSkipped(t *testing.T) {
	tests := map[unix.Errno]func(Stats) uint64{
		unix.EHOSTUNREACH: func(s Stats) uint64 { return s.Unreachable },
		unix.ENETUNREACH:  func(s Stats) uint64 { return s.Unreachable },
		unix.EPERM:        func(s Stats) uint64 { return s.Unreachable },
		unix.EMSGSIZE:     func(s Stats) uint64 { return s.TooLong },
		unix.ENOBUFS:      func(s Stats) uint64 { return s.Full },
	}
	for errno, count := range tests {
		t.Run(unix.ErrnoName(errno), func(t *testing.T) {
			s, k := faked(t)
			k.errno = func(m sent) unix.Errno {
				if m.to.Port() == 3 {
					return errno
				}
				return 0
			}
			b := NewBatch(16)
			for port := range uint16(6) {
				add(b, to(s, port), "packet")
			}
			b.Flush()
			require.Len(t, k.took, 5)
			require.EqualValues(t, 1, count(s.Stats()))
			require.EqualValues(t, 5, s.Stats().Sent)
			to(s, 3).Send([]byte("packet"))
			require.EqualValues(t, 2, count(s.Stats()))
		})
	}
}

func TestInterruptedIsTriedAgain(t *testing.T) {
	s, k := faked(t)
	interrupts := 3
	k.errno = func(sent) unix.Errno {
		if interrupts--; interrupts >= 0 {
			return unix.EINTR
		}
		return 0
	}
	to(s, 1).Send([]byte("packet"))
	require.Equal(t, []string{"packet"}, k.packets()[1])
}

// TestEveryPacketOnce lets the kernel take as little and refuse as much as it
// likes: what is not counted as dropped goes out, once, in order, and in
// messages that the real one takes.
func TestEveryPacketOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, k := faked(t)
		defer func() { require.NoError(rt, s.Close()) }()
		moods := rapid.SliceOfN(rapid.SampledFrom([]unix.Errno{0, 0, 0, 0,
			unix.EAGAIN, unix.EINTR, unix.EINVAL, unix.EIO, unix.EPERM, unix.EMSGSIZE}), 1, 40).Draw(rt, "moods")
		moods = append(moods, 0) // one that only ever interrupts would not be survived
		steps := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 5).Draw(rt, "steps")
		call, look := 0, 0
		k.answer = func(n int) int { call++; return min(n, steps[call%len(steps)]) }
		k.errno = func(sent) unix.Errno { look++; return moods[look%len(moods)] }

		receivers := uint16(rapid.IntRange(1, 5).Draw(rt, "receivers"))
		var dests []*Dest
		for port := range receivers {
			dests = append(dests, to(s, port))
		}
		b := NewBatch(rapid.IntRange(1, 60).Draw(rt, "batch"))
		total := rapid.IntRange(0, 300).Draw(rt, "packets")
		for i := range total {
			d := dests[rapid.IntRange(0, len(dests)-1).Draw(rt, "to")]
			p := numbered(i, rapid.SampledFrom([]int{4, 4, 1200, 1200, 1400}).Draw(rt, "size"))
			if rapid.IntRange(0, 40).Draw(rt, "by itself") == 0 {
				b.Flush()
				d.Send([]byte(p))
				continue
			}
			add(b, d, p)
		}
		b.Flush()
		k.set(func() { k.answer, k.errno = nil, nil })
		to(s, receivers).Send([]byte("takes the backlog along"))

		stats := s.Stats()
		require.EqualValues(rt, total+1, stats.Sent+stats.Full+stats.Unreachable+stats.TooLong)
		require.Zero(rt, s.backlog.packets.Load())
		for _, m := range k.took {
			requireSendable(rt, m)
		}
		for _, packets := range k.packets() {
			for i := range packets[1:] {
				require.Less(rt, packets[i][:4], packets[i+1][:4])
			}
		}
	})
}

// requireSendable checks what udp(7) says about runs.
func requireSendable(t require.TestingT, m sent) {
	require.LessOrEqual(t, len(m.packets), maxSegments)
	require.LessOrEqual(t, m.total(), maxRun)
	last := len(m.packets) - 1
	for _, p := range m.packets[:last] {
		require.Len(t, p, m.segment)
	}
	require.NotEmpty(t, m.packets[last])
	if last > 0 {
		require.LessOrEqual(t, len(m.packets[last]), m.segment)
	}
}

// BenchmarkGather is what a Batch itself costs: the kernel takes all at once.
func BenchmarkGather(b *testing.B) {
	for _, load := range []struct{ receivers, packets int }{{50, 1}, {30, 4}, {3, 2}} {
		b.Run(fmt.Sprintf("%dx%d", load.receivers, load.packets), func(b *testing.B) {
			s, _ := faked(b)
			s.send = func(_ int, messages []message) (int, unix.Errno) { return len(messages), 0 }
			var dests []*Dest
			for port := range uint16(load.receivers) {
				dests = append(dests, to(s, port))
			}
			batch := NewBatch(512)
			b.ReportAllocs()
			for b.Loop() {
				for range load.packets {
					for _, d := range dests {
						batch.Buffer()
						batch.Add(d, 1200)
					}
				}
				batch.Flush()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*load.receivers*load.packets), "ns/packet")
		})
	}
}
