package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"kinwire/metrics"
	"kinwire/sfu"
	"kinwire/signaling/proto"
	"kinwire/signaling/store"
)

// callObserver tells the metrics what happens in calls.
type callObserver struct {
	rec *metrics.Recorder
	sfu *sfu.Server
	now func() time.Time
}

func (o callObserver) CallStarted(callID string, video bool, at time.Time) {
	o.rec.CallStarted(callID, video, at)
}

func (o callObserver) ParticipantJoined(callID, participantID, userID string, d proto.Device, at time.Time) {
	o.rec.ParticipantJoined(callID, participantID, userID, metrics.Device{Model: d.Model, OS: d.OS, App: d.App}, at)
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

func (o callObserver) CallEnded(callID string, reason proto.Reason, at time.Time) {
	o.rec.CallEnded(callID, string(reason), at)
}

func milliseconds(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }

func clientSample(participantID string, r proto.StatsReport) metrics.ClientSample {
	s := metrics.ClientSample{
		LocalType: r.Path.LocalType, Protocol: r.Path.Protocol, RelayProtocol: r.Path.RelayProtocol,
		RTT: milliseconds(r.Path.RTTMS), AvailableBPS: r.Path.AvailableKbps * 1000,
	}
	for _, c := range r.Streams {
		from := c.ParticipantID
		if c.Direction == "send" {
			from = participantID
		}
		s.Streams = append(s.Streams, metrics.ClientStream{
			MID: c.MID, Direction: c.Direction, From: from, Kind: string(c.Kind), Codec: c.Codec,
			Packets: c.Packets, Bytes: c.Bytes, PacketsLost: c.PacketsLost, Retransmitted: c.Retransmitted,
			NACKs: c.NACKs, PLIs: c.PLIs, Jitter: milliseconds(c.JitterMS), RTT: milliseconds(c.RTTMS),
			Frames: c.Frames, FPS: c.FPS, Width: c.Width, Height: c.Height, Freezes: c.Freezes, Frozen: milliseconds(c.FrozenMS),
			Dropped: c.Dropped, KeyFrames: c.KeyFrames, JitterBuffer: milliseconds(c.JitterBufferMS),
			Concealed: c.Concealed, TotalSamples: c.TotalSamples,
		})
	}
	return s
}

// sampleMedia looks at every peer of the SFU at each interval, until ctx ends.
func sampleMedia(ctx context.Context, server *sfu.Server, rec *metrics.Recorder, interval time.Duration) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			server.Snapshot(func(p sfu.PeerStats) { rec.ServerSample(p.Room, p.Peer, linkSample(p), now) })
		}
	}
}

func linkSample(p sfu.PeerStats) metrics.LinkSample {
	s := metrics.LinkSample{Remote: p.Path.Remote, RTT: p.RTT, SRTPProfile: p.Profile}
	s.Path.Protocol = p.Path.Protocol
	switch {
	case p.Path.Relay:
		s.Path.Type = "relay"
	case p.Path.Protocol != "":
		// Whether a NAT stands in between only the client can tell.
		s.Path.Type = "host"
	}
	for _, u := range p.Up {
		if u.Started.IsZero() {
			continue // a screen that was never shared is no stream
		}
		s.Streams = append(s.Streams, metrics.StreamSample{
			ID: u.MID, Direction: "up", Kind: string(u.Kind), Codec: u.Codec.String(), From: p.Peer, Started: u.Started,
			Packets: u.Reception.Packets, Bytes: u.Bytes, Expected: u.Reception.Expected,
			Lost: u.Reception.Lost + u.Repaired, Repaired: u.Repaired, Retransmitted: u.Repaired,
			NACKs: u.NACKs, PLIs: u.PLIs, Jitter: u.Reception.Jitter, RTT: p.RTT,
			Frames: u.Frames, KeyFrames: u.KeyFrames, Width: u.Width, Height: u.Height,
		})
	}
	for _, d := range p.Down {
		if d.Packets == 0 {
			continue // nothing has gone out yet
		}
		frames := d.Frames
		if d.Kind == sfu.Audio {
			frames = 0 // a packet of sound is no picture
		}
		s.Streams = append(s.Streams, metrics.StreamSample{
			ID: d.MID + "/" + d.From, Direction: "down", Kind: string(d.Kind), Codec: d.Codec, From: d.From, Started: d.Started,
			Packets: d.Packets, Bytes: d.Bytes, Retransmitted: d.Retransmitted, Repaired: d.Retransmitted,
			NACKs: d.NACKs, PLIs: d.PLIs, Jitter: d.Remote.Jitter, RTT: d.Remote.RTT,
			Reports: d.Remote.Reports, RemoteFractionLost: d.Remote.FractionLost, RemoteLost: d.Remote.Lost,
			Frames: frames, Width: d.Width, Height: d.Height,
		})
	}
	return s
}

// recordStore keeps call records in the SQL store.
type recordStore struct{ store *store.Store }

func (s recordStore) SaveRecord(ctx context.Context, r metrics.Row) error {
	return s.store.SaveRecord(ctx, store.Record{
		CallID: r.CallID, StartedAt: r.StartedAt, EndedAt: r.EndedAt, Reason: r.Reason, Participants: r.Participants, Document: r.Document,
	})
}

func (s recordStore) LoadRecord(ctx context.Context, callID string) (metrics.Row, error) {
	r, err := s.store.Record(ctx, callID)
	if errors.Is(err, store.ErrNotFound) {
		return metrics.Row{}, metrics.ErrNotFound
	}
	return metrics.Row{
		CallID: r.CallID, StartedAt: r.StartedAt, EndedAt: r.EndedAt, Reason: r.Reason, Participants: r.Participants, Document: r.Document,
	}, err
}

// records answers the operator's question for a record.
type records struct{ rec *metrics.Recorder }

func (r records) Record(ctx context.Context, callID string) (json.RawMessage, error) {
	doc, err := r.rec.Record(ctx, callID)
	if errors.Is(err, metrics.ErrNotFound) {
		return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no record of a call with this id"}
	}
	return doc, err
}
