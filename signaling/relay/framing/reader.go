package framing

import (
	"encoding/binary"
	"fmt"
	"math"
)

// reader takes one thing after the other from the front. After the first
// error it returns zeros, and the error stays.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

// take is the next n bytes; nil if there are not as many.
func (r *reader) take(n int, what string) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.rest) < n {
		r.fail("it ends within %s: %d bytes are missing", what, n-len(r.rest))
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) u8(what string) uint8 {
	if b := r.take(1, what); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16(what string) uint16 {
	if b := r.take(2, what); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) skip(n int, what string) { r.take(n, what) }

func (r *reader) epoch() int64 {
	b := r.take(8, "the epoch")
	if b == nil {
		return 0
	}
	epoch := binary.BigEndian.Uint64(b)
	if epoch > math.MaxInt64 {
		r.fail("the epoch is %d: it must be below 2^63", epoch)
		return 0
	}
	return int64(epoch)
}

// vector is a vector with its length in front, in one, two or four bytes
// (RFC 9420, section 2.1.2).
func (r *reader) vector(what string) []byte {
	first := r.u8(what)
	if r.err != nil {
		return nil
	}
	bytes := 1 << (first >> 6)
	if bytes == 8 {
		r.fail("the length of %s begins with the bits 11, which mean nothing", what)
		return nil
	}
	n := int(first & 0x3f)
	for _, b := range r.take(bytes-1, what) {
		n = n<<8 | int(b)
	}
	if bytes > 1 && n < shortest[bytes] {
		r.fail("the length of %s, %d, is written in %d bytes: it must be in as few as possible", what, n, bytes)
		return nil
	}
	return r.take(n, what)
}

// shortest is the least number that needs so many bytes.
var shortest = map[int]int{2: 1 << 6, 4: 1 << 14}

// each reads the things in a vector one after the other.
func (r *reader) each(what string, one func(*reader)) {
	inner := &reader{rest: r.vector(what)}
	for inner.err == nil && len(inner.rest) > 0 {
		one(inner)
	}
	if inner.err != nil {
		r.fail("%w", inner.err)
	}
}

// optional says whether what may be missing is there (RFC 9420, section
// 2.1.1).
func (r *reader) optional(what string) bool {
	there := r.u8(what)
	if there > 1 {
		r.fail("whether there is %s is %d: it must be 0 or 1", what, there)
	}
	return r.err == nil && there == 1
}
