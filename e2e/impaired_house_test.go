package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/client/impair"
	"kinwire/client/impair/lab"
	"kinwire/client/media"
	"kinwire/e2e/browser"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// openLab makes a lab for the length of a test, or skips it where that needs what
// this machine lacks.
func openLab(t testing.TB, o lab.Options) *lab.Lab {
	t.Helper()
	l, err := lab.New(context.Background(), o)
	if errors.Is(err, lab.ErrNeedsRoot) {
		browser.Missing(t, "netlab", err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		t.Logf("the lab: %+v", l.Stats())
		require.NoError(t, l.Close())
	})
	return l
}

// startIn starts a server that hosts of the lab can reach.
func startIn(t testing.TB, l *lab.Lab, set map[string]string) *kinwire.Server {
	t.Helper()
	return kinwire.Start(t, kinwire.Options{Host: l.ServerAddr().String(), Set: set})
}

func attach(t testing.TB, l *lab.Lab, name, profile string) *lab.Host {
	t.Helper()
	p, ok := impair.Named(profile)
	require.True(t, ok, profile)
	h, err := l.Attach(name, p)
	require.NoError(t, err)
	return h
}

// dialFrom signs somebody in whose every socket is in a host.
func dialFrom(t testing.TB, s *kinwire.Server, login string, h *lab.Host, o client.Options) *peer {
	t.Helper()
	web := h.HTTPClient()
	in, err := client.HTTP{BaseURL: s.URL, Client: web}.Login(t.Context(), login, kinwire.Password, proto.Device{App: "e2e"})
	require.NoError(t, err)
	o.BaseURL, o.Token, o.HTTPClient, o.Device = s.URL, in.Token, web, proto.Device{App: "e2e"}
	c, err := client.Dial(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &peer{Session: c, events: c.Events(), ear: newEar()}
}

// enter brings up microphone and camera from a host, without waiting.
func (p *peer) enter(t testing.TB, ctx context.Context, entered proto.CallEntered, h *lab.Host, v media.VP8Config, o client.MediaOptions) {
	t.Helper()
	var err error
	p.video, err = media.NewVP8(v)
	require.NoError(t, err)
	o.Sources = []client.Source{media.NewOpus(media.OpusConfig{Noise: true}), p.video}
	o.OnPacket, o.Net = p.ear.hear, h.Net()
	p.call, err = p.Join(ctx, entered, o)
	require.NoError(t, err)
}

// ringFrom lets a, in host ah, call b, in host bh, and waits until both are
// connected.
func ringFrom(t testing.TB, ctx context.Context, a, b *peer, ah, bh *lab.Host, v media.VP8Config, ao, bo client.MediaOptions) {
	t.Helper()
	entered, err := a.Invite(ctx, true, b.Me().ID)
	require.NoError(t, err)
	in, err := client.Await[proto.CallIncoming](ctx, b.events, nil)
	require.NoError(t, err)
	accepted, err := b.Accept(ctx, in.Call.CallID)
	require.NoError(t, err)
	a.enter(t, ctx, entered, ah, v, ao)
	b.enter(t, ctx, accepted, bh, v, bo)
	require.NoError(t, a.call.Connected(ctx))
	require.NoError(t, b.call.Connected(ctx))
}

// truth counts what the lab really does to RTP streams, by whose way it is, which
// way, and SSRC.
type truth struct {
	mu   sync.Mutex
	seen map[streamKey]*counted
}

type streamKey struct {
	host string
	up   bool
	ssrc uint32
}

type counted struct {
	packets, lost int
	runs          int // of packets lost in a row
	inRun         bool
}

func (c *counted) ratio() float64 { return float64(c.lost) / float64(c.packets) }

// run is how many packets are lost in a row, on average.
func (c *counted) run() float64 { return float64(c.lost) / float64(c.runs) }

func newTruth() *truth { return &truth{seen: map[streamKey]*counted{}} }

func (w *truth) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.seen)
}

// watch is for lab.Options.
func (w *truth) watch(p lab.Passage) {
	ssrc, ok := rtpSource(p.Packet)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	k := streamKey{p.Host, p.Up, ssrc}
	c := w.seen[k]
	if c == nil {
		c = &counted{}
		w.seen[k] = c
	}
	c.packets++
	lost := p.Fate != impair.Delivered
	if lost {
		c.lost++
		if !c.inRun {
			c.runs++
		}
	}
	c.inRun = lost
}

// largest is the stream with the most packets on that way: the picture's, beside
// which those of sound and of retransmissions are small.
func (w *truth) largest(host string, up bool) counted {
	w.mu.Lock()
	defer w.mu.Unlock()
	best := &counted{}
	for k, c := range w.seen {
		if k.host == host && k.up == up && c.packets > best.packets {
			best = c
		}
	}
	return *best
}

// rtpSource is the SSRC of an RTP packet, whose header SRTP leaves open: over UDP
// and IPv4, version 2, and no payload type of RTCP (RFC 5761, section 4).
func rtpSource(ip []byte) (uint32, bool) {
	head := 4 * int(ip[0]&15)
	if ip[0]>>4 != 4 || ip[9] != 17 || len(ip) < head+8+12 {
		return 0, false
	}
	rtp := ip[head+8:]
	if pt := rtp[1] & 0x7f; rtp[0]>>6 != 2 || pt >= 64 && pt < 96 {
		return 0, false
	}
	return binary.BigEndian.Uint32(rtp[8:]), true
}

// startEcho sends a packet from a host to the server's side ten times a second and
// has it sent back. The function it gives ends that and says the median of how
// long it took.
func startEcho(t testing.TB, l *lab.Lab, h *lab.Host) func() time.Duration {
	t.Helper()
	back, err := net.ListenPacket("udp4", net.JoinHostPort(l.ServerAddr().String(), "0"))
	require.NoError(t, err)
	out, err := h.DialContext(t.Context(), "udp4", back.LocalAddr().String())
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		b := make([]byte, 64)
		for {
			n, from, err := back.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = back.WriteTo(b[:n], from)
		}
	})
	var took []time.Duration
	running.Go(func() {
		b := make([]byte, 64)
		for {
			n, err := out.Read(b)
			if err != nil {
				return
			}
			var sent time.Time
			if sent.UnmarshalBinary(b[:n]) == nil {
				took = append(took, time.Since(sent))
			}
		}
	})
	stop := make(chan struct{})
	running.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				text, _ := time.Now().MarshalBinary()
				_, _ = out.Write(text)
			}
		}
	})
	end := sync.OnceFunc(func() {
		close(stop)
		_, _ = out.Close(), back.Close()
		running.Wait()
	})
	t.Cleanup(end)
	return func() time.Duration {
		end()
		require.NotEmpty(t, took, "no echo came back")
		slices.Sort(took)
		return took[len(took)/2]
	}
}

// labRecord is what these tests read of a call record.
type labRecord struct {
	DurationMS   int64 `json:"duration_ms"`
	Participants []struct {
		ID      string   `json:"id"`
		Streams []stream `json:"streams"`
		Path    struct {
			Remote  string `json:"remote"`
			Changes int    `json:"changes"`
		} `json:"path"`
	} `json:"participants"`
}

// stream finds a participant's stream.
func (r *labRecord) stream(t testing.TB, id, direction, kind string) stream {
	t.Helper()
	for _, p := range r.Participants {
		for _, s := range p.Streams {
			if p.ID == id && s.Direction == direction && s.Kind == kind && s.Server != nil {
				return s
			}
		}
	}
	t.Fatalf("the record has no stream %s %s of %s", direction, kind, id)
	return stream{}
}
