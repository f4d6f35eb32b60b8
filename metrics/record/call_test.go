package record

import (
	"encoding/json"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/metrics/label"
)

var began = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)

func after(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }

// notes is a Sink that remembers.
type notes struct {
	intervals []Interval
	links     []string
	dropped   []Drop
}

func (n *notes) Interval(i *Interval)  { n.intervals = append(n.intervals, *i) }
func (n *notes) Dropped(_ int, d Drop) { n.dropped = append(n.dropped, d) }
func (n *notes) Link(path, protocol int, _ time.Duration) {
	n.links = append(n.links, label.PathTypes.At(path)+"/"+label.Protocols.At(protocol))
}

// two is a call of two people, a and b.
func two() *Call {
	c := NewCall("c1", true, began)
	c.Join("a", "user-1", Device{Model: "Pixel"}, after(1))
	c.Join("b", "user-2", Device{}, after(2))
	return c
}

// up is a's video after so many packets of 1000 bytes.
func up(packets uint64) StreamSample {
	return StreamSample{ID: "v", Direction: "up", Kind: "video", Codec: "VP8", Packets: packets, Bytes: packets * 1000, Frames: packets / 10}
}

func link(s ...StreamSample) *LinkSample { return &LinkSample{Streams: s} }

// of finds a's first stream's view as the server measured it.
func of(t *testing.T, c *Call, at float64) *View {
	t.Helper()
	d := c.SoFar(after(at))
	require.NotEmpty(t, d.Participants[0].Streams)
	require.NotNil(t, d.Participants[0].Streams[0].Server)
	return d.Participants[0].Streams[0].Server
}

func same(v float64, n uint64) *Distribution {
	return &Distribution{N: n, Min: v, Median: v, P95: v, Max: v}
}

func TestRatesAreOverTheTimeThatPassed(t *testing.T) {
	c := two()
	// 100 packets a second, sampled late, early, and not at all for a while.
	for _, at := range []float64{3, 4, 5.7, 6, 16} {
		c.Server("a", link(up(uint64(math.Round((at-3)*100)))), after(at), &notes{})
	}
	v := of(t, c, 20)
	require.Equal(t, same(800_000, 4), v.Bitrate)
	require.Equal(t, same(1000, 4), v.PacketBytes)
	require.Equal(t, 10.0, v.FPS.Median)
	require.Equal(t, int64(1300), v.Totals.Packets)
	require.InDelta(t, 800_000, v.Totals.BitrateBPS, 1)
	require.Equal(t, after(3).UnixMilli(), v.StartedAt)
	require.Equal(t, int64(13_000), v.DurationMS)
	require.Equal(t, int64(13_000), v.ActiveMS)
	require.Equal(t, []string{"vp8"}, v.Codecs)
}

func TestAKnownStartGivesRatesFromTheFirstSample(t *testing.T) {
	c := two()
	s := up(50)
	s.Started = after(2.5)
	c.Server("a", link(s), after(3), &notes{})
	v := of(t, c, 4)
	require.Equal(t, same(800_000, 1), v.Bitrate)
	require.Equal(t, after(2.5).UnixMilli(), v.StartedAt)
	require.Equal(t, int64(500), v.DurationMS)
}

func TestCountersThatBeginAfresh(t *testing.T) {
	for name, restarted := range map[string]func(*StreamSample){
		"fewer packets": func(s *StreamSample) { *s = up(10) },
		"another start": func(s *StreamSample) { *s = up(1000); s.Started = after(4.5) },
	} {
		t.Run(name, func(t *testing.T) {
			c := two()
			first, second := up(0), up(100)
			first.Started, second.Started = after(2), after(2)
			c.Server("a", link(first), after(3), &notes{})
			c.Server("a", link(second), after(4), &notes{})
			var s StreamSample
			restarted(&s)
			c.Server("a", link(s), after(5), &notes{})
			v := of(t, c, 6)
			require.Equal(t, int64(100+s.Packets), v.Totals.Packets)
			require.GreaterOrEqual(t, v.Bitrate.Min, 0.0)
			if s.Started.IsZero() {
				require.Equal(t, same(800_000, 1), v.Bitrate, "no rate over an unknown time")
			} else {
				require.Equal(t, 16e6, v.Bitrate.Max, "1000 packets in half a second")
			}
		})
	}
}

func TestSamplesTooCloseShareAnInterval(t *testing.T) {
	c := two()
	for _, at := range []float64{3, 3.05, 3.5, 3.51} {
		c.Server("a", link(up(uint64(math.Round((at-3)*1000)))), after(at), &notes{})
	}
	v := of(t, c, 4)
	require.Equal(t, same(8e6, 1), v.Bitrate)
	require.Equal(t, int64(510), v.Totals.Packets, "totals have even the last")
}

func TestSamplesOutOfOrderAreDropped(t *testing.T) {
	c, n := two(), &notes{}
	c.Server("a", link(up(100)), after(4), n)
	c.Server("a", link(up(50)), after(3), n)
	c.Server("a", link(up(100)), after(4), n)
	require.Equal(t, []Drop{DropStale, DropStale}, n.dropped)
	require.Equal(t, int64(100), of(t, c, 5).Totals.Packets)
}

func TestASilentStreamHasNoRates(t *testing.T) {
	c := two()
	for i, packets := range []uint64{0, 100, 100, 100, 200} {
		s := link(up(packets))
		s.RTT = 20 * time.Millisecond
		c.Server("a", s, after(float64(3+i)), &notes{})
	}
	v := of(t, c, 8)
	require.Equal(t, same(800_000, 2), v.Bitrate, "two seconds of mute are not a bitrate of 0")
	require.Equal(t, same(20, 5), v.RTT)
	require.Equal(t, int64(2000), v.ActiveMS)
	require.Equal(t, int64(4000), v.DurationMS)
}

func TestLossUp(t *testing.T) {
	c := two()
	for i, s := range []StreamSample{
		{Packets: 0, Expected: 0},
		{Packets: 95, Expected: 100, Lost: 5, Repaired: 4},
		{Packets: 198, Expected: 200, Lost: 2, Repaired: 2}, // three came late: not lost after all
		{Packets: 298, Expected: 310, Lost: 12, Repaired: 2},
	} {
		s.ID, s.Direction, s.Kind, s.Codec = "v", "up", "video", "vp8"
		c.Server("a", link(s), after(float64(3+i)), &notes{})
	}
	v := of(t, c, 8)
	require.Equal(t, &Distribution{N: 3, Min: 0, Median: 0.05, P95: 0.0909091, Max: 0.0909091}, v.Loss)
	require.Equal(t, int64(12), v.Totals.Lost)
	require.Equal(t, int64(2), v.Totals.Repaired)
	require.InDelta(t, 12./310, v.Totals.LossRatio, 1e-6)
	require.InDelta(t, 10./310, v.Totals.ResidualRatio, 1e-6)
}

func TestLossDownComesFromReceiverReports(t *testing.T) {
	c := two()
	for i, s := range []StreamSample{
		{Packets: 10}, // no report yet: neither loss nor jitter is known
		{Packets: 100, Reports: 1, RemoteFractionLost: 0.1, RemoteLost: 10, Retransmitted: 8, Jitter: 4 * time.Millisecond},
		{Packets: 200, Reports: 1, RemoteFractionLost: 0.1, RemoteLost: 10, Retransmitted: 8, Jitter: 4 * time.Millisecond}, // the same report
		{Packets: 300, Reports: 2, RemoteFractionLost: 0.02, RemoteLost: 12, Retransmitted: 10, Jitter: 6 * time.Millisecond},
	} {
		s.ID, s.Direction, s.Kind, s.Codec, s.From = "v", "down", "video", "vp8", "b"
		c.Server("a", link(s), after(float64(3+i)), &notes{})
	}
	v := of(t, c, 8)
	require.Equal(t, &Distribution{N: 2, Min: 0.02, Median: 0.02, P95: 0.1, Max: 0.1}, v.Loss)
	require.Equal(t, &Distribution{N: 2, Min: 4, Median: 4, P95: 6, Max: 6}, v.Jitter)
	require.Equal(t, int64(12), v.Totals.Lost)
	require.Equal(t, int64(10), v.Totals.Repaired)
	require.InDelta(t, 0.04, v.Totals.LossRatio, 1e-6)
}

func TestLayersOfASimulcastAreOneStream(t *testing.T) {
	c := two()
	for i := range uint64(3) {
		low, high := up(i*10), up(i*90)
		low.ID, low.Width, low.Height = "low", 320, 180
		high.ID, high.Width, high.Height = "high", 1280, 720
		c.Server("a", link(low, high), after(float64(3+i)), &notes{})
	}
	v := of(t, c, 6)
	require.Equal(t, same(800_000, 2), v.Bitrate)
	require.Equal(t, &Size{1280, 720}, v.Largest)
	require.Equal(t, same(720, 2), v.Height)
}

// recv is what a's client says of one of its slots.
func recv(mid, from string, packets uint64) ClientStream {
	return ClientStream{MID: mid, Direction: "recv", From: from, Kind: "video", Codec: "VP8", Packets: packets, Bytes: packets * 500, Frames: packets / 10}
}

func TestASlotGivenToAnother(t *testing.T) {
	c := two()
	c.Join("x", "user-3", Device{}, after(2))
	report := func(at float64, s ...ClientStream) { c.Client("a", &ClientSample{Streams: s}, after(at), &notes{}) }
	report(3, recv("5", "b", 0))
	report(5, recv("5", "b", 200))
	report(7, recv("5", "x", 400)) // the slot's counters go on
	report(9, recv("5", "x", 600))
	d := c.SoFar(after(10))
	streams := d.Participants[0].Streams
	require.Len(t, streams, 2)
	require.Equal(t, "b", streams[0].From)
	require.Equal(t, int64(200), streams[0].Client.Totals.Packets)
	require.Equal(t, same(400_000, 1), streams[0].Client.Bitrate)
	require.Equal(t, "x", streams[1].From)
	require.Equal(t, int64(400), streams[1].Client.Totals.Packets)
	require.Equal(t, same(400_000, 1), streams[1].Client.Bitrate, "no rate over the change")
}

func TestEncodingsUnderOneMidAreAddedUp(t *testing.T) {
	c := two()
	send := func(packets uint64, height int) ClientStream {
		return ClientStream{MID: "1", Direction: "send", Kind: "video", Codec: "VP8", Packets: packets, Bytes: packets * 1000, Width: height * 16 / 9, Height: height}
	}
	for i := range uint64(3) {
		c.Client("a", &ClientSample{Streams: []ClientStream{send(i*20, 180), send(i*180, 720)}}, after(float64(3+2*i)), &notes{})
	}
	s := c.SoFar(after(8)).Participants[0].Streams
	require.Len(t, s, 1)
	require.Equal(t, "a", s[0].From)
	require.Equal(t, same(800_000, 2), s[0].Client.Bitrate)
	require.Equal(t, 720, s[0].Client.Largest.Height)
}

func TestClientFiguresOfVideoAndAudio(t *testing.T) {
	c := two()
	for i := range uint64(3) {
		video := recv("5", "b", i*200)
		video.Frames, video.Dropped, video.Freezes, video.Frozen = i*60, i*4, i, time.Duration(i)*300*time.Millisecond
		video.PacketsLost, video.Retransmitted, video.JitterBuffer = int64(i*10), i*6, 80*time.Millisecond
		audio := ClientStream{MID: "6", Direction: "recv", From: "b", Kind: "audio", Codec: "opus", Packets: i * 100, Bytes: i * 8000, Concealed: i * 960, TotalSamples: i * 96_000}
		c.Client("a", &ClientSample{RTT: 30 * time.Millisecond, AvailableBPS: 1e6, Streams: []ClientStream{video, audio}}, after(float64(3+2*i)), &notes{})
	}
	p := c.SoFar(after(9)).Participants[0]
	require.Equal(t, []string{"audio", "video"}, []string{p.Streams[0].Kind, p.Streams[1].Kind})
	audio, video := p.Streams[0].Client, p.Streams[1].Client
	require.Equal(t, same(28, 2), video.FPS, "shown: decoded less dropped")
	require.Equal(t, same(0.047619, 2), video.Loss)
	require.Equal(t, int64(12), video.Totals.Repaired)
	require.Equal(t, int64(2), video.Totals.Freezes)
	require.Equal(t, 600.0, video.Totals.FrozenMS)
	require.Equal(t, same(80, 2), video.JitterBuffer)
	require.Equal(t, same(0.01, 2), audio.Concealed)
	require.Nil(t, audio.FPS)
	require.Equal(t, same(80, 2), audio.PacketBytes)
	require.Equal(t, same(30, 3), audio.RTT)
	require.Equal(t, same(1e6, 3), p.Path.Client.Available)
}

func TestPathFromBothSides(t *testing.T) {
	for _, c := range []struct {
		name   string
		server Path
		client ClientSample
		want   Path
	}{
		{"only the server", Path{"host", "udp"}, ClientSample{}, Path{"host", "udp"}},
		{"client behind a NAT", Path{"host", "udp"}, ClientSample{LocalType: "srflx", Protocol: "udp"}, Path{"srflx", "udp"}},
		{"peer reflexive counts as srflx", Path{"host", "tcp"}, ClientSample{LocalType: "prflx", Protocol: "tcp"}, Path{"srflx", "tcp"}},
		{"our relay", Path{"relay", "tls"}, ClientSample{LocalType: "relay", Protocol: "udp", RelayProtocol: "tls"}, Path{"relay", "tls"}},
		{"our relay, whatever the client says", Path{"relay", "udp"}, ClientSample{LocalType: "host", RelayProtocol: "tcp"}, Path{"relay", "udp"}},
		{"our relay, reached the client knows how", Path{"relay", ""}, ClientSample{LocalType: "relay", RelayProtocol: "tcp"}, Path{"relay", "tcp"}},
		{"another's relay", Path{"host", "udp"}, ClientSample{LocalType: "relay", RelayProtocol: "tcp"}, Path{"relay", "tcp"}},
		{"a client that talks nonsense", Path{"host", "udp"}, ClientSample{LocalType: "Mia", Protocol: "Mia"}, Path{"host", "udp"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call, n := two(), &notes{}
			call.Client("a", &c.client, after(3), n)
			call.Server("a", &LinkSample{Path: c.server, RTT: time.Millisecond}, after(3), n)
			p := call.SoFar(after(4)).Participants[0].Path
			require.Equal(t, c.want, Path{p.Type, p.Protocol})
			require.Equal(t, []string{c.want.Type + "/" + c.want.Protocol}, n.links)
		})
	}
}

func TestAddressIsMaskedAndChangesCounted(t *testing.T) {
	c := two()
	for i, remote := range []string{"198.51.100.23:5000", "198.51.100.99:6000", "[2001:db8:1:2::3]:5000"} {
		c.Server("a", &LinkSample{Remote: netip.MustParseAddrPort(remote), SRTPProfile: "SRTP_AEAD_AES_128_GCM"}, after(float64(3+i)), &notes{})
	}
	p := c.SoFar(after(9)).Participants[0].Path
	require.Equal(t, "2001:db8:1::/48", p.Remote)
	require.Equal(t, 1, p.Changes, "within one network is no change")
	raw, err := json.Marshal(c.SoFar(after(9)))
	require.NoError(t, err)
	require.NotContains(t, string(raw), "198.51.100.23")
	require.NotContains(t, string(raw), "db8:1:2")
}

func TestComingAndGoing(t *testing.T) {
	c := two() // a at 1 s, b at 2 s
	require.False(t, c.Join("a", "user-1", Device{}, after(3)), "already in")
	_, was := c.Leave("b", "lost", after(12))
	require.True(t, was)
	_, was = c.Leave("b", "lost", after(13))
	require.False(t, was)
	require.True(t, c.Join("b", "user-2", Device{}, after(20)))
	require.Equal(t, []string{"a", "b"}, c.Present())
	d := c.End("hangup", after(30))
	require.Equal(t, int64(30_000), d.DurationMS)
	require.Equal(t, int64(20_000), d.TalkMS)
	b := d.Participants[1]
	require.Equal(t, 2, b.Joins)
	require.Equal(t, after(2).UnixMilli(), b.JoinedAt)
	require.Equal(t, after(30).UnixMilli(), b.LeftAt)
	require.Equal(t, "hangup", b.Reason)
}

func TestWhatDoesNotBelongToTheCallIsDropped(t *testing.T) {
	c, n := two(), &notes{}
	c.Server("nobody", link(up(1)), after(3), n)
	c.Client("nobody", &ClientSample{}, after(3), n)
	c.Client("a", &ClientSample{Streams: []ClientStream{recv("5", "nobody", 1), {Direction: "sideways", From: "b"}}}, after(3), n)
	require.Equal(t, []Drop{DropUnknownParticipant, DropUnknownParticipant, DropUnknownStream, DropUnknownStream}, n.dropped)
	require.Empty(t, c.SoFar(after(4)).Participants[0].Streams)
}

func TestBoundsHold(t *testing.T) {
	c, n := two(), &notes{}
	var s ClientSample
	for i := range MaxStreams + 5 {
		s.Streams = append(s.Streams, recv(string(rune('0'+i)), "b", 1))
	}
	c.Client("a", &s, after(3), n)
	require.Len(t, n.dropped, 5)
	for i := range MaxParticipants + 5 {
		c.Join(string(rune('a'+i)), "u", Device{}, after(3))
	}
	require.Equal(t, MaxParticipants, c.Participants())
}
