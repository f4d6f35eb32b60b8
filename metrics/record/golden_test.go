package record

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// a small call, measured from both sides: a directly over UDP, b through a
// relay over TLS with a tenth of the packets lost on the way down.
func goldenCall() *Document {
	c := NewCall("01JC0FFEE", true, began)
	c.Join("p-a", "u-parent", Device{Model: "Pixel 9", OS: "Android 16", App: "kinwire-web 1"}, after(3))
	c.Join("p-b", "u-child", Device{OS: "Debian 12"}, after(4))
	n := &notes{}
	for i := range uint64(6) {
		at := after(4 + float64(i))
		c.Server("p-a", &LinkSample{
			Path: Path{"host", "udp"}, Remote: netip.MustParseAddrPort("203.0.113.77:50000"), RTT: time.Duration(20+i) * time.Millisecond,
			SRTPProfile: "SRTP_AEAD_AES_128_GCM",
			Streams: []StreamSample{
				{ID: "a-up", Direction: "up", Kind: "audio", Codec: "opus", Started: after(3), Packets: 50 * (i + 1), Bytes: 4000 * (i + 1), Expected: 50 * (i + 1), Jitter: 2 * time.Millisecond},
				{ID: "v-up", Direction: "up", Kind: "video", Codec: "VP8", Started: after(3), Packets: 99 * (i + 1), Bytes: 99_000 * (i + 1), Expected: 100 * (i + 1),
					Lost: i + 1, Repaired: i + 1, Retransmitted: i + 1, NACKs: i + 1, PLIs: 1, Jitter: 3 * time.Millisecond, Frames: 30 * (i + 1), KeyFrames: 1 + i/3, Width: 1280, Height: 720},
			},
		}, at, n)
		c.Server("p-b", &LinkSample{
			Path: Path{"relay", "tls"}, Remote: netip.MustParseAddrPort("[2001:db8:7:9::1]:40000"), RTT: 80 * time.Millisecond, SRTPProfile: "SRTP_AEAD_AES_128_GCM",
			Streams: []StreamSample{{ID: "v-down", Direction: "down", Kind: "video", Codec: "VP8", From: "p-a", Started: after(4), Packets: 100 * i, Bytes: 100_000 * i,
				Retransmitted: 9 * i, NACKs: 10 * i, PLIs: 1, Jitter: 8 * time.Millisecond, RTT: 82 * time.Millisecond, Reports: i, RemoteFractionLost: 0.1, RemoteLost: int64(10 * i), Frames: 30 * i, KeyFrames: 1, Width: 1280, Height: 720}},
		}, at, n)
		if i%2 == 0 {
			continue
		}
		c.Client("p-a", &ClientSample{LocalType: "prflx", Protocol: "udp", RTT: 22 * time.Millisecond, AvailableBPS: 2_500_000, Streams: []ClientStream{
			{MID: "1", Direction: "send", Kind: "video", Codec: "VP8", Packets: 100 * i, Bytes: 100_000 * i, PacketsLost: int64(i), Retransmitted: i, NACKs: i, PLIs: 1, Jitter: 3 * time.Millisecond,
				RTT: 21 * time.Millisecond, Frames: 30 * i, Width: 1280, Height: 720, KeyFrames: 1},
		}}, at, n)
		c.Client("p-b", &ClientSample{LocalType: "relay", Protocol: "udp", RelayProtocol: "tls", RTT: 81 * time.Millisecond, Streams: []ClientStream{
			{MID: "4", Direction: "recv", From: "p-a", Kind: "video", Codec: "VP8", Packets: 90 * i, Bytes: 90_000 * i, PacketsLost: int64(10 * i), Retransmitted: 9 * i, NACKs: 10 * i, PLIs: 1,
				Jitter: 9 * time.Millisecond, Frames: 29 * i, Dropped: i, Width: 1280, Height: 720, Freezes: i / 3, Frozen: time.Duration(i/3) * 250 * time.Millisecond, KeyFrames: 1, JitterBuffer: 120 * time.Millisecond},
			{MID: "3", Direction: "recv", From: "p-a", Kind: "audio", Codec: "opus", Packets: 50 * i, Bytes: 4000 * i, Jitter: 4 * time.Millisecond, JitterBuffer: 60 * time.Millisecond, Concealed: 480 * i, TotalSamples: 48_000 * i},
		}}, at, n)
	}
	c.Leave("p-b", "hangup", after(10))
	return c.End("hangup", after(10.25))
}

func TestGolden(t *testing.T) {
	got, err := json.MarshalIndent(goldenCall(), "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	const file = "testdata/record.json"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "if this is meant: go test ./metrics/record -update")
}

func TestWorsts(t *testing.T) {
	w := goldenCall().Worsts()
	require.Equal(t, []Worst{
		{"up", "audio", 0, 22, 2, 32_000, unknown},
		{"up", "video", 0.01, 22, 3, 792_000, 30},
		{"down", "audio", 0, 81, 4, 32_000, unknown},
		{"down", "video", 0.1, 82, 8, 800_000, 30},
	}, w)
}
