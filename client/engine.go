package client

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"kinwire/internal/pionlog"
	"kinwire/signaling/proto"
)

// codecLine is a codec as it is offered: payload type, RTP clock and format
// parameters.
type codecLine struct {
	mime     string
	clock    uint32
	channels uint16
	fmtp     string
	pt, rtx  webrtc.PayloadType // rtx 0: none
}

// codecLines are the codecs by name in lower case. H264 is offered as
// constrained baseline 3.1 with packetization mode 1 (RFC 6184 section 8.1).
var codecLines = map[string]codecLine{
	"opus": {mime: webrtc.MimeTypeOpus, clock: 48000, channels: 2, fmtp: "minptime=10;useinbandfec=1", pt: 111},
	"vp8":  {mime: webrtc.MimeTypeVP8, clock: 90000, pt: 96, rtx: 97},
	"h264": {mime: webrtc.MimeTypeH264, clock: 90000, fmtp: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", pt: 102, rtx: 103},
	"vp9":  {mime: webrtc.MimeTypeVP9, clock: 90000, fmtp: "profile-id=0", pt: 98, rtx: 99},
	"av1":  {mime: webrtc.MimeTypeAV1, clock: 90000, fmtp: "profile=0", pt: 45, rtx: 46},
}

func (l codecLine) capability() webrtc.RTPCodecCapability {
	return webrtc.RTPCodecCapability{MimeType: l.mime, ClockRate: l.clock, Channels: l.channels, SDPFmtpLine: l.fmtp}
}

// capability finds a codec by its name.
func capability(name string) (webrtc.RTPCodecCapability, error) {
	l, ok := codecLines[strings.ToLower(name)]
	if !ok {
		return webrtc.RTPCodecCapability{}, &BadOptionError{"codec", name, "opus, VP8, H264, VP9, AV1"}
	}
	return l.capability(), nil
}

// registerCodecs fills the media engine in the order of preference.
func registerCodecs(m *webrtc.MediaEngine, o MediaOptions) error {
	for _, list := range []struct {
		names []string
		kind  webrtc.RTPCodecType
	}{{o.AudioCodecs, webrtc.RTPCodecTypeAudio}, {o.VideoCodecs, webrtc.RTPCodecTypeVideo}} {
		for _, name := range list.names {
			l, ok := codecLines[strings.ToLower(name)]
			if !ok || (l.channels > 0) != (list.kind == webrtc.RTPCodecTypeAudio) {
				return &BadOptionError{list.kind.String() + " codec", name, "audio: opus; video: VP8, H264, VP9, AV1"}
			}
			c := l.capability()
			if list.kind == webrtc.RTPCodecTypeVideo {
				c.RTCPFeedback = []webrtc.RTCPFeedback{{Type: "ccm", Parameter: "fir"}}
			}
			if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: l.pt}, list.kind); err != nil {
				return fmt.Errorf("register codec %s: %w", name, err)
			}
			if l.rtx == 0 || o.NoRTX {
				continue
			}
			rtx := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: l.clock, SDPFmtpLine: fmt.Sprintf("apt=%d", l.pt)}
			if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: rtx, PayloadType: l.rtx}, list.kind); err != nil {
				return fmt.Errorf("register retransmission for %s: %w", name, err)
			}
		}
	}
	return nil
}

// newAPI puts pion's parts together for one call: answers to NACKs, and asks of
// our own, RTCP reports, transport-wide feedback both ways and counters of
// streams, which arrive through getter.
func newAPI(o MediaOptions, asks *nacks, getter func(stats.Getter)) (*webrtc.API, error) {
	m := &webrtc.MediaEngine{}
	if err := registerCodecs(m, o); err != nil {
		return nil, err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.SDESMidURI}, kind); err != nil {
			return nil, fmt.Errorf("register header extension: %w", err)
		}
	}
	reg := &interceptor.Registry{}
	st, err := stats.NewInterceptor()
	if err != nil {
		return nil, fmt.Errorf("make the stream counters: %w", err)
	}
	st.OnNewPeerConnection(func(_ string, g stats.Getter) { getter(g) })
	reg.Add(st)
	for _, configure := range []func() error{
		func() error { return configureNACK(m, reg, asks) },
		func() error { return webrtc.ConfigureRTCPReports(reg) },
		func() error { return webrtc.ConfigureTWCCHeaderExtensionSender(m, reg) },
		func() error {
			return webrtc.ConfigureTWCCSenderWithOptions(m, reg, twcc.WithLoggerFactory(pionlog.New(o.logger(), slog.LevelWarn)))
		},
	} {
		if err := configure(); err != nil {
			return nil, fmt.Errorf("configure interceptors: %w", err)
		}
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(reg), webrtc.WithSettingEngine(settings(o))), nil
}

func configureNACK(m *webrtc.MediaEngine, reg *interceptor.Registry, asks *nacks) error {
	answers, err := nack.NewResponderInterceptor()
	if err != nil {
		return err
	}
	m.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack"}, webrtc.RTPCodecTypeVideo)
	m.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack", Parameter: "pli"}, webrtc.RTPCodecTypeVideo)
	reg.Add(answers)
	reg.Add(asks)
	return nil
}

// logger is the session's; silence where there is none.
func (o MediaOptions) logger() *slog.Logger {
	if o.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.log
}

// replayWindow is in packets.
const replayWindow = 1024

func settings(o MediaOptions) webrtc.SettingEngine {
	se := webrtc.SettingEngine{}
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetICETimeouts(o.DisconnectedAfter, o.FailedAfter, time2s)
	se.SetIncludeLoopbackCandidate(o.Loopback)
	var profiles []dtls.SRTPProtectionProfile
	for _, p := range o.SRTPProfiles {
		profiles = append(profiles, srtpProfiles[p])
	}
	se.SetSRTPProtectionProfiles(profiles...)
	// A packet that was lost on the sender's way up and repaired is forwarded
	// late. With pion's window of 64 it would be taken for a replay; browsers
	// have 1024.
	se.SetSRTPReplayProtectionWindow(replayWindow)
	se.SetSRTCPReplayProtectionWindow(replayWindow)
	se.LoggerFactory = pionlog.New(o.logger(), slog.LevelWarn)
	udp := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	tcp := []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	types := append(udp, tcp...)
	switch {
	case o.RelayOnly: // the relayed address is UDP whatever the way to the relay
	case o.Protocol == "udp":
		types = udp
	case o.Protocol == "tcp":
		types = tcp
	}
	se.SetNetworkTypes(types)
	// Active TCP candidates would be used in spite of the relay policy, and their
	// sockets are made past Net.
	se.DisableActiveTCP(o.RelayOnly || o.Protocol == "udp" || o.Net != nil)
	if o.RelayOnly {
		se.SetRelayAcceptanceMinWait(0) // pion would wait two seconds for something better, which cannot come
	}
	if o.Net != nil {
		se.SetNet(o.Net)
	}
	if o.TLS != nil && o.Protocol == "tls" {
		se.SetICEProxyDialer(newTURNDialer(o)) // it would be used for plain TCP too
	}
	return se
}

// iceServers turns the server's list into pion's, and drops what Protocol and
// NoRelay forbid.
func iceServers(o MediaOptions, list []proto.ICEServer) []webrtc.ICEServer {
	var out []webrtc.ICEServer
	if o.NoRelay {
		return nil
	}
	for _, s := range list {
		var urls []string
		for _, u := range s.URLs {
			if o.Protocol == "" || o.Protocol == transportOf(u) {
				urls = append(urls, u)
			}
		}
		if len(urls) > 0 {
			out = append(out, webrtc.ICEServer{URLs: urls, Username: s.Username, Credential: s.Credential})
		}
	}
	return out
}

// transportOf is how a STUN or TURN URL is reached (RFC 7065 section 3.2).
func transportOf(url string) string {
	switch {
	case strings.HasPrefix(url, "turns:"):
		return "tls"
	case strings.Contains(url, "transport=tcp"):
		return "tcp"
	}
	return "udp"
}

// configuration is the PeerConnection's, with fresh relay credentials.
func configuration(o MediaOptions, list []proto.ICEServer) webrtc.Configuration {
	c := webrtc.Configuration{ICEServers: iceServers(o, list), BundlePolicy: webrtc.BundlePolicyMaxBundle}
	if o.RelayOnly {
		c.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	return c
}
