//go:build linux

package main

import (
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// The stamp in a packet is read in another process than it was written in, so
// it is on the machine's monotonic clock. That clock is asked once; from
// there on Go's own reading of it, which needs no system call, counts.
var (
	clockStart  = time.Now()
	clockOffset = monotonic()
)

func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("reading the monotonic clock: " + err.Error()) // every Linux has it
	}
	return ts.Nano()
}

// ticks is now in nanoseconds on the machine's monotonic clock.
func ticks() int64 { return clockOffset + int64(time.Since(clockStart)) }

// sleepUntil waits until a point on that clock.
func sleepUntil(t int64) { time.Sleep(time.Duration(t - ticks())) }

// window is the time in which packets count. Both ends are set before it
// begins, so that a packet's stamp alone says whether it is inside, to its
// sender and to each receiver alike.
type window struct{ from, to atomic.Int64 }

func newWindow() *window {
	w := &window{}
	w.from.Store(math.MaxInt64)
	w.to.Store(math.MaxInt64)
	return w
}

func (w *window) open(from, to int64) {
	w.to.Store(to)
	w.from.Store(from)
}

func (w *window) has(stamp int64) bool { return stamp >= w.from.Load() && stamp < w.to.Load() }
