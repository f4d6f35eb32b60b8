package history_test

import (
	"fmt"
	"math/bits"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/history"
)

// stream stores packets of one size at a steady rate.
type stream struct {
	ring *history.Ring
	seq  uint16
	now  time.Time
	data []byte
	gap  time.Duration
}

func newStream(places, perSecond, size int) *stream {
	return &stream{ring: history.New(places), now: epoch, data: make([]byte, size), gap: time.Second / time.Duration(perSecond)}
}

func (s *stream) store() {
	s.seq++
	s.now = s.now.Add(s.gap)
	s.ring.Store(s.seq, s.data, s.now)
}

func (s *stream) run(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.store()
	}
}

func (s *stream) bytes() int { return s.ring.Stats().Bytes }

// TestMemoryFollowsTime holds the memory against what the packets of MaxAge
// take: a tenth more, two chunks of 12 KB, and the table of 16 bytes a place.
func TestMemoryFollowsTime(t *testing.T) {
	for _, test := range []struct{ perSecond, size int }{{60, 1100}, {250, 1100}, {60, 1200}, {500, 1200}, {50, 100}} {
		t.Run(fmt.Sprintf("%d packets a second of %d bytes", test.perSecond, test.size), func(t *testing.T) {
			s := newStream(1024, test.perSecond, test.size)
			s.run(5 * time.Second)
			live := int(history.MaxAge/s.gap) + 1
			table := max(128, 1<<bits.Len(uint(live-1)))
			most := live*test.size*11/10 + 2*12<<10 + table*16 + 2<<10
			after5 := s.bytes()
			t.Logf("%d packets of %d bytes are %d bytes; held %d", live, test.size, live*test.size, after5)
			require.Less(t, after5, most)
			require.Greater(t, after5, live*test.size)
			s.run(55 * time.Second)
			require.Less(t, s.bytes(), most)

			into := make([]byte, history.MaxPacket)
			for back := range live {
				_, ok := s.ring.Load(s.seq-uint16(back), into)
				require.True(t, ok, "%d back", back)
			}
			_, ok := s.ring.Load(s.seq-uint16(live), into)
			require.False(t, ok)
		})
	}
}

// TestKeepsAsManyAsItWasMadeFor is about chunks that are given back because of
// the count: each time, all that must be there still is.
func TestKeepsAsManyAsItWasMadeFor(t *testing.T) {
	const packets = 16 // two chunks of full-size packets
	r := history.New(packets)
	into := make([]byte, history.MaxPacket)
	for seq := range 100 {
		r.Store(uint16(seq), packet(uint16(seq), 0, history.MaxPacket), epoch)
		r.Expire(epoch)
		for back := range min(seq+1, packets) {
			n, ok := r.Load(uint16(seq-back), into)
			require.True(t, ok, "%d behind %d", back, seq)
			require.Equal(t, packet(uint16(seq-back), 0, history.MaxPacket), into[:n])
		}
	}
}

func TestNewHoldsLittle(t *testing.T) {
	require.Less(t, history.New(history.MaxPackets).Stats().Bytes, 4<<10)
}

func TestBurstIsGivenBack(t *testing.T) {
	s := newStream(1024, 60, 1100)
	s.run(30 * time.Second)
	before := s.bytes()
	for range 1000 {
		s.seq++
		s.ring.Store(s.seq, s.data, s.now)
	}
	require.Greater(t, s.bytes(), before+900*1100)
	s.run(3 * time.Second)
	require.Greater(t, s.bytes(), before+900*1100, "kept for the next burst")
	s.run(20 * time.Second)
	require.Less(t, s.bytes(), before+16<<10+20<<10, "the table stays, and two chunks may")
}

// TestBurstsDoNotAllocate is for key frames: they come every few seconds.
func TestBurstsDoNotAllocate(t *testing.T) {
	s := newStream(1024, 60, 1100)
	round := func() {
		for range 200 {
			s.seq++
			s.ring.Store(s.seq, s.data, s.now)
		}
		s.run(4 * time.Second)
	}
	for range 10 {
		round()
	}
	require.Zero(t, testing.AllocsPerRun(20, round))
}

func TestSteadyStreamDoesNotAllocate(t *testing.T) {
	for _, perSecond := range []int{60, 250, 5000} {
		s := newStream(1024, perSecond, 1100)
		s.run(30 * time.Second)
		require.Zero(t, testing.AllocsPerRun(20, func() { s.run(3 * time.Second) }), "%d packets a second", perSecond)
	}
}

func TestPausedStreamHoldsLittle(t *testing.T) {
	s := newStream(1024, 250, 1100)
	s.ring.Expire(epoch) // before the first packet
	s.run(30 * time.Second)
	into := make([]byte, history.MaxPacket)
	s.ring.Expire(s.now.Add(history.MaxAge))
	_, ok := s.ring.Load(s.seq, into)
	require.True(t, ok)
	for after := time.Second; after <= 30*time.Second; after += time.Second {
		s.ring.Expire(s.now.Add(history.MaxAge + after))
	}
	_, ok = s.ring.Load(s.seq, into)
	require.False(t, ok)
	require.Less(t, s.bytes(), 32<<10)
	s.store()
	_, ok = s.ring.Load(s.seq, into)
	require.True(t, ok, "it goes on")
}

// TestNoSequenceTakesMore is about a sender who chooses sequence numbers that
// leave one place alone: what is held stays what the ring was made for.
func TestNoSequenceTakesMore(t *testing.T) {
	r := history.New(1024)
	data := make([]byte, history.MaxPacket)
	most := 1024*history.MaxPacket*11/10 + 64<<10
	for i := range 30_000 {
		if i%500 == 0 {
			r.Store(uint16(i/500)|1, data, epoch)
		}
		r.Store(uint16(i*1024), data, epoch)
		require.Less(t, r.Stats().Bytes, most)
	}
}

func TestResetKeepsMemory(t *testing.T) {
	s := newStream(1024, 250, 1100)
	s.run(5 * time.Second)
	held := s.bytes()
	s.ring.Reset()
	require.InDelta(t, held, s.bytes(), 1<<10)
	for back := range uint16(400) {
		_, ok := s.ring.Load(s.seq-back, make([]byte, history.MaxPacket))
		require.False(t, ok)
	}
	s.run(time.Second)
	require.InDelta(t, held, s.bytes(), 1<<10)
}
