package datagram

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// handle is a file descriptor that is closed when the last of its users is
// done. Closing it under a user would let the kernel give the number to another
// file, and the user's next packet would go there.
type handle struct {
	fd    int
	state atomic.Int64 // users, and closing once it is shut
}

const closing = 1 << 62

// acquire makes the caller a user, unless the handle was shut.
func (h *handle) acquire() bool {
	for {
		n := h.state.Load()
		if n&closing != 0 {
			return false
		}
		if h.state.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (h *handle) release() {
	if h.state.Add(-1) == closing {
		_ = unix.Close(h.fd) // of a datagram socket: there is nothing left to fail
	}
}

// shut lets no more users in. It reports whether it was the first to.
func (h *handle) shut() bool {
	n := h.state.Or(closing)
	if n == 0 {
		_ = unix.Close(h.fd)
	}
	return n&closing == 0
}
