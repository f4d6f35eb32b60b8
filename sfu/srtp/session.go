package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

const (
	rtpHeader  = 12 // the fixed part, before CSRCs and extension
	rtcpHeader = 8  // what of an RTCP packet is never encrypted

	indexSize   = 4       // the E bit and the SRTCP index
	encrypted   = 1 << 31 // the E bit
	lastControl = encrypted - 1
)

// session holds the session keys of one direction, those for RTP or those for
// RTCP, and the scratch space that its methods need. A session is for one
// goroutine. Sizes are checked by the caller.
type session interface {
	// sealRTP encrypts payload to dst[header:] and appends the tag.
	sealRTP(dst []byte, header int, payload []byte, ssrc uint32, index uint64)
	// openRTP decrypts b in place and says whether it is authentic.
	openRTP(b []byte, header int, ssrc uint32, index uint64) bool
	// sealRTCP encrypts plain to dst, which has room for it, the word that
	// holds the index, and the tag.
	sealRTCP(dst, plain []byte, ssrc, index uint32)
	// openRTCP decrypts b in place if its word says that it is encrypted.
	openRTCP(b []byte, ssrc, word uint32) bool
	// word finds the word with the E bit and the index in an RTCP packet.
	word(b []byte) uint32
	// fork gives a session with the same keys for another goroutine.
	fork() session
}

// The labels of the session keys (RFC 3711 section 4.3.2): RTP has 0 to 2,
// RTCP 3 to 5.
const (
	labelKey = iota
	labelAuth
	labelSalt
	labelsRTCP
)

// newSessions derives the session keys of one direction.
func newSessions(p Profile, k Keys) (rtp, rtcp session, err error) {
	q := p.parameters()
	switch {
	case q.name == "":
		return nil, nil, fmt.Errorf("%w: given %#04x", ErrProfile, uint16(p))
	case len(k.Key) != q.key || len(k.Salt) != q.salt:
		return nil, nil, fmt.Errorf("%w: given a key of %d and a salt of %d bytes; %v takes %d and %d",
			ErrKeys, len(k.Key), len(k.Salt), p, q.key, q.salt)
	}
	if rtp, err = derive(q, k, 0); err != nil {
		return nil, nil, fmt.Errorf("srtp: deriving the keys for RTP: %w", err)
	}
	if rtcp, err = derive(q, k, labelsRTCP); err != nil {
		return nil, nil, fmt.Errorf("srtp: deriving the keys for RTCP: %w", err)
	}
	return rtp, rtcp, nil
}

func derive(q parameters, k Keys, labels byte) (session, error) {
	master, err := aes.NewCipher(k.Key)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(pseudorandom(master, k.Salt, labels+labelKey, q.key))
	if err != nil {
		return nil, err
	}
	auth := pseudorandom(master, k.Salt, labels+labelAuth, q.auth)
	return q.session(block, pseudorandom(master, k.Salt, labels+labelSalt, q.salt), auth)
}

// pseudorandom is the key derivation function of RFC 3711 section 4.3.3 (for
// keys of 256 bits, of RFC 6188 section 3), with a key derivation rate of 0:
// AES in counter mode, where the counter begins with the master salt, filled
// up with zeros to 14 bytes, that has the label xored into its eighth byte.
func pseudorandom(master cipher.Block, salt []byte, label byte, size int) []byte {
	var counter [aes.BlockSize]byte
	copy(counter[:14], salt)
	counter[7] ^= label
	out := make([]byte, size+aes.BlockSize)
	for at := 0; at < size; at += aes.BlockSize {
		binary.BigEndian.PutUint16(counter[14:], uint16(at/aes.BlockSize))
		master.Encrypt(out[at:], counter[:])
	}
	return out[:size:size]
}
