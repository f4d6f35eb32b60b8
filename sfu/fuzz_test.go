package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/datagram"
	"kinwire/sfu/forward"
	"kinwire/sfu/packet"
)

type sink struct{ n int }

func (s *sink) WriteRTP(*datagram.Batch, *forward.Header, []byte) error { s.n++; return nil }

// fuzzPeer is a peer with one source that has begun and one slot that shows
// it, both under known SSRCs.
func fuzzPeer(t testing.TB, now time.Time) (*Peer, *sink) {
	const up, down = 0x11111111, 0x22222222
	p := &Peer{room: &Room{}, name: "p"}
	u := &uplink{peer: p, kind: Video, mid: "1", Uplink: forward.NewUplink(forward.UplinkConfig{
		Codec: codec.VP8, PT: 96, History: 64, Clock: &p.clock, KeyFrame: time.Second, RequestKeyFrame: func(uint32) {},
	})}
	var types forward.PayloadTypes
	types.Media[codec.VP8] = 100
	out := &sink{}
	s := &slot{mid: "2", video: true, from: u, Downlink: forward.NewDownlink(forward.DownlinkConfig{Writer: out, SSRC: down, Types: types, ClockRate: 90000})}
	p.uplinks, p.slots = []*uplink{u}, []*slot{s}
	u.Attach(s.Downlink, now)
	key := []byte{0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 0, 0}
	for seq := range uint16(40) {
		b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: seq, SSRC: up}, Payload: key}).Marshal()
		require.NoError(t, err)
		var v packet.View
		require.NoError(t, packet.Parse(b, &v))
		u.Receive(&v, nil, now)
	}
	return p, out
}

// FuzzFeedback gives a peer whatever RTCP can be made of bytes. A compound
// packet of 1,500 bytes must not make the server send without measure.
func FuzzFeedback(f *testing.F) {
	for _, p := range []rtcp.Packet{
		&rtcp.TransportLayerNack{MediaSSRC: 0x22222222, Nacks: []rtcp.NackPair{{PacketID: 1, LostPackets: 0xffff}}},
		&rtcp.PictureLossIndication{MediaSSRC: 0x22222222},
		&rtcp.FullIntraRequest{MediaSSRC: 0x22222222, FIR: []rtcp.FIREntry{{SSRC: 0x22222222, SequenceNumber: 1}}},
		&rtcp.SenderReport{SSRC: 0x11111111, NTPTime: 1 << 60, RTPTime: 5, Reports: []rtcp.ReceptionReport{{SSRC: 0x22222222, LastSenderReport: 9, Delay: 7}}},
		&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: 0x22222222, FractionLost: 255, TotalLost: 0xffffff}}},
	} {
		b, err := p.Marshal()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > packet.MaxSize {
			return
		}
		packets, err := rtcp.Unmarshal(b)
		if err != nil {
			return
		}
		now := time.Unix(1000, 0)
		p, out := fuzzPeer(t, now)
		before := out.n
		for _, x := range packets {
			for _, ssrc := range x.DestinationSSRC() {
				p.Feedback(ssrc, x, nil, now.Add(time.Second))
			}
		}
		require.LessOrEqual(t, out.n-before, 40, "no packet is sent twice within one instant")
		_ = p.slots[0].Stats()
		_ = p.slots[0].SenderReport(now.Add(2 * time.Second))
	})
}
