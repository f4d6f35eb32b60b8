package stage

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"kinwire/client"
	"kinwire/client/impair"
	"kinwire/client/impair/lab"
	"kinwire/client/rehearse"
	"kinwire/signaling/proto"
)

// The states of a participant, as reports show them.
const (
	stateIdle    = "idle"
	stateCalling = "calling"
	stateRinging = "ringing"
	stateInCall  = "in call"
	stateAway    = "away"
	stateEnded   = "ended"
)

// actor is one participant: a device of a person.
type actor struct {
	run  *run
	name string
	part rehearse.Participant
	host *lab.Host // nil: this machine's own network
	jobs *jobs

	mu        sync.Mutex
	me        proto.Person
	token     string
	session   *client.Session
	listening sync.WaitGroup
	life      context.Context // of the session
	die       context.CancelFunc
	state     string
	ringing   string // id of the call that rings here
	callID    string // of the call that this device is in, or was before it vanished
	you       string // participant id in it
	entered   proto.CallEntered
	call      *client.Call // nil: no media
	isUp      bool
	inCall    bool // the server says so
	upAt      time.Time
	ups       int
	ends      []time.Time
	level     string // of the connection, as the server judges it
	sentBytes map[string]uint64
	sentAt    time.Time
	hears     *hearings
}

func newActor(r *run, p rehearse.Participant) (*actor, error) {
	a := &actor{run: r, name: p.Name, part: p, state: stateIdle, jobs: newJobs(), hears: newHearings()}
	if r.lab == nil || !r.networked(p) {
		return a, nil
	}
	profile := impair.Profile{Name: "none"}
	if p.Net.Profile != nil {
		profile = *p.Net.Profile
	}
	host, err := r.lab.Attach(p.Name, profile)
	if err != nil {
		return nil, fmt.Errorf("%s: make the network: %w", p.Name, err)
	}
	a.host = host
	return a, nil
}

// networked says whether a participant needs a network of their own.
func (r *run) networked(p rehearse.Participant) bool {
	return p.Net.Profile != nil || slices.ContainsFunc(r.script.Steps, func(s rehearse.Step) bool {
		return s.Who == p.Name && (s.Do == "network" || s.Do == "move" || s.Do == "outage")
	})
}

// password of an account, out of the environment.
func password(l rehearse.Login) (string, error) {
	if p := os.Getenv(l.PasswordEnv); p != "" {
		return p, nil
	}
	if l.PasswordEnv == "" || l.PasswordEnv == rehearse.DefaultPasswordEnv {
		return rehearse.DemoPassword, nil
	}
	return "", fmt.Errorf("the environment has no %s, which is to hold the password of %s", l.PasswordEnv, l.User)
}

// signIn logs in and opens the session.
func (a *actor) signIn(ctx context.Context) error {
	if a.token == "" {
		secret, err := password(a.part.Login)
		if err != nil {
			return err
		}
		in, err := a.run.httpFor(a).Login(ctx, a.part.Login.User, secret, a.device())
		if err != nil {
			return err
		}
		a.token, a.me = in.Token, in.Me
	}
	return a.dial(ctx)
}

func (a *actor) device() proto.Device { return proto.Device{App: "kincall", Model: "rehearsal"} }

// dial opens the session and listens to it.
func (a *actor) dial(ctx context.Context) error {
	h := a.run.httpFor(a)
	s, err := client.Dial(ctx, client.Options{BaseURL: h.BaseURL, Token: a.token, Device: a.device(), HTTPClient: h.Client, Log: a.run.log})
	if err != nil {
		return err
	}
	life, die := context.WithCancel(context.Background())
	events := s.Events()
	a.mu.Lock()
	a.session, a.life, a.die = s, life, die
	a.mu.Unlock()
	a.setState(a.stateNow())
	for _, c := range s.Welcome().Calls {
		a.onCall(c)
	}
	a.listening.Go(func() { a.listen(events) })
	return nil
}

// within gives a context for what this device does: it ends with the session,
// unless the device is to come back.
func (a *actor) within(ctx context.Context, s rehearse.Step) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	if s.Do == "back" {
		return ctx, cancel
	}
	a.mu.Lock()
	life := a.life
	a.mu.Unlock()
	stop := context.AfterFunc(life, cancel)
	return ctx, func() { stop(); cancel() }
}

// vanishes ends what the device is at: whoever vanishes finishes nothing.
func (a *actor) vanishes() {
	a.mu.Lock()
	die := a.die
	a.mu.Unlock()
	die()
}

// stateNow is the state of a device that has just come.
func (a *actor) stateNow() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.ends) > 0 {
		return stateEnded
	}
	return stateIdle
}

// listen takes the session's events until it ends.
func (a *actor) listen(events *client.Events) {
	for {
		ev, err := events.Next(context.Background())
		if err != nil {
			if !errors.Is(err, client.ErrClosed) {
				a.run.event(a.name, "error", "the session ended: %v", err)
			}
			return
		}
		switch d := ev.Data.(type) {
		case proto.CallIncoming:
			a.onCall(d.Call)
		case proto.CallState:
			a.onCall(d.Call)
		case proto.ParticipantEvent:
			a.onParticipant(d)
		case proto.MediaQuality:
			a.onQuality(d)
		case client.Down:
			a.run.event(a.name, "network", "the WebSocket dropped")
		case proto.Welcome:
			a.run.event(a.name, "network", "the WebSocket is back (%s)", ev.Type)
		}
	}
}

// onCall takes what the server says of a call.
func (a *actor) onCall(c proto.CallView) {
	now := time.Now()
	if c.Phase == proto.PhaseEnded {
		a.over(c.CallID, c.Reason, now)
		return
	}
	mine := slices.IndexFunc(c.Participants, func(p proto.Participant) bool { return p.ID == c.You })
	a.mu.Lock()
	rings := mine >= 0 && a.callID != c.CallID && ringsAt(c.Participants[mine]) && a.ringing != c.CallID
	if rings {
		a.ringing = c.CallID
	}
	inCall := a.callID == c.CallID && a.call != nil && mine >= 0 && c.Participants[mine].Phase == proto.ParticipantJoined && c.Phase != proto.PhaseRinging
	a.inCall = a.inCall || inCall
	busy := a.callID != ""
	a.mu.Unlock()
	if rings {
		a.run.call(c.CallID, func(l *callLog) {
			if l.rang.IsZero() {
				l.rang = now
			}
		})
	}
	switch {
	case rings && busy:
		a.run.event(a.name, "state", "another call rings")
	case rings:
		a.setState(stateRinging)
	case inCall:
		a.setState(stateInCall)
	}
	for _, p := range c.Participants {
		a.hears.sources(p, now)
	}
}

// over: a call is over for this device, if it was in it or was rung by it.
func (a *actor) over(id string, reason proto.Reason, now time.Time) {
	a.mu.Lock()
	was, rung, call := a.callID == id, a.ringing == id, a.call
	if rung {
		a.ringing = ""
	}
	if was {
		a.callID, a.inCall, a.isUp, a.call = "", false, false, nil
		a.hears.finish(now)
	}
	stays := a.callID != ""
	if was || rung {
		a.ends = append(a.ends, now)
	}
	a.mu.Unlock()
	if !was && !rung {
		return
	}
	if was && call != nil {
		a.listening.Go(call.Close)
	}
	a.run.call(id, func(l *callLog) { l.ended = now })
	a.run.setText(a.name, "end_reason", string(reason))
	a.run.event(a.name, "state", "the call is over: %s", reason)
	if !stays {
		a.setState(stateEnded)
	}
}

func ringsAt(p proto.Participant) bool {
	return p.Phase == proto.ParticipantInvited || p.Phase == proto.ParticipantRinging
}

// onParticipant takes what the server says of one person in the call.
func (a *actor) onParticipant(e proto.ParticipantEvent) {
	now := time.Now()
	a.hears.sources(e.Participant, now)
	a.mu.Lock()
	own := e.CallID == a.callID && e.Participant.ID == a.you
	call := a.call
	a.mu.Unlock()
	switch {
	case !own:
	case e.Participant.Phase == proto.ParticipantLeft:
		a.over(e.CallID, e.Participant.Reason, now) // whatever becomes of the others
	case call != nil:
		a.onCall(call.View())
	}
}

// onQuality notes when the server judges the connection differently.
func (a *actor) onQuality(q proto.MediaQuality) {
	a.mu.Lock()
	i := slices.IndexFunc(q.People, func(p proto.ConnectionQuality) bool { return p.ParticipantID == a.you })
	if i < 0 || q.People[i].Level == a.level {
		a.mu.Unlock()
		return
	}
	p := q.People[i]
	a.level = p.Level
	a.mu.Unlock()
	text := p.Level
	if p.Where != "" {
		text += ": " + p.Where + ", " + p.Why
	}
	a.run.event(a.name, "network", "the server calls the connection %s (MOS %.1f)", text, p.MOS)
}

// onState follows the media connection.
func (a *actor) onState(st webrtc.PeerConnectionState) {
	now := time.Now()
	a.mu.Lock()
	was := a.isUp
	a.isUp = st == webrtc.PeerConnectionStateConnected
	up := a.isUp && !was
	if up {
		a.ups++
		if a.upAt.IsZero() {
			a.upAt = now
		}
	}
	id := a.callID
	a.mu.Unlock()
	if st == webrtc.PeerConnectionStateNew || st == webrtc.PeerConnectionStateClosed {
		return
	}
	a.run.event(a.name, "network", "media %s", st)
	if up && id != "" {
		a.run.call(id, func(l *callLog) {
			if l.connected[a].IsZero() {
				l.connected[a] = now
			}
		})
	}
}

// setState shows a state, if it is another.
func (a *actor) setState(state string) {
	a.mu.Lock()
	same := a.state == state
	a.state = state
	a.mu.Unlock()
	if same {
		return
	}
	a.run.event(a.name, "state", "%s", state)
	if p := a.run.progress; p != nil {
		p.State(a.name, state)
	}
}

// busy says whether this device is in a call or rung by one.
func (a *actor) busy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state != stateAway && (a.callID != "" || a.ringing != "")
}

// close ends the session, with a word to nobody.
func (a *actor) close() {
	a.jobs.close()
	a.mu.Lock()
	session, die := a.session, a.die
	a.session = nil
	a.mu.Unlock()
	if session != nil {
		die()
		_ = session.Close()
	}
	a.listening.Wait()
	a.hears.finish(time.Now())
	if a.host != nil {
		_ = a.host.Close()
	}
}

// onLoopback says whether a server is at an address of this machine alone.
func onLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}
