//go:build linux

package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Lines as Linux writes them, one of a program whose name is meant to mislead.
func TestParseStat(t *testing.T) {
	const rest = " S 1 4242 4242 0 -1 4194560 5021 0 3 0 137 45 0 0 20 0 64 0 1325043 1862184960 8793 18446744073709551615 1 1 0 0 0 0 0 4096 16384 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
	for _, name := range []string{"janus", "a (b) 1 2 3", ") S 9 9"} {
		user, system, threads, err := parseStat([]byte("4242 (" + name + ")" + rest))
		require.NoError(t, err)
		require.Equal(t, 1370*time.Millisecond, user)
		require.Equal(t, 450*time.Millisecond, system)
		require.Equal(t, 64, threads)
	}
	for _, bad := range []string{"", "4242 (janus)", "4242 janus" + rest, "4242 (janus) S 1 2 3", "4242 (janus) S 1 4242 4242 0 -1 4194560 5021 0 3 0 x 45 0 0 20 0 64 0 1"} {
		_, _, _, err := parseStat([]byte(bad))
		require.Error(t, err, bad)
	}
}

func TestParseStatm(t *testing.T) {
	rss, err := parseStatm([]byte("454635 8793 3021 1 0 9000 0\n"))
	require.NoError(t, err)
	require.Equal(t, int64(8793*os.Getpagesize()), rss)
	for _, bad := range []string{"", "454635", "454635 x"} {
		_, err := parseStatm([]byte(bad))
		require.Error(t, err, bad)
	}
}

// What the kernel says of this process, read as that of another, is near to
// what we say ourselves.
func TestUsageOfAnotherProcess(t *testing.T) {
	before, err := ownUsage()
	require.NoError(t, err)
	u, err := usageOf(os.Getpid())
	require.NoError(t, err)
	after, err := ownUsage()
	require.NoError(t, err)
	require.GreaterOrEqual(t, u.CPU, before.CPU-clockTick)
	require.LessOrEqual(t, u.CPU, after.CPU+clockTick)
	require.InDelta(t, u.CPU, u.User+u.System, float64(4*clockTick))
	require.Positive(t, u.RSS)
	require.Positive(t, u.Threads)
	files, err := openFiles(os.Getpid())
	require.NoError(t, err)
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	more, err := openFiles(os.Getpid())
	require.NoError(t, err)
	require.Equal(t, files+1, more)
	require.NoError(t, f.Close())
	_, err = usageOf(-1)
	require.Error(t, err)
}

func TestCostsAreDividedAsTheKernelSays(t *testing.T) {
	var r result
	r.costs(30*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond, 1000)
	require.Equal(t, []float64{30, 15, 15}, []float64{r.CPUPerPacket, r.UserPerPacket, r.SystemPerPacket})
	r = result{}
	r.costs(30*time.Millisecond, 0, 0, 0)
	require.Zero(t, r.CPUPerPacket)
}

func TestSpread(t *testing.T) {
	var v []float64
	for i := range 40 {
		v = append(v, float64(40-i))
	}
	require.Equal(t, spread{Min: 1, Median: 20.5, P95: 38, Max: 40}, spreadOf(v))
	require.Equal(t, spread{Min: 7, Median: 7, P95: 7, Max: 7}, spreadOf([]float64{7}))
}

// The end of what callgrind 3.19 writes.
func TestParseDump(t *testing.T) {
	n, err := parseDump([]byte("# callgrind format\nversion: 1\nevents: Ir\nsummary: 18446744073709551570\n\n\nfn=(1)\n0 17\n\ntotals: 31663120\n"))
	require.NoError(t, err)
	require.Equal(t, uint64(31663120), n)
	for _, bad := range []string{"", "events: Ir\n", "\ntotals: many\n"} {
		_, err := parseDump([]byte(bad))
		require.Error(t, err, bad)
	}
}

// What is done by the clock is done Slow times too often beside a packet.
func TestIdleInstructionsAreLeftOut(t *testing.T) {
	c := counted{Media: 1_000_000 + 200_000, Idle: 200_000, Packets: 100, Slow: 20}
	c.cost()
	require.InDelta(t, 10_000+100, c.PerPacket, 1e-9)
}

func TestSlowMotionDeliversNoMoreThanIsLookedFor(t *testing.T) {
	for _, s := range shapes {
		slow, times := s.slowed()
		require.LessOrEqual(t, slow.delivered(), slowRate*1.0001)
		require.InEpsilon(t, s.delivered(), slow.delivered()*float64(times), 0.001)
		require.Less(t, s.Media[0].Every, slow.Media[0].Every, "the shape itself stays")
	}
}
