//go:build !linux

package lab

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// Elsewhere there are no network namespaces: New says so, and nothing else here
// is ever reached.

var errTaken = errors.New("lab: the addresses are taken")

func permitted() error { return &MissingError{"Linux", nil} }

type space struct{}

func here() (*space, error)                                          { return nil, permitted() }
func (s *space) fresh() (*space, error)                              { return nil, permitted() }
func (s *space) do(func() error) error                               { return permitted() }
func (s *space) openTUN(string) (*device, error)                     { return nil, permitted() }
func (s *space) plug(*device, []netip.Addr, []netip.Prefix) error    { return permitted() }
func (s *space) readdress(*device, []netip.Addr, []netip.Addr) error { return permitted() }
func (s *space) loopback() error                                     { return permitted() }
func (s *space) path() string                                        { return "" }
func (s *space) close() error                                        { return nil }

func (s *space) overrun(*device) uint64 { return 0 }

func roomy(*net.UDPConn) error { return permitted() }

type device struct {
	*os.File
	name string
}

type alarm struct{}

func newAlarm() (*alarm, error)          { return nil, permitted() }
func (a *alarm) set(time.Duration) error { return permitted() }
func (a *alarm) wait() error             { return permitted() }
func (a *alarm) close() error            { return nil }
