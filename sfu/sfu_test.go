package sfu_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/sfu"
	"kinwire/sfu/codec"
	"kinwire/sfu/link"
)

func TestTwoPeersHearAndSeeOneAnother(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	for _, k := range []sfu.Kind{sfu.Audio, sfu.Video} {
		hears(t, e, a, "b", k)
		hears(t, e, b, "a", k)
	}
	require.Eventually(t, func() bool { return stats(s, "a").RTT > 0 }, wait, 10*time.Millisecond, "receiver reports give a round-trip time")
	st := stats(s, "a")
	require.Equal(t, "aead_aes_128_gcm", st.Profile)
	require.Equal(t, "udp", st.Path.Protocol)
	require.False(t, st.Path.Relay)
	require.Equal(t, link.Connected, st.State)
	require.Len(t, st.Up, 2)
	require.Len(t, st.Down, 2)
	for _, u := range st.Up {
		require.Zero(t, u.Reception.Lost)
		if u.Kind == sfu.Video {
			require.Equal(t, 640, u.Width)
			require.NotZero(t, u.Frames)
		}
	}
	require.Eventually(t, func() bool { return stats(s, "a").Link.Acked > 0 }, wait, 10*time.Millisecond, "transport-wide feedback comes back")
	require.Contains(t, a.answer.SDP, "a=ice-lite")
	require.Contains(t, a.answer.SDP, "a=setup:passive")
	// Sound and picture of one person belong to one media stream.
	require.Equal(t, 2, strings.Count(a.answer.SDP, "a=msid:slot0 "))
}

func TestCodecsGoThroughAsTheyCome(t *testing.T) {
	for _, c := range []struct {
		kind codec.Kind
		mime string
	}{{codec.H264, webrtc.MimeTypeH264}, {codec.VP9, webrtc.MimeTypeVP9}, {codec.AV1, webrtc.MimeTypeAV1}} {
		t.Run(c.kind.String(), func(t *testing.T) {
			s, e := start(t, func(cfg *sfu.Config) { cfg.Link.Video = []codec.Kind{c.kind} })
			o := clientOptions{mime: c.mime}
			a, b := pair(t, s, o)
			hears(t, e, a, "b", sfu.Audio)
			hears(t, e, b, "a", sfu.Audio)
			require.Eventually(t, func() bool {
				up := stats(s, "a").Up
				return len(up) == 2 && up[1].Codec == c.kind && up[1].Reception.Packets > 0
			}, wait, 10*time.Millisecond)
			require.Zero(t, s.Totals().Drops["payload_type"])
		})
	}
}

func TestACodecThatSomebodyCannotDecodeIsRefused(t *testing.T) {
	s, _ := start(t, nil)
	o := clientOptions{audio: 1, video: 1}
	a := newClient(t, s, "a", o)
	require.NoError(t, a.join(o))
	vp9 := clientOptions{only: webrtc.MimeTypeVP9, mime: webrtc.MimeTypeVP9, audio: 1, video: 1}
	b := newClient(t, s, "b", vp9)
	err := b.join(vp9)
	require.ErrorIs(t, err, sfu.ErrCodec)
	require.ErrorContains(t, err, "vp8 is in use in the call")
	require.Empty(t, stats(s, "b").Peer, "nothing is left of somebody refused")
}

func TestNobodyIsSentWhatAnotherCannotDecode(t *testing.T) {
	s, e := start(t, nil)
	vp9 := clientOptions{only: webrtc.MimeTypeVP9, mime: webrtc.MimeTypeVP9, audio: 1, video: 1}
	b := newClient(t, s, "b", vp9)
	require.NoError(t, b.join(vp9))
	o := clientOptions{mime: webrtc.MimeTypeVP9, audio: 1, video: 1}
	a := newClient(t, s, "a", o)
	require.NoError(t, a.join(o))
	hears(t, e, b, "a", sfu.Audio)
	require.Equal(t, codec.VP9, stats(s, "a").Up[1].Codec)
}

func TestOffersThatCannotBeUsedAreRefused(t *testing.T) {
	s, _ := start(t, nil)
	for name, c := range map[string]struct {
		mangle func(string) string
		says   string
	}{
		"no SDP":          {func(string) string { return "hello" }, "cannot be used"},
		"empty":           {func(string) string { return "" }, "cannot be used"},
		"no bundle":       {func(x string) string { return strings.Replace(x, "a=group:BUNDLE", "a=group:LS", 1) }, "BUNDLE"},
		"no fingerprint":  {func(x string) string { return strings.ReplaceAll(x, "a=fingerprint:", "a=x-nothing:") }, "fingerprint"},
		"sendrecv slot":   {func(x string) string { return strings.Replace(x, "a=recvonly", "a=sendrecv", 1) }, "sendrecv"},
		"unnamed section": {func(x string) string { return strings.ReplaceAll(x, "a=recvonly", "a=sendonly") }, "no source names it"},
		"other codecs":    {func(x string) string { return strings.ReplaceAll(x, "opus/48000/2", "L16/44100/2") }, "this server takes [opus]"},
	} {
		t.Run(name, func(t *testing.T) {
			o := clientOptions{audio: 1, video: 1, mangle: c.mangle}
			err := newClient(t, s, "a", o).join(o)
			require.ErrorContains(t, err, c.says)
			require.Zero(t, s.Totals().Peers)
		})
	}
}

// TestEveryProtectionProfile lets the two sides of a call have different ones:
// each packet is opened with one and sealed with another.
func TestEveryProtectionProfile(t *testing.T) {
	for p, name := range map[dtls.SRTPProtectionProfile]string{
		dtls.SRTP_AEAD_AES_128_GCM: "aead_aes_128_gcm", dtls.SRTP_AEAD_AES_256_GCM: "aead_aes_256_gcm", dtls.SRTP_AES128_CM_HMAC_SHA1_80: "aes128_cm_sha1_80",
	} {
		t.Run(name, func(t *testing.T) {
			s, e := start(t, nil)
			o := clientOptions{audio: 1, video: 2}
			a := newClient(t, s, "a", o)
			o.profiles = []dtls.SRTPProtectionProfile{p}
			b := newClient(t, s, "b", o)
			require.NoError(t, a.join(o))
			require.NoError(t, b.join(o))
			hears(t, e, a, "b", sfu.Video)
			hears(t, e, b, "a", sfu.Audio)
			require.Equal(t, name, stats(s, "b").Profile)
		})
	}
}

// TestASourceMayBeOfferedSendrecv is for WHIP, whose clients may offer so (RFC
// 9725 section 4.2): the answer only receives.
func TestASourceMayBeOfferedSendrecv(t *testing.T) {
	s, e := start(t, nil)
	o := clientOptions{audio: 1, video: 2, mangle: func(x string) string { return strings.ReplaceAll(x, "a=sendonly", "a=sendrecv") }}
	a, b := pair(t, s, o)
	require.NotContains(t, a.answer.SDP, "a=sendrecv")
	hears(t, e, b, "a", sfu.Video)
}

func TestNoMediaWithAnotherFingerprint(t *testing.T) {
	s, e := start(t, nil)
	flip := func(x string) string {
		i := strings.Index(x, "a=fingerprint:sha-256 ") + len("a=fingerprint:sha-256 ")
		digit := "0"
		if x[i] == '0' {
			digit = "1"
		}
		old := x[i : i+95]
		return strings.ReplaceAll(x, old, digit+old[1:])
	}
	o := clientOptions{audio: 1, video: 1, mangle: flip}
	a := newClient(t, s, "a", o)
	require.NoError(t, a.join(o))
	require.Eventually(t, func() bool { return e.link("a") == link.Failed }, wait, 10*time.Millisecond)
	require.Zero(t, s.Totals().Received)
}

func TestMuteAndLeaveAreTold(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, b, "a", sfu.Video)
	require.NoError(t, s.Mute("room", "a", sfu.Video, true))
	mid := slotOf(e, b, "a", sfu.Video)
	require.NotEmpty(t, mid, "a muted camera keeps its slot")
	require.Eventually(t, func() bool { return s.Totals().Drops["muted"] > 30 }, wait, 5*time.Millisecond)
	n := b.received(mid)
	require.Eventually(t, func() bool { return s.Totals().Drops["muted"] > 90 }, wait, 5*time.Millisecond)
	require.LessOrEqual(t, b.received(mid), n+1)
	require.NoError(t, s.Mute("room", "a", sfu.Video, false))
	hears(t, e, b, "a", sfu.Video)
	require.ErrorIs(t, s.Mute("room", "nobody", sfu.Video, true), sfu.ErrUnknownPeer)
	require.ErrorIs(t, s.Mute("room", "a", sfu.Screen, true), sfu.ErrUnknownPeer)

	s.Leave("room", "a")
	require.Empty(t, e.slot("b").Slots)
	require.Eventually(t, func() bool { return a.pc.ConnectionState() == webrtc.PeerConnectionStateClosed }, wait, 5*time.Millisecond, "the server says good-bye")
}

func TestAPeerThatVanishesIsNoticed(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, b, "a", sfu.Audio)
	// Closing says good-bye by DTLS; silence is tested by the browser that is
	// killed (package e2e).
	a.close()
	require.Eventually(t, func() bool { return e.link("a") == link.Failed }, wait, 10*time.Millisecond)
	require.Equal(t, link.Connected, e.link("b"))
}

func TestLossIsRepairedBothWays(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, b, "a", sfu.Video)
	// b says that it lost a packet that it was sent: it is sent again.
	var ssrc uint32
	for _, r := range b.pc.GetReceivers() {
		if r.RTPTransceiver().Mid() == slotOf(e, b, "a", sfu.Video) {
			ssrc = uint32(r.Track().SSRC())
		}
	}
	require.NotZero(t, ssrc)
	require.Eventually(t, func() bool {
		seq := uint16(stats(s, "b").Down[1].Remote.HighestSequence)
		require.NoError(t, b.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{seq})}}))
		return s.Totals().Resent > 0
	}, wait, 20*time.Millisecond)
	// b asks for a key frame: a is asked.
	before := a.asked()
	require.Eventually(t, func() bool {
		require.NoError(t, b.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}))
		return a.asked() > before
	}, wait, 20*time.Millisecond)
}

func (c *client) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keyAsked
}

func TestMoreSlotsByAnotherOffer(t *testing.T) {
	s, e := start(t, nil)
	few := clientOptions{audio: 1, video: 1}
	a := newClient(t, s, "a", few)
	require.NoError(t, a.join(few))
	for _, name := range []string{"b", "c"} {
		o := clientOptions{audio: 2, video: 2}
		require.NoError(t, newClient(t, s, name, o).join(o))
	}
	require.Eventually(t, func() bool { m := e.slot("a"); return m.MissingAudio == 1 && m.MissingVideo == 1 }, wait, time.Millisecond)
	a.addSlots(1, 1)
	a.again(false)
	require.Zero(t, a.answer.Slots.MissingAudio)
	for _, from := range []string{"b", "c"} {
		hears(t, e, a, from, sfu.Audio)
		hears(t, e, a, from, sfu.Video)
	}
}

func TestICERestart(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, b, "a", sfu.Video)
	a.again(true)
	hears(t, e, b, "a", sfu.Video)
	hears(t, e, a, "b", sfu.Video)
	require.Equal(t, link.Connected, stats(s, "a").State)
}

func TestICEOverTCP(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{networks: []webrtc.NetworkType{webrtc.NetworkTypeTCP4}})
	hears(t, e, b, "a", sfu.Video)
	hears(t, e, a, "b", sfu.Audio)
	require.Equal(t, "tcp", stats(s, "a").Path.Protocol)
}

func TestARoomHasALimit(t *testing.T) {
	s, _ := start(t, func(c *sfu.Config) { c.MaxPeers = 3 })
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, newClient(t, s, name, clientOptions{}).join(clientOptions{}))
	}
	err := newClient(t, s, "d", clientOptions{}).join(clientOptions{})
	require.ErrorIs(t, err, sfu.ErrFull)
	require.Equal(t, 3, s.Totals().Peers)
	// Somebody who comes back takes the old place.
	require.NoError(t, newClient(t, s, "c", clientOptions{}).join(clientOptions{}))
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Run("call", func(t *testing.T) {
		s, e := start(t, nil)
		a, _ := pair(t, s, clientOptions{networks: []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeUDP4}})
		hears(t, e, a, "b", sfu.Audio)
		talker, listener := newClient(t, s, "c", clientOptions{}), newClient(t, s, "d", clientOptions{})
		from, to := talker.line("play", nil), listener.line("play", nil)
		require.NoError(t, talker.join(clientOptions{}))
		require.NoError(t, listener.join(clientOptions{}))
		from.opened()
		to.opened()
		from.send("bye")
		require.Equal(t, word{"c", "bye", true}, to.next())
	})
	goleak.VerifyNone(t, ignore)
}

func TestIPv6(t *testing.T) {
	if c, err := net.ListenPacket("udp6", "[::1]:0"); err != nil {
		t.Skip("this machine has no IPv6: ", err)
	} else {
		_ = c.Close()
	}
	s, e := start(t, func(c *sfu.Config) {
		c.Link.BindAddresses, c.Link.IPv4, c.Link.IPv6 = []netip.Addr{netip.MustParseAddr("::1")}, false, true
	})
	a, b := pair(t, s, clientOptions{networks: []webrtc.NetworkType{webrtc.NetworkTypeUDP6}})
	hears(t, e, b, "a", sfu.Video)
	hears(t, e, a, "b", sfu.Audio)
	require.True(t, stats(s, "a").Path.Remote.Addr().Is6())
}

func TestSixteenPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("sixteen peer connections take a few seconds; left out with -short")
	}
	s, e := start(t, func(c *sfu.Config) {
		// This many clients, under the race detector, on a busy machine, can be
		// silent for seconds.
		c.Link.Disconnected, c.Link.Failed = wait, wait
	})
	o := clientOptions{audio: 15, quiet: true}
	var all []*client
	for i := range 16 {
		c := newClient(t, s, fmt.Sprintf("p%d", i), o)
		require.NoError(t, c.join(o))
		all = append(all, c)
	}
	// The first, who joined alone, and the last, who found everybody there.
	for _, c := range []*client{all[0], all[15]} {
		for _, other := range all {
			if other != c {
				hears(t, e, c, other.name, sfu.Audio)
			}
		}
	}
	require.Equal(t, 16, s.Totals().Peers)
}

func TestSimulcastIsAnsweredWithOneEncoding(t *testing.T) {
	s, e := start(t, nil)
	o := clientOptions{audio: 1, video: 1, mangle: func(x string) string {
		i := strings.LastIndex(x[:strings.Index(x, "a=mid:1")], "m=video")
		return x[:i] + strings.Replace(x[i:], "a=mid:1\r\n", "a=mid:1\r\na=rid:hi send\r\na=rid:lo send\r\na=simulcast:send hi;lo\r\n", 1)
	}}
	a := newClient(t, s, "a", o)
	require.NoError(t, a.join(o))
	require.NotContains(t, a.answer.SDP, "a=rid")
	require.NotContains(t, a.answer.SDP, "a=simulcast")
	b := newClient(t, s, "b", clientOptions{audio: 1, video: 1})
	require.NoError(t, b.join(clientOptions{}))
	hears(t, e, b, "a", sfu.Video)
}

func TestASlotTakesOnlyWhatItsOwnSectionOffers(t *testing.T) {
	s, _ := start(t, func(c *sfu.Config) { c.Link.Video = []codec.Kind{codec.VP9, codec.VP8} })
	// a sends VP8 or VP9 and takes VP8 alone.
	o := clientOptions{audio: 1, video: 1, mangle: func(x string) string {
		i := strings.Index(x, "a=mid:3")
		i = strings.LastIndex(x[:i], "m=video")
		return x[:i] + strings.ReplaceAll(x[i:], " VP9/90000", " XX/90000")
	}}
	a := newClient(t, s, "a", o)
	require.NoError(t, a.join(o))
	slot := a.answer.SDP[strings.LastIndex(a.answer.SDP, "m=video"):]
	require.Contains(t, slot, "VP8/90000")
	require.NotContains(t, slot, "VP9/90000")
	b := newClient(t, s, "b", clientOptions{audio: 1, video: 1})
	require.NoError(t, b.join(clientOptions{}))
	require.Equal(t, codec.VP8, stats(s, "b").Up[1].Codec, "VP9 comes first, but a cannot decode it")
}

func TestAnotherOfferSaysWhatIsMuted(t *testing.T) {
	s, e := start(t, nil)
	a, b := pair(t, s, clientOptions{})
	hears(t, e, b, "a", sfu.Video)
	a.again(false, sfu.Video)
	require.True(t, stats(s, "a").Up[1].Muted)
	require.Eventually(t, func() bool { return s.Totals().Drops["muted"] > 0 }, wait, 5*time.Millisecond)
	a.again(false)
	hears(t, e, b, "a", sfu.Video)
}
