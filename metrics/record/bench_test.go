package record

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type deaf struct{}

func (deaf) Interval(*Interval)           {}
func (deaf) Link(int, int, time.Duration) {}
func (deaf) Dropped(int, Drop)            {}

// second is what a server samples in one second of a call of two, and what the
// clients report: sound and picture, up and down.
func second(c *Call, i, lost uint64, servers, clients map[string]any) {
	at := after(3 + float64(i))
	for _, who := range [...]string{"a", "b"} {
		s := servers[who].(*LinkSample)
		for j := range s.Streams {
			st := &s.Streams[j]
			st.Packets, st.Bytes, st.Expected, st.Reports, st.Frames = 50*i, 100_000*i, (50+lost)*i, i, 30*i
			st.Lost, st.RemoteLost, st.RemoteFractionLost = lost*i, int64(lost*i), float64(lost)/float64(50+lost)
		}
		c.Server(who, s, at, deaf{})
		if i%2 == 0 {
			r := clients[who].(*ClientSample)
			for j := range r.Streams {
				st := &r.Streams[j]
				st.Packets, st.Bytes, st.Frames, st.TotalSamples = 50*i, 100_000*i, 30*i, 48_000*i
			}
			c.Client(who, r, at, deaf{})
		}
	}
	c.Quality(at)
}

func pair() (c *Call, servers, clients map[string]any) {
	c, servers, clients = two(), map[string]any{}, map[string]any{}
	other := map[string]string{"a": "b", "b": "a"}
	for who, from := range other {
		s := &LinkSample{Path: Path{"host", "udp"}, Remote: netip.MustParseAddrPort("203.0.113.7:5000"), RTT: 30 * time.Millisecond}
		r := &ClientSample{LocalType: "host", Protocol: "udp", RTT: 30 * time.Millisecond, AvailableBPS: 1e6}
		for _, kind := range []string{"audio", "video"} {
			codec := map[string]string{"audio": "opus", "video": "vp8"}[kind]
			s.Streams = append(s.Streams,
				StreamSample{ID: kind, Direction: "up", Kind: kind, Codec: codec, Started: after(2), Width: 640, Height: 360},
				StreamSample{ID: kind + from, Direction: "down", Kind: kind, Codec: codec, From: from, Started: after(2), Width: 640, Height: 360})
			r.Streams = append(r.Streams, ClientStream{MID: kind, Direction: "recv", Kind: kind, Codec: codec, From: from, Width: 640, Height: 360})
		}
		servers[who], clients[who] = s, r
	}
	return c, servers, clients
}

// One second of a call of two: two server samples of four streams each, and one
// client report. Bad streams are looked into, which costs more.
func BenchmarkSampling(b *testing.B) {
	for name, lost := range map[string]uint64{"good": 0, "bad": 5} {
		b.Run(name, func(b *testing.B) {
			c, servers, clients := pair()
			b.ReportAllocs()
			for i := range b.N {
				second(c, uint64(i), lost, servers, clients)
			}
		})
	}
}

// A call that has settled takes hardly any memory for a sample: what it keeps
// grows once in ten seconds, and by single floats.
func TestSamplingAllocatesLittle(t *testing.T) {
	for lost, most := range map[uint64]float64{0: 12, 5: 32} {
		c, servers, clients := pair()
		i := uint64(0)
		for ; i < 600; i++ {
			second(c, i, lost, servers, clients)
		}
		n := testing.AllocsPerRun(600, func() {
			second(c, i, lost, servers, clients)
			i++
		})
		require.LessOrEqual(t, n, most)
	}
}
