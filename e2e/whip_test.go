package e2e

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/client/media"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// tool is a program that speaks WHIP or WHEP and knows nothing else of
// Kinwire: plain pion and plain HTTP.
type tool struct {
	t        testing.TB
	http     *http.Client
	pc       *webrtc.PeerConnection
	token    string
	location string
	tag      string
	answer   string
	stamps   map[proto.SourceKind]*atomic.Int64 // packets with a stamp that have come
}

func newTool(t testing.TB, s *kinwire.Server, token string) *tool {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	p := &tool{t: t, http: s.HTTP, pc: pc, token: token, stamps: map[proto.SourceKind]*atomic.Int64{proto.SourceAudio: {}, proto.SourceVideo: {}}}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			q, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if _, ok := media.ParseStamp(q.Payload); ok {
				p.stamps[proto.SourceKind(track.Kind().String())].Add(1)
			}
		}
	})
	return p
}

// pipe is a track as a source sees it.
type pipe struct {
	track *webrtc.TrackLocalStaticRTP
	seq   uint16
}

func (p *pipe) WriteRTP(q *rtp.Packet) error {
	c := *q
	c.Version, c.SequenceNumber = 2, p.seq
	p.seq++
	return p.track.WriteRTP(&c)
}

// sends adds a microphone, as sendonly, and a camera, as sendrecv: tools do
// both.
func (p *tool) sends(ctx context.Context) {
	p.t.Helper()
	video, err := media.NewVP8(media.VP8Config{FPS: 20})
	require.NoError(p.t, err)
	for mime, src := range map[string]client.Source{webrtc.MimeTypeOpus: media.NewOpus(media.OpusConfig{Noise: true}), webrtc.MimeTypeVP8: video} {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, string(src.Kind()), "tool")
		require.NoError(p.t, err)
		direction := webrtc.RTPTransceiverDirectionSendonly
		if src.Kind() == proto.SourceVideo {
			direction = webrtc.RTPTransceiverDirectionSendrecv
		}
		tr, err := p.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: direction})
		require.NoError(p.t, err)
		go func() {
			for {
				list, _, err := tr.Sender().ReadRTCP()
				if err != nil {
					return
				}
				for _, q := range list {
					switch q.(type) {
					case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
						src.KeyFrame()
					}
				}
			}
		}()
		go func() { _ = src.Run(ctx, &pipe{track: track}) }()
	}
}

// receives adds two receive slots.
func (p *tool) receives() {
	p.t.Helper()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		_, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		require.NoError(p.t, err)
	}
}

// ask sends one HTTP request.
func (p *tool) ask(method, address, token, contentType, body string, header ...string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(body))
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := p.http.Do(req)
	require.NoError(p.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	return res, string(text)
}

const fragmentType = "application/trickle-ice-sdpfrag"

func (p *tool) patch(body, match string) (*http.Response, string) {
	p.t.Helper()
	return p.ask(http.MethodPatch, p.location, p.token, fragmentType, body, "If-Match", match)
}

// offer makes an offer with all its candidates.
func (p *tool) offer(restart bool) string {
	p.t.Helper()
	offer, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	require.NoError(p.t, err)
	gathered := webrtc.GatheringCompletePromise(p.pc)
	require.NoError(p.t, p.pc.SetLocalDescription(offer))
	select {
	case <-gathered:
	case <-p.t.Context().Done():
		p.t.Fatal("gathering does not end")
	}
	return p.pc.LocalDescription().SDP
}

func (p *tool) take(answer string) {
	p.t.Helper()
	p.answer = answer
	require.NoError(p.t, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// start is the POST; want is the direction of each section of the answer.
func (p *tool) start(endpoint, want string) {
	p.t.Helper()
	res, answer := p.ask(http.MethodPost, endpoint, p.token, "application/sdp", p.offer(false))
	require.Equal(p.t, http.StatusCreated, res.StatusCode, answer)
	require.Equal(p.t, "application/sdp", res.Header.Get("Content-Type"))
	require.Equal(p.t, "no-store", res.Header.Get("Cache-Control"))
	require.NotEmpty(p.t, res.Header.Values("Link"))
	require.Contains(p.t, res.Header.Get("Link"), `rel="ice-server"`)
	for _, direction := range regexp.MustCompile(`(?m)^a=(sendrecv|sendonly|recvonly|inactive)\r?$`).FindAllStringSubmatch(answer, -1) {
		require.Equal(p.t, want, direction[1], answer)
	}
	at, err := url.Parse(endpoint)
	require.NoError(p.t, err)
	at, err = at.Parse(res.Header.Get("Location"))
	require.NoError(p.t, err)
	p.location, p.tag = at.String(), res.Header.Get("ETag")
	require.NotEmpty(p.t, p.tag)
	p.take(answer)
	p.connected()
}

func (p *tool) connected() {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected }, time.Minute, 5*time.Millisecond, "the tool connects")
}

var credential = regexp.MustCompile(`(?m)^a=(ice-ufrag|ice-pwd):([^\r\n]+)`)

// credentials are the first of each in an SDP or a fragment.
func credentials(text string) map[string]string {
	found := map[string]string{}
	for _, m := range credential.FindAllStringSubmatch(text, -1) {
		if found[m[1]] == "" {
			found[m[1]] = m[2]
		}
	}
	return found
}

// restart restarts ICE by PATCH, as RFC 9725 has it in section 4.3.3.
func (p *tool) restart() {
	p.t.Helper()
	mine := credentials(p.offer(true))
	res, body := p.patch("a=ice-ufrag:"+mine["ice-ufrag"]+"\r\na=ice-pwd:"+mine["ice-pwd"]+"\r\n", "*")
	require.Equal(p.t, http.StatusOK, res.StatusCode, body)
	require.Equal(p.t, fragmentType, res.Header.Get("Content-Type"))
	require.NotEqual(p.t, p.tag, res.Header.Get("ETag"))
	old, theirs := credentials(p.answer), credentials(body)
	require.NotEqual(p.t, old["ice-ufrag"], theirs["ice-ufrag"], body)
	require.NotEqual(p.t, old["ice-pwd"], theirs["ice-pwd"], body)
	p.tag = res.Header.Get("ETag")
	p.take(credential.ReplaceAllStringFunc(p.answer, func(line string) string {
		name := credential.FindStringSubmatch(line)[1]
		return "a=" + name + ":" + theirs[name]
	}))
	p.connected()
}

// hears waits until n more packets of each kind have come.
func (p *tool) hears(n int64) {
	p.t.Helper()
	for kind, count := range p.stamps {
		from := count.Load()
		require.Eventually(p.t, func() bool { return count.Load() >= from+n }, time.Minute, 10*time.Millisecond, "%s after %d packets", kind, from)
	}
}

// TestWHIPToWHEP: mia sends by WHIP, leo receives by WHEP, both by programs
// that know only HTTP.
func TestWHIPToWHEP(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	ctx := limit(t)
	mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
	entered, err := mia.Invite(ctx, true, leo.Me().ID)
	require.NoError(t, err)
	id := entered.Call.CallID
	_, err = leo.MediaToken(ctx, id)
	var refused *proto.Error
	require.ErrorAs(t, err, &refused, "it rings still")
	require.Equal(t, proto.CodeWrongState, refused.Code)
	_, err = leo.Accept(ctx, id)
	require.NoError(t, err)

	mias, err := mia.MediaToken(ctx, id)
	require.NoError(t, err)
	leos, err := leo.MediaToken(ctx, id)
	require.NoError(t, err)
	require.Equal(t, s.URL+"/v1/whip", mias.WHIPURL)
	sender, receiver := newTool(t, s, mias.Token), newTool(t, s, leos.Token)
	sender.sends(ctx)
	sender.start(mias.WHIPURL, "recvonly")
	receiver.receives()
	receiver.start(leos.WHEPURL, "sendonly")
	receiver.hears(40)

	// Leo's session is told who is on the slots of the program.
	slots, err := client.Await(ctx, leo.events, func(m proto.MediaSlots) bool { return len(m.Slots) == 2 })
	require.NoError(t, err)
	for _, slot := range slots.Slots {
		require.Equal(t, entered.Call.You, slot.ParticipantID)
	}
	// And mia's session has its hand on the media.
	require.NoError(t, mia.Mute(ctx, id, proto.SourceVideo, true))
	require.NoError(t, mia.Mute(ctx, id, proto.SourceVideo, false))
	receiver.hears(20)

	for _, p := range []*tool{sender, receiver} {
		mine := credentials(p.pc.LocalDescription().SDP)
		res, body := p.patch("a=ice-ufrag:"+mine["ice-ufrag"]+"\r\na=ice-pwd:"+mine["ice-pwd"]+"\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", p.tag)
		require.Equal(t, http.StatusNoContent, res.StatusCode, body)
		was := p.tag
		p.restart()
		res, _ = p.patch("a=end-of-candidates\r\n", was)
		require.Equal(t, http.StatusPreconditionFailed, res.StatusCode)
		receiver.hears(40)
	}

	// Nobody but mia's token reaches mia's media.
	for token, status := range map[string]int{leos.Token: http.StatusNotFound, "wrong": http.StatusUnauthorized} {
		res, _ := sender.ask(http.MethodDelete, sender.location, token, "", "")
		require.Equal(t, status, res.StatusCode)
	}
	receiver.hears(20)

	res, _ := sender.ask(http.MethodDelete, sender.location, mias.Token, "", "")
	require.Equal(t, http.StatusOK, res.StatusCode)
	_, err = client.Await(ctx, leo.events, func(e proto.ParticipantEvent) bool {
		return e.Participant.ID == entered.Call.You && e.Participant.Phase == proto.ParticipantLeft
	})
	require.NoError(t, err)
	res, _ = sender.ask(http.MethodDelete, sender.location, mias.Token, "", "")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	res, _ = sender.ask(http.MethodPost, mias.WHIPURL, mias.Token, "application/sdp", sender.pc.LocalDescription().SDP)
	require.Equal(t, http.StatusUnauthorized, res.StatusCode, "who has left asks again")

	// The call goes on, and mia comes back by the app.
	mia.join(t, ctx, entered, client.MediaOptions{})
	receiver.hears(20)
	require.NoError(t, mia.call.Hangup(ctx))
	_, err = client.Await(ctx, leo.events, func(e proto.CallState) bool { return e.Call.Phase == proto.PhaseEnded })
	require.NoError(t, err)
	res, _ = receiver.patch("a=end-of-candidates\r\n", receiver.tag)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
}
