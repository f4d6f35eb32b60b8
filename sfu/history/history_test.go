package history_test

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/history"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// packet is size bytes that depend on seq and salt.
func packet(seq uint16, salt byte, size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(int(seq)+i*7) ^ salt
	}
	return p
}

func TestLoadGivesWhatWasStored(t *testing.T) {
	r := history.New(16)
	into := make([]byte, history.MaxPacket)
	for _, size := range []int{0, 1, 127, 128, 129, 256, 257, 1024, 1280, 1281, 1499, 1500} {
		want := packet(9, byte(size), size)
		stored := append([]byte(nil), want...)
		r.Store(9, stored, epoch)
		clear(stored) // the ring has its own copy
		n, ok := r.Load(9, into)
		require.True(t, ok, "size %d", size)
		require.Equal(t, want, into[:n])
	}
}

func TestLoadRefuses(t *testing.T) {
	into := make([]byte, history.MaxPacket)
	tests := map[string]struct {
		fill func(r *history.Ring)
		seq  uint16
		into []byte
	}{
		"an empty ring":     {func(*history.Ring) {}, 0, into},
		"never stored":      {func(r *history.Ring) { r.Store(1, packet(1, 0, 10), epoch) }, 2, into},
		"same place":        {func(r *history.Ring) { r.Store(1, packet(1, 0, 10), epoch) }, 17, into},
		"overwritten":       {func(r *history.Ring) { r.Store(1, nil, epoch); r.Store(17, nil, epoch) }, 1, into},
		"too long":          {func(r *history.Ring) { r.Store(1, packet(1, 0, 1501), epoch) }, 1, into},
		"no room to copy":   {func(r *history.Ring) { r.Store(1, packet(1, 0, 10), epoch) }, 1, into[:9]},
		"forgotten":         {func(r *history.Ring) { r.Store(1, nil, epoch); r.Reset() }, 1, into},
		"of an earlier age": {func(r *history.Ring) { r.Store(1, nil, epoch); r.Store(2, nil, epoch.Add(history.MaxAge+1)) }, 1, into},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := history.New(16)
			test.fill(r)
			_, ok := r.Load(test.seq, test.into)
			require.False(t, ok)
			require.EqualValues(t, 1, r.Stats().Missed)
		})
	}
}

func TestNewRoundsUp(t *testing.T) {
	for given, want := range map[int]int{-1: 16, 0: 16, 16: 16, 17: 32, 1024: 1024, 1 << 20: 32768} {
		r := history.New(given)
		for seq := range want + 1 {
			r.Store(uint16(seq), nil, epoch)
		}
		_, ok := r.Load(0, nil)
		require.False(t, ok, "New(%d) keeps more than %d", given, want)
		_, ok = r.Load(1, nil)
		require.True(t, ok, "New(%d) keeps fewer than %d", given, want)
	}
}

func TestStatsCount(t *testing.T) {
	r := history.New(16)
	r.Store(1, packet(1, 0, 1501), epoch)
	r.Store(2, packet(2, 0, 100), epoch)
	r.Load(1, nil)
	r.Load(2, make([]byte, 100))
	s := r.Stats()
	require.EqualValues(t, 1, s.Oversize)
	require.EqualValues(t, 1, s.Stored)
	require.EqualValues(t, 1, s.Found)
	require.EqualValues(t, 1, s.Missed)
}

func TestMemoryFollowsUse(t *testing.T) {
	fill := func(size int) int {
		r := history.New(1024)
		for seq := range 3 * 1024 {
			r.Store(uint16(seq), packet(0, 0, size), epoch)
		}
		return r.Stats().Bytes
	}
	idle := history.New(1024).Stats().Bytes
	audio, video := fill(120), fill(1200)
	require.Less(t, idle, 64<<10)
	require.Less(t, audio, 1024*128+128<<10)
	require.Greater(t, video, 1024*1200)
	require.Less(t, video, 1024*1280+128<<10)
}

// model is a history without any cleverness.
type model struct {
	size   int
	places map[int]entry
	newest time.Time
	stored int
}

type entry struct {
	seq    uint16
	at     time.Time
	data   []byte
	number int
}

func (m *model) store(seq uint16, data []byte, at time.Time) {
	if len(data) > history.MaxPacket {
		return
	}
	m.stored++
	m.places[int(seq)%m.size] = entry{seq, at, data, m.stored}
	m.pass(at)
}

func (m *model) pass(at time.Time) {
	if at.After(m.newest) {
		m.newest = at
	}
}

// load says may for a packet that need not be there any more: so many others
// were stored since as the ring was made for. (Sequence numbers that jump can
// leave its place alone for so long.)
func (m *model) load(seq uint16) (data []byte, must, may bool) {
	e, ok := m.places[int(seq)%m.size]
	if !ok || e.seq != seq || m.newest.Sub(e.at) > history.MaxAge {
		return nil, false, false
	}
	return e.data, m.stored-e.number < m.size, true
}

func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := 1 << rapid.IntRange(4, 10).Draw(t, "log size")
		r := history.New(size)
		m := &model{size: size, places: map[int]entry{}}
		seq := rapid.Uint16().Draw(t, "first")
		now := epoch
		into := make([]byte, history.MaxPacket)
		steps := rapid.IntRange(1, 400).Draw(t, "steps")
		for i := range steps {
			seq += uint16(rapid.SampledFrom([]int{1, 1, 1, 1, 0, 2, 5, -3, 40, 300, 30000}).Draw(t, "jump"))
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 5, 200, 1500, 3000}).Draw(t, "ms")) * time.Millisecond)
			data := packet(seq, byte(i), rapid.SampledFrom([]int{0, 5, 90, 128, 200, 700, 1200, 1500, 1501}).Draw(t, "bytes"))
			r.Store(seq, data, now)
			m.store(seq, data, now)
			if rapid.IntRange(0, 9).Draw(t, "expire") == 0 {
				now = now.Add(time.Duration(rapid.IntRange(0, 1600).Draw(t, "pause")) * time.Millisecond)
				r.Expire(now)
				m.pass(now)
			}
			for _, back := range []int{0, 1, rapid.IntRange(0, 1100).Draw(t, "back")} {
				want, must, may := m.load(seq - uint16(back))
				n, ok := r.Load(seq-uint16(back), into)
				require.True(t, ok || !must, "lost %d", back)
				require.True(t, may || !ok, "found %d", back)
				if ok {
					require.Equal(t, string(want), string(into[:n]))
				}
			}
		}
	})
}

func TestReadersSeeWholePackets(t *testing.T) {
	const enough = 3000
	r := history.New(64)
	var newest atomic.Uint32
	var found, torn atomic.Int64
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			into := make([]byte, history.MaxPacket)
			for found.Load() < enough && torn.Load() == 0 {
				seq := uint16(newest.Load())
				n, ok := r.Load(seq, into)
				if !ok {
					continue
				}
				for at := 0; at+2 <= n; at += 2 {
					if binary.BigEndian.Uint16(into[at:]) != seq {
						torn.Add(1)
					}
				}
				found.Add(1)
				r.Stats()
			}
		})
	}
	p := make([]byte, history.MaxPacket)
	for i := 0; found.Load() < enough && torn.Load() == 0; i++ {
		seq := uint16(i)
		size := 100 + i%8*200
		for at := 0; at+2 <= size; at += 2 {
			binary.BigEndian.PutUint16(p[at:], seq)
		}
		r.Store(seq, p[:size], epoch)
		newest.Store(uint32(seq))
	}
	readers.Wait()
	require.Zero(t, torn.Load(), "a packet of another number, or of two")
}

func TestNoAllocationAfterWarmUp(t *testing.T) {
	r := history.New(256)
	sizes := []int{100, 1200, 300, 1200, 1200, 900}
	data := make([]byte, history.MaxPacket)
	into := make([]byte, history.MaxPacket)
	var seq uint16
	step := func() {
		seq++
		r.Store(seq, data[:sizes[int(seq)%len(sizes)]], epoch)
		r.Load(seq-7, into)
	}
	for range 65536 {
		step()
	}
	held := r.Stats().Bytes
	require.Zero(t, testing.AllocsPerRun(70000, step))
	require.Equal(t, held, r.Stats().Bytes)
}

func BenchmarkStore(b *testing.B) {
	r := history.New(1024)
	data := make([]byte, 1200)
	b.ReportAllocs()
	var seq uint16
	for b.Loop() {
		r.Store(seq, data, epoch)
		seq++
	}
}

func BenchmarkLoad(b *testing.B) {
	r := history.New(1024)
	data, into := make([]byte, 1200), make([]byte, history.MaxPacket)
	for seq := range uint16(1024) {
		r.Store(seq, data, epoch)
	}
	b.ReportAllocs()
	var seq uint16
	for b.Loop() {
		r.Load(seq&1023, into)
		seq++
	}
}
