package signaling_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
)

// The desk gives seats to everybody, and takes no media; TestWHIP… run on the
// real calls.
func (d *desk) Seat(who signaling.Who, callID string) (calls.Seat, error) {
	d.note(who, "seat "+callID)
	return calls.Seat{}, nil
}

func (d *desk) SeatHolds(calls.Seat) bool { return true }

func (d *desk) SeatServers(calls.Seat) []proto.ICEServer { return nil }

func (d *desk) SeatJoin(context.Context, calls.Seat, string, []proto.Source) (calls.Seat, proto.CallJoined, error) {
	return calls.Seat{}, proto.CallJoined{}, fmt.Errorf("the desk takes no media")
}

func (d *desk) SeatRestart(context.Context, calls.Seat, string) (string, error) {
	return "", fmt.Errorf("the desk has no media")
}

func (d *desk) SeatLeave(context.Context, calls.Seat) error { return nil }

// plane is a media plane without media. It names what it is asked with the
// offer or fragment it was given.
type plane struct {
	mu      sync.Mutex
	peers   map[string]calls.MediaJoin // by participant
	log     []string
	refuse  error         // of Join and Restart
	hold    chan struct{} // Join waits for it
	holding chan struct{} // and says so here
}

func (m *plane) Join(ctx context.Context, j calls.MediaJoin) (calls.MediaAnswer, error) {
	m.mu.Lock()
	hold, refused := m.hold, m.refuse
	m.mu.Unlock()
	if hold != nil {
		m.holding <- struct{}{}
		select {
		case <-hold:
		case <-ctx.Done():
			return calls.MediaAnswer{}, ctx.Err()
		}
	}
	if refused != nil {
		return calls.MediaAnswer{}, refused
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peers[j.ParticipantID] = j
	m.log = append(m.log, "join")
	return calls.MediaAnswer{SDP: "answer to " + j.SDP, Slots: proto.MediaSlots{CallID: j.CallID, Rev: 1}}, nil
}

func (m *plane) Offer(_ context.Context, j calls.MediaJoin) (calls.MediaAnswer, error) {
	return calls.MediaAnswer{SDP: "answer to " + j.SDP}, nil
}

func (m *plane) Restart(_ context.Context, _, participantID, fragment string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.peers[participantID]; !ok {
		return "", fmt.Errorf("restart: there is no such peer")
	}
	if m.refuse != nil {
		return "", m.refuse
	}
	m.log = append(m.log, "restart")
	return "a=ice-lite\r\na=answer:" + fragment, nil
}

func (m *plane) Mute(string, string, proto.SourceKind, bool) error { return nil }

func (m *plane) Leave(_, participantID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, participantID)
}

func (m *plane) EndCall(string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.peers)
}

func (m *plane) of(participantID string) (calls.MediaJoin, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, ok := m.peers[participantID]
	return j, ok
}

func (m *plane) done() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.log...)
}

func (m *plane) set(f func(m *plane)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m)
}

// servers is TURN with a name for each person in each call.
type servers struct{}

func (servers) ICEServers(userID, callID string) []proto.ICEServer {
	return []proto.ICEServer{
		{URLs: []string{"stun:192.0.2.1:3478"}},
		{URLs: []string{"turn:192.0.2.1:3478?transport=udp"}, Username: userID, Credential: "secret of " + userID},
	}
}

type yes struct{}

func (yes) Meet(context.Context, string, []string) (proto.CallTerms, error) {
	return proto.CallTerms{}, nil
}

func (yes) Pairs(context.Context, []string) ([][2]string, error) { return nil, nil }

type unseen struct{}

func (unseen) CallStarted(string, bool, time.Time)                               {}
func (unseen) ParticipantJoined(string, string, string, proto.Device, time.Time) {}
func (unseen) ParticipantLeft(string, string, proto.Reason, time.Time)           {}
func (unseen) ClientReport(string, string, proto.StatsReport, time.Time)         {}
func (unseen) CallEvent(string, string, string, string, string, time.Time)       {}
func (unseen) CallEnded(string, proto.Reason, time.Time)                         {}

// callHouse is a house with the real calls and people in one of them.
type callHouse struct {
	*house
	calls *calls.Service
	media *plane
	call  string
	id    map[string]string // participants
	peers map[string]*peer
	next  map[string]uint64 // request ids

	mu    sync.Mutex
	later time.Duration // that the clock is ahead
}

func (h *callHouse) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.later)
}

func (h *callHouse) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.later += d
}

// newCallHouse brings ann and ben into a call; cleo is only signed in.
func newCallHouse(t *testing.T, set func(*signaling.Config)) *callHouse {
	h := &callHouse{media: &plane{peers: map[string]calls.MediaJoin{}, holding: make(chan struct{}, 1)}, id: map[string]string{}, peers: map[string]*peer{}, next: map[string]uint64{}}
	t.Cleanup(func() { require.NoError(t, h.calls.Close(context.Background())) })
	h.house = newHouseWith(t, set, func(house *house) *calls.Service {
		h.calls = calls.New(calls.Config{RingTimeout: time.Minute, AloneTimeout: time.Minute, LostTimeout: time.Minute, MaxParticipants: 4}, calls.Deps{
			Media: h.media, People: house.kin, Policy: yes{}, ICE: servers{}, Notify: house.hub, Observer: unseen{},
		})
		return h.calls
	}, h.now)
	for _, user := range []string{"ann", "ben", "cleo"} {
		h.peers[user], _ = h.enter(user)
		h.next[user] = 2
	}
	h.ring()
	return h
}

func (h *callHouse) ring() {
	entered := as[proto.CallEntered](h.t, h.request("ann", proto.TypeCallInvite, proto.CallInvite{To: []string{"ben"}, Video: true}))
	h.call = entered.Call.CallID
	require.Nil(h.t, h.request("ben", proto.TypeCallAccept, proto.CallRef{CallID: h.call}).Error)
	for _, p := range entered.Call.Participants {
		h.id[p.Person.ID] = p.ID
	}
}

// request asks over the WebSocket.
func (h *callHouse) request(user, typ string, data any) proto.Message {
	h.t.Helper()
	id := h.next[user]
	h.next[user]++
	h.peers[user].ask(id, typ, data)
	return h.peers[user].reply(id)
}

func (h *callHouse) ask(user, typ string) {
	h.t.Helper()
	require.Nil(h.t, h.request(user, typ, proto.CallRef{CallID: h.call}).Error)
}

// token asks for a token for media over HTTP.
func (h *callHouse) token(user string) string {
	h.t.Helper()
	m := h.request(user, proto.TypeMediaToken, proto.CallRef{CallID: h.call})
	require.Nil(h.t, m.Error)
	return as[proto.MediaToken](h.t, m).Token
}

// send is one HTTP request, with headers as "Name: value".
func (h *callHouse) send(method, path, token, contentType, body string, headers ...string) answer {
	h.t.Helper()
	all := map[string]string{}
	if token != "" {
		all["Authorization"] = "Bearer " + token
	}
	if contentType != "" {
		all["Content-Type"] = contentType
	}
	for i := 0; i < len(headers); i += 2 {
		all[headers[i]] = headers[i+1]
	}
	return h.fetch(method, path, body, all)
}

const (
	sdpType      = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"

	sendOffer    = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendonly\r\n"
	receiveOffer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=recvonly\r\n"
	restart      = "a=ice-ufrag:efgh\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\n"
	candidates   = "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
)

// started is media that runs over HTTP.
type started struct {
	token, location, tag string
}

func (h *callHouse) start(user, page, offer string) started {
	h.t.Helper()
	token := h.token(user)
	return h.startWith(token, page, offer)
}

func (h *callHouse) startWith(token, page, offer string) started {
	h.t.Helper()
	a := h.send(http.MethodPost, page, token, sdpType, offer)
	require.Equal(h.t, http.StatusCreated, a.StatusCode, a.body)
	return started{token, a.Header.Get("Location"), a.Header.Get("ETag")}
}

func (h *callHouse) patch(s started, body, match string) answer {
	h.t.Helper()
	return h.send(http.MethodPatch, s.location, s.token, fragmentType, body, "If-Match", match)
}

// gone holds media to being gone for its token.
func (h *callHouse) gone(s started) {
	h.t.Helper()
	h.patch(s, restart, "*").refusedWith(h.t, 404, proto.CodeNotFound)
	h.send(http.MethodDelete, s.location, s.token, "", "").refusedWith(h.t, 404, proto.CodeNotFound)
}
