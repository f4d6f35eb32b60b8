//go:build !linux

package netcheck

import (
	"errors"
	"net"
)

func dontFragment(*net.UDPConn, *net.UDPAddr) error {
	return errors.ErrUnsupported
}
