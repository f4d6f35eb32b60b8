package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kinwire/client"
	"kinwire/client/impair"
	"kinwire/client/rehearse"
	"kinwire/signaling/proto"
)

// patience is how long a request to the server may take, over drops of the
// socket, before a step has failed.
const patience = 30 * time.Second

// actions are what a step may do, by script.Actions.
var actions = map[string]func(a *actor, ctx context.Context, s rehearse.Step) error{
	"call":        (*actor).doCall,
	"answer":      (*actor).doAnswer,
	"decline":     (*actor).doDecline,
	"hangup":      (*actor).doHangup,
	"add":         (*actor).doAdd,
	"leave":       (*actor).doLeave,
	"join":        (*actor).doJoin,
	"mute":        mute(true, ""),
	"unmute":      mute(false, ""),
	"share":       mute(false, proto.SourceScreen),
	"unshare":     mute(true, proto.SourceScreen),
	"restart_ice": (*actor).doRestart,
	"network":     (*actor).doNetwork,
	"move":        (*actor).doMove,
	"outage":      (*actor).doOutage,
	"vanish":      (*actor).doVanish,
	"back":        (*actor).doBack,
	"drop_socket": (*actor).doDrop,
	"message":     (*actor).doMessage,
}

// errAway: a device that has vanished does nothing but come back.
var errAway = errors.New("this device has vanished; it can only come back")

// here gives the session.
func (a *actor) here() (*client.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session == nil {
		return nil, errAway
	}
	return a.session, nil
}

// inMedia gives the media of the call that this device is in.
func (a *actor) inMedia() (*client.Call, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.call == nil || a.callID == "" {
		return nil, fmt.Errorf("%s is in no call", a.name)
	}
	return a.call, nil
}

// persons are the user ids behind participants, each once.
func (a *actor) persons(names []string) []string {
	var out []string
	for _, n := range names {
		if id := a.run.actor(n).me.ID; !slices.Contains(out, id) && id != a.me.ID {
			out = append(out, id)
		}
	}
	return out
}

func (a *actor) doCall(ctx context.Context, s rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	sent := time.Now()
	a.setState(stateCalling)
	entered, err := session.Invite(ctx, s.Args["video"] != "false", a.persons(s.With)...)
	if err != nil {
		a.setState(a.stateNow())
		return err
	}
	a.run.call(entered.Call.CallID, func(l *callLog) {
		switch {
		case l.sent.IsZero():
			l.sent, l.caller = sent, a
		case l.answered.IsZero():
			l.answered, l.answerer = sent, a // the two called each other
		}
	})
	return a.join(ctx, session, entered)
}

func (a *actor) doAnswer(ctx context.Context, _ rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	id, err := a.rung()
	if err != nil {
		return err
	}
	sent := time.Now()
	entered, err := session.Accept(ctx, id)
	if err != nil {
		return err
	}
	a.run.call(id, func(l *callLog) {
		if l.answered.IsZero() {
			l.answered, l.answerer = sent, a
		}
	})
	return a.join(ctx, session, entered)
}

// rung is the id of the call that rings here.
func (a *actor) rung() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ringing == "" {
		return "", fmt.Errorf("nothing rings at %s", a.name)
	}
	return a.ringing, nil
}

func (a *actor) doDecline(ctx context.Context, _ rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	id, err := a.rung()
	if err != nil {
		return err
	}
	if err := session.Decline(ctx, id); err != nil {
		return err
	}
	a.ended(id, proto.ReasonDeclined)
	return nil
}

func (a *actor) doHangup(ctx context.Context, _ rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	a.mu.Lock()
	id, call := a.callID, a.call
	a.mu.Unlock()
	if id == "" {
		return fmt.Errorf("%s is in no call", a.name)
	}
	// What comes from now on is nobody's loss.
	a.hears.pause(time.Now())
	if err := session.Hangup(ctx, id); err != nil {
		return err
	}
	if call != nil {
		call.Close()
	}
	a.ended(id, proto.ReasonHangup)
	return nil
}

func (a *actor) doAdd(ctx context.Context, s rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	call, err := a.inMedia()
	if err != nil {
		return err
	}
	return session.Add(ctx, call.ID(), a.persons(s.With)...)
}

func (a *actor) doLeave(ctx context.Context, _ rehearse.Step) error {
	call, err := a.inMedia()
	if err != nil {
		return err
	}
	a.hears.pause(time.Now())
	err = call.Leave(ctx)
	a.mu.Lock()
	a.call, a.inCall = nil, false
	a.mu.Unlock()
	a.setState(stateAway)
	return err
}

func (a *actor) doJoin(ctx context.Context, _ rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	a.mu.Lock()
	entered, id := a.entered, a.callID
	a.mu.Unlock()
	if id == "" {
		return fmt.Errorf("%s was in no call that goes on", a.name)
	}
	return a.join(ctx, session, entered)
}

// mute switches a source; kind is the step's unless it is given here.
func mute(off bool, kind proto.SourceKind) func(*actor, context.Context, rehearse.Step) error {
	return func(a *actor, ctx context.Context, s rehearse.Step) error {
		call, err := a.inMedia()
		if err != nil {
			return err
		}
		k := kind
		if k == "" {
			k = proto.SourceKind(s.Args["kind"])
		}
		return call.Mute(ctx, k, off)
	}
}

func (a *actor) doRestart(ctx context.Context, _ rehearse.Step) error {
	call, err := a.inMedia()
	if err != nil {
		return err
	}
	return call.RestartICE(ctx)
}

func (a *actor) doNetwork(_ context.Context, s rehearse.Step) error {
	p := impair.Profile{Name: "none"}
	if s.Network.Profile != nil {
		p = *s.Network.Profile
	}
	return a.host.Set(p)
}

// doMove gives the device another address, and tells its programs, as the
// system of a telephone does.
func (a *actor) doMove(context.Context, rehearse.Step) error {
	to, err := a.host.Move()
	if err != nil {
		return err
	}
	a.run.event(a.name, "network", "moved to %s", to)
	if session, err := a.here(); err == nil {
		session.NetworkChanged()
	}
	return nil
}

func (a *actor) doOutage(_ context.Context, s rehearse.Step) error {
	a.host.Outage(true)
	a.run.timers.Go(func() {
		if sleepUntil(a.run.playing, time.Now().Add(s.Duration("for"))) {
			a.run.event(a.name, "network", "the outage is over")
		}
		a.host.Outage(false)
	})
	return nil
}

func (a *actor) doVanish(_ context.Context, _ rehearse.Step) error {
	a.mu.Lock()
	session, call, die := a.session, a.call, a.die
	a.session, a.call, a.isUp, a.inCall, a.ringing = nil, nil, false, false, ""
	a.mu.Unlock()
	if session == nil {
		return errAway
	}
	a.hears.pause(time.Now())
	a.setState(stateAway)
	die()
	if call != nil {
		call.Vanish()
	}
	session.DropSocket() // else Close would say good-bye
	_ = session.Close()
	a.listening.Wait()
	return nil
}

func (a *actor) doBack(ctx context.Context, _ rehearse.Step) error {
	if _, err := a.here(); err == nil {
		return fmt.Errorf("%s has not vanished", a.name)
	}
	if err := a.dial(ctx); err != nil {
		return err
	}
	session, err := a.here()
	if err != nil {
		return err
	}
	if err := a.attachChat(ctx); err != nil {
		return err
	}
	a.mu.Lock()
	entered, id := a.entered, a.callID
	a.mu.Unlock()
	i := slices.IndexFunc(session.Welcome().Calls, func(c proto.CallView) bool { return c.CallID == id })
	switch {
	case id == "":
		return nil
	case i < 0:
		a.ended(id, proto.ReasonLost)
		return nil
	}
	entered.Call = session.Welcome().Calls[i]
	return a.join(ctx, session, entered)
}

func (a *actor) doDrop(context.Context, rehearse.Step) error {
	session, err := a.here()
	if err != nil {
		return err
	}
	if !session.DropSocket() {
		return errors.New("there is no WebSocket to drop: it is being dialled again")
	}
	return nil
}

// ended is the end of this device's part as it knows itself, where the server
// has not said so already.
func (a *actor) ended(id string, reason proto.Reason) {
	a.over(id, reason, time.Now())
}
