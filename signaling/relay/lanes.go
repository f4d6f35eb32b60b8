package relay

import (
	"slices"
	"sync"

	"kinwire/signaling/proto"
)

// lanes are the devices that are attached, and the line of those for which
// something may be waiting.
type lanes struct {
	window      int
	windowBytes int64

	mu       sync.Mutex
	work     *sync.Cond // there is something in line, or all is over
	byDevice map[string]*lane
	bySess   map[string]*lane
	byUser   map[string][]*lane
	line     []*lane // to be served, each at most once
	failed   []*lane // to be put in line again later
	closed   bool
}

// lane is one attached device on one session. All of it is guarded by the lock
// of lanes; device and who do not change.
type lane struct {
	device string
	who    proto.ChatWho

	lastN    int64 // the highest n known to have been taken
	handed   int64 // the highest pos that was or is about to be handed to the session, or acknowledged
	acked    int64 // the highest pos acknowledged
	inFlight []flight
	bytes    int64                // in flight
	ready    []proto.ChatDelivery // to be handed over, without a look at the queue
	more     bool                 // there may be something in the queue behind handed
	queued   bool                 // in line, or being served
	reading  bool                 // being served from the queue
	gone     bool
}

// flight is a delivery that is not acknowledged.
type flight struct{ pos, bytes int64 }

func newLanes(window int, windowBytes int64) *lanes {
	l := &lanes{
		window: window, windowBytes: windowBytes,
		byDevice: map[string]*lane{}, bySess: map[string]*lane{}, byUser: map[string][]*lane{},
	}
	l.work = sync.NewCond(&l.mu)
	return l
}

// open makes the lane of a device, from the beginning of its queue. It returns
// the one that it replaces.
func (l *lanes) open(device string, who proto.ChatWho, lastN int64) (replaced *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(l.bySess[who.SessionID])
	replaced = l.byDevice[device]
	l.removeLocked(replaced)
	one := &lane{device: device, who: who, lastN: lastN, more: true}
	l.byDevice[device], l.bySess[who.SessionID] = one, one
	l.byUser[who.UserID] = append(slices.Clone(l.byUser[who.UserID]), one)
	l.lineUpLocked(one)
	return replaced
}

// closeSession removes the lane of a session.
func (l *lanes) closeSession(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(l.bySess[id])
}

// closeDevice removes the lane of a device and returns it, if there was one.
func (l *lanes) closeDevice(id string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.byDevice[id]
	l.removeLocked(one)
	return one
}

func (l *lanes) removeLocked(one *lane) {
	if one == nil || one.gone {
		return
	}
	one.gone = true
	one.inFlight, one.bytes, one.ready = nil, 0, nil
	delete(l.byDevice, one.device)
	delete(l.bySess, one.who.SessionID)
	rest := slices.DeleteFunc(slices.Clone(l.byUser[one.who.UserID]), func(o *lane) bool { return o == one })
	if len(rest) == 0 {
		delete(l.byUser, one.who.UserID)
	} else {
		l.byUser[one.who.UserID] = rest
	}
}

// of is the lane of a session.
func (l *lanes) of(sessionID string) (one *lane, lastN int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one = l.bySess[sessionID]; one != nil {
		lastN = one.lastN
	}
	return one, lastN
}

// sent notes the highest n that was taken.
func (l *lanes) sent(one *lane, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one.lastN = max(one.lastN, n)
}

// look puts a device in line, if it is attached.
func (l *lanes) look(device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.byDevice[device]; one != nil {
		one.more = true
		l.lineUpLocked(one)
	}
}

// offer gives a device what is new in its queue, so that it need not be read
// from there. That works where the device has had everything before it; else the
// device is put in line.
func (l *lanes) offer(device string, d proto.ChatDelivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.byDevice[device]
	if one == nil {
		return
	}
	if one.more || one.reading || one.handed+1 != d.Pos || !l.roomLocked(one) {
		one.more = true
	} else {
		one.ready = append(one.ready, d)
		one.takeOff(d)
	}
	l.lineUpLocked(one)
}

// takeOff takes a delivery into the window.
func (one *lane) takeOff(d proto.ChatDelivery) {
	size := int64(len(d.Body))
	one.inFlight = append(one.inFlight, flight{d.Pos, size})
	one.bytes += size
	one.handed = d.Pos
}

// session is that of a device, empty where it is not attached.
func (l *lanes) session(device string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.byDevice[device]; one != nil {
		return one.who.SessionID
	}
	return ""
}

// sessions are those of a person's attached devices.
func (l *lanes) sessions(userID string) (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.byUser[userID] {
		ids = append(ids, one.who.SessionID)
	}
	return ids
}

func (l *lanes) roomLocked(one *lane) bool {
	return len(one.inFlight) < l.window && one.bytes < l.windowBytes
}

// lineUpLocked puts a lane in line if there is something to hand it, or may be
// and there is room for it.
func (l *lanes) lineUpLocked(one *lane) {
	if one.queued || one.gone || len(one.ready) == 0 && !(one.more && l.roomLocked(one)) {
		return
	}
	one.queued = true
	l.line = append(l.line, one)
	l.work.Signal()
}

// turn is what is to be done for a lane: to hand over what is ready or, where
// nothing is, to read so much of its queue.
type turn struct {
	ready []proto.ChatDelivery
	after int64 // pos
	count int
	bytes int64
}

// next waits for a lane to serve. It reports false when all is over.
func (l *lanes) next() (one *lane, t turn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for len(l.line) == 0 && !l.closed {
			l.work.Wait()
		}
		if l.closed {
			return nil, turn{}, false
		}
		one, l.line[0] = l.line[0], nil
		if l.line = l.line[1:]; len(l.line) == 0 {
			l.line = nil // or its array would grow for ever
		}
		if one.gone {
			one.queued = false
			continue
		}
		if len(one.ready) > 0 {
			t.ready, one.ready = one.ready, nil
			return one, t, true
		}
		one.more, one.reading = false, true // what comes from now on says so again
		return one, turn{nil, one.handed, l.window - len(one.inFlight), l.windowBytes - one.bytes}, true
	}
}

// hand takes what was read for a lane into its window, and returns what of it
// is to be handed over: not what was acknowledged meanwhile. full says that there
// may be more behind it.
func (l *lanes) hand(one *lane, list []proto.ChatDelivery, full bool) []proto.ChatDelivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.gone {
		return nil
	}
	list = slices.DeleteFunc(list, func(d proto.ChatDelivery) bool { return d.Pos <= one.handed })
	for _, d := range list {
		one.takeOff(d)
	}
	one.more = one.more || full
	return list
}

// served puts a lane back in line if there is more for it.
func (l *lanes) served(one *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one.queued, one.reading = false, false
	l.lineUpLocked(one)
}

// fail has a lane served again later.
func (l *lanes) fail(one *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one.more, one.reading = true, false
	l.failed = append(l.failed, one) // stays queued, and so is here once
}

// retry puts in line what has failed.
func (l *lanes) retry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.failed {
		one.queued = false
		l.lineUpLocked(one)
	}
	l.failed = nil
}

// ack opens the window of a lane up to pos.
func (l *lanes) ack(one *lane, pos int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.gone || pos <= one.acked {
		return
	}
	one.acked, one.handed = pos, max(one.handed, pos)
	n := 0
	for n < len(one.inFlight) && one.inFlight[n].pos <= pos {
		one.bytes -= one.inFlight[n].bytes
		n++
	}
	one.inFlight = slices.Delete(one.inFlight, 0, n)
	l.lineUpLocked(one)
}

func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.work.Broadcast()
}

// counts are for Stats.
func (l *lanes) counts() (attached, backlog, unacked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.byDevice {
		unacked += len(one.inFlight)
	}
	return len(l.byDevice), len(l.line) + len(l.failed), unacked
}
