package lab

import "errors"

// ErrNeedsRoot says that this process may not make network namespaces here. The
// error that says so is a [*MissingError], which says what is missing.
var ErrNeedsRoot = errors.New("bad networks need root")

// MissingError says what a lab needs and this machine, or this process, lacks.
type MissingError struct {
	What string // such as "CAP_SYS_ADMIN (run as root)"
	Err  error  // what the kernel said; may be nil
}

// Error says what is missing, and for what.
func (e *MissingError) Error() string {
	text := ErrNeedsRoot.Error() + " on Linux, with network namespaces and /dev/net/tun; missing here: " + e.What
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is makes errors.Is(err, ErrNeedsRoot) true.
func (e *MissingError) Is(target error) bool { return target == ErrNeedsRoot }

// Unwrap is what the kernel said.
func (e *MissingError) Unwrap() error { return e.Err }
