package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// roomy gives a UDP socket a large receive buffer, beyond what programs may have.
func roomy(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
	})
	if err = errors.Join(err, failed); err != nil {
		return errors.Join(fmt.Errorf("lab: a large receive buffer: %w", err), c.Close())
	}
	return nil
}

// overrun counts what the kernel has dropped for want of room; see HostStats. What
// cannot be read counts as nothing.
func (s *space) overrun(d *device) (n uint64) {
	_ = s.with(d.name, func(_ *netlink.Handle, l netlink.Link) error {
		if st := l.Attrs().Statistics; st != nil {
			n += st.TxDropped
		}
		return nil
	})
	if s.root {
		return n // whose sockets they are is not to be told here
	}
	_ = s.do(func() error {
		text, err := os.ReadFile("/proc/thread-self/net/snmp")
		n += udpRcvbufErrors(string(text))
		return err
	})
	return n
}

// udpRcvbufErrors reads a table of two lines each: names, then numbers.
func udpRcvbufErrors(snmp string) uint64 {
	var names []string
	for _, line := range strings.Split(snmp, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Udp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		if i := slices.Index(names, "RcvbufErrors"); i > 0 && i < len(fields) {
			n, _ := strconv.ParseUint(fields[i], 10, 64)
			return n
		}
	}
	return 0
}
