package pace

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	triesAtOnce = 8
	tryEvery    = 15 * time.Second
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestLimiterSlowsDown(t *testing.T) {
	l := New(triesAtOnce, tryEvery)
	for range triesAtOnce {
		_, ok := l.Take("mia", t0)
		require.True(t, ok)
	}
	wait, ok := l.Take("mia", t0)
	require.False(t, ok)
	require.Equal(t, tryEvery, wait)
	_, ok = l.Take("leo", t0)
	require.True(t, ok, "another login has a budget of its own")

	wait, ok = l.Take("mia", t0.Add(tryEvery-time.Second))
	require.False(t, ok, "a refused try costs nothing and gains nothing")
	require.Equal(t, time.Second, wait)
	_, ok = l.Take("mia", t0.Add(tryEvery))
	require.True(t, ok)
	_, ok = l.Take("mia", t0.Add(tryEvery))
	require.False(t, ok)

	_, ok = l.Take("leo", t0.Add(-time.Hour))
	require.True(t, ok, "a clock that steps back hurts nobody")
}

func TestLimiterGivesBack(t *testing.T) {
	l := New(triesAtOnce, tryEvery)
	for range 10 * triesAtOnce {
		_, ok := l.Take("mia", t0)
		require.True(t, ok)
		l.GiveBack("mia", t0)
	}
	require.Empty(t, l.buckets)
}

func TestLimiterIsBounded(t *testing.T) {
	l := New(triesAtOnce, tryEvery)
	for i := range maxTracked {
		l.Take(fmt.Sprint("old", i), t0)
	}
	l.Take("guessed", t0.Add(tryEvery))
	require.Len(t, l.buckets, 1, "those that have refilled were dropped")
	for i := range 2 * maxTracked {
		l.Take(fmt.Sprint("new", i), t0.Add(tryEvery))
		require.LessOrEqual(t, len(l.buckets), maxTracked)
	}
}

func TestLimiterCountsTriesMadeAtOnce(t *testing.T) {
	l := New(triesAtOnce, tryEvery)
	var passed atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				if _, ok := l.Take("mia", t0); ok {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, triesAtOnce, passed.Load())
}

// TestLimiterBudget: whatever the order, nobody gets more failures than the
// budget and its refill.
func TestLimiterBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(triesAtOnce, tryEvery)
		now, failed := t0, 0
		for range rapid.IntRange(1, 200).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond)
			wait, ok := l.Take("mia", now)
			switch {
			case !ok:
				require.Positive(t, wait)
				require.LessOrEqual(t, wait, tryEvery)
			case rapid.Bool().Draw(t, "right"):
				l.GiveBack("mia", now)
			default:
				failed++
			}
			require.LessOrEqual(t, time.Duration(failed)*tryEvery, triesAtOnce*tryEvery+now.Sub(t0))
		}
	})
}

// TestNoMoreThanTheBucket: in no time does anybody get more tries than the bucket holds
// and what has refilled in between.
func TestNoMoreThanTheBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(triesAtOnce, tryEvery)
		start := time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC)
		now, taken := start, 0
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			wait, ok := l.Take("ana", now)
			if ok {
				taken++
				continue
			}
			if _, early := l.Take("ana", now.Add(wait-time.Millisecond)); early {
				t.Fatal("told to wait longer than need be")
			}
			if _, ok := l.Take("ben", now); !ok && taken == 0 {
				t.Fatal("somebody else is held up")
			}
		}
		if most := triesAtOnce + int(now.Sub(start)/tryEvery); taken > most {
			t.Fatalf("%d tries in %s; %d are allowed", taken, now.Sub(start), most)
		}
	})
}

// TestHugeBurst: so many at once that their times do not fit into a number is as
// good as no limit.
func TestHugeBurst(t *testing.T) {
	l := New(1<<40, time.Second)
	for range 1000 {
		_, ok := l.Take("ana", t0)
		require.True(t, ok)
	}
}

func TestTuneForgivesAndTakesTheNewMeasure(t *testing.T) {
	now := time.Unix(1000, 0)
	l := New(2, time.Hour)
	took := func() bool { _, ok := l.Take("x", now); return ok }
	require.True(t, took())
	require.True(t, took())
	require.False(t, took())
	l.Tune(1, time.Second)
	require.True(t, took(), "what was owed at an hour each is forgiven")
	require.False(t, took(), "one at once now")
	now = now.Add(time.Second)
	require.True(t, took())
}
