//go:build linux

package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"github.com/pion/rtp"
)

const (
	tagSize  = 16
	keySize  = 16
	saltSize = 12
)

// seal is SRTP's AEAD_AES_128_GCM (RFC 7714) in place, without anything
// around it: what a floor is to be made of.
type seal struct {
	aead cipher.AEAD
	salt [saltSize]byte
	iv   [saltSize]byte
}

func newSeal(masterKey, masterSalt []byte) (*seal, error) {
	key, err := derive(0, masterKey, masterSalt, keySize)
	if err != nil {
		return nil, err
	}
	salt, err := derive(2, masterKey, masterSalt, saltSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("making the cipher: %w", err)
	}
	return &seal{aead: aead, salt: [saltSize]byte(salt)}, nil
}

// derive makes a session key or salt out of the master key (RFC 3711 section
// 4.3, with AES in counter mode).
func derive(use byte, key, salt []byte, size int) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("deriving the session key: %w", err)
	}
	var iv [aes.BlockSize]byte
	copy(iv[:14], salt)
	iv[7] ^= use
	out := make([]byte, size)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out, nil
}

// packet seals b[:n], whose header has the given size, in place; b has room
// for the tag. index is the packet's in its stream, roll-over counter and all.
func (s *seal) packet(b []byte, header, n int, ssrc uint32, index uint64) int {
	s.iv = s.salt
	for i, x := range [10]byte{
		byte(ssrc >> 24), byte(ssrc >> 16), byte(ssrc >> 8), byte(ssrc),
		byte(index >> 40), byte(index >> 32), byte(index >> 24), byte(index >> 16), byte(index >> 8), byte(index),
	} {
		s.iv[i+2] ^= x
	}
	s.aead.Seal(b[header:header], s.iv[:], b[header:n], b[:header])
	return n + tagSize
}

// model is a packet as a server would forward it, to be copied and numbered.
func model(m media, number uint16) ([]byte, int, error) {
	h := rtp.Header{Version: 2, PayloadType: opusType, SSRC: uint32(number) + 1}
	if m.Video {
		h.PayloadType = vp8Type
	}
	if err := h.SetExtension(twccID, []byte{0, 0}); err != nil {
		return nil, 0, fmt.Errorf("making the packet to copy: %w", err)
	}
	b := make([]byte, packetSize)
	n, err := h.MarshalTo(b)
	if err != nil {
		return nil, 0, fmt.Errorf("making the packet to copy: %w", err)
	}
	return b[:n+m.Payload], n, nil
}

// number writes into a copy of a model what differs from packet to packet.
func number(b []byte, header int, index uint64, l label) {
	binary.BigEndian.PutUint16(b[2:], uint16(index))
	l.put(b[header:])
}
