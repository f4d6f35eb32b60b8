package sdp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/sdp"
)

// client is a pion PeerConnection that offers, as our own clients do.
type client struct {
	*webrtc.PeerConnection
	version uint64
}

func newClient(t *testing.T) *client {
	t.Helper()
	m := &webrtc.MediaEngine{}
	require.NoError(t, m.RegisterDefaultCodecs())
	require.NoError(t, webrtc.ConfigureSimulcastExtensionHeaders(m))
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m)).NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pc.Close()) })
	return &client{PeerConnection: pc}
}

// sends adds a source, in the encodings of the RIDs when there are any.
func (c *client) sends(t *testing.T, mime, name string, rids ...string) {
	t.Helper()
	kind := webrtc.RTPCodecCapability{MimeType: mime}
	first := []string{""}
	if len(rids) > 0 {
		first = rids
	}
	var sender *webrtc.RTPSender
	for i, rid := range first {
		var options []func(*webrtc.TrackLocalStaticRTP)
		if rid != "" {
			options = append(options, webrtc.WithRTPStreamID(rid))
		}
		track, err := webrtc.NewTrackLocalStaticRTP(kind, name, "kinwire", options...)
		require.NoError(t, err)
		if i > 0 {
			require.NoError(t, sender.AddEncoding(track))
			continue
		}
		tr, err := c.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		require.NoError(t, err)
		sender = tr.Sender()
	}
}

func (c *client) slot(t *testing.T, kind webrtc.RTPCodecType) {
	t.Helper()
	_, err := c.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	require.NoError(t, err)
}

func (c *client) offer(t *testing.T) (string, *sdp.Offer) {
	t.Helper()
	offer, err := c.CreateOffer(nil)
	require.NoError(t, err)
	require.NoError(t, c.SetLocalDescription(offer))
	return offer.SDP, parse(t, offer.SDP)
}

// answer has the client apply what the server says.
func (c *client) answer(t *testing.T, text string, o *sdp.Offer, a sdp.Answer) {
	t.Helper()
	c.version++
	a.Version = c.version
	answer, err := o.Answer(a)
	require.NoError(t, err)
	checkAnswer(t, text, answer)
	require.NoError(t, c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}), answer)
	require.Equal(t, webrtc.SignalingStateStable, c.SignalingState())
}

// TestPionTakesAnswers has pion apply the answers to its own offers.
func TestPionTakesAnswers(t *testing.T) {
	full := func(t *testing.T, screen string) *client {
		c := newClient(t)
		c.sends(t, webrtc.MimeTypeOpus, "mic")
		c.sends(t, webrtc.MimeTypeVP8, "camera", "lo", "mid", "hi")
		c.sends(t, screen, "screen")
		c.slot(t, webrtc.RTPCodecTypeAudio)
		c.slot(t, webrtc.RTPCodecTypeVideo)
		_, err := c.CreateDataChannel("kinwire", nil)
		require.NoError(t, err)
		return c
	}
	for name, change := range map[string]func(*sdp.Answer){
		"all":    func(*sdp.Answer) {},
		"codecs": func(a *sdp.Answer) { a.Extensions = []string{sdp.URIMID} },
		"simulcast declined": func(a *sdp.Answer) {
			for mid, c := range a.Sections {
				c.RIDs = nil
				a.Sections[mid] = c
			}
		},
		"one encoding": func(a *sdp.Answer) {
			c := a.Sections["1"]
			c.RIDs = []string{"mid"}
			a.Sections["1"] = c
		},
		"first refused": func(a *sdp.Answer) { delete(a.Sections, "0") },
		"some refused":  func(a *sdp.Answer) { delete(a.Sections, "2"); delete(a.Sections, "4") },
		"no data":       func(a *sdp.Answer) { delete(a.Sections, "5") },
		"only data":     func(a *sdp.Answer) { a.Sections = map[string]sdp.Accepted{"5": {}} },
		"slots idle": func(a *sdp.Answer) {
			a.Sections["3"], a.Sections["4"] = sdp.Accepted{Inactive: true}, sdp.Accepted{Inactive: true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			// pion starts the sender of a refused section all the same, and
			// fails when it is of a codec that no other section names.
			screen := webrtc.MimeTypeVP8
			if name == "all" {
				screen = webrtc.MimeTypeH264
			}
			c := full(t, screen)
			text, o := c.offer(t)
			if name == "all" {
				keep(t, "pion", text)
			}
			require.Len(t, o.Sections, 6)
			require.Equal(t, []string{"lo", "mid", "hi"}, o.Sections[1].RIDs)
			require.True(t, o.Sections[2].Has(codec.H264))
			require.True(t, o.Sections[5].Data)
			a := acceptAll(o)
			change(&a)
			c.answer(t, text, o, a)
			for _, tr := range c.GetTransceivers() {
				accepted, ok := a.Sections[tr.Mid()]
				if !ok || accepted.Sends || accepted.Inactive {
					continue
				}
				got := tr.Sender().GetParameters().Codecs
				require.Equal(t, accepted.Codecs[0].PT, uint8(got[0].PayloadType))
				require.Equal(t, accepted.Codecs[0].Kind, codec.FromMime(got[0].MimeType))
			}
		})
	}
}

// TestPionRenegotiates: a client that needs more slots offers again.
func TestPionRenegotiates(t *testing.T) {
	c := newClient(t)
	c.sends(t, webrtc.MimeTypeOpus, "mic")
	c.slot(t, webrtc.RTPCodecTypeVideo)
	text, o := c.offer(t)
	ufrag := o.Ufrag
	c.answer(t, text, o, acceptAll(o))
	for n := 3; n <= 6; n++ {
		c.slot(t, webrtc.RTPCodecTypeVideo)
		text, o = c.offer(t)
		require.Len(t, o.Sections, n)
		require.Equal(t, ufrag, o.Ufrag)
		c.answer(t, text, o, acceptAll(o))
	}
	require.NoError(t, c.GetTransceivers()[0].Stop())
	text, o = c.offer(t)
	a := acceptAll(o)
	a.Sections = map[string]sdp.Accepted{}
	for i := range o.Sections {
		if s := &o.Sections[i]; s.Takes {
			a.Sections[s.MID] = slot(s, i)
		}
	}
	c.answer(t, text, o, a)
	require.Equal(t, 5, strings.Count(c.RemoteDescription().SDP, "a=sendonly\r\n"))
}

// TestPionReadsTransport: what stands in an answer for the transport is read as
// it was meant.
func TestPionReadsTransport(t *testing.T) {
	c := newClient(t)
	c.slot(t, webrtc.RTPCodecTypeAudio)
	text, o := c.offer(t)
	c.answer(t, text, o, acceptAll(o))
	ice := c.SCTP().Transport().ICETransport()
	require.Eventually(t, func() bool {
		remote, err := ice.GetRemoteParameters()
		return err == nil && remote.UsernameFragment == own.Ufrag && remote.Password == own.Pwd
	}, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, webrtc.ICERoleControlling, ice.Role())
	require.Equal(t, webrtc.ICETrickleCapabilitySupported, c.CanTrickleICECandidates())
}
