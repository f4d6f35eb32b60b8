package calls

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// event is something that happens to one participant.
type event struct {
	kind    eventKind
	session string // the device that it comes from
	device  proto.Device
	sources []proto.Source   // join, joined, offered
	source  proto.SourceKind // muted
	muted   bool
	seated  bool   // join: by a Seat
	ufrag   string // joined, offered: the offer's
	state   LinkState
}

type eventKind int

const (
	evAccept     eventKind = iota
	evDecline              // no, thank you
	evBusy                 // started another call instead of answering
	evHangup               // leaves for good
	evLeave                // leaves the media, may come back
	evJoin                 // Media.Join is about to be called
	evJoined               // it has answered
	evJoinFailed           // it has failed
	evOffered              // a further offer was answered
	evMuted                // a source was switched
	evSocketDown           // the socket dropped and may resume
	evSocketUp             // it has resumed
	evSocketGone           // the session has ended
	evLinkUp               // media flows
	evLinkDown             // media stopped flowing
	evRinging              // a device says that it rings
	evFree                 // the call that they were in is over for them
	evRestarted            // ICE was restarted without an offer
)

type action func(c *call, p *participant, ev event, now time.Time) *proto.Error

// transitions says what an event does to a participant, by their stage. What
// is not listed is refused with wrong_state.
var transitions = map[stage]map[eventKind]action{
	invited: {
		evAccept:  accept,
		evDecline: decline,
		evHangup:  decline,
		evBusy:    becomeBusy,
		// A join from before they left and were rung again.
		evJoined:     tooLate,
		evJoinFailed: tooLate,
		evSocketGone: silence,
		evRinging:    rings,
		evFree:       waitNoMore,
	},
	active: {
		evAccept:     acceptAgain,
		evHangup:     hangup,
		evLeave:      leave,
		evJoin:       join,
		evJoined:     joined,
		evJoinFailed: joinFailed,
		evOffered:    offered,
		evMuted:      muted,
		evSocketDown: socketDown,
		evSocketUp:   socketUp,
		evSocketGone: socketGone,
		evLinkUp:     linkWentUp,
		evLinkDown:   linkWentDown,
		evRestarted:  restarted,
		evRinging:    nothing,
	},
	away: {
		evHangup:     forgo,
		evLeave:      nothing,
		evJoin:       comeBack,
		evJoined:     tooLate,
		evJoinFailed: tooLate,
		evSocketDown: socketDown,
		evSocketUp:   socketUp,
		evSocketGone: forgetSession,
		evRinging:    nothing,
	},
	gone: {
		evHangup:     nothing,
		evDecline:    nothing,
		evLeave:      nothing,
		evJoined:     tooLate,
		evJoinFailed: tooLate,
		evRinging:    nothing,
	},
}

// afterEnd is the table of a call that has ended, whatever the stage.
var afterEnd = map[eventKind]action{
	evHangup:     nothing,
	evDecline:    nothing,
	evLeave:      nothing,
	evJoined:     tooLate,
	evJoinFailed: tooLate,
	evRinging:    nothing,
}

func nothing(*call, *participant, event, time.Time) *proto.Error { return nil }

func accept(c *call, p *participant, ev event, _ time.Time) *proto.Error {
	p.stage, p.session, p.device = active, ev.session, ev.device
	if c.phase == proto.PhaseRinging {
		c.phase = proto.PhaseConnecting
	}
	c.tellElsewhere(p, ev.session)
	return nil
}

// acceptAgain: a repeated yes from the same device is no error.
func acceptAgain(_ *call, p *participant, ev event, _ time.Time) *proto.Error {
	if p.session != ev.session {
		return wrongState("you are in this call on another device; join to move it here")
	}
	return nil
}

func decline(c *call, p *participant, ev event, now time.Time) *proto.Error {
	c.tellElsewhere(p, ev.session)
	p.session = ev.session // the one to be told of the decline
	c.dismiss(p, proto.ReasonDeclined, now)
	return nil
}

func becomeBusy(c *call, p *participant, _ event, now time.Time) *proto.Error {
	c.dismiss(p, proto.ReasonBusy, now)
	return nil
}

func hangup(c *call, p *participant, _ event, now time.Time) *proto.Error {
	ringing, here, _ := c.count()
	if c.phase == proto.PhaseRinging {
		c.end(proto.ReasonCancelled, now)
		return nil
	}
	if ringing+here-1 < 2 {
		c.end(proto.ReasonHangup, now)
		return nil
	}
	c.dismiss(p, proto.ReasonHangup, now)
	return nil
}

func leave(c *call, p *participant, _ event, now time.Time) *proto.Error {
	if c.phase == proto.PhaseRinging {
		c.end(proto.ReasonCancelled, now)
		return nil
	}
	c.drop(p, away, proto.ReasonHangup, now)
	return nil
}

// forgo: somebody who is away will not come back.
func forgo(c *call, p *participant, _ event, now time.Time) *proto.Error {
	c.dismiss(p, proto.ReasonHangup, now)
	return nil
}

// join starts a join, from the device that is in the call or from another.
// Media that was there before goes first. A join by a Seat does not come on
// the session's socket, so it does not show that the socket is there.
func join(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if refused := refusesPictures(c.terms.NoVideo, ev.sources); refused != nil {
		return refused
	}
	reason, moved := proto.ReasonLost, p.session != ev.session
	if moved || p.seated != ev.seated {
		reason = proto.ReasonElsewhere
	}
	if moved {
		c.tellMoved(p)
	}
	c.dropMedia(p, reason, now)
	p.session, p.device, p.seated = ev.session, ev.device, ev.seated
	p.socketDown = p.socketDown && ev.seated && !moved
	p.joining, c.mediaUsed = true, true
	p.joins++
	p.setupAt = time.Time{} // each attempt has the whole time
	return nil
}

func comeBack(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if refused := refusesPictures(c.terms.NoVideo, ev.sources); refused != nil {
		return refused
	}
	p.stage, p.reason = active, ""
	if p.session == "" {
		p.session = ev.session
	}
	return join(c, p, ev, now)
}

func joined(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if !p.joining {
		return tooLate(c, p, ev, now)
	}
	p.joining, p.media, p.sources, p.ufrag = false, true, withoutMIDs(ev.sources), ev.ufrag
	c.do(work{kind: recordJoin, participant: p.id, user: p.person.ID, device: p.device, at: now})
	if p.link == linkUp { // before the answer to the join was here
		c.note(p, EventLink, "", string(LinkConnected), now)
	}
	c.hidePictures(p, now) // the terms may have changed while the join was under way
	return nil
}

// tooLate: a join came back for somebody who has left meanwhile. What it set
// up is taken down again; and if the call has ended, its end may have reached
// the media plane before the join did, and must again.
func tooLate(c *call, p *participant, _ event, _ time.Time) *proto.Error {
	c.do(work{kind: mediaLeave, participant: p.id})
	if c.phase == proto.PhaseEnded {
		c.do(work{kind: mediaEnd})
	}
	return nil
}

// joinFailed: whether the media plane kept anything is not known, as when the
// request was given up half-way, so it is told to drop it.
func joinFailed(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if !p.joining {
		return tooLate(c, p, ev, now)
	}
	p.joining, p.link = false, linkNew
	c.do(work{kind: mediaLeave, participant: p.id})
	return nil
}

func offered(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if !p.media || p.session != ev.session {
		return errNotJoined()
	}
	if ev.ufrag != p.ufrag { // RFC 8839, section 4.4.1.1.1
		p.ufrag = ev.ufrag
		c.note(p, EventRestart, "", "", now)
	}
	before := p.sources
	p.sources = withoutMIDs(ev.sources)
	for _, is := range p.sources {
		for _, was := range before {
			if was.Kind == is.Kind && was.Muted != is.Muted {
				c.note(p, muteEvents[is.Muted], is.Kind, "", now)
			}
		}
	}
	c.hidePictures(p, now)
	return nil
}

func restarted(c *call, p *participant, _ event, now time.Time) *proto.Error {
	c.note(p, EventRestart, "", "", now)
	return nil
}

func muted(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if !p.media || p.session != ev.session {
		return errNotJoined()
	}
	i := slices.IndexFunc(p.sources, func(s proto.Source) bool { return s.Kind == ev.source })
	if i < 0 {
		return errNoSource(ev.source)
	}
	if p.sources[i].Muted != ev.muted {
		c.note(p, muteEvents[ev.muted], ev.source, "", now)
	}
	p.sources[i].Muted = ev.muted
	c.hidePictures(p, now)
	return nil
}

func socketDown(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if p.session == ev.session && !p.socketDown {
		p.socketDown = true
		c.note(p, EventSignal, "", "lost", now)
	}
	return nil
}

func socketUp(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if p.session == ev.session && p.socketDown {
		p.socketDown = false
		c.note(p, EventSignal, "", "back", now)
	}
	return nil
}

// socketGone: a session that had dropped and never came back is lost; one
// that ended of its own accord, by a log-out, has hung up.
func socketGone(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if p.session != ev.session {
		return nil
	}
	if !p.socketDown {
		return hangup(c, p, ev, now)
	}
	c.drop(p, away, proto.ReasonLost, now)
	p.session = ""
	return nil
}

func forgetSession(_ *call, p *participant, ev event, _ time.Time) *proto.Error {
	if p.session == ev.session {
		p.session = ""
	}
	return nil
}

func linkWentUp(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if p.joining || p.media {
		p.link = linkUp
		c.note(p, EventLink, "", string(ev.state), now)
	}
	return nil
}

// linkWentDown: a link that never was up is not lost; setting up has a
// deadline of its own.
func linkWentDown(c *call, p *participant, ev event, now time.Time) *proto.Error {
	if p.link == linkUp {
		p.link = linkDown
	}
	c.note(p, EventLink, "", string(ev.state), now)
	return nil
}

func withoutMIDs(sources []proto.Source) []proto.Source {
	out := slices.Clone(sources)
	for i := range out {
		out[i].MID = ""
	}
	return out
}
