package sfu_test

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/link"
)

// TestAnOfferOfOnlyADataChannel: somebody who brings no media and has no slot
// is answered and connected all the same, over each transport. It is how a
// network is tried.
func TestAnOfferOfOnlyADataChannel(t *testing.T) {
	for name, network := range map[string]webrtc.NetworkType{"udp": webrtc.NetworkTypeUDP4, "tcp": webrtc.NetworkTypeTCP4} {
		t.Run(name, func(t *testing.T) {
			s, e := start(t, nil)
			se := webrtc.SettingEngine{}
			se.SetIncludeLoopbackCandidate(true)
			se.SetNetworkTypes([]webrtc.NetworkType{network})
			pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se)).NewPeerConnection(webrtc.Configuration{})
			require.NoError(t, err)
			t.Cleanup(func() { _ = pc.GracefulClose() })
			dc, err := pc.CreateDataChannel("netcheck", nil)
			require.NoError(t, err)
			open := make(chan struct{})
			dc.OnOpen(func() { close(open) })
			offer, err := pc.CreateOffer(nil)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(offer.SDP, "m="), offer.SDP)
			require.NoError(t, pc.SetLocalDescription(offer))

			answer, err := s.Join(t.Context(), "netcheck-1", "peer", offer.SDP, nil)
			require.NoError(t, err)
			require.Empty(t, answer.Slots.Slots)
			require.Contains(t, answer.SDP, "a=group:BUNDLE 0\r\n")
			require.NoError(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}))
			after(t, open, "the channel opens")
			require.Equal(t, link.Connected, e.link("peer"))
			s.EndRoom("netcheck-1")
			_, there := s.Peer("netcheck-1", "peer")
			require.False(t, there)
		})
	}
}

// TestAnOfferOfOnlyADataChannelFromABrowser: as Chromium writes it.
func TestAnOfferOfOnlyADataChannelFromABrowser(t *testing.T) {
	s, _ := start(t, nil)
	offer := strings.ReplaceAll(`v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlGe
a=ice-options:trickle
a=fingerprint:sha-256 75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:24
a=setup:actpass
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
`, "\n", "\r\n")
	answer, err := s.Join(t.Context(), "netcheck-1", "peer", offer, nil)
	require.NoError(t, err)
	require.Contains(t, answer.SDP, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n")
	require.Contains(t, answer.SDP, "a=setup:")
	require.Contains(t, answer.SDP, "a=candidate:")
	s.Leave("netcheck-1", "peer")
}
