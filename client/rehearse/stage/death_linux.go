package stage

import "syscall"

// dieWithParent ends a server whose rehearsal was killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
