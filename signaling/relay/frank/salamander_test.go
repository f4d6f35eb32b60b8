package frank_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/frank"
)

// element is an element of GCM's field of 2^128 elements (NIST SP 800-38D,
// section 6.3): the first bit of the block is the coefficient of x^0.
type element struct{ hi, lo uint64 }

func elementOf(block []byte) element {
	return element{binary.BigEndian.Uint64(block), binary.BigEndian.Uint64(block[8:])}
}

func (a element) block() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, a.hi), a.lo)
}

func (a element) plus(b element) element { return element{a.hi ^ b.hi, a.lo ^ b.lo} }

// times multiplies modulo x^128 + x^7 + x^2 + x + 1 (algorithm 1 there).
func (a element) times(b element) (z element) {
	for i := range 128 {
		word, at := a.hi, 63-i
		if i >= 64 {
			word, at = a.lo, 127-i
		}
		if word>>at&1 == 1 {
			z = z.plus(b)
		}
		carry := b.lo & 1
		b = element{b.hi >> 1, b.lo>>1 | b.hi<<63}
		if carry == 1 {
			b.hi ^= 0xE1 << 56
		}
	}
	return z
}

// power is a to the n-th; inverse is a to the power of 2^128 - 2.
func (a element) power(n int) element {
	z := element{hi: 1 << 63} // one
	for range n {
		z = z.times(a)
	}
	return z
}

func (a element) inverse() element {
	z := element{hi: 1 << 63}
	square := a
	for range 127 {
		square = square.times(square)
		z = z.times(square)
	}
	return z
}

// salamander makes one ciphertext that AES-GCM opens with both keys, to what
// begins with first under the one and has second as its other block under the
// other.
//
// GHASH is linear in the ciphertext's blocks C1 to C3 and the block L of its
// length: C1·H⁴ + C2·H³ + C3·H² + L·H, and the tag adds the first block of the
// key stream to it. With C1 and C2 given, the tags of both keys are the same
// for just one C3.
func salamander(t *testing.T, one, two, nonce, first, second []byte) []byte {
	t.Helper()
	type under struct {
		h, mask element
		stream  []byte
	}
	look := func(key []byte) under {
		b, err := aes.NewCipher(key)
		require.NoError(t, err)
		h := make([]byte, 16)
		b.Encrypt(h, h)
		stream := make([]byte, 4*16)
		cipher.NewCTR(b, append(bytes.Clone(nonce), 0, 0, 0, 1)).XORKeyStream(stream, stream)
		return under{elementOf(h), elementOf(stream), stream[16:]}
	}
	xor := func(a, b []byte) []byte { return elementOf(a).plus(elementOf(b)).block() }
	k1, k2 := look(one), look(two)
	c1 := xor(first, k1.stream)
	c2 := xor(second, k2.stream[16:])
	length := element{lo: 3 * 128}
	known := func(k under) element {
		return elementOf(c1).times(k.h.power(4)).plus(elementOf(c2).times(k.h.power(3))).plus(length.times(k.h)).plus(k.mask)
	}
	c3 := known(k1).plus(known(k2)).times(k1.h.power(2).plus(k2.h.power(2)).inverse())
	tag := known(k1).plus(c3.times(k1.h.power(2)))
	return bytes.Join([][]byte{c1, c2, c3.block(), tag.block()}, nil)
}

// TestInvisibleSalamander: a sender makes one ciphertext of two contents and
// two keys, to have the one read and the other reported. AES-GCM lets both
// through; of the commitment, which the server has tagged, one remains.
func TestInvisibleSalamander(t *testing.T) {
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	nonce := []byte("twelve bytes")
	both := salamander(t, one, two, nonce, []byte("you are horrible"), []byte("  you are nice  "))
	open := func(key []byte) []byte {
		b, err := aes.NewCipher(key)
		require.NoError(t, err)
		gcm, err := cipher.NewGCM(b)
		require.NoError(t, err)
		content, err := gcm.Open(nil, nonce, both, nil)
		require.NoError(t, err, "one ciphertext, and each of two keys opens it")
		return content
	}
	mean, nice := open(one), open(two)
	require.Equal(t, "you are horrible", string(mean[:16]))
	require.Equal(t, "  you are nice  ", string(nice[16:32]))

	// Had the keys of the cipher been the openings, and the ciphertext the
	// commitment, either could be reported. With the commitment of this package
	// the sender has to choose, and each choice leaves one message only, under
	// whatever opening is shown for the other.
	keys := newKeys(t, aKey("k1", 1))
	for _, choice := range []struct{ content, opening, other, otherOpening []byte }{{mean, one, nice, two}, {nice, two, mean, one}} {
		e := proto.MessageEvidence{ConversationID: "g_one", Seq: 1, SenderID: "leo", At: 1, Content: choice.content, Opening: choice.opening}
		e.Tag = keys.Tag(frank.Commit(e.Opening, e.Content), e.SenderID, e.ConversationID, e.Seq, e.At)
		require.NoError(t, keys.Verify(e))
		for _, opening := range [][]byte{choice.opening, choice.otherOpening, make([]byte, 32)} {
			forged := e
			forged.Content, forged.Opening = choice.other, opening
			requireRefused(t, keys.Verify(forged))
		}
	}
}
