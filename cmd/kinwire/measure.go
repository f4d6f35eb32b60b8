package main

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"kinwire/metrics"
	"kinwire/metrics/record"
	"kinwire/sfu"
	"kinwire/signaling/netcheck"
	"kinwire/signaling/proto"
)

// callObserver tells the metrics what happens in calls.
type callObserver struct {
	rec   *metrics.Recorder
	sfu   *sfu.Server
	names *pseudonyms
	now   func() time.Time
}

func (o callObserver) CallStarted(callID string, video bool, at time.Time) {
	o.rec.CallStarted(callID, video, at)
}

func (o callObserver) ParticipantJoined(callID, participantID, userID string, d proto.Device, at time.Time) {
	o.rec.ParticipantJoined(callID, participantID, o.names.of(userID), metrics.Device{Model: d.Model, OS: d.OS, App: d.App}, at)
}

func (o callObserver) ParticipantLeft(callID, participantID string, reason proto.Reason, at time.Time) {
	// The last figures, before the SFU forgets this peer.
	if p, ok := o.sfu.Peer(callID, participantID); ok {
		o.rec.ServerSample(callID, participantID, linkSample(p), o.now())
	}
	o.rec.ParticipantLeft(callID, participantID, string(reason), at)
}

func (o callObserver) ClientReport(callID, participantID string, r proto.StatsReport, at time.Time) {
	o.rec.ClientSample(callID, participantID, clientSample(participantID, r), at)
}

// CallEvent is something that signaling has seen: a mute, an ICE restart, a
// link's state, a socket that went or came back.
func (o callObserver) CallEvent(callID, participantID, event, kind, detail string, at time.Time) {
	o.rec.Event(callID, participantID, event, record.Event{Kind: kind, Detail: detail}, at)
}

func (o callObserver) CallEnded(callID string, reason proto.Reason, at time.Time) {
	o.rec.CallEnded(callID, string(reason), at)
}

// teller sends an event to every device that is in a call.
type teller interface {
	Tell(callID, typ string, data any)
}

// tellEvery is how often people in a call are told at most how their
// connections are.
const tellEvery = 2 * time.Second

// sampler looks at every peer of the SFU at each interval, and tells people in
// calls when somebody's connection has become another.
type sampler struct {
	sfu      *sfu.Server
	rec      *metrics.Recorder
	tell     teller
	interval atomic.Int64
	changed  chan struct{} // the interval is another
	looks    atomic.Uint64 // taken
	told     map[string]told
}

// told is what the people in a call know.
type told struct {
	at     time.Time
	people map[string]proto.ConnectionQuality
}

func newSampler(server *sfu.Server, rec *metrics.Recorder, tell teller, interval time.Duration) *sampler {
	s := &sampler{sfu: server, rec: rec, tell: tell, changed: make(chan struct{}, 1), told: map[string]told{}}
	s.interval.Store(int64(interval))
	return s
}

// setInterval takes another interval from the next look on.
func (s *sampler) setInterval(d time.Duration) {
	if s.interval.Swap(int64(d)) == int64(d) {
		return
	}
	select {
	case s.changed <- struct{}{}:
	default: // it will look
	}
}

// run samples until ctx ends.
func (s *sampler) run(ctx context.Context) {
	t := time.NewTicker(time.Duration(s.interval.Load()))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
			t.Reset(time.Duration(s.interval.Load()))
		case now := <-t.C:
			s.sfu.Snapshot(func(p sfu.PeerStats) {
				if !strings.HasPrefix(p.Room, netcheck.RoomPrefix) { // a check is no call
					s.rec.ServerSample(p.Room, p.Peer, linkSample(p), now)
				}
			})
			s.tellCalls(now)
			s.looks.Add(1)
		}
	}
}

// tellCalls tells the people of each call whose connections have changed.
func (s *sampler) tellCalls(now time.Time) {
	live := s.rec.LiveCalls()
	still := make(map[string]told, len(live))
	for _, id := range live {
		before := s.told[id]
		still[id] = before
		if now.Sub(before.at) < tellEvery {
			continue
		}
		q := quality(id, s.rec.Quality(id))
		if after := byParticipant(q); !sameQuality(before.people, after) {
			s.tell.Tell(id, proto.TypeMediaQuality, q)
			still[id] = told{at: now, people: after}
		}
	}
	s.told = still
}

func quality(callID string, list []record.Quality) proto.MediaQuality {
	q := proto.MediaQuality{CallID: callID, People: make([]proto.ConnectionQuality, 0, len(list))}
	for _, c := range list {
		q.People = append(q.People, proto.ConnectionQuality{ParticipantID: c.ParticipantID, Level: c.Level, MOS: c.MOS, Where: c.Where, Why: c.Why})
	}
	return q
}

func byParticipant(q proto.MediaQuality) map[string]proto.ConnectionQuality {
	out := make(map[string]proto.ConnectionQuality, len(q.People))
	for _, c := range q.People {
		c.MOS = 0 // it moves all the time; a sign shows the level
		out[c.ParticipantID] = c
	}
	return out
}

// sameQuality says whether there is nothing to tell. Who has left is told of
// otherwise.
func sameQuality(before, after map[string]proto.ConnectionQuality) bool {
	for id, c := range after {
		if old, ok := before[id]; !ok || old != c {
			return false
		}
	}
	return true
}

// noteConfig puts each key of the configuration that has changed into the record
// of every live call: what was better or worse from then on may come of it.
func (p *planes) noteConfig(keys []string, at time.Time) {
	for _, id := range p.recorder.LiveCalls() {
		for _, key := range keys {
			p.recorder.Event(id, "", record.EventConfig, record.Event{Detail: key}, at)
		}
	}
}
