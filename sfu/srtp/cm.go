package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"hash"
)

const cmTag = 10

// cm is a session of AES in counter mode with HMAC-SHA1, of which 80 bits are
// sent (RFC 3711 sections 4.1.1 and 4.2.1).
//
// cipher.NewCTR would encrypt several blocks at a time, but it allocates for
// each packet and can not be set to another counter. GCM is the usual case, so
// block by block is good enough here.
type cm struct {
	block cipher.Block
	auth  []byte
	// The session salt, as two numbers that the counter is made from.
	saltHigh, saltLow uint64

	// Scratch: held here because what is passed to the block and the hash
	// escapes.
	mac     hash.Hash
	counter [aes.BlockSize]byte
	stream  [aes.BlockSize]byte
	roc     [4]byte
	sum     [sha1.Size]byte
}

func newCM(block cipher.Block, salt, auth []byte) (session, error) {
	var padded [aes.BlockSize]byte
	copy(padded[:], salt)
	return &cm{
		block: block, auth: auth, mac: hmac.New(sha1.New, auth),
		saltHigh: binary.BigEndian.Uint64(padded[:]), saltLow: binary.BigEndian.Uint64(padded[8:]),
	}, nil
}

func (c *cm) fork() session {
	return &cm{block: c.block, auth: c.auth, mac: hmac.New(sha1.New, c.auth), saltHigh: c.saltHigh, saltLow: c.saltLow}
}

// xor encrypts or decrypts src to dst, which may be src. The counter has the
// SSRC in bytes 4 to 7, the index in 8 to 13, xored with the salt, and the
// number of the block in the last two.
func (c *cm) xor(dst, src []byte, ssrc uint32, index uint64) {
	binary.BigEndian.PutUint64(c.counter[:], c.saltHigh^uint64(ssrc))
	low := c.saltLow ^ index<<16
	for ; len(src) >= aes.BlockSize; low++ {
		binary.BigEndian.PutUint64(c.counter[8:], low)
		c.block.Encrypt(c.stream[:], c.counter[:])
		binary.NativeEndian.PutUint64(dst, binary.NativeEndian.Uint64(src)^binary.NativeEndian.Uint64(c.stream[:]))
		binary.NativeEndian.PutUint64(dst[8:], binary.NativeEndian.Uint64(src[8:])^binary.NativeEndian.Uint64(c.stream[8:]))
		dst, src = dst[aes.BlockSize:], src[aes.BlockSize:]
	}
	if len(src) == 0 {
		return
	}
	binary.BigEndian.PutUint64(c.counter[8:], low)
	c.block.Encrypt(c.stream[:], c.counter[:])
	for i := range src {
		dst[i] = src[i] ^ c.stream[i]
	}
}

// tag computes the tag of a packet that is followed by roc, which is empty
// for RTCP. The result is good until the next call.
func (c *cm) tag(b, roc []byte) []byte {
	c.mac.Reset()
	c.mac.Write(b)
	c.mac.Write(roc)
	return c.mac.Sum(c.sum[:0])[:cmTag]
}

func (c *cm) tagRTP(b []byte, index uint64) []byte {
	binary.BigEndian.PutUint32(c.roc[:], uint32(index>>16))
	return c.tag(b, c.roc[:])
}

func (c *cm) sealRTP(dst []byte, header int, payload []byte, ssrc uint32, index uint64) {
	end := header + len(payload)
	c.xor(dst[header:end], payload, ssrc, index)
	copy(dst[end:], c.tagRTP(dst[:end], index))
}

func (c *cm) openRTP(b []byte, header int, ssrc uint32, index uint64) bool {
	end := len(b) - cmTag
	if !hmac.Equal(c.tagRTP(b[:end], index), b[end:]) {
		return false
	}
	c.xor(b[header:end], b[header:end], ssrc, index)
	return true
}

func (c *cm) word(b []byte) uint32 { return binary.BigEndian.Uint32(b[len(b)-cmTag-indexSize:]) }

func (c *cm) sealRTCP(dst, plain []byte, ssrc, index uint32) {
	end := len(plain)
	copy(dst, plain[:rtcpHeader])
	c.xor(dst[rtcpHeader:end], plain[rtcpHeader:], ssrc, uint64(index))
	binary.BigEndian.PutUint32(dst[end:], index|encrypted)
	copy(dst[end+indexSize:], c.tag(dst[:end+indexSize], nil))
}

func (c *cm) openRTCP(b []byte, ssrc, word uint32) bool {
	end := len(b) - cmTag
	if !hmac.Equal(c.tag(b[:end], nil), b[end:]) {
		return false
	}
	if word&encrypted != 0 {
		rest := b[rtcpHeader : end-indexSize]
		c.xor(rest, rest, ssrc, uint64(word&^encrypted))
	}
	return true
}
