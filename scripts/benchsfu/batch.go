//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxBatch is how many messages one sendmmsg takes (UIO_MAXIOV).
const maxBatch = 1024

// message is struct mmsghdr of sendmmsg(2).
type message struct {
	header unix.Msghdr
	sent   uint32
}

// batch collects datagrams and sends them with one system call. Its memory is
// made once and used again.
type batch struct {
	fd       int
	messages []message
	vectors  []unix.Iovec
	controls [][]byte
	n        int
}

func newBatch(fd, size int) *batch {
	size = min(size, maxBatch)
	b := &batch{fd: fd, messages: make([]message, size), vectors: make([]unix.Iovec, size), controls: make([][]byte, size)}
	for i := range b.controls {
		b.controls[i] = make([]byte, unix.CmsgSpace(2))
	}
	return b
}

// add takes what must not change before flush: the bytes and the address.
// With a segment the kernel splits the bytes into packets of that size.
func (b *batch) add(to *unix.RawSockaddrInet4, data []byte, segment int) error {
	if b.n == len(b.messages) {
		if err := b.flush(); err != nil {
			return err
		}
	}
	v, h := &b.vectors[b.n], &b.messages[b.n].header
	v.Base = &data[0]
	v.SetLen(len(data))
	*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(to)), Namelen: unix.SizeofSockaddrInet4, Iov: v}
	h.SetIovlen(1)
	if segment > 0 {
		control := b.controls[b.n]
		c := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		binary.NativeEndian.PutUint16(control[unix.CmsgLen(0):], uint16(segment))
		h.Control = &control[0]
		h.SetControllen(len(control))
	}
	b.n++
	return nil
}

// flush sends what was added.
func (b *batch) flush() error {
	for done := 0; done < b.n; {
		sent, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(b.fd),
			uintptr(unsafe.Pointer(&b.messages[done])), uintptr(b.n-done), 0, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return fmt.Errorf("sendmmsg: %w", errno)
		}
		done += int(sent)
	}
	b.n = 0
	return nil
}

// rawAddress is an address as the kernel takes it, port in network order.
func rawAddress(a netip.AddrPort) *unix.RawSockaddrInet4 {
	raw := &unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: a.Addr().As4()}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&raw.Port))[:], a.Port())
	return raw
}

// openSender makes a blocking UDP socket on loopback.
func openSender() (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("opening the sending socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 4<<20) // the kernel may give less without an error
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		_ = unix.Close(fd)
		return 0, fmt.Errorf("binding the sending socket: %w", err)
	}
	return fd, nil
}
