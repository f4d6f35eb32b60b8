package datagram

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// kernel stands in for sendmmsg(2): it takes messages, or refuses them as a
// test says.
type kernel struct {
	mu    sync.Mutex
	took  []sent
	calls int
	// answer says how many of a call's messages are looked at, and errno what
	// becomes of one message. nil takes all.
	answer func(messages int) int
	errno  func(m sent) unix.Errno
}

// sent is a message as the kernel sees it.
type sent struct {
	to      netip.AddrPort
	packets [][]byte
	segment int // 0: a plain message
}

func (s sent) total() (n int) {
	for _, p := range s.packets {
		n += len(p)
	}
	return n
}

func (k *kernel) send(_ int, messages []message) (int, unix.Errno) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	n := len(messages)
	if k.answer != nil {
		n = k.answer(n)
	}
	for i := range messages[:n] {
		m := seen(&messages[i])
		if k.errno != nil {
			if errno := k.errno(m); errno != 0 && i == 0 {
				return 0, errno
			} else if errno != 0 {
				return i, 0
			}
		}
		k.took = append(k.took, m)
	}
	if n == 0 {
		return 0, unix.EAGAIN
	}
	return n, 0
}

// set changes what the kernel does while others may be sending.
func (k *kernel) set(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
}

// packets are what came for each destination, by its port.
func (k *kernel) packets() map[uint16][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make(map[uint16][]string)
	for _, m := range k.took {
		for _, p := range m.packets {
			out[m.to.Port()] = append(out[m.to.Port()], string(p))
		}
	}
	return out
}

func seen(m *message) sent {
	raw := (*sockaddr)(unsafe.Pointer(m.header.Name))
	s := sent{to: raw.addrPort()}
	for _, v := range m.vectors() {
		s.packets = append(s.packets, append([]byte(nil), unsafe.Slice(v.Base, int(v.Len))...))
	}
	if m.header.Control != nil {
		c := (*segmentControl)(unsafe.Pointer(m.header.Control))
		if c.header.Level == unix.IPPROTO_UDP && c.header.Type == unix.UDP_SEGMENT {
			s.segment = int(c.size)
		}
	}
	return s
}

// faked opens a socket whose packets go to a kernel of the test.
func faked(t testing.TB) (*Socket, *kernel) {
	t.Helper()
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NotZero(t, s.segment.Load(), "this kernel has no GSO")
	k := &kernel{}
	s.send = k.send
	return s, k
}

// to is the destination with this port.
func to(s *Socket, port uint16) *Dest {
	return s.To(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), port))
}

// numbered is packet number i with at least 4 bytes.
func numbered(i, size int) string {
	p := make([]byte, max(size, 4))
	binary.BigEndian.PutUint32(p, uint32(i))
	return string(p)
}

func add(b *Batch, d *Dest, packets ...string) {
	for _, p := range packets {
		b.Add(d, copy(b.Buffer(), p))
	}
}
