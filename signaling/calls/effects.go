package calls

import (
	"time"

	"kinwire/signaling/proto"
)

// effects are what is to be done because of a change.
type effects struct {
	notices []notice
	work    []work
	talks   []proto.Talk
	rows    []proto.HistoryRow
}

func (c *call) do(w ...work) { c.out.work = append(c.out.work, w...) }

// note writes an event into the record, if p's media is in it.
func (c *call) note(p *participant, event string, source proto.SourceKind, detail string, now time.Time) {
	if p.media {
		c.do(work{kind: recordEvent, participant: p.id, event: event, source: source, detail: detail, at: now})
	}
}

// muteEvents names what becomes of a source.
var muteEvents = map[bool]string{true: EventMute, false: EventUnmute}

// take returns the effects so far and forgets them.
func (c *call) take() effects {
	out := c.out
	c.out = effects{}
	return out
}

// notice is something to tell people.
type notice struct {
	to      address
	user    string
	session string
	typ     string
	data    any
}

type address int

const (
	toUser     address = iota // every session of user
	toSession                 // session alone
	toOthers                  // every session of user but session
	toPresence                // no message: whether user is in a call has changed
	toSleepers                // no message: user's devices that are not connected are to wake up
)

var deliver = map[address]func(*Deps, notice){
	toUser:     func(d *Deps, m notice) { d.Notify.ToUser(m.user, m.typ, m.data) },
	toSession:  func(d *Deps, m notice) { d.Notify.ToSession(m.session, m.typ, m.data) },
	toOthers:   func(d *Deps, m notice) { d.Notify.ToOthers(m.user, m.session, m.typ, m.data) },
	toPresence: func(d *Deps, m notice) { d.Notify.PresenceChanged(m.user) },
	toSleepers: func(d *Deps, m notice) { d.Push.Wake(m.user) },
}

// work is something for the media plane or the record of one call.
type work struct {
	kind        workKind
	participant string
	user        string
	device      proto.Device
	reason      proto.Reason
	video       bool
	source      proto.SourceKind
	report      proto.StatsReport
	event       string
	detail      string
	at          time.Time
}

type workKind int

const (
	recordStart workKind = iota
	recordJoin
	recordLeave
	recordReport
	recordEvent
	recordEnd
	mediaLeave
	mediaEnd
	mediaMute
)

var perform = map[workKind]func(d *Deps, callID string, w work){
	recordStart: func(d *Deps, id string, w work) { d.Observer.CallStarted(id, w.video, w.at) },
	recordJoin: func(d *Deps, id string, w work) {
		d.Observer.ParticipantJoined(id, w.participant, w.user, w.device, w.at)
	},
	recordLeave:  func(d *Deps, id string, w work) { d.Observer.ParticipantLeft(id, w.participant, w.reason, w.at) },
	recordReport: func(d *Deps, id string, w work) { d.Observer.ClientReport(id, w.participant, w.report, w.at) },
	recordEvent: func(d *Deps, id string, w work) {
		d.Observer.CallEvent(id, w.participant, w.event, string(w.source), w.detail, w.at)
	},
	recordEnd:  func(d *Deps, id string, w work) { d.Observer.CallEnded(id, w.reason, w.at) },
	mediaLeave: func(d *Deps, id string, w work) { d.Media.Leave(id, w.participant) },
	mediaEnd:   func(d *Deps, id string, w work) { d.Media.EndCall(id) },
	mediaMute: func(d *Deps, id string, w work) {
		if err := d.Media.Mute(id, w.participant, w.source, true); err != nil {
			// Rather no media of theirs than a picture that may not be.
			d.Log.Error("calls: mute a picture that is not allowed; taking the media out", "call", id, "error", err)
			d.Media.Leave(id, w.participant)
		}
	},
}
