package link

import (
	"fmt"

	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"kinwire/sfu/codec"
)

// Header extensions that the server reads or writes (RFC 8843, RFC 8852,
// draft-holmer-rmcat-transport-wide-cc-extensions).
const (
	uriMID  = sdp.SDESMidURI
	uriTWCC = sdp.TransportCCURI
)

var videoFeedback = []webrtc.RTCPFeedback{
	{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"},
}

// formats are the variants of a codec that the server takes; its own payload
// types do not matter, since the answer takes over those of the offer.
var formats = map[codec.Kind][]string{
	codec.Opus: {"minptime=10;useinbandfec=1"},
	codec.VP8:  {""},
	codec.VP9:  {"profile-id=0"},
	codec.AV1:  {"profile=0"},
	codec.H264: {
		"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
	},
}

func (t *Transport) mediaEngine() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	pt := webrtc.PayloadType(96)
	for _, k := range t.cfg.Audio {
		for _, f := range formats[k] {
			err := m.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: k.MimeType(), ClockRate: k.ClockRate(), Channels: 2, SDPFmtpLine: f,
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: "transport-cc"}},
			}}, webrtc.RTPCodecTypeAudio)
			if err != nil {
				return nil, fmt.Errorf("link: registering %s: %w", k, err)
			}
			pt++
		}
	}
	for _, k := range t.cfg.Video {
		for _, f := range formats[k] {
			if err := registerVideo(m, k, f, pt); err != nil {
				return nil, err
			}
			pt += 2
		}
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		for _, uri := range []string{uriMID, uriTWCC} {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return nil, fmt.Errorf("link: registering the extension %s: %w", uri, err)
			}
		}
	}
	return m, nil
}

func registerVideo(m *webrtc.MediaEngine, k codec.Kind, fmtp string, pt webrtc.PayloadType) error {
	media := webrtc.RTPCodecParameters{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: k.MimeType(), ClockRate: k.ClockRate(), SDPFmtpLine: fmtp, RTCPFeedback: videoFeedback,
	}}
	rtx := webrtc.RTPCodecParameters{PayloadType: pt + 1, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeRTX, ClockRate: k.ClockRate(), SDPFmtpLine: fmt.Sprintf("apt=%d", pt),
	}}
	for _, c := range []webrtc.RTPCodecParameters{media, rtx} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeVideo); err != nil {
			return fmt.Errorf("link: registering %s: %w", k, err)
		}
	}
	return nil
}

// settings makes the settings of one link. They cannot be shared: the buffer
// factory is told an SSRC and nothing of the link it belongs to.
func (t *Transport) settings(l *Link) (webrtc.SettingEngine, error) {
	s := webrtc.SettingEngine{LoggerFactory: pionLog{t.log}}
	s.SetLite(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICEUDPMux(t.udpMux)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if t.tcpMux != nil {
		s.SetICETCPMux(t.tcpMux)
		if t.cfg.IPv4 {
			networks = append(networks, webrtc.NetworkTypeTCP4)
		}
		if t.cfg.IPv6 {
			networks = append(networks, webrtc.NetworkTypeTCP6)
		}
	}
	s.SetNetworkTypes(networks)
	s.DisableActiveTCP(true)
	s.SetIncludeLoopbackCandidate(t.cfg.IncludeLoopback)
	s.SetIPFilter(t.offers)
	if len(t.cfg.PublicAddresses) > 0 {
		rule := webrtc.ICEAddressRewriteRule{AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteReplace}
		for _, a := range t.cfg.PublicAddresses {
			rule.External = append(rule.External, a.String())
		}
		if err := s.SetICEAddressRewriteRules(rule); err != nil {
			return s, fmt.Errorf("link: offering the public addresses: %w", err)
		}
	}
	// The peer's checks keep the path open; silence says that it is gone.
	s.SetICETimeouts(t.cfg.Disconnected, t.cfg.Failed, keepAlive)
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, fmt.Errorf("link: taking the DTLS server role: %w", err)
	}
	s.SetSRTPProtectionProfiles(t.profiles...)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	s.SetSRTCPReplayProtectionWindow(replayWindow)
	s.SetDTLSServerHelloMessageHook(l.sawServerHello)
	s.BufferFactory = l.buffer
	return s, nil
}

// sawServerHello notes which SRTP profile was chosen, for the call's record.
func (l *Link) sawServerHello(m handshake.MessageServerHello) handshake.Message {
	for _, e := range m.Extensions {
		if u, ok := e.(*extension.UseSRTP); ok && len(u.ProtectionProfiles) > 0 {
			for name, p := range Profiles {
				if p == u.ProtectionProfiles[0] {
					l.profile.Store(&name)
				}
			}
		}
	}
	return &m
}

// tap is the innermost interceptor: it keeps pion's writer for each of the
// link's slots, so that a packet goes straight into SRTP. pion's own way from
// a track to there makes a map for every packet.
type tap struct {
	interceptor.NoOp
	link *Link
}

func (t *tap) NewInterceptor(string) (interceptor.Interceptor, error) { return t, nil }

func (t *tap) BindLocalStream(info *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	t.link.bind(info.SSRC, w)
	return w
}
