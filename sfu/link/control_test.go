package link

import (
	"testing"

	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/datagram"
)

// TestAnRTCPPacketThatIsTooLargeStaysBehind: the others go, and nothing is
// read past the buffer of a batch.
func TestAnRTCPPacketThatIsTooLargeStaysBehind(t *testing.T) {
	b := newBench(t)
	g := b.guest(7)
	large := make(rtcp.RawPacket, datagram.MaxPacket+4)
	copy(large, []byte{0x80, 204, byte((len(large)/4 - 1) >> 8), byte(len(large)/4 - 1)})
	fits := large[:datagram.MaxPacket-40] // sealed, what a Reader still takes
	pli := &rtcp.PictureLossIndication{MediaSSRC: 9}
	out := datagram.NewBatch(2)
	for range 3 { // to the end of the batch and on
		require.ErrorIs(t, g.link.WriteRTCP(out, []rtcp.Packet{&large, pli, &fits}), errRTCPSize)
		require.ErrorIs(t, g.link.WriteRTCP(out, []rtcp.Packet{&large}), errRTCPSize)
	}
	out.Flush()
	for got := 0; got < 6; {
		for _, d := range g.receive() {
			plain, err := g.opener.RTCP(d.Data)
			if got%2 == 0 {
				require.NoError(t, err)
				require.Len(t, plain, 12)
			}
			got++
		}
	}
}
