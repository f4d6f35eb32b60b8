package srtp

import (
	"crypto/cipher"
	"encoding/binary"
)

const gcmTag = 16

// gcm is a session of AES-GCM (RFC 7714). The AEAD keeps no state between
// packets, so all streams of a direction share it.
type gcm struct {
	aead cipher.AEAD
	// The session salt, as two numbers that the nonce is made from.
	saltHigh uint32
	saltLow  uint64

	// Scratch: held here because what is passed to the AEAD escapes.
	nonce [12]byte
	aad   [rtcpHeader + indexSize]byte
	tag   [gcmTag]byte
}

func newGCM(block cipher.Block, salt, _ []byte) (session, error) {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &gcm{aead: aead, saltHigh: binary.BigEndian.Uint32(salt), saltLow: binary.BigEndian.Uint64(salt[4:])}, nil
}

func (g *gcm) fork() session {
	return &gcm{aead: g.aead, saltHigh: g.saltHigh, saltLow: g.saltLow}
}

// setNonce makes the nonce of RFC 7714 section 8.1, which for RTCP (section
// 9.1) has the same form: two zero bytes, four of the SSRC and six of the
// index, all xored with the salt.
func (g *gcm) setNonce(ssrc uint32, index uint64) {
	binary.BigEndian.PutUint32(g.nonce[:], g.saltHigh^ssrc>>16)
	binary.BigEndian.PutUint64(g.nonce[4:], g.saltLow^uint64(ssrc)<<48^index)
}

func (g *gcm) sealRTP(dst []byte, header int, payload []byte, ssrc uint32, index uint64) {
	g.setNonce(ssrc, index)
	g.aead.Seal(dst[header:header], g.nonce[:], payload, dst[:header])
}

func (g *gcm) openRTP(b []byte, header int, ssrc uint32, index uint64) bool {
	g.setNonce(ssrc, index)
	_, err := g.aead.Open(b[header:header], g.nonce[:], b[header:], b[:header])
	return err == nil
}

func (g *gcm) word(b []byte) uint32 { return binary.BigEndian.Uint32(b[len(b)-indexSize:]) }

// setAAD makes what is authenticated beside the encrypted part of an RTCP
// packet (RFC 7714 section 9.2).
func (g *gcm) setAAD(b []byte, word uint32) {
	copy(g.aad[:], b[:rtcpHeader])
	binary.BigEndian.PutUint32(g.aad[rtcpHeader:], word)
}

func (g *gcm) sealRTCP(dst, plain []byte, ssrc, index uint32) {
	copy(dst, plain[:rtcpHeader])
	g.setNonce(ssrc, uint64(index))
	g.setAAD(plain, index|encrypted)
	g.aead.Seal(dst[rtcpHeader:rtcpHeader], g.nonce[:], plain[rtcpHeader:], g.aad[:])
	binary.BigEndian.PutUint32(dst[len(plain)+gcmTag:], index|encrypted)
}

func (g *gcm) openRTCP(b []byte, ssrc, word uint32) bool {
	g.setNonce(ssrc, uint64(word&^encrypted))
	end := len(b) - indexSize
	if word&encrypted == 0 {
		return g.openClearRTCP(b, end-gcmTag)
	}
	g.setAAD(b, word)
	_, err := g.aead.Open(b[rtcpHeader:rtcpHeader], g.nonce[:], b[rtcpHeader:end], g.aad[:])
	return err == nil
}

// openClearRTCP authenticates a packet that is not encrypted (RFC 7714 section
// 9.3): its n bytes and the word with the index are the associated data. The
// tag stands between the two, so it moves out of the way.
func (g *gcm) openClearRTCP(b []byte, n int) bool {
	copy(g.tag[:], b[n:])
	copy(b[n:n+indexSize], b[n+gcmTag:])
	_, err := g.aead.Open(nil, g.nonce[:], g.tag[:], b[:n+indexSize])
	return err == nil
}
