package netcheck

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// dontFragment sets the don't-fragment bit and passes over what the kernel
// believes the path's MTU to be (IP_PMTUDISC_PROBE, ip(7)).
func dontFragment(conn *net.UDPConn, to *net.UDPAddr) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("reach the socket: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		if to.IP.To4() != nil {
			failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_PROBE)
			return
		}
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, syscall.IPV6_PMTUDISC_PROBE)
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("set the don't-fragment bit: %w", err)
	}
	return nil
}
