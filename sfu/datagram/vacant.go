package datagram

import (
	"fmt"
	"net/netip"
)

// Vacant says whether nobody has the address yet. With ReusePort another server
// of the same user would share it without a word, and each would get a part of
// the packets.
func Vacant(addr netip.AddrPort) error {
	if addr.Port() == 0 {
		return nil
	}
	s, err := Listen(addr, Config{})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return fmt.Errorf("trying %v: %w", addr, err)
	}
	return nil
}
