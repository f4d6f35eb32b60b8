package calls

import (
	"time"

	"kinwire/signaling/proto"
)

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
)

var deliver = map[address]func(Notifier, notice){
	toUser:     func(n Notifier, m notice) { n.ToUser(m.user, m.typ, m.data) },
	toSession:  func(n Notifier, m notice) { n.ToSession(m.session, m.typ, m.data) },
	toOthers:   func(n Notifier, m notice) { n.ToOthers(m.user, m.session, m.typ, m.data) },
	toPresence: func(n Notifier, m notice) { n.PresenceChanged(m.user) },
}

// work is something for the media plane or the record of one call.
type work struct {
	kind        workKind
	participant string
	user        string
	device      proto.Device
	reason      proto.Reason
	video       bool
	report      proto.StatsReport
	at          time.Time
}

type workKind int

const (
	recordStart workKind = iota
	recordJoin
	recordLeave
	recordReport
	recordEnd
	mediaLeave
	mediaEnd
)

var perform = map[workKind]func(d *Deps, callID string, w work){
	recordStart: func(d *Deps, id string, w work) { d.Observer.CallStarted(id, w.video, w.at) },
	recordJoin: func(d *Deps, id string, w work) {
		d.Observer.ParticipantJoined(id, w.participant, w.user, w.device, w.at)
	},
	recordLeave:  func(d *Deps, id string, w work) { d.Observer.ParticipantLeft(id, w.participant, w.reason, w.at) },
	recordReport: func(d *Deps, id string, w work) { d.Observer.ClientReport(id, w.participant, w.report, w.at) },
	recordEnd:    func(d *Deps, id string, w work) { d.Observer.CallEnded(id, w.reason, w.at) },
	mediaLeave:   func(d *Deps, id string, w work) { d.Media.Leave(id, w.participant) },
	mediaEnd:     func(d *Deps, id string, w work) { d.Media.EndCall(id) },
}
