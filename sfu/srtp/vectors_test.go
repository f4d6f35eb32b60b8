package srtp

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err)
	return b
}

// RFC 3711 appendix B.3.
func TestKeyDerivationVectors(t *testing.T) {
	master, err := aes.NewCipher(unhex(t, "E1F97A0D3E018BE0D64FA32C06DE4139"))
	require.NoError(t, err)
	salt := unhex(t, "0EC675AD498AFEEBB6960B3AABE6")
	require.Equal(t, unhex(t, "C61E7A93744F39EE10734AFE3FF7A087"), pseudorandom(master, salt, labelKey, 16))
	require.Equal(t, unhex(t, "30CBBC08863D8C85D49DB34A9AE1"), pseudorandom(master, salt, labelSalt, 14))
	require.Equal(t, unhex(t, `
		CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
		E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
		6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2`),
		pseudorandom(master, salt, labelAuth, 94))
}

// RFC 3711 appendix B.2.
func TestKeystreamVectors(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, "2B7E151628AED2A6ABF7158809CF4F3C"))
	require.NoError(t, err)
	s, err := newCM(block, unhex(t, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD"), make([]byte, 20))
	require.NoError(t, err)
	stream := make([]byte, 0xff02*aes.BlockSize)
	s.(*cm).xor(stream, stream, 0, 0)
	for at, want := range map[int]string{
		0:      "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0",
		0xfeff: "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44",
	} {
		want := unhex(t, want)
		require.Equal(t, want, stream[at*aes.BlockSize:][:len(want)], "block %#x", at)
	}
}

// gcmVectors are of RFC 7714 sections 16 and 17; the plain packets and the
// salt are the same in all.
var gcmVectors = []struct {
	name, key, rtp, rtcp, clear string
}{
	{
		name: "AEAD_AES_128_GCM, 16.1, 17.1, 17.3", key: "000102030405060708090a0b0c0d0e0f",
		rtp: `8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5
			0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce`,
		rtcp: `81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d
			c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4`,
		clear: "841dd968 3dd78ec9 2ae58790 125f62b3 000005d4",
	},
	{
		name: "AEAD_AES_256_GCM, 16.2, 17.2, 17.4", key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		rtp: `8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238
			9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13`,
		rtcp: `81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50
			a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4`,
		clear: "91db4afb feee5a97 8fab4393 ed2615fe 000005d4",
	},
}

const (
	vectorSalt = "51756964 2070726f 2071756f"
	vectorRTP  = `8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
		69736120 696e2070 61727465 73207472 6573`
	vectorRTCP = `81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
		deadbeef deadbeef deadbeef deadbeef deadbeef`
)

func TestGCMVectors(t *testing.T) {
	for _, v := range gcmVectors {
		t.Run(v.name, func(t *testing.T) {
			keyed := func() session {
				block, err := aes.NewCipher(unhex(t, v.key))
				require.NoError(t, err)
				s, err := newGCM(block, unhex(t, vectorSalt), nil)
				require.NoError(t, err)
				return s
			}
			plain, sealed := unhex(t, vectorRTP), unhex(t, v.rtp)
			sealer := &Sealer{overhead: gcmTag, rtp: keyed(), rtcp: keyed(), index: 0x5d3, streams: map[uint32]*Stream{}}
			dst := make([]byte, 100)
			n := sealer.Stream(0x5501a0b2).Seal(dst[:copy(dst, plain[:12])+len(plain)-12+gcmTag], 12, plain[12:])
			require.Equal(t, sealed, dst[:n])

			opener := &Opener{
				overhead: gcmTag, window: 64, maxStreams: 1,
				media:   inbound{session: keyed(), streams: map[uint32]*received{}},
				control: inbound{session: keyed(), streams: map[uint32]*received{}},
			}
			got, err := opener.RTP(bytes.Clone(sealed), 12)
			require.NoError(t, err)
			require.Equal(t, plain, got)

			plain, sealed = unhex(t, vectorRTCP), unhex(t, v.rtcp)
			out, err := sealer.RTCP(nil, plain)
			require.NoError(t, err)
			require.Equal(t, sealed, out)
			got, err = opener.RTCP(bytes.Clone(sealed))
			require.NoError(t, err)
			require.Equal(t, plain, got)

			opener.control = inbound{session: keyed(), streams: map[uint32]*received{}}
			clearText := append(bytes.Clone(plain), unhex(t, v.clear)...)
			for at := range clearText {
				broken := bytes.Clone(clearText)
				broken[at] ^= 0x10
				_, err = opener.RTCP(broken)
				require.ErrorIs(t, err, ErrAuth, "byte %d", at)
			}
			got, err = opener.RTCP(clearText)
			require.NoError(t, err)
			require.Equal(t, plain, got)
		})
	}
}
