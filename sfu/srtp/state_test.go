package srtp

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// snapshot is all that an Opener remembers between packets.
type snapshot struct {
	media, control map[uint32]received
	last           [2]*received
}

func remembered(o *Opener) snapshot {
	copied := func(in map[uint32]*received) map[uint32]received {
		out := map[uint32]received{}
		for ssrc, r := range in {
			c := *r
			c.window.words = slices.Clone(c.window.words)
			out[ssrc] = c
		}
		return out
	}
	return snapshot{copied(o.media.streams), copied(o.control.streams), [2]*received{o.media.last, o.control.last}}
}

func TestForgedPacketsChangeNothing(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, o := pair(t, p, 64, 2)
			st := s.Stream(7)
			rtcp := func() []byte {
				out, err := s.RTCP(nil, []byte{0x81, 206, 0, 2, 0, 0, 0, 7, 1, 2, 3, 4})
				require.NoError(t, err)
				return out
			}
			_, err := o.RTP(sealed(st, 65535, []byte("first")), rtpHeader)
			require.NoError(t, err)
			_, err = o.RTCP(rtcp())
			require.NoError(t, err)

			media, control := sealed(st, 0, []byte("the one that is forged")), rtcp()
			before := remembered(o)
			for at := range media {
				for bit := range 8 {
					forged := bytes.Clone(media)
					forged[at] ^= 1 << bit
					_, err := o.RTP(forged, rtpHeader)
					require.Error(t, err, "byte %d bit %d", at, bit)
				}
			}
			for at := range control {
				for bit := range 8 {
					forged := bytes.Clone(control)
					forged[at] ^= 1 << bit
					_, err := o.RTCP(forged)
					require.Error(t, err, "byte %d bit %d", at, bit)
				}
			}
			require.Equal(t, before, remembered(o))

			_, err = o.RTP(media, rtpHeader)
			require.NoError(t, err)
			_, err = o.RTCP(control)
			require.NoError(t, err)
			require.NotEqual(t, before, remembered(o))
		})
	}
}

func TestTooManyStreams(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, o := pair(t, p, 64, 2)
			for ssrc := range uint32(2) {
				_, err := o.RTP(sealed(s.Stream(ssrc), 1, nil), rtpHeader)
				require.NoError(t, err)
				out, err := s.RTCP(nil, []byte{0x81, 206, 0, 1, 0, 0, 0, byte(ssrc)})
				require.NoError(t, err)
				_, err = o.RTCP(out)
				require.NoError(t, err)
			}
			third := sealed(s.Stream(2), 1, nil)
			forged := bytes.Clone(third)
			forged[len(forged)-1] ^= 1
			_, err := o.RTP(forged, rtpHeader)
			require.ErrorIs(t, err, ErrAuth, "it is authenticated first")
			_, err = o.RTP(third, rtpHeader)
			require.ErrorIs(t, err, ErrStreams)
			out, err := s.RTCP(nil, []byte{0x81, 206, 0, 1, 0, 0, 0, 2})
			require.NoError(t, err)
			_, err = o.RTCP(out)
			require.ErrorIs(t, err, ErrStreams)
			require.Len(t, o.media.streams, 2)
			require.Len(t, o.control.streams, 2)
			_, err = o.RTP(sealed(s.Stream(0), 2, nil), rtpHeader)
			require.NoError(t, err, "the others go on")
		})
	}
}

func TestShortPackets(t *testing.T) {
	for _, p := range profiles {
		s, o := pair(t, p, 64, 2)
		whole := sealed(s.Stream(1), 1, nil)
		for n := range whole {
			_, err := o.RTP(whole[:n:n], rtpHeader)
			require.ErrorIs(t, err, ErrShort)
		}
		for _, header := range []int{math.MinInt, -1, 0, 11, 13, math.MaxInt} {
			_, err := o.RTP(whole, header)
			require.ErrorIs(t, err, ErrShort, "header %d", header)
			require.Zero(t, s.Stream(1).Seal(whole, header, nil), "header %d", header)
		}
		control, err := s.RTCP(nil, make([]byte, 8))
		require.NoError(t, err)
		for n := range control {
			_, err := o.RTCP(control[:n:n])
			require.ErrorIs(t, err, ErrShort)
		}
		_, err = s.RTCP(nil, make([]byte, 7))
		require.ErrorIs(t, err, ErrShort)
	}
}

func TestTooOldIsReplayed(t *testing.T) {
	s, o := pair(t, AEADAES128GCM, 128, 1)
	st := s.Stream(1)
	var packets [][]byte
	for seq := range uint16(200) {
		packets = append(packets, sealed(st, seq, nil))
	}
	for _, seq := range []int{0, 199, 199 - 127} {
		_, err := o.RTP(packets[seq], rtpHeader)
		require.NoError(t, err, "packet %d", seq)
	}
	_, err := o.RTP(packets[199-128], rtpHeader)
	require.ErrorIs(t, err, ErrReplayed)
}

// TestWindowAgainstModel compares with a set of all that came.
func TestWindowAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := 64 * rapid.IntRange(1, 4).Draw(t, "words")
		index := rapid.Uint64Range(0, 1<<40).Draw(t, "first")
		w := newWindow(size, index)
		came := map[uint64]bool{index: true}
		highest := index
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			step := rapid.SampledFrom([]int{1, 1, 1, 0, 2, 63, 64, 65, 200, 5000, -1, -2, -64, -130, -300}).Draw(t, "step")
			index = uint64(max(0, int64(highest)+int64(step)))
			want := !came[index] && (index > highest || highest-index < uint64(size))
			require.Equal(t, want, w.fresh(index), "index %d, highest %d", index, highest)
			if want {
				w.note(index)
				came[index] = true
				highest = max(highest, index)
			}
			require.False(t, w.fresh(index))
		}
	})
}

// TestEstimate compares with the pseudo code of RFC 3711 appendix A.
func TestEstimate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roc, last := rapid.Int64Range(1, 1<<32-2).Draw(t, "ROC"), rapid.Int64Range(0, 65535).Draw(t, "s_l")
		seq := rapid.Int64Range(0, 65535).Draw(t, "SEQ")
		v := roc
		if last < 32768 {
			if seq-last > 32768 {
				v = roc - 1
			}
		} else if last-32768 > seq {
			v = roc + 1
		}
		require.EqualValues(t, seq+v*65536, estimate(uint64(roc<<16|last), uint16(seq)))
	})
	for _, at := range []struct {
		highest uint64
		seq     uint16
		want    uint64
	}{
		{3, 65535, 65535},                     // nothing is before the beginning
		{32768, 0, 0},                         // half way back
		{32768, 65535, 65535},                 // half way on
		{32769, 0, 65536},                     // nearer on the other side of the wrap
		{65535, 32767, 65536 + 32767 - 65536}, // half way back
		{65536, 65535, 65535},
	} {
		require.Equal(t, at.want, estimate(at.highest, at.seq), "%d after %d", at.seq, at.highest)
	}
}

func TestSealRefuses(t *testing.T) {
	s, _ := pair(t, AEADAES128GCM, 64, 1)
	t.Run("no room", func(t *testing.T) {
		st := s.Stream(1)
		require.Zero(t, st.Seal(make([]byte, 12+10+15), 12, make([]byte, 10)))
		require.False(t, st.begun)
		require.Equal(t, 12+10+16, st.Seal(make([]byte, 12+10+16), 12, make([]byte, 10)))
	})
	t.Run("before the first", func(t *testing.T) {
		st := s.Stream(2)
		require.NotEmpty(t, sealed(st, 3, nil))
		require.Empty(t, sealed(st, 65535, nil))
		require.NotEmpty(t, sealed(st, 2, nil), "late, and after a ROC's beginning")
		require.EqualValues(t, 3, st.highest)
	})
	t.Run("too late", func(t *testing.T) {
		st := s.Stream(3)
		require.NotEmpty(t, sealed(st, 40000, nil))
		require.NotEmpty(t, sealed(st, 10, nil))
		require.EqualValues(t, 65536+10, st.highest)
		require.NotEmpty(t, sealed(st, 65535, nil), "ROC 0")
		oldest := 10 - MaxLate
		require.NotEmpty(t, sealed(st, uint16(oldest), nil))
		require.Empty(t, sealed(st, uint16(oldest-1), nil))
	})
	t.Run("the end of the key", func(t *testing.T) {
		st := s.Stream(4)
		st.begun, st.highest = true, 1<<48-2
		require.NotEmpty(t, sealed(st, 65535, nil))
		require.Empty(t, sealed(st, 0, nil))
		s.index = lastControl - 1
		_, err := s.RTCP(nil, make([]byte, 8))
		require.NoError(t, err)
		_, err = s.RTCP(nil, make([]byte, 8))
		require.ErrorIs(t, err, ErrExhausted)
	})
}

func TestOneStreamForEachSSRC(t *testing.T) {
	s, _ := pair(t, AEADAES128GCM, 64, 1)
	require.Same(t, s.Stream(1), s.Stream(1))
	require.NotSame(t, s.Stream(1), s.Stream(2))
}

// TestStreamsAreIndependent is for the race detector.
func TestStreamsAreIndependent(t *testing.T) {
	for _, p := range profiles {
		s, o := pair(t, p, 1024, 4)
		var all [4][][]byte
		var group sync.WaitGroup
		for i := range all {
			group.Go(func() {
				st := s.Stream(uint32(i))
				for seq := range uint16(300) {
					all[i] = append(all[i], sealed(st, seq+65400, bytes.Repeat([]byte{byte(i)}, 100)))
				}
			})
		}
		group.Wait()
		for i, packets := range all {
			for _, b := range packets {
				got, err := o.RTP(b, rtpHeader)
				require.NoError(t, err)
				require.Equal(t, bytes.Repeat([]byte{byte(i)}, 100), got[rtpHeader:])
			}
		}
	}
}

func TestInPlace(t *testing.T) {
	for _, p := range profiles {
		s, o := pair(t, p, 64, 1)
		b := make([]byte, 12+50+p.Overhead())
		copy(b[12:], "where it lies")
		n := s.Stream(0).Seal(b, 12, b[12:62])
		got, err := o.RTP(b[:n], 12)
		require.NoError(t, err)
		require.Same(t, &b[0], &got[0])
		require.Equal(t, "where it lies", string(got[12:25]))

		b = make([]byte, 40+p.Overhead()+indexSize)
		copy(b[8:], "where it lies")
		out, err := s.RTCP(b, b[:40])
		require.NoError(t, err)
		require.Same(t, &b[0], &out[0])
		got, err = o.RTCP(out)
		require.NoError(t, err)
		require.Same(t, &b[0], &got[0])
		require.Equal(t, "where it lies", string(got[8:21]))
		require.Len(t, got, 40)
	}
}

func TestProfiles(t *testing.T) {
	sizes := map[Profile]int{AEADAES128GCM: 56, AEADAES256GCM: 88, AES128CMSHA180: 60}
	tags := map[Profile]int{AEADAES128GCM: 16, AEADAES256GCM: 16, AES128CMSHA180: 10}
	names := map[string]Profile{"aead_aes_128_gcm": 7, "aead_aes_256_gcm": 8, "aes128_cm_sha1_80": 1}
	require.Len(t, profiles, len(names))
	for name, p := range names {
		got, err := ParseProfile(name)
		require.NoError(t, err)
		require.Equal(t, p, got)
		require.Equal(t, name, p.String())
		require.Equal(t, sizes[p], p.MaterialSize())
		require.Equal(t, tags[p], p.Overhead())

		material := make([]byte, p.MaterialSize())
		for i := range material {
			material[i] = byte(i)
		}
		client, server, err := Split(p, material)
		require.NoError(t, err)
		require.Equal(t, material, slices.Concat(client.Key, server.Key, client.Salt, server.Salt))
		require.Len(t, server.Key, len(client.Key))
		require.Len(t, server.Salt, len(client.Salt))
		_, _, err = Split(p, material[1:])
		require.ErrorIs(t, err, ErrKeys)
	}
	for _, p := range []Profile{0, 2, 6, 9, 65535} {
		require.Zero(t, p.MaterialSize())
		require.Zero(t, p.Overhead())
		require.NotContains(t, slices.Collect(maps.Keys(names)), p.String())
		_, _, err := Split(p, nil)
		require.ErrorIs(t, err, ErrProfile)
		_, err = NewSealer(p, Keys{})
		require.ErrorIs(t, err, ErrProfile)
		_, err = NewOpener(p, Keys{}, 64, 1)
		require.ErrorIs(t, err, ErrProfile)
	}
	for _, name := range []string{"", "null", "AEAD_AES_128_GCM"} {
		_, err := ParseProfile(name)
		require.ErrorIs(t, err, ErrProfile)
	}
}

func TestNewRefuses(t *testing.T) {
	k := keysFor(AEADAES128GCM, 1)
	for _, window := range []int{-64, 0, 63, 65, 32768 + 64} {
		_, err := NewOpener(AEADAES128GCM, k, window, 1)
		require.ErrorIs(t, err, ErrLimit, "window %d", window)
	}
	_, err := NewOpener(AEADAES128GCM, k, 64, 0)
	require.ErrorIs(t, err, ErrLimit)
	for _, k := range []Keys{{}, {k.Key, k.Salt[1:]}, {k.Key[1:], k.Salt}, keysFor(AEADAES256GCM, 1), keysFor(AES128CMSHA180, 1)} {
		_, err := NewOpener(AEADAES128GCM, k, 64, 1)
		require.ErrorIs(t, err, ErrKeys)
		_, err = NewSealer(AEADAES128GCM, k)
		require.ErrorIs(t, err, ErrKeys)
	}
}
