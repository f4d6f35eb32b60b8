package calls

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testConfig = Config{
	RingTimeout: 45 * time.Second, AloneTimeout: 30 * time.Second, LostTimeout: 20 * time.Second, MaxParticipants: 16,
	Warning: 5 * time.Minute, HistoryRetention: 90 * 24 * time.Hour,
}

// house is a service with everybody around it: a media plane that keeps
// count of its peers, a hub that keeps what each session was sent, and a
// record.
type house struct {
	*Service
	hub    *hub
	media  *plane
	record *record
	policy *rules
	books  *books

	onPerson func(id string) // when somebody is looked up
	gone     bool            // the person "unknown" is no more
}

func newHouse(cfg Config) *house {
	h := &house{
		hub:    &hub{sessions: map[string][]string{}, got: map[string][]message{}},
		media:  &plane{peers: map[string]map[string]bool{}},
		record: &record{calls: map[string]*recorded{}},
		policy: &rules{},
		books:  &books{waits: map[string]bool{}, woken: map[string]int{}},
	}
	h.Service = New(cfg, Deps{
		Media: h.media, People: h, Policy: h.policy, ICE: h, Notify: h.hub, Observer: h.record,
		Settings: h.books, Push: h.books, History: h.books, Talk: h.books,
	})
	h.hub.inCall = h.InCall
	return h
}

// inHouse runs a test with a clock of its own that goes as fast as it can.
func inHouse(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(testConfig)
		f(t, h)
		require.NoError(t, h.Close(t.Context()))
		require.NoError(t, h.audit())
	})
}

func (h *house) Person(_ context.Context, id string) (proto.Person, error) {
	if h.onPerson != nil {
		h.onPerson(id)
	}
	if id == "unknown" && h.gone {
		return proto.Person{}, &proto.Error{Code: proto.CodeNotFound, Message: "nobody"}
	}
	return proto.Person{ID: id, Name: "name of " + id}, nil
}

func (h *house) ICEServers(userID, callID string) []proto.ICEServer {
	return []proto.ICEServer{{URLs: []string{"turn:x"}, Username: userID + "/" + callID}}
}

// audit checks what must hold when all is over.
func (h *house) audit() error {
	if err := h.media.audit(); err != nil {
		return err
	}
	if err := h.record.audit(); err != nil {
		return err
	}
	if err := h.books.audit(); err != nil {
		return err
	}
	return h.hub.audit()
}

// on is the person with one of their devices: "ana", "ana/2".
func (h *house) on(user string, device ...int) Who {
	n := 1
	if len(device) > 0 {
		n = device[0]
	}
	w := Who{UserID: user, SessionID: fmt.Sprintf("%s/%d", user, n), Device: proto.Device{Model: fmt.Sprint("phone ", n)}}
	h.hub.connect(w)
	return w
}

// plane is a media plane without media.
type plane struct {
	mu     sync.Mutex
	peers  map[string]map[string]bool
	mutes  []string
	wrong  []string // what should never have been asked of it
	onJoin func(j MediaJoin) error
	// onRestart says what becomes of a restart of somebody the plane has.
	onRestart func(fragment string) (string, error)
	onOff     func(callID, participantID string)
	onMute    func() error
}

func (m *plane) Join(_ context.Context, j MediaJoin) (MediaAnswer, error) {
	if m.onJoin != nil {
		if err := m.onJoin(j); err != nil {
			return MediaAnswer{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.peers[j.CallID] == nil {
		m.peers[j.CallID] = map[string]bool{}
	}
	if m.peers[j.CallID][j.ParticipantID] {
		m.wrong = append(m.wrong, "joined twice: "+j.ParticipantID)
	}
	m.peers[j.CallID][j.ParticipantID] = true
	return MediaAnswer{SDP: "answer to " + j.SDP, Slots: proto.MediaSlots{CallID: j.CallID, Rev: 1}}, nil
}

func (m *plane) Offer(_ context.Context, j MediaJoin) (MediaAnswer, error) {
	return MediaAnswer{SDP: "answer to " + j.SDP, Slots: proto.MediaSlots{CallID: j.CallID, Rev: 2}}, nil
}

func (m *plane) Mute(callID, participantID string, kind proto.SourceKind, muted bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onMute != nil {
		return m.onMute()
	}
	m.mutes = append(m.mutes, fmt.Sprint(kind, muted))
	return nil
}

func (m *plane) Leave(callID, participantID string) {
	m.mu.Lock()
	delete(m.peers[callID], participantID)
	m.mu.Unlock()
	if m.onOff != nil {
		m.onOff(callID, participantID)
	}
}

func (m *plane) EndCall(callID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, callID)
}

func (m *plane) has(callID, participantID string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.peers[callID][participantID]
}

func (m *plane) audit() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.wrong) > 0 {
		return fmt.Errorf("media: %v", m.wrong)
	}
	for call := range m.peers {
		return fmt.Errorf("media: call %s was never ended: %v", call, m.peers[call])
	}
	return nil
}

type message struct {
	typ  string
	data any
}

// hub keeps what was sent, by session.
type hub struct {
	mu       sync.Mutex
	sessions map[string][]string
	got      map[string][]message
	open     map[string]bool // "user call": rung, and not told yet that it is over; false: told
	wrong    []string
	presence map[string]bool
	inCall   func(userID string) bool
}

func (h *hub) connect(w Who) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.sessions[w.UserID], w.SessionID) {
		h.sessions[w.UserID] = append(h.sessions[w.UserID], w.SessionID)
	}
}

func (h *hub) note(userID, typ string, data any) {
	if h.open == nil {
		h.open = map[string]bool{}
	}
	if d, ok := data.(proto.CallState); ok && d.Call.Phase == proto.PhaseEnded && d.Call.Reason != proto.ReasonElsewhere {
		who := userID + " " + d.Call.CallID
		if open, known := h.open[who]; known && !open {
			h.wrong = append(h.wrong, who)
		}
		h.open[who] = false
	}
	if d, ok := data.(proto.CallIncoming); ok {
		h.open[userID+" "+d.Call.CallID] = true
	}
}

func (h *hub) send(sessions []string, typ string, data any) {
	for _, s := range sessions {
		h.got[s] = append(h.got[s], message{typ, data})
	}
}

func (h *hub) ToUser(userID, typ string, data any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(userID, typ, data)
	h.send(h.sessions[userID], typ, data)
}

func (h *hub) ToSession(sessionID, typ string, data any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for user, sessions := range h.sessions {
		if slices.Contains(sessions, sessionID) {
			h.note(user, typ, data)
		}
	}
	h.send([]string{sessionID}, typ, data)
}

func (h *hub) ToOthers(userID, except, typ string, data any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(userID, typ, data)
	for _, s := range h.sessions[userID] {
		if s != except {
			h.send([]string{s}, typ, data)
		}
	}
}

func (h *hub) PresenceChanged(userID string) {
	in := h.inCall(userID) // calls back, as the real one does
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.presence == nil {
		h.presence = map[string]bool{}
	}
	h.presence[userID] = in
}

// drain returns, in short words, what a device was sent since the last time:
// "incoming", "connecting", "ended hangup", "ben joined", "slots 3".
func (h *hub) drain(w Who) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, m := range h.got[w.SessionID] {
		out = append(out, words(m))
	}
	delete(h.got, w.SessionID)
	return out
}

func words(m message) string {
	switch d := m.data.(type) {
	case proto.CallIncoming:
		return "incoming"
	case proto.CallState:
		if d.Call.Reason != "" {
			return string(d.Call.Phase) + " " + string(d.Call.Reason)
		}
		return string(d.Call.Phase)
	case proto.ParticipantEvent:
		s := d.Participant.Person.ID + " " + string(d.Participant.Phase)
		if d.Participant.Reason != "" {
			s += " " + string(d.Participant.Reason)
		}
		for _, source := range d.Participant.Sources {
			if source.Muted {
				s += " without " + string(source.Kind)
			}
		}
		return s
	case proto.CallWarning:
		return "warning " + string(d.Reason)
	case proto.MediaSlots:
		return fmt.Sprint("slots ", d.Rev)
	default:
		return fmt.Sprintf("%s %T", m.typ, m.data)
	}
}

func (h *hub) audit() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.wrong) > 0 {
		return fmt.Errorf("hub: told twice that it is over: %v", h.wrong)
	}
	for who, rings := range h.open {
		if rings {
			return fmt.Errorf("hub: rang, and was never told that it is over: %s", who)
		}
	}
	for user, in := range h.presence {
		if in {
			return fmt.Errorf("hub: %s is still shown as in a call", user)
		}
	}
	return nil
}
