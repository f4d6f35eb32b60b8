package netcheck

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"kinwire/internal/pionlog"
	"kinwire/signaling/proto"
)

// media connects over one transport, as a call would.
func (c *checker) media(ctx context.Context, w way, check proto.NetCheck) Row {
	row := Row{What: w.what, Name: w.name, State: Absent, Detail: "the server does not offer it"}
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	servers := turnFor(w, check.ICEServers)
	if w.relay && len(servers) == 0 {
		return row
	}
	pc, up, err := c.connection(w, servers)
	if err != nil {
		return Row{What: w.what, Name: w.name, State: Failed, Detail: short(err)}
	}
	defer func() { _ = pc.GracefulClose() }()
	began := c.opt.Now()
	answer, err := c.negotiate(ctx, pc, check.ID)
	if err != nil {
		return Row{What: w.what, Name: w.name, State: Failed, Detail: short(err)}
	}
	sdp, left := only(w, answer)
	if left == 0 {
		return row
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		return Row{What: w.what, Name: w.name, State: Failed, Detail: "the answer cannot be used: " + short(err)}
	}
	select {
	case ok := <-up:
		if !ok {
			return Row{What: w.what, Name: w.name, State: Failed, Detail: "no answer on this way: it is blocked"}
		}
	case <-ctx.Done():
		return Row{What: w.what, Name: w.name, State: Failed, Detail: fmt.Sprintf("no connection within %v: it is blocked", c.opt.Timeout)}
	}
	return Row{What: w.what, Name: w.name, State: OK, Took: c.opt.Now().Sub(began), RTT: roundTrip(pc)}
}

// connection makes one that gathers for one transport only. up gets true when
// it stands, and false when it has failed.
func (c *checker) connection(w way, servers []webrtc.ICEServer) (*webrtc.PeerConnection, <-chan bool, error) {
	se := webrtc.SettingEngine{LoggerFactory: pionlog.New(slog.New(slog.DiscardHandler), slog.LevelDebug)}
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetIncludeLoopbackCandidate(c.opt.Loopback)
	if !w.relay && w.protocol == "tcp" {
		se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	}
	cfg := webrtc.Configuration{ICEServers: servers}
	if w.relay {
		se.SetRelayAcceptanceMinWait(0) // there is nothing better to wait for
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se)).NewPeerConnection(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("make a connection: %w", err)
	}
	up := make(chan bool, 4)
	tell := func(ok bool) {
		select {
		case up <- ok:
		default:
		}
	}
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			tell(true)
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			tell(false)
		}
	})
	if _, err := pc.CreateDataChannel("netcheck", nil); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make a data channel: %w", err), pc.Close())
	}
	return pc, up, nil
}

// errNoRelay says that TURN gave no address.
var errNoRelay = errors.New("no answer from TURN on this way: it is blocked")

// negotiate offers and gives the answer.
func (c *checker) negotiate(ctx context.Context, pc *webrtc.PeerConnection, id string) (string, error) {
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("make an offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return "", fmt.Errorf("take the own offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
	}
	local := pc.LocalDescription().SDP
	if pc.GetConfiguration().ICETransportPolicy == webrtc.ICETransportPolicyRelay && !strings.Contains(local, " typ relay") {
		return "", errNoRelay
	}
	var answer proto.NetCheckAnswer
	if err := c.call(ctx, http.MethodPost, "/v1/netcheck/"+id+"/offers", proto.NetCheckOffer{SDP: local}, &answer); err != nil {
		return "", err
	}
	return answer.SDP, nil
}

// only leaves of the server's candidates those of one transport, and says how
// many they are. TURN in front of them speaks UDP to the server.
func only(w way, sdp string) (string, int) {
	want := "udp"
	if !w.relay {
		want = w.protocol
	}
	var out []string
	left := 0
	for _, line := range strings.SplitAfter(sdp, "\n") {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasPrefix(line, "a=candidate:") {
			if !strings.EqualFold(fields[2], want) {
				continue
			}
			left++
		}
		out = append(out, line)
	}
	return strings.Join(out, ""), left
}

// turnFor picks the addresses of TURN over one transport (RFC 7065).
func turnFor(w way, list []proto.ICEServer) []webrtc.ICEServer {
	if !w.relay {
		return nil
	}
	var out []webrtc.ICEServer
	for _, s := range list {
		var urls []string
		for _, u := range s.URLs {
			if transportOf(u) == w.protocol {
				urls = append(urls, u)
			}
		}
		if len(urls) > 0 {
			out = append(out, webrtc.ICEServer{URLs: urls, Username: s.Username, Credential: s.Credential})
		}
	}
	return out
}

// transportOf is udp, tcp or tls; "" for what is no TURN.
func transportOf(address string) string {
	scheme, rest, _ := strings.Cut(address, ":")
	_, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	tcp := values.Get("transport") == "tcp"
	switch {
	case scheme == "turns":
		return "tls"
	case scheme == "turn" && tcp:
		return "tcp"
	case scheme == "turn":
		return "udp"
	}
	return ""
}

// roundTrip is that of the chosen path, by ICE's checks.
func roundTrip(pc *webrtc.PeerConnection) time.Duration {
	for _, s := range pc.GetStats() {
		if pair, ok := s.(webrtc.ICECandidatePairStats); ok && pair.Nominated && pair.CurrentRoundTripTime > 0 {
			return time.Duration(pair.CurrentRoundTripTime * float64(time.Second))
		}
	}
	return 0
}
