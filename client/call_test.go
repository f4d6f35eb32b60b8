package client

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// clip is a small source of video: one packet a frame.
type clip struct {
	kind  proto.SourceKind
	codec string
	keys  atomic.Int64
}

func (c *clip) Kind() proto.SourceKind { return c.kind }
func (c *clip) Codec() string          { return c.codec }
func (c *clip) KeyFrame()              { c.keys.Add(1) }
func (c *clip) Run(ctx context.Context, w PacketWriter) error {
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	key := []byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0}
	for ts := uint32(0); ; ts += 450 {
		p := &rtp.Packet{Header: rtp.Header{Marker: true, Timestamp: ts}, Payload: append(key, make([]byte, 100)...)}
		if err := w.WriteRTP(p); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
}

// liteServer answers as the SFU does: an ICE-lite agent that is the DTLS
// server. What it receives on the first video it sends to the first video
// slot.
type liteServer struct {
	t  *testing.T
	pc *webrtc.PeerConnection

	mu     sync.Mutex
	offers []*sdp.SessionDescription
	joins  []proto.CallJoin
	mutes  []proto.MediaMute
	got    chan uint16
	rev    uint64
	refuse *proto.Error
}

func newLiteServer(t *testing.T, more ...func(*webrtc.SettingEngine)) *liteServer {
	se := webrtc.SettingEngine{}
	for _, set := range more {
		set(&se)
	}
	se.SetLite(true)
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	require.NoError(t, se.SetAnsweringDTLSRole(webrtc.DTLSRoleServer))
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se)).NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	l := &liteServer{t: t, pc: pc, got: make(chan uint16, 10_000)}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return l
}

func (l *liteServer) handle(r proto.Request) (any, *proto.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return nil, l.refuse
	}
	var j proto.CallJoin
	if err := json.Unmarshal(r.Data, &j); err != nil {
		l.t.Errorf("%s: %v", r.Type, err)
	}
	switch r.Type {
	case proto.TypeCallJoin:
		return proto.CallJoined{Call: proto.CallView{CallID: "c1", You: "p1"}, SDP: l.answer(j), Slots: l.map1()}, nil
	case proto.TypeMediaOffer:
		return proto.MediaAnswer{SDP: l.answer(j), Slots: l.map1()}, nil
	case proto.TypeMediaMute:
		var m proto.MediaMute
		_ = json.Unmarshal(r.Data, &m)
		l.mutes = append(l.mutes, m)
	}
	return proto.Empty{}, nil
}

// map1 puts participant p2's video on the first video slot.
func (l *liteServer) map1() proto.MediaSlots {
	l.rev++
	m := proto.MediaSlots{CallID: "c1", Rev: l.rev}
	for _, d := range l.offers[len(l.offers)-1].MediaDescriptions {
		mid, _ := d.Attribute("mid")
		if _, recv := d.Attribute("recvonly"); recv && d.MediaName.Media == "video" {
			m.Slots = []proto.Slot{{MID: mid, ParticipantID: "p2", Kind: proto.SourceVideo}}
			break
		}
	}
	return m
}

func (l *liteServer) answer(j proto.CallJoin) string {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(j.SDP); err != nil {
		l.t.Errorf("offer: %v", err)
	}
	l.offers, l.joins = append(l.offers, &d), append(l.joins, j)
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: j.SDP}); err != nil {
		l.t.Errorf("take the offer: %v", err)
	}
	if len(l.offers) == 1 {
		l.wire()
	}
	a, err := l.pc.CreateAnswer(nil)
	if err != nil {
		l.t.Errorf("make the answer: %v", err)
	}
	gathered := webrtc.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(a); err != nil {
		l.t.Errorf("take the own answer: %v", err)
	}
	<-gathered
	return l.pc.LocalDescription().SDP
}

// wire sends the first received video back.
func (l *liteServer) wire() {
	back, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "back", "p2")
	if err != nil {
		l.t.Errorf("make a track: %v", err)
		return
	}
	if _, err := l.pc.AddTrack(back); err != nil {
		l.t.Errorf("add the track: %v", err)
	}
	l.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() != webrtc.RTPCodecTypeVideo {
			return
		}
		_ = l.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			select {
			case l.got <- p.SequenceNumber:
			default:
			}
			_ = back.WriteRTP(p)
		}
	})
}

func setUp(t *testing.T, o MediaOptions) (*liteServer, *server, *Session, *Call) {
	t.Helper()
	l := newLiteServer(t)
	s := newServer(t)
	s.handle = l.handle
	c := s.dial(t)
	o.Loopback = true
	call, err := c.Join(limit(t), proto.CallEntered{Call: proto.CallView{CallID: "c1", You: "p1"}}, o)
	require.NoError(t, err)
	t.Cleanup(call.Close)
	return l, s, c, call
}

func TestCallAgainstAnICELiteServer(t *testing.T) {
	video := &clip{kind: proto.SourceVideo, codec: "VP8"}
	packets := make(chan Packet, 10_000)
	l, s, c, call := setUp(t, MediaOptions{
		Sources: []Source{&clip{kind: proto.SourceAudio, codec: "opus"}, video}, StatsEvery: 20 * time.Millisecond,
		OnPacket: func(p Packet) {
			select {
			case packets <- p:
			default:
			}
		},
	})
	ctx := limit(t)
	require.NoError(t, call.Connected(ctx))
	next := func() Packet {
		select {
		case p := <-packets:
			return p
		case <-ctx.Done():
			t.Fatal("nothing comes back")
			return Packet{}
		}
	}
	p := next()
	require.Equal(t, Packet{ParticipantID: "p2", Kind: proto.SourceVideo, MID: "4", Codec: "VP8", RTP: p.RTP}, p)
	require.Eventually(t, func() bool { return video.keys.Load() > 0 }, 20*time.Second, time.Millisecond, "a PLI asks the source")
	require.Eventually(t, func() bool {
		r := call.Report()
		if len(r.Streams) != 3 || r.Path.LocalType != "host" || r.Path.Protocol != "udp" {
			return false
		}
		in := r.Streams[2]
		return in.Direction == "recv" && in.Packets > 10 && in.Frames > 10 && in.KeyFrames > 10 && in.Width == 64 && in.Height == 48 && in.FPS > 1 && r.Streams[1].Packets > 10
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, call.RequestKeyFrame("4"))
	require.Error(t, call.RequestKeyFrame("99"))

	// A newer mapping counts, an older one does not.
	s.event(proto.TypeMediaSlots, proto.MediaSlots{CallID: "c1", Rev: 10, Slots: []proto.Slot{{MID: "4", ParticipantID: "p3", Kind: proto.SourceScreen}}})
	s.event(proto.TypeMediaSlots, proto.MediaSlots{CallID: "c1", Rev: 9})
	require.Eventually(t, func() bool { p := next(); return p.ParticipantID == "p3" && p.Kind == proto.SourceScreen }, 20*time.Second, time.Microsecond)
	require.EqualValues(t, 10, call.Slots().Rev)

	// More slots when some are missing.
	l.mu.Lock()
	l.rev = 20
	l.mu.Unlock()
	s.event(proto.TypeMediaSlots, proto.MediaSlots{CallID: "c1", Rev: 20, MissingAudio: 2, MissingVideo: 1, Slots: []proto.Slot{{MID: "4", ParticipantID: "p3", Kind: proto.SourceScreen}}})
	require.Eventually(t, func() bool { a, v := call.SlotCount(); return a == 4 && v == 3 && call.Slots().Rev == 21 }, 20*time.Second, time.Millisecond)

	// Muted: nothing is sent, and the sequence numbers have no gap.
	require.NoError(t, call.Mute(ctx, proto.SourceVideo, true))
	require.Equal(t, []proto.MediaMute{{CallID: "c1", Kind: proto.SourceVideo, Muted: true}}, l.mutes)
	sent := call.Report().Streams[1].Frames
	require.NoError(t, call.Mute(ctx, proto.SourceVideo, false))
	require.Eventually(t, func() bool { return call.Report().Streams[1].Frames > sent }, 20*time.Second, time.Millisecond)
	var bad *BadOptionError
	require.ErrorAs(t, call.Mute(ctx, proto.SourceScreen, true), &bad)

	require.NoError(t, call.RestartICE(ctx))
	l.mu.Lock()
	was, _ := l.offers[0].MediaDescriptions[0].Attribute("ice-ufrag")
	is, _ := l.offers[len(l.offers)-1].MediaDescriptions[0].Attribute("ice-ufrag")
	l.mu.Unlock()
	require.NotEqual(t, was, is)
	for len(packets) > 0 {
		<-packets
	}
	next()

	voiceOnly(t, s, call)

	// The server says that the call is over.
	s.event(proto.TypeCallState, proto.CallState{Call: proto.CallView{CallID: "c1", Phase: proto.PhaseEnded, Reason: proto.ReasonHangup}})
	<-call.Done()
	require.Equal(t, proto.ReasonHangup, call.Reason())
	require.NoError(t, c.Close())
}

// voiceOnly lets a parent's rule come up: the picture is not sent any more.
func voiceOnly(t *testing.T, s *server, call *Call) {
	t.Helper()
	s.event(proto.TypeCallState, proto.CallState{Call: proto.CallView{CallID: "c1", Phase: proto.PhaseConnected, NoVideo: true}})
	require.Eventually(t, func() bool { return call.View().NoVideo && call.proclaim()[1].Muted }, 20*time.Second, time.Millisecond)
	require.False(t, call.proclaim()[0].Muted, "the voice is")
}

func TestOfferShape(t *testing.T) {
	l, _, _, call := setUp(t, MediaOptions{
		Sources:    []Source{&clip{kind: proto.SourceAudio, codec: "opus"}, &clip{kind: proto.SourceVideo, codec: "AV1"}, &clip{kind: proto.SourceScreen, codec: "AV1"}},
		Muted:      []proto.SourceKind{proto.SourceScreen},
		AudioSlots: 3, VideoSlots: 4, VideoCodecs: []string{"AV1", "vp8"}, NoGrow: true,
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.offers[0]
	var got []string
	for _, m := range d.MediaDescriptions {
		for _, dir := range []string{"sendonly", "recvonly", "sendrecv", "inactive"} {
			if _, ok := m.Attribute(dir); ok {
				got = append(got, m.MediaName.Media+" "+dir)
			}
		}
		setup, _ := m.Attribute("setup")
		require.Equal(t, "actpass", setup)
		if m.MediaName.Media == "video" {
			require.Equal(t, "45", m.MediaName.Formats[0], "AV1 first: %v", m.MediaName.Formats)
			want := []string{"45", "46", "96", "97"}
			if _, sends := m.Attribute("sendonly"); sends {
				want = want[:2] // what its source makes, and nothing else
			}
			require.Equal(t, want, m.MediaName.Formats)
		}
		_, candidates := m.Attribute("candidate")
		mid, _ := m.Attribute("mid")
		require.Equal(t, mid == "0", candidates, "candidates are in the bundle's first m-section alone")
	}
	require.Equal(t, strings.Split("audio sendonly,video sendonly,video sendonly,audio recvonly,audio recvonly,audio recvonly,video recvonly,video recvonly,video recvonly,video recvonly", ","), got)
	group, _ := d.Attribute("group")
	require.Equal(t, "BUNDLE 0 1 2 3 4 5 6 7 8 9", group)
	require.Equal(t, []proto.Source{{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1"}, {Kind: proto.SourceScreen, MID: "2", Muted: true}}, l.joins[0].Sources)
	require.Contains(t, l.joins[0].SDP, "transport-wide-cc")
	require.Contains(t, l.joins[0].SDP, "nack pli")
	audio, video := call.SlotCount()
	require.Equal(t, []int{3, 4}, []int{audio, video})
}

func TestJoinRefused(t *testing.T) {
	l := newLiteServer(t)
	l.refuse = &proto.Error{Code: proto.CodeCallFull, Message: "16 people are in it, which is the most"}
	s := newServer(t)
	s.handle = l.handle
	c := s.dial(t)
	_, err := c.Join(limit(t), proto.CallEntered{Call: proto.CallView{CallID: "c1"}}, MediaOptions{})
	var pe *proto.Error
	require.ErrorAs(t, err, &pe)
	require.Equal(t, proto.CodeCallFull, pe.Code)
	require.Empty(t, c.calls)
}

func TestBadMediaOptions(t *testing.T) {
	audio := &clip{kind: proto.SourceAudio, codec: "opus"}
	for _, o := range []MediaOptions{
		{Sources: []Source{audio, audio}},
		{Sources: []Source{&clip{kind: "smell", codec: "opus"}}},
		{Sources: []Source{&clip{kind: proto.SourceVideo, codec: "VP9"}}, VideoCodecs: []string{"VP8"}},
		{SRTPProfiles: []string{"none"}},
		{Protocol: "sctp"},
		{Protocol: "tls"},
		{RelayOnly: true, NoRelay: true},
		{VideoCodecs: []string{"opus"}},
		{AudioCodecs: []string{"PCMU"}},
	} {
		s := newServer(t)
		c := s.dial(t)
		_, err := c.Join(limit(t), proto.CallEntered{Call: proto.CallView{CallID: "c1"}}, o)
		var bad *BadOptionError
		require.ErrorAs(t, err, &bad, "%+v", o)
		require.NotEmpty(t, bad.Allowed)
	}
}

func TestFrameCount(t *testing.T) {
	var f frameCount
	now := time.Unix(1000, 0)
	for i := range 60 {
		at := now.Add(time.Duration(i) * 40 * time.Millisecond)
		f.packet("VP8", &rtp.Packet{Payload: []byte{0x10, 1, 2, 3}}, at)
		f.packet("VP8", &rtp.Packet{Header: rtp.Header{Marker: true}, Payload: []byte{0}}, at)
	}
	last := now.Add(59 * 40 * time.Millisecond)
	require.EqualValues(t, 60, f.frames)
	require.Zero(t, f.keys)
	require.InDelta(t, 25, f.rate(last), 0.5)
	require.Zero(t, f.rate(last.Add(3*time.Second)), "it has stopped")
}

func FuzzVP8KeyFrame(f *testing.F) {
	f.Add([]byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0, 1})
	f.Add([]byte{0x90, 0x80, 0x81, 0x02, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, h, ok := vp8KeyFrame(b)
		if ok && (w > 0x3fff || h > 0x3fff) || !ok && (w != 0 || h != 0) {
			t.Fatalf("%d×%d, %v", w, h, ok)
		}
	})
}

func FuzzMessage(f *testing.F) {
	for typ := range decoders {
		f.Add(typ, []byte(`{"call_id":"c","rev":3,"slots":[{"mid":"1"}]}`))
	}
	f.Add("other", []byte(`[`))
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		s := &Session{out: newOutbox(), calls: map[string]*Call{}, opt: Options{}.withDefaults()}
		_ = s.take(proto.Message{Seq: 1, Type: typ, Data: data})
		var m proto.Message
		if json.Unmarshal(data, &m) == nil {
			_ = s.take(m)
		}
	})
}
