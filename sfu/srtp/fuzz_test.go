package srtp

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzOpen gives arbitrary bytes to the openers of all profiles. The seeds
// are authentic packets, so that the mutations come close to being so: only
// the seeds themselves may be accepted.
func FuzzOpen(f *testing.F) {
	type genuine struct{ packet, plain []byte }
	media, control := map[Profile]genuine{}, map[Profile]genuine{}
	for _, p := range profiles {
		s, _ := pair(f, p, 64, 1)
		b := sealed(s.Stream(9), 1000, []byte("payload of a packet"))
		plain := append(bytes.Clone(b[:rtpHeader]), "payload of a packet"...)
		media[p] = genuine{b, plain}
		f.Add(b, rtpHeader)
		plain = append([]byte{0x81, 206, 0, 3, 0, 0, 0, 9}, "feedback"...)
		b, err := s.RTCP(nil, plain)
		require.NoError(f, err)
		control[p] = genuine{b, plain}
		f.Add(b, 8)
	}
	f.Add([]byte{}, -1)
	f.Add(make([]byte, 100), 28)
	f.Fuzz(func(t *testing.T, b []byte, header int) {
		for _, p := range profiles {
			_, o := pair(t, p, 64, 1)
			if got, err := o.RTP(bytes.Clone(b), header); err == nil {
				require.Equal(t, media[p].packet, b, "%v accepts a forged packet", p)
				if header == rtpHeader {
					require.Equal(t, media[p].plain, got)
				}
			}
			if got, err := o.RTCP(bytes.Clone(b)); err == nil {
				require.Equal(t, control[p].packet, b, "%v accepts a forged packet", p)
				require.Equal(t, control[p].plain, got)
			}
			if !bytes.Equal(b, media[p].packet) {
				require.Empty(t, o.media.streams)
			}
		}
	})
}
