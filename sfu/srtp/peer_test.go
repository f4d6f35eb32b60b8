package srtp

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pion/rtp"
	pion "github.com/pion/srtp/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var profiles = []Profile{AEADAES128GCM, AEADAES256GCM, AES128CMSHA180}

// keysFor are the same in every run, and different for different seeds.
func keysFor(p Profile, seed uint64) Keys {
	material := make([]byte, p.MaterialSize())
	random := rand.NewChaCha8([32]byte{byte(seed), byte(p)})
	random.Read(material)
	k, _, err := Split(p, material)
	if err != nil {
		panic(err)
	}
	return k
}

func pionContext(t require.TestingT, p Profile, k Keys, opts ...pion.ContextOption) *pion.Context {
	opts = append([]pion.ContextOption{pion.SRTPReplayProtection(1024), pion.SRTCPReplayProtection(1024)}, opts...)
	c, err := pion.CreateContext(k.Key, k.Salt, pion.ProtectionProfile(p), opts...)
	require.NoError(t, err)
	return c
}

func pair(t require.TestingT, p Profile, window, streams int) (*Sealer, *Opener) {
	k := keysFor(p, 1)
	s, err := NewSealer(p, k)
	require.NoError(t, err)
	o, err := NewOpener(p, k, window, streams)
	require.NoError(t, err)
	return s, o
}

// sealed gives what st makes of a packet with a bare header, or nil.
func sealed(st *Stream, seq uint16, payload []byte) []byte {
	dst := make([]byte, rtpHeader+len(payload)+st.overhead)
	dst[0] = 0x80
	binary.BigEndian.PutUint16(dst[2:], seq)
	binary.BigEndian.PutUint32(dst[8:], st.ssrc)
	return dst[:st.Seal(dst, rtpHeader, payload)]
}

// medium is a packet on its way.
type medium struct {
	number  uint64 // of the packet, not modulo 65,536
	ssrc    uint32
	header  int
	plain   []byte
	sealed  []byte
	dropped bool
}

// drawMedia makes the packets of one SSRC: mostly one after the other, with
// gaps, and so many that the sequence numbers wrap.
func drawMedia(t *rapid.T, ssrc uint32) []medium {
	number := uint64(rapid.SampledFrom([]int{0, 1, 2, 100, 32000, 32767, 32768, 32769, 65000, 65534, 65535}).Draw(t, "first"))
	media := make([]medium, rapid.IntRange(1, 150).Draw(t, "packets"))
	for i := range media {
		h := rtp.Header{
			Version: 2, SSRC: ssrc, SequenceNumber: uint16(number), PayloadType: 96, Timestamp: uint32(number * 3000),
			Marker: number%3 == 0, CSRC: make([]uint32, rapid.IntRange(0, 3).Draw(t, "csrcs")),
		}
		if rapid.Bool().Draw(t, "extension") {
			require.NoError(t, h.SetExtension(1, []byte{1, 2, byte(number)}))
		}
		plain, err := h.Marshal()
		require.NoError(t, err)
		header := len(plain)
		payload := rapid.SampledFrom([]int{0, 1, 15, 16, 17, 100, 1042}).Draw(t, "payload")
		for j := range payload {
			plain = append(plain, byte(j)^byte(number))
		}
		media[i] = medium{number: number, ssrc: ssrc, header: header, plain: plain, dropped: rapid.IntRange(0, 9).Draw(t, "drop") == 0}
		number += uint64(rapid.SampledFrom([]int{1, 1, 1, 1, 1, 2, 30, 900, 20000, 32000}).Draw(t, "step"))
	}
	// A receiver learns the ROC from the first, and loses it in a gap of more
	// than half of the sequence numbers.
	arrived := -1
	for i := range media {
		if i == 0 || i+1 < len(media) && media[i+1].number > media[arrived].number+32000 {
			media[i].dropped = false
		}
		if !media[i].dropped {
			arrived = i
		}
	}
	return media
}

// reorder delays some packets, so that they come up to 50 numbers late.
func reorder(t *rapid.T, media []medium) []medium {
	due := map[uint64]uint64{}
	for _, m := range media[1:] {
		due[m.number] = m.number + uint64(rapid.SampledFrom([]int{0, 0, 0, 1, 3, 50}).Draw(t, "delay"))
	}
	out := slices.Clone(media)
	slices.SortStableFunc(out[1:], func(a, b medium) int { return cmp.Compare(due[a.number], due[b.number]) })
	return out
}

// TestRTPWithPion holds both directions against an independent implementation:
// what we seal is byte for byte what it seals, and both open it, across wraps
// of the sequence number, losses and reordering on both legs.
func TestRTPWithPion(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				k := keysFor(p, uint64(rapid.Byte().Draw(t, "keys")))
				theirSealer, theirOpener := pionContext(t, p, k), pionContext(t, p, k)
				ourSealer, err := NewSealer(p, k)
				require.NoError(t, err)
				ourOpener, err := NewOpener(p, k, 1024, 2)
				require.NoError(t, err)

				var network []medium
				for ssrc := range uint32(rapid.IntRange(1, 2).Draw(t, "streams")) {
					ssrc += 0xfffffffe
					sent := reorder(t, drawMedia(t, ssrc))
					stream := ourSealer.Stream(ssrc)
					for i := range sent {
						m := &sent[i]
						want, err := theirSealer.EncryptRTP(nil, m.plain, nil)
						require.NoError(t, err)
						dst := make([]byte, len(m.plain)+p.Overhead())
						n := stream.Seal(dst[:copy(dst, m.plain[:m.header])+len(dst)-m.header], m.header, m.plain[m.header:])
						require.Equal(t, want, dst[:n], "packet %d", m.number)
						m.sealed = dst
					}
					network = interleave(network, reorder(t, sent))
				}
				for _, m := range network {
					if m.dropped {
						continue
					}
					got, err := theirOpener.DecryptRTP(nil, m.sealed, nil)
					require.NoError(t, err, "packet %d", m.number)
					require.Equal(t, m.plain, got)
					got, err = ourOpener.RTP(bytes.Clone(m.sealed), m.header)
					require.NoError(t, err, "packet %d", m.number)
					require.Equal(t, m.plain, got)
					_, err = ourOpener.RTP(m.sealed, m.header)
					require.ErrorIs(t, err, ErrReplayed)
				}
			})
		})
	}
}

// interleave takes from a and b in turns.
func interleave(a, b []medium) (out []medium) {
	for len(a) > 0 && len(b) > 0 {
		out = append(out, a[0], b[0])
		a, b = a[1:], b[1:]
	}
	return append(append(out, a...), b...)
}

func drawControl(t *rapid.T, ssrc uint32) []byte {
	words := rapid.SampledFrom([]int{1, 2, 7, 30}).Draw(t, "words")
	b := []byte{0x81, 206, 0, byte(words)}
	b = binary.BigEndian.AppendUint32(b, ssrc)
	for i := range 4 * (words - 1) {
		b = append(b, byte(i*words))
	}
	return b
}

func TestRTCPWithPion(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				k := keysFor(p, uint64(rapid.Byte().Draw(t, "keys")))
				theirSealer, theirClear, theirOpener := pionContext(t, p, k), pionContext(t, p, k, pion.SRTCPNoEncryption()), pionContext(t, p, k)
				ourSealer, err := NewSealer(p, k)
				require.NoError(t, err)
				ourOpener, err := NewOpener(p, k, 128, 3)
				require.NoError(t, err)
				buffer := make([]byte, 200)
				for range rapid.IntRange(1, 50).Draw(t, "packets") {
					ssrc := uint32(rapid.IntRange(0, 1).Draw(t, "ssrc")) + 0xffff0001
					plain := drawControl(t, ssrc)
					out, err := ourSealer.RTCP(buffer, plain)
					require.NoError(t, err)
					// Pion has a counter for each SSRC.
					theirSealer.SetIndex(ssrc, ourSealer.index-1)
					want, err := theirSealer.EncryptRTCP(nil, plain, nil)
					require.NoError(t, err)
					require.Equal(t, want, out)
					if rapid.IntRange(0, 4).Draw(t, "drop") == 0 {
						continue
					}
					if rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
						theirClear.SetIndex(ssrc, ourSealer.index-1)
						out, err = theirClear.EncryptRTCP(nil, plain, nil)
						require.NoError(t, err)
						require.Equal(t, plain, out[:len(plain)])
					}
					got, err := theirOpener.DecryptRTCP(nil, out, nil)
					require.NoError(t, err)
					require.Equal(t, plain, got)
					got, err = ourOpener.RTCP(bytes.Clone(out))
					require.NoError(t, err)
					require.Equal(t, plain, got)
					_, err = ourOpener.RTCP(out)
					require.ErrorIs(t, err, ErrReplayed)
				}
			})
		})
	}
}
