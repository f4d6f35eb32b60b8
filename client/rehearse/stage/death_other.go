//go:build !linux

package stage

import "syscall"

// dieWithParent has no way to end a server whose rehearsal was killed.
func dieWithParent() *syscall.SysProcAttr { return nil }
