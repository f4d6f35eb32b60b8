package lab

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes one goroutine at a moment that others may bring forward. It is a
// timerfd: Go's own timers, when nothing else wakes the process, come up to a
// millisecond late, for the poller counts in milliseconds.
type alarm struct{ f *os.File }

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	return &alarm{os.NewFile(uintptr(fd), "timerfd")}, nil
}

// set makes it ring after d, and not as it was set before.
func (a *alarm) set(d time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, d.Nanoseconds()))} // 0 would stop it
	c, err := a.f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = c.Control(func(fd uintptr) { failed = unix.TimerfdSettime(int(fd), 0, &spec, nil) })
	if err != nil {
		return err
	}
	return failed
}

// wait returns when it has rung, or with an error when it was closed.
func (a *alarm) wait() error {
	var b [8]byte
	_, err := a.f.Read(b[:])
	return err
}

func (a *alarm) close() error { return a.f.Close() }
