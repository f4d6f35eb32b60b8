package datagram

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter lets a goroutine wait for a socket, or for a time to pass, in Go's
// network poller. It is an epoll set with the socket and a timer in it, and the
// set is what the poller watches: a set is readable when something in it is
// ready.
type waiter struct {
	set   *os.File
	conn  syscall.RawConn
	timer int // a timerfd
	value unix.ItimerSpec
	ticks [8]byte
	ended atomic.Bool
}

// newWaiter waits for events (EPOLLIN, EPOLLOUT) of fd.
func newWaiter(fd int, events uint32) (*waiter, error) {
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(set)
		return nil, fmt.Errorf("making a timer: %w", err)
	}
	w := &waiter{timer: timer}
	if err := w.open(set, fd, events); err != nil {
		_ = unix.Close(timer)
		return nil, err
	}
	return w, nil
}

// open fills the set and hands it to Go's poller. The set is closed if that
// fails.
func (w *waiter) open(set, fd int, events uint32) error {
	err := errors.Join(
		unix.EpollCtl(set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}),
		unix.EpollCtl(set, unix.EPOLL_CTL_ADD, w.timer, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(w.timer)}),
		unix.SetNonblock(set, true), // else os does not hand it to the poller
	)
	if err != nil {
		_ = unix.Close(set)
		return fmt.Errorf("filling an epoll set: %w", err)
	}
	w.set = os.NewFile(uintptr(set), "epoll")
	if w.conn, err = w.set.SyscallConn(); err != nil {
		_ = w.set.Close()
		return fmt.Errorf("watching an epoll set: %w", err)
	}
	return nil
}

// wait calls try, and again whenever the socket may be ready or the timer has
// run out, until it says that it is done. It returns net.ErrClosed once w is
// closed.
func (w *waiter) wait(try func(uintptr) bool) error {
	err := w.conn.Read(try)
	if err != nil && w.ended.Load() { // package os does not export the error for it
		return net.ErrClosed
	}
	return err
}

// arm has the timer run out after d, however it was set before.
func (w *waiter) arm(d time.Duration) {
	w.value.Value = unix.NsecToTimespec(max(int64(d), 1)) // 0 would stop it
	_ = unix.TimerfdSettime(w.timer, 0, &w.value, nil)    // it fails for a bad time or descriptor only
}

// expired says whether the timer has run out since it was armed.
func (w *waiter) expired() bool {
	_, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(w.timer), uintptr(unsafe.Pointer(&w.ticks[0])), uintptr(len(w.ticks)))
	return errno == 0
}

// close ends a wait under way. It returns when no call of try is running, and
// must not be called from one.
func (w *waiter) close() {
	if w.ended.Swap(true) {
		return
	}
	_ = w.set.Close() // waits for the calls; and a set has nothing to fail with
	_ = unix.Close(w.timer)
}
