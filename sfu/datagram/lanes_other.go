//go:build !linux

package datagram

import "net/netip"

// ListenLanes opens a socket. There is no second one here.
func ListenLanes(addr netip.AddrPort, cfg Config) (main, later *Socket, err error) {
	main, err = Listen(addr, cfg)
	return main, nil, err
}
