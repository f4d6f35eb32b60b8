package sfu_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kinwire/sfu"
	"kinwire/sfu/codec"
	"kinwire/sfu/link"
)

const wait = time.Minute

// events keeps what the SFU tells.
type events struct {
	mu    sync.Mutex
	slots map[string]sfu.SlotMap
	links map[string]link.State
}

func (e *events) SlotsChanged(_, peer string, m sfu.SlotMap) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m.Rev > e.slots[peer].Rev {
		e.slots[peer] = m
	}
}

func (e *events) LinkChanged(_, peer string, s link.State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.links[peer] = s
}

func (e *events) link(peer string) link.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.links[peer]
}

func (e *events) slot(peer string) sfu.SlotMap {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.slots[peer]
}

func config() sfu.Config {
	return sfu.Config{
		Link: link.Config{
			BindAddresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, IPv4: true, IncludeLoopback: true,
			Audio: []codec.Kind{codec.Opus}, Video: []codec.Kind{codec.VP8, codec.H264, codec.VP9, codec.AV1},
			SRTPProfiles: []string{"aead_aes_128_gcm", "aead_aes_256_gcm", "aes128_cm_sha1_80"},
			SetUp:        10 * time.Second, Disconnected: time.Second, Failed: 3 * time.Second, TCPQueue: 256,
		},
		MaxPeers: 16, HistoryPackets: 512, NACKInterval: 20 * time.Millisecond, PLIMinInterval: 200 * time.Millisecond,
		TWCCInterval: 50 * time.Millisecond, ReportInterval: 200 * time.Millisecond,
	}
}

func start(t testing.TB, change func(*sfu.Config)) (*sfu.Server, *events) {
	cfg := config()
	if change != nil {
		change(&cfg)
	}
	e := &events{slots: map[string]sfu.SlotMap{}, links: map[string]link.State{}}
	s, err := sfu.New(cfg, e, slog.New(slog.DiscardHandler), time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, e
}

// client is an independent peer: pion as it comes.
type client struct {
	t     testing.TB
	s     *sfu.Server
	room  string
	name  string
	pc    *webrtc.PeerConnection
	audio *webrtc.TrackLocalStaticSample
	video *webrtc.TrackLocalStaticSample
	sends *webrtc.RTPSender

	mu       sync.Mutex
	packets  map[string]int // received, by mid
	keyAsked int
	answer   sfu.Answer
	frames   [2][]byte // how a key frame and another begin
	quiet    bool
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// beginnings of key frames and of others: VP8's (RFC 6386 section 9.1) and
// VP9's uncompressed header, both of 640×360.
var beginnings = map[string][2][]byte{
	webrtc.MimeTypeVP8: {{0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}, {0x51}},
	webrtc.MimeTypeVP9: {{0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf0, 0x16, 0x70}, {0x86}},
}

type clientOptions struct {
	mime     string // of the camera
	only     string // the one video codec that it knows, "" for all
	audio    int    // slots
	video    int
	quiet    bool // sends sound alone
	networks []webrtc.NetworkType
	profiles []dtls.SRTPProtectionProfile
	mangle   func(sdp string) string
	window   uint32                  // SCTP's, in bytes; 0: pion's own
	mangled  func(sdp string) string // of the answer
}

func newClient(t testing.TB, s *sfu.Server, name string, o clientOptions) *client {
	c := &client{t: t, s: s, room: "room", name: name, packets: map[string]int{}, quiet: o.quiet}
	if o.mime == "" {
		o.mime = webrtc.MimeTypeVP8
	}
	var m webrtc.MediaEngine
	if o.only == "" {
		require.NoError(t, m.RegisterDefaultCodecs())
	} else {
		require.NoError(t, m.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}}, webrtc.RTPCodecTypeAudio))
		require.NoError(t, m.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 120, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: o.only, ClockRate: 90000, SDPFmtpLine: "profile-id=0"}}, webrtc.RTPCodecTypeVideo))
	}
	var reg interceptor.Registry
	require.NoError(t, webrtc.RegisterDefaultInterceptors(&m, &reg))
	se := webrtc.SettingEngine{}
	se.SetIncludeLoopbackCandidate(true)
	if o.networks != nil {
		se.SetNetworkTypes(o.networks)
	}
	if o.profiles != nil {
		se.SetSRTPProtectionProfiles(o.profiles...)
	}
	if o.window != 0 {
		se.SetSCTPMaxReceiveBufferSize(o.window)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithInterceptorRegistry(&reg), webrtc.WithSettingEngine(se))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	c.pc = pc
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	t.Cleanup(c.close)
	pc.OnTrack(c.onTrack)
	c.frames = beginnings[webrtc.MimeTypeVP8]
	if f, ok := beginnings[o.mime]; ok {
		c.frames = f
	}
	c.audio = c.track(webrtc.MimeTypeOpus, "audio")
	c.video = c.track(o.mime, "video")
	c.addSlots(o.audio, o.video)
	c.running.Add(1)
	go c.play(ctx)
	return c
}

func (c *client) track(mime, id string) *webrtc.TrackLocalStaticSample {
	tr, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, id, c.name)
	require.NoError(c.t, err)
	x, err := c.pc.AddTransceiverFromTrack(tr, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	require.NoError(c.t, err)
	if id == "video" {
		c.sends = x.Sender()
	}
	c.running.Add(1)
	go c.readFeedback(x.Sender())
	return tr
}

func (c *client) readFeedback(s *webrtc.RTPSender) {
	defer c.running.Done()
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				c.mu.Lock()
				c.keyAsked++
				c.mu.Unlock()
			}
		}
	}
}

func (c *client) addSlots(audio, video int) {
	for i := range audio + video {
		kind := webrtc.RTPCodecTypeAudio
		if i >= audio {
			kind = webrtc.RTPCodecTypeVideo
		}
		_, err := c.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		require.NoError(c.t, err)
	}
}

// play sends 50 sounds and 50 pictures a second; a key frame every tenth, and
// when one is asked for.
func (c *client) play(ctx context.Context) {
	defer c.running.Done()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = c.audio.WriteSample(media.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: 20 * time.Millisecond})
		if c.quiet {
			continue
		}
		frame := make([]byte, 2500) // three packets
		copy(frame, c.frames[min(i%10, 1)])
		binary.BigEndian.PutUint32(frame[12:], uint32(i))
		_ = c.video.WriteSample(media.Sample{Data: frame, Duration: 20 * time.Millisecond})
	}
}

func (c *client) onTrack(tr *webrtc.TrackRemote, rx *webrtc.RTPReceiver) {
	mid := rx.RTPTransceiver().Mid()
	c.running.Add(1)
	go func() { // pion's reports depend on somebody reading
		defer c.running.Done()
		for {
			if _, _, err := rx.ReadRTCP(); err != nil {
				return
			}
		}
	}()
	for {
		if _, _, err := tr.ReadRTP(); err != nil {
			return
		}
		c.mu.Lock()
		c.packets[mid]++
		c.mu.Unlock()
	}
}

func (c *client) received(mid string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.packets[mid]
}

func (c *client) sources(muted ...sfu.Kind) []sfu.Source {
	var out []sfu.Source
	for i, k := range []sfu.Kind{sfu.Audio, sfu.Video} {
		src := sfu.Source{Kind: k, MID: fmt.Sprint(i)}
		for _, m := range muted {
			src.Muted = src.Muted || m == k
		}
		out = append(out, src)
	}
	return out
}

// join offers and takes the answer.
func (c *client) join(o clientOptions) error {
	offer, err := c.pc.CreateOffer(nil)
	require.NoError(c.t, err)
	require.NoError(c.t, c.pc.SetLocalDescription(offer))
	sdp := offer.SDP
	if o.mangle != nil {
		sdp = o.mangle(sdp)
	}
	c.answer, err = c.s.Join(c.t.Context(), c.room, c.name, sdp, c.sources())
	if err != nil {
		return err
	}
	if o.mangled != nil {
		c.answer.SDP = o.mangled(c.answer.SDP)
	}
	return c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: c.answer.SDP})
}

// again offers once more.
func (c *client) again(restart bool, muted ...sfu.Kind) {
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	require.NoError(c.t, err)
	require.NoError(c.t, c.pc.SetLocalDescription(offer))
	c.answer, err = c.s.Offer(c.t.Context(), c.room, c.name, offer.SDP, c.sources(muted...))
	require.NoError(c.t, err)
	require.NoError(c.t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: c.answer.SDP}))
}

func (c *client) close() {
	c.stop()
	_ = c.pc.GracefulClose()
	c.running.Wait()
}

// pair lets two clients join a room with enough slots for one another.
func pair(t testing.TB, s *sfu.Server, o clientOptions) (a, b *client) {
	o.audio, o.video = 1, 2
	a, b = newClient(t, s, "a", o), newClient(t, s, "b", o)
	require.NoError(t, a.join(o))
	require.NoError(t, b.join(o))
	return a, b
}

// slotOf finds where from's source stands with the peer.
func slotOf(e *events, c *client, from string, k sfu.Kind) string {
	m := e.slot(c.name)
	if c.answer.Slots.Rev > m.Rev {
		m = c.answer.Slots
	}
	for _, s := range m.Slots {
		if s.Peer == from && s.Kind == k {
			return s.MID
		}
	}
	return ""
}

func hears(t testing.TB, e *events, c *client, from string, k sfu.Kind) {
	t.Helper()
	mid := slotOf(e, c, from, k)
	require.NotEmpty(t, mid, "%s has no slot for %s of %s", c.name, k, from)
	before := c.received(mid)
	ok := assert.Eventually(t, func() bool { return c.received(mid) > before+20 }, wait, 5*time.Millisecond)
	require.True(t, ok, "%s (%s) receives no %s of %s (%s); drops %v, transport %+v", c.name, e.link(c.name), k, from, e.link(from), c.s.Totals(), c.s.Transport().Stats())
}

func stats(s *sfu.Server, peer string) (out sfu.PeerStats) {
	s.Snapshot(func(p sfu.PeerStats) {
		if p.Peer == peer {
			out = p
		}
	})
	return out
}
