package packet_test

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/packet"
)

func marshal(t testing.TB, p *rtp.Packet) []byte {
	t.Helper()
	b, err := p.Marshal()
	require.NoError(t, err)
	return b
}

func sample(t testing.TB) *rtp.Packet {
	p := &rtp.Packet{
		Header:  rtp.Header{Version: 2, Marker: true, PayloadType: 96, SequenceNumber: 65535, Timestamp: 1 << 31, SSRC: 0xdeadbeef, CSRC: []uint32{1, 2}},
		Payload: []byte("some payload"),
	}
	require.NoError(t, p.SetExtension(3, []byte{1, 2, 3}))
	require.NoError(t, p.SetExtension(5, []byte{9}))
	return p
}

func TestParseAgreesWithPion(t *testing.T) {
	want := sample(t)
	var v packet.View
	require.NoError(t, packet.Parse(marshal(t, want), &v))
	require.Equal(t, want.SSRC, v.SSRC)
	require.Equal(t, want.SequenceNumber, v.Seq)
	require.Equal(t, want.Timestamp, v.Timestamp)
	require.Equal(t, want.PayloadType, v.PT)
	require.True(t, v.Marker)
	require.Equal(t, want.Payload, v.Payload())
	require.Equal(t, []byte{1, 2, 3}, v.Extension(3))
	require.Equal(t, []byte{9}, v.Extension(5))
	require.Nil(t, v.Extension(4))
	require.Nil(t, v.Extension(0))
}

func TestParseTwoByteExtensions(t *testing.T) {
	p := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, Extension: true, ExtensionProfile: 0x1000}, Payload: []byte{7}}
	long := bytes.Repeat([]byte{8}, 40)
	require.NoError(t, p.SetExtension(20, long))
	var v packet.View
	require.NoError(t, packet.Parse(marshal(t, p), &v))
	require.Equal(t, long, v.Extension(20))
	require.Equal(t, []byte{7}, v.Payload())
}

func TestParsePadding(t *testing.T) {
	b := marshal(t, &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1, 2, 3, 0, 0, 3}})
	b[0] |= 0x20
	var v packet.View
	require.NoError(t, packet.Parse(b, &v))
	require.Equal(t, []byte{1, 2, 3}, v.Payload())
}

func TestParseRefuses(t *testing.T) {
	ok := marshal(t, sample(t))
	cut := func(n int) []byte { return ok[:n] }
	version := bytes.Clone(ok)
	version[0] = 0x40
	padding := marshal(t, &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1, 9}})
	padding[0] |= 0x20
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"empty":                {nil, packet.ErrShort},
		"fixed header cut":     {cut(11), packet.ErrShort},
		"csrc cut":             {cut(15), packet.ErrShort},
		"extension head cut":   {cut(22), packet.ErrExtension},
		"extension body cut":   {cut(26), packet.ErrExtension},
		"version 1":            {version, packet.ErrVersion},
		"padding over payload": {padding, packet.ErrPadding},
	} {
		t.Run(name, func(t *testing.T) {
			var v packet.View
			require.ErrorIs(t, packet.Parse(c.b, &v), c.want)
		})
	}
}

func TestRepairGivesTheOriginal(t *testing.T) {
	want := sample(t)
	rtx := sample(t)
	rtx.SSRC, rtx.PayloadType, rtx.SequenceNumber = 77, 97, 12
	rtx.Payload = append([]byte{0xff, 0xff}, want.Payload...)
	var v packet.View
	require.NoError(t, packet.Parse(marshal(t, rtx), &v))
	require.NoError(t, v.Repair(want.SSRC, want.PayloadType))
	require.Equal(t, marshal(t, want), v.Raw)
	require.Equal(t, want.SequenceNumber, v.Seq)
	require.Equal(t, want.Payload, v.Payload())
	require.Equal(t, []byte{1, 2, 3}, v.Extension(3))
}

func TestRepairRefusesAShortPayload(t *testing.T) {
	var v packet.View
	require.NoError(t, packet.Parse(marshal(t, &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{1}}), &v))
	require.ErrorIs(t, v.Repair(1, 1), packet.ErrRepair)
}

func TestNothingIsAllocated(t *testing.T) {
	b := marshal(t, sample(t))
	var v packet.View
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_ = packet.Parse(b, &v)
		_ = v.Extension(5)
		_ = v.Payload()
	}))
}

// FuzzParse holds Parse to pion's parser wherever both accept the bytes.
func FuzzParse(f *testing.F) {
	f.Add(marshal(f, sample(f)))
	f.Add([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0xb0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var v packet.View
		if packet.Parse(bytes.Clone(b), &v) != nil {
			return
		}
		for id := range 256 {
			_ = v.Extension(uint8(id))
		}
		var p rtp.Packet
		if p.Unmarshal(b) == nil && p.Version == 2 {
			require.Equal(t, p.SSRC, v.SSRC)
			require.Equal(t, p.SequenceNumber, v.Seq)
			if !p.Padding {
				require.Equal(t, len(p.Payload), len(v.Payload()))
			}
		}
		before := len(v.Payload())
		if v.Repair(1, 2) == nil {
			require.Len(t, v.Payload(), before-2)
		}
	})
}
