package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// space is a network namespace, kept alive by a descriptor.
type space struct {
	home *home
	root bool // it is home

	mu sync.RWMutex
	ns netns.NsHandle // not open: closed
}

// home is the namespace in which this process runs, where threads go back to. Its
// descriptor stays open while anybody is away: another one with the same number
// would lead them elsewhere.
type home struct {
	ns   netns.NsHandle
	away atomic.Int32 // one for each thread that is away, and one for the lab
}

// leave counts a thread as away, unless home is closed.
func (h *home) leave() error {
	for {
		n := h.away.Load()
		if n == 0 {
			return errClosed
		}
		if h.away.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

func (h *home) back() error { return netns.Set(h.ns) }

func (h *home) arrived() error {
	if h.away.Add(-1) > 0 {
		return nil
	}
	return h.ns.Close()
}

// here opens the namespace in which this process runs.
func here() (*space, error) {
	ns, err := netns.GetFromPath("/proc/thread-self/ns/net")
	if err != nil {
		return nil, &MissingError{"network namespaces (/proc/thread-self/ns/net)", err}
	}
	h := &home{ns: ns}
	h.away.Store(1)
	return &space{ns: ns, home: h, root: true}, nil
}

// fresh makes a new namespace.
func (s *space) fresh() (*space, error) {
	made := netns.None()
	err := s.home.onThread(func() error {
		var err error
		made, err = netns.New()
		if errors.Is(err, unix.EPERM) {
			return &MissingError{"CAP_SYS_ADMIN and CAP_NET_ADMIN (run as root)", err}
		}
		if err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &space{ns: made, home: s.home}, nil
}

// do runs f in the namespace: sockets that f itself makes, and not a goroutine of
// its, are there for good.
func (s *space) do(f func() error) error {
	if s.root {
		return f()
	}
	return s.home.onThread(func() error {
		if err := s.enter(); err != nil {
			return err
		}
		return f()
	})
}

func (s *space) handle() netns.NsHandle {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ns
}

func (s *space) enter() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.ns.IsOpen() {
		return errClosed
	}
	if err := netns.Set(s.ns); err != nil {
		return fmt.Errorf("enter the network namespace: %w", err)
	}
	return nil
}

// onThread runs f, which may go elsewhere, on a thread of its own. The thread goes
// back home afterwards; one that cannot stays locked, and the runtime ends it.
func (h *home) onThread(f func() error) error {
	if err := h.leave(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("lab: the function has ended its goroutine")
		runtime.LockOSThread()
		defer func() {
			if h.back() == nil {
				runtime.UnlockOSThread()
			}
			done <- errors.Join(err, h.arrived())
		}()
		err = f()
	}()
	return <-done
}

// path names the namespace for other processes, for as long as this one keeps it.
func (s *space) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), int(s.handle())) }

func (s *space) close() error {
	if s.root {
		return s.home.arrived()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ns.IsOpen() {
		return nil
	}
	return s.ns.Close()
}

// device is a TUN device.
type device struct {
	*os.File
	name string
}

// openTUN makes a TUN device in the namespace. It is gone when it is closed.
func (s *space) openTUN(name string) (*device, error) {
	var d *device
	err := s.do(func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return &MissingError{"/dev/net/tun", err}
		}
		req, err := unix.NewIfreq(name)
		if err == nil {
			// Without IFF_VNET_HDR the kernel hands over packets that are cut to
			// the MTU and have their checksums.
			req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
			err = unix.IoctlIfreq(fd, unix.TUNSETIFF, req)
		}
		if err != nil {
			_ = unix.Close(fd)
			if errors.Is(err, unix.EPERM) {
				return &MissingError{"CAP_NET_ADMIN (run as root)", err}
			}
			return fmt.Errorf("make a TUN device: %w", err)
		}
		// Only now: the poller refuses a TUN file that has no device yet.
		d = &device{File: os.NewFile(uintptr(fd), "/dev/net/tun"), name: req.Name()}
		return nil
	})
	return d, err
}

// queueLength is how many packets may wait for this process to read them, and
// receiveBuffer is how many bytes may wait in a socket for its program: a busy
// machine must not lose what the model does not.
const (
	queueLength   = 10_000
	receiveBuffer = 8 << 20
)

// errTaken says that another lab has this range of addresses.
var errTaken = errors.New("lab: the addresses are taken")

// plug gives the device its addresses and routes, and brings it up.
func (s *space) plug(d *device, addrs []netip.Addr, routes []netip.Prefix) error {
	return s.with(d.name, func(h *netlink.Handle, l netlink.Link) error {
		if len(addrs) == 1 { // no IPv6: keep the kernel from looking for routers
			_ = s.do(func() error {
				return os.WriteFile("/proc/sys/net/ipv6/conf/"+d.name+"/disable_ipv6", []byte("1"), 0)
			})
		}
		if err := h.LinkSetMTU(l, MTU); err != nil {
			return fmt.Errorf("set the MTU of %s: %w", d.name, err)
		}
		if err := h.LinkSetTxQLen(l, queueLength); err != nil {
			return fmt.Errorf("lengthen the queue of %s: %w", d.name, err)
		}
		if err := h.LinkSetUp(l); err != nil {
			return fmt.Errorf("bring %s up: %w", d.name, err)
		}
		for _, a := range addrs {
			if err := give(h, l, a); err != nil {
				return fmt.Errorf("give %s the address %s: %w", d.name, a, err)
			}
		}
		for _, p := range routes {
			r := &netlink.Route{LinkIndex: l.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: netlink.NewIPNet(p.Addr().AsSlice())}
			r.Dst.Mask = mask(p)
			err := h.RouteAdd(r)
			if errors.Is(err, unix.EEXIST) {
				return errTaken
			}
			if err != nil {
				return fmt.Errorf("route %s to %s: %w", p, d.name, err)
			}
		}
		return nil
	})
}

// readdress replaces the addresses of a device. Its routes stay.
func (s *space) readdress(d *device, old, addrs []netip.Addr) error {
	return s.with(d.name, func(h *netlink.Handle, l netlink.Link) error {
		for _, a := range addrs {
			if err := give(h, l, a); err != nil {
				return fmt.Errorf("give %s the address %s: %w", d.name, a, err)
			}
		}
		for _, a := range old {
			if err := h.AddrDel(l, address(a)); err != nil {
				return fmt.Errorf("take the address %s from %s: %w", a, d.name, err)
			}
		}
		return nil
	})
}

// loopback brings the loopback device up, as every machine has it.
func (s *space) loopback() error {
	return s.with("lo", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetUp(l) })
}

// netlink opens a socket to the kernel in the namespace.
func (s *space) netlink() (h *netlink.Handle, err error) {
	err = s.do(func() (err error) { h, err = netlink.NewHandle(unix.NETLINK_ROUTE); return })
	return h, err
}

func (s *space) with(link string, f func(*netlink.Handle, netlink.Link) error) error {
	h, err := s.netlink()
	if err != nil {
		return fmt.Errorf("speak to the kernel's routing: %w", err)
	}
	defer h.Close()
	l, err := h.LinkByName(link)
	if err != nil {
		return fmt.Errorf("look %s up: %w", link, err)
	}
	return f(h, l)
}

// give adds an address, and waits until packets to it arrive: for IPv6 the kernel
// makes the local route to it a moment later, in a worker of its own.
func give(h *netlink.Handle, l netlink.Link, a netip.Addr) error {
	if err := h.AddrAdd(l, address(a)); err != nil {
		return err
	}
	for range 1000 {
		found, err := h.RouteGet(a.AsSlice())
		if err == nil && len(found) > 0 && found[0].Type == unix.RTN_LOCAL {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the kernel has made no local route to it within a second")
}

func address(a netip.Addr) *netlink.Addr {
	n := &netlink.Addr{IPNet: netlink.NewIPNet(a.AsSlice())}
	if a.Is6() {
		n.Flags = unix.IFA_F_NODAD // nobody else is there to have it
	}
	return n
}

func mask(p netip.Prefix) []byte {
	m := make([]byte, p.Addr().BitLen()/8)
	for i := range p.Bits() {
		m[i/8] |= 0x80 >> (i % 8)
	}
	return m
}

// permitted says early, and in words, what is missing.
func permitted() error {
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return &MissingError{"/dev/net/tun", err}
	}
	caps, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return &MissingError{"/proc", err}
	}
	for _, line := range strings.Split(string(caps), "\n") {
		var set uint64
		if n, _ := fmt.Sscanf(line, "CapEff: %x", &set); n != 1 {
			continue
		}
		for name, bit := range map[string]int{"CAP_NET_ADMIN": unix.CAP_NET_ADMIN, "CAP_SYS_ADMIN": unix.CAP_SYS_ADMIN} {
			if set&(1<<bit) == 0 {
				return &MissingError{name + " (run as root)", nil}
			}
		}
	}
	return nil
}
