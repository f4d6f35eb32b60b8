//go:build linux

package main

import (
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
	"github.com/stretchr/testify/require"
)

// What Janus 1.1.2 has said, shortened.
const (
	saidAck      = `{"janus":"ack","session_id":7,"transaction":"%"}`
	saidUp       = `{"janus":"webrtcup","session_id":7,"sender":8}`
	saidSession  = `{"janus":"success","transaction":"%","data":{"id":3501172731181028}}`
	saidAttached = `{"janus":"event","session_id":7,"transaction":"%","sender":8,"plugindata":{"plugin":"janus.plugin.videoroom","data":{"videoroom":"attached","room":1}},"jsep":{"type":"offer","sdp":"v=0\r\n"}}`
	saidRefused  = `{"janus":"event","session_id":7,"transaction":"%","sender":8,"plugindata":{"plugin":"janus.plugin.videoroom","data":{"videoroom":"event","error_code":425,"error":"Already in as a subscriber on this handle"}}}`
	saidError    = `{"janus":"error","session_id":5,"transaction":"%","error":{"code":458,"reason":"No such session 5"}}`
)

// janusOffer is what Janus 1.1.2 offers a subscriber of sound and picture.
const janusOffer = `v=0
o=- 1795309711235280 1 IN IP4 192.0.2.2
s=VideoRoom 1
t=0 0
a=group:BUNDLE 0 1
a=ice-options:trickle
a=fingerprint:sha-256 AE:C7:F8:6D:67:CF:E7:DA:AD:85:9D:B0:E9:8D:B1:10:6A:42:E0:30:9F:FA:C6:B4:33:CB:F9:62:6C:43:F7:D2
a=extmap-allow-mixed
a=msid-semantic: WMS *
a=ice-lite
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 192.0.2.2
a=sendonly
a=mid:0
a=rtcp-mux
a=ice-ufrag:vxPy
a=ice-pwd:7PP/+Ul/gXwJYKemmuiaTR
a=ice-options:trickle
a=setup:actpass
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=fmtp:111 useinbandfec=1
a=msid:janus janus0
a=ssrc:206945508 cname:janus
a=candidate:1 1 udp 2015363327 192.0.2.2 34621 typ host
a=end-of-candidates
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 192.0.2.2
a=sendonly
a=mid:1
a=rtcp-mux
a=ice-ufrag:vxPy
a=ice-pwd:7PP/+Ul/gXwJYKemmuiaTR
a=ice-options:trickle
a=setup:actpass
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 transport-cc
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=ssrc-group:FID 1170694763 407103082
a=msid:janus janus1
a=ssrc:1170694763 cname:janus
a=ssrc:407103082 cname:janus
a=candidate:1 1 udp 2015363327 192.0.2.2 34621 typ host
a=end-of-candidates
`

func TestOfferOfJanusIsAnswered(t *testing.T) {
	a, err := readDescription(janusOffer, "actpass")
	require.NoError(t, err)
	require.Equal(t, netip.MustParseAddrPort("192.0.2.2:34621"), a.addr)
	require.Equal(t, "vxPy", a.ufrag)
	require.Equal(t, "7PP/+Ul/gXwJYKemmuiaTR", a.pwd)
	require.Equal(t, uint8(3), offeredTWCC(janusOffer))
	require.Zero(t, offeredTWCC("a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"))
	require.Equal(t, uint8(5), offeredTWCC("a=extmap:5/recvonly "+twccURI+"\r\n"))
	_, err = readDescription(janusOffer, "passive")
	require.ErrorContains(t, err, "actpass")

	answer := answerFor(janusOffer, credentials{ufrag: "mine", pwd: "secret", fingerprint: "AA:BB"}, netip.MustParseAddrPort("192.0.2.9:4000"))
	var offered, answered sdp.SessionDescription
	require.NoError(t, offered.UnmarshalString(strings.ReplaceAll(janusOffer, "\n", "\r\n")))
	require.NoError(t, answered.UnmarshalString(answer))
	group, _ := answered.Attribute("group")
	require.Equal(t, "BUNDLE 0 1", group)
	require.Len(t, answered.MediaDescriptions, 2)
	for i, m := range answered.MediaDescriptions {
		require.Equal(t, offered.MediaDescriptions[i].MediaName, m.MediaName)
		for key, want := range map[string]string{"ice-ufrag": "mine", "ice-pwd": "secret", "fingerprint": "sha-256 AA:BB", "setup": "active", "recvonly": "", "rtcp-mux": ""} {
			got, ok := m.Attribute(key)
			require.True(t, ok, key)
			require.Equal(t, want, got, key)
		}
		for _, not := range []string{"sendonly", "ssrc", "msid"} {
			_, ok := m.Attribute(not)
			require.False(t, ok, not)
		}
		for _, key := range []string{"mid", "extmap", "rtpmap", "fmtp", "rtcp-fb"} {
			require.Equal(t, values(offered.MediaDescriptions[i], key), values(m, key), key)
		}
	}
}

func values(m *sdp.MediaDescription, key string) []string {
	var out []string
	for _, a := range m.Attributes {
		if a.Key == key {
			out = append(out, a.Value)
		}
	}
	return out
}

func TestParseJanus(t *testing.T) {
	for said, want := range map[string]struct {
		last    bool
		refused string
	}{
		saidAck: {false, ""}, saidUp: {false, ""}, saidSession: {true, ""}, saidAttached: {true, ""},
		saidRefused: {true, "Already in as a subscriber"}, saidError: {true, "No such session 5"},
	} {
		r, last, err := parseJanus([]byte(said))
		require.NoError(t, err)
		require.Equal(t, want.last, last, said)
		if want.refused == "" {
			require.NoError(t, r.refused(), said)
		} else {
			require.ErrorContains(t, r.refused(), want.refused)
		}
	}
	_, _, err := parseJanus([]byte("{"))
	require.Error(t, err)
}

// speaking answers what is asked by the word of the request: lines, in which %
// is its transaction.
func speaking(t *testing.T, lines map[string][]string) *janusProcess {
	t.Helper()
	j := &janusProcess{folder: t.TempDir(), log: &tail{}, gone: make(chan struct{})}
	l, err := net.Listen("unixpacket", filepath.Join(j.folder, "api"))
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 1<<16)
		for {
			n, err := conn.Read(buf)
			if err != nil || n == 0 {
				_ = conn.Close()
				return
			}
			var r janusRequest
			if json.Unmarshal(buf[:n], &r) != nil {
				continue
			}
			word := r.Janus
			if r.Body != nil {
				word = r.Body.Request
			}
			for _, line := range lines[word] {
				_, _ = conn.Write([]byte(strings.ReplaceAll(line, "%", r.Transaction)))
			}
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return j
}

func TestDialogueWithJanus(t *testing.T) {
	j := speaking(t, map[string][]string{
		"ping":    {`{"janus":"pong","transaction":"%"}`},
		"create":  {saidSession},
		"join":    {saidAck, saidUp, saidAttached},
		"start":   {saidAck, saidRefused},
		"destroy": {saidError},
	})
	api, err := dialJanus(t.Context(), j, joinLimit)
	require.NoError(t, err)
	g, err := (&janus{api: api}).guest(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(3501172731181028), g.session)
	r, err := g.tell(t.Context(), 8, roomAsked{Request: "join"}, nil, "attached")
	require.NoError(t, err)
	require.Equal(t, &jsep{Type: "offer", SDP: "v=0\r\n"}, r.JSEP)
	_, err = g.tell(t.Context(), 8, roomAsked{Request: "join"}, nil, "joined")
	require.ErrorContains(t, err, `"attached" instead of "joined"`)
	_, err = g.tell(t.Context(), 8, roomAsked{Request: "start"}, nil, "event")
	require.ErrorContains(t, err, "code 425")
	_, err = api.ask(t.Context(), janusRequest{Janus: "destroy", Session: 5})
	require.ErrorContains(t, err, "No such session 5")
	_, err = g.tell(t.Context(), 8, roomAsked{Request: "x"}, &jsep{SDP: strings.Repeat("x", janusLimit)}, "")
	require.ErrorContains(t, err, "8191 at most")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = api.ask(ctx, janusRequest{Janus: "says nothing"})
	require.ErrorIs(t, err, context.Canceled)
	api.close()
	_, err = api.ask(t.Context(), janusRequest{Janus: "create"})
	require.Error(t, err)
}

func TestNobodyAnswersForJanus(t *testing.T) {
	j := &janusProcess{folder: t.TempDir(), log: &tail{}, gone: make(chan struct{})}
	_, _ = j.log.Write([]byte("its last words"))
	close(j.gone)
	_, err := dialJanus(t.Context(), j, joinLimit)
	require.ErrorIs(t, err, errDeaf)
	require.ErrorContains(t, err, "its last words")
}

func TestTailKeepsTheEnd(t *testing.T) {
	var log tail
	for range 3 {
		n, err := log.Write([]byte(strings.Repeat("x", tailSize-2) + "end"))
		require.NoError(t, err)
		require.Equal(t, tailSize+1, n)
	}
	require.Len(t, log.String(), tailSize)
	require.True(t, strings.HasSuffix(log.String(), "xend"))
}

// A call through Janus itself, where it is installed: the same figures as
// ours, but for those that only our own server tells.
func TestJanusEndToEnd(t *testing.T) {
	if _, err := exec.LookPath("janus"); err != nil {
		t.Skip("there is no Janus on this machine")
	}
	if _, err := hostAddress(); err != nil {
		t.Skip(err)
	}
	s := shape{Name: "tiny", Title: "a call of 3 with a listener", Rooms: 1, Senders: 3, Receivers: 1, Media: []media{sound, smallPicture}}
	o := tiny()
	o.feedback = 0
	r, err := measureServer(t.Context(), s, "janus", o)
	require.NoError(t, err)
	r.Ratio = 1
	checkResult(t, r)
	require.NotEmpty(t, r.Server.Version)
	require.Len(t, r.Server.Joins, s.participants())
	require.Len(t, r.Server.Firsts, 1)
	require.Len(t, r.Server.Keys, 1)
	require.Positive(t, r.Server.CPUPerJoin)
	require.Greater(t, r.Server.RSS, r.Server.RSSBefore)
	require.Positive(t, r.Server.Threads)
	require.Nil(t, r.Server.Totals)
}
