//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process has used so far.
type usage struct {
	CPU        time.Duration `json:"cpu"` // user and system
	User       time.Duration `json:"user"`
	System     time.Duration `json:"system"`
	RSS        int64         `json:"rss"` // bytes
	Goroutines int           `json:"goroutines,omitempty"`
	Threads    int           `json:"threads,omitempty"`
	Heap       int64         `json:"heap,omitempty"` // bytes in use after a collection, where one was asked for
}

// ownUsage is our own account.
func ownUsage() (*usage, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return nil, fmt.Errorf("reading the CPU time: %w", err)
	}
	rss, err := residentMemory("self")
	if err != nil {
		return nil, err
	}
	user, system := time.Duration(r.Utime.Nano()), time.Duration(r.Stime.Nano())
	return &usage{CPU: user + system, User: user, System: system, RSS: rss, Goroutines: runtime.NumGoroutine()}, nil
}

func tellUsage(request) (reply, error) {
	u, err := ownUsage()
	return reply{Usage: u}, err
}

// tellCollected collects garbage first, so that what is in use is what is held.
func tellCollected(request) (reply, error) {
	runtime.GC()
	u, err := ownUsage()
	if err == nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		u.Heap = int64(m.HeapAlloc)
	}
	return reply{Usage: u}, err
}

// usageOf is what the kernel says of a process that is not ours. Its user and
// system times come in hundredths of a second; the two together it also tells
// in nanoseconds, by the process's own clock.
func usageOf(pid int) (usage, error) {
	var u usage
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, fmt.Errorf("reading the CPU time: %w", err)
	}
	if u.User, u.System, u.Threads, err = parseStat(text); err != nil {
		return u, err
	}
	var t unix.Timespec
	if err := unix.ClockGettime(cpuClock(pid), &t); err != nil {
		return u, fmt.Errorf("reading the CPU clock of process %d: %w", pid, err)
	}
	u.CPU = time.Duration(t.Nano())
	u.RSS, err = residentMemory(strconv.Itoa(pid))
	return u, err
}

// cpuClock is the number of a process's CPU clock, as clock_getcpuclockid(3)
// makes it: the pid's complement, and in the last three bits "of a process, as
// the scheduler counts".
func cpuClock(pid int) int32 { return int32(^pid<<3 | 2) }

// clockTick is the unit of times in /proc: USER_HZ, which is 100 on every
// architecture that Go knows.
const clockTick = time.Second / 100

// parseStat reads /proc/PID/stat: times in user and system mode, and threads
// (fields 14, 15 and 20 of proc(5)). The second field, the program's name in
// parentheses, may itself hold spaces and parentheses.
func parseStat(b []byte) (user, system time.Duration, threads int, err error) {
	i := bytes.LastIndexByte(b, ')')
	f := strings.Fields(string(b[i+1:]))
	const first = 3 // number of the first field after the name
	if i < 0 || len(f) <= 20-first {
		return 0, 0, 0, fmt.Errorf("reading the CPU time: /proc/PID/stat says %q", b)
	}
	var n [3]int64
	for k, field := range []int{14, 15, 20} {
		if n[k], err = strconv.ParseInt(f[field-first], 10, 64); err != nil {
			return 0, 0, 0, fmt.Errorf("reading field %d of /proc/PID/stat: %w", field, err)
		}
	}
	return time.Duration(n[0]) * clockTick, time.Duration(n[1]) * clockTick, int(n[2]), nil
}

// residentMemory is the memory that a process, or "self", has in RAM, in bytes.
func residentMemory(pid string) (int64, error) {
	b, err := os.ReadFile("/proc/" + pid + "/statm")
	if err != nil {
		return 0, fmt.Errorf("reading the memory in use: %w", err)
	}
	return parseStatm(b)
}

// parseStatm reads /proc/PID/statm, whose second field is in pages.
func parseStatm(b []byte) (int64, error) {
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, fmt.Errorf("reading the memory in use: /proc/PID/statm says %q", b)
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the memory in use: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// openFiles counts a process's file descriptors.
func openFiles(pid int) (int, error) {
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0, fmt.Errorf("counting the open files: %w", err)
	}
	return len(names), nil
}
