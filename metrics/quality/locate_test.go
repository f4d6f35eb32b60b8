package quality

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// good is a receiver without complaints.
func good() *Client {
	return &Client{LossRatio: 0, JitterMS: 5, JitterBufferMS: 60, ConcealedRatio: 0, BitrateBPS: -1, FPS: -1, FreezeRatio: 0, FreezesPerMinute: 0}
}

func TestLocate(t *testing.T) {
	for name, c := range map[string]struct {
		kind       string
		change     func(up, down *Hop, c *Client)
		where, why string
	}{
		"nothing wrong":                   {"video", func(_, _ *Hop, _ *Client) {}, "", ""},
		"sound lost on both, more up":     {"audio", func(u, d *Hop, _ *Client) { u.LossRatio, d.LossRatio = 0.12, 0.03 }, Uplink, Loss},
		"sound lost on both, more down":   {"audio", func(u, d *Hop, _ *Client) { u.LossRatio, d.LossRatio = 0.02, 0.1 }, Downlink, Loss},
		"a far source":                    {"audio", func(u, d *Hop, _ *Client) { u.RTTMS, d.RTTMS = 700, 60 }, Uplink, Delay},
		"late packets, made up":           {"audio", func(_, d *Hop, c *Client) { d.JitterMS, c.ConcealedRatio = 40, 0.1 }, Downlink, Jitter},
		"made up by a busy device":        {"audio", func(_, _ *Hop, c *Client) { c.ConcealedRatio = 0.1 }, DeviceAt, Jitter},
		"a device that keeps too much":    {"audio", func(_, _ *Hop, c *Client) { c.JitterBufferMS = 500 }, DeviceAt, Delay},
		"a throttled sender":              {"video", func(u, d *Hop, _ *Client) { throttle(u); throttle(d) }, Uplink, Bandwidth},
		"few bits though there is room":   {"video", func(u, d *Hop, _ *Client) { throttle(u); throttle(d); u.AvailableBPS = 2e6 }, DeviceAt, Bandwidth},
		"few bits and no room":            {"video", func(u, d *Hop, _ *Client) { throttle(u); throttle(d); u.AvailableBPS = 1e5 }, Uplink, Bandwidth},
		"a receiver is sent less":         {"video", func(_, d *Hop, _ *Client) { throttle(d) }, Downlink, Bandwidth},
		"a device that shows 8 a second":  {"video", func(_, _ *Hop, c *Client) { c.FPS = 8 }, DeviceAt, Load},
		"a camera of 7 a second":          {"video", func(u, d *Hop, _ *Client) { u.FPS, d.FPS = 7, 7 }, DeviceAt, Load},
		"a server that drops frames":      {"video", func(_, d *Hop, _ *Client) { d.FPS = 6 }, Server, Load},
		"freezes with losses on the way":  {"video", func(_, d *Hop, c *Client) { d.LossRatio, c.FreezesPerMinute, c.FreezeRatio = 0.002, 8, 0.2 }, Downlink, Freezes},
		"freezes out of nowhere":          {"video", func(_, _ *Hop, c *Client) { c.FreezesPerMinute, c.FreezeRatio = 8, 0.2 }, DeviceAt, Freezes},
		"freezes with much jitter":        {"video", func(u, _ *Hop, c *Client) { u.JitterMS, c.FreezesPerMinute, c.FreezeRatio = 90, 8, 0.2 }, Uplink, Freezes},
		"a small camera":                  {"video", func(u, d *Hop, _ *Client) { small(u); small(d) }, "", ""},
		"nothing comes up":                {"audio", func(u, _ *Hop, _ *Client) { u.Silent = true }, Uplink, Silence},
		"nothing comes down":              {"video", func(_, d *Hop, _ *Client) { d.Silent = true }, Downlink, Silence},
		"unmended losses of a picture up": {"video", func(u, _ *Hop, _ *Client) { u.LossRatio = 0.03 }, Uplink, Loss},
	} {
		t.Run(name, func(t *testing.T) {
			sound := c.kind == "audio"
			up, down, client := clean(sound), clean(sound), good()
			c.change(up, down, client)
			where, why := Locate(Stream{Kind: c.kind, Codec: "vp8", FEC: true, Up: up, Down: down, Client: client})
			require.Equal(t, c.where+" "+c.why, where+" "+why)
		})
	}
}

func small(h *Hop) { h.Width, h.Height = 320, 180 }

// A small picture is no fault of the connection; one without bits is.
func TestConnectionForgivesASmallPicture(t *testing.T) {
	for bits, want := range map[float64]string{1.5e6: Good, 60_000: Poor} {
		up, down := clean(false), clean(false)
		for _, h := range []*Hop{up, down} {
			small(h)
			h.BitrateBPS = bits
		}
		s := Stream{Kind: "video", Codec: "vp8", Up: up, Down: down, Client: good()}
		require.NotEqual(t, Good, Level(s.MOS()))
		require.Equal(t, want, Level(s.Connection().MOS()), "%v bit/s", bits)
	}
}

// Nor is it of a receiver that no more came up.
func TestAReceiverIsNotToBlameForItsSource(t *testing.T) {
	for name, c := range map[string]struct {
		change func(up, down *Hop)
		want   string
	}{
		"few bits from the start": {func(u, d *Hop) { throttle(u); throttle(d) }, Good},
		"few bits sent on":        {func(_, d *Hop) { throttle(d) }, Poor},
		"frames dropped":          {func(_, d *Hop) { d.FPS = 6 }, Fair},
		"losses":                  {func(u, d *Hop) { throttle(u); throttle(d); d.LossRatio = 0.05 }, Poor},
	} {
		up, down := clean(false), clean(false)
		c.change(up, down)
		s := Stream{Kind: "video", Codec: "vp8", Up: up, Down: down, Client: good()}
		require.Equal(t, c.want, Level(s.Received().Connection().MOS()), name)
	}
	// And the uplink is not, when its sender chose to send little.
	up := clean(false)
	throttle(up)
	s := Stream{Kind: "video", Codec: "vp8", Up: up}
	require.Equal(t, Poor, Level(s.Connection().MOS()))
	throttle(up)
	up.FPS, up.AvailableBPS = 30, 2e6
	require.Equal(t, Good, Level(s.Connection().MOS()))
}

func throttle(h *Hop) { h.BitrateBPS, h.FPS, h.Width, h.Height = 90_000, 12, 320, 180 }

func TestDelaysAndLossesOfTheHopsAddUp(t *testing.T) {
	whole := Stream{Kind: "audio", Codec: "opus", FEC: true, Up: &Hop{LossRatio: 0.1, RTTMS: 200, JitterMS: 10}, Down: &Hop{LossRatio: 0.1, RTTMS: 300, JitterMS: 20}}
	a := whole.sound()
	require.InDelta(t, 0.19, a.LossRatio, 1e-12, "of what the first lets through the second loses a tenth")
	require.Equal(t, 500.0, a.RTTMS)
	require.Equal(t, 30.0, a.JitterMS)
	require.InDelta(t, 250+140+26.5, a.mouthToEar(), 1e-9)
	up := whole
	up.Down = nil
	require.Greater(t, up.MOS(), whole.MOS())
}
