package main

import (
	"time"

	"kinwire/metrics"
	"kinwire/sfu"
	"kinwire/sfu/link"
	"kinwire/signaling/proto"
)

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

func linkSample(p sfu.PeerStats) metrics.LinkSample {
	s := metrics.LinkSample{Remote: p.Path.Remote, RTT: p.RTT, SRTPProfile: p.Profile}
	s.Path = linkPath(p.Path)
	for _, u := range p.Up {
		if u.Started.IsZero() {
			continue // a screen that was never shared is no stream
		}
		s.Streams = append(s.Streams, metrics.StreamSample{
			ID: u.MID, Direction: "up", Kind: string(u.Kind), Codec: u.Codec.String(), From: p.Peer, Started: u.Started,
			Packets: u.Reception.Packets, Bytes: u.Bytes, Expected: u.Reception.Expected,
			Lost: u.Reception.Lost + u.Repaired, Repaired: u.Repaired, Retransmitted: u.Repaired,
			NACKs: u.NACKs, PLIs: u.PLIs, Jitter: u.Reception.Jitter, RTT: p.RTT,
			Frames: u.Frames, KeyFrames: u.KeyFrames, Width: u.Width, Height: u.Height, Muted: u.Muted,
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
			Expected: d.Remote.Judged, Holes: d.Holes, Frames: frames, Width: d.Width, Height: d.Height,
		})
	}
	return s
}

// linkPath is a path as the server sees it. Whether a NAT stands in between only
// the client can tell.
func linkPath(p link.Path) metrics.Path {
	way := metrics.Path{Protocol: p.Protocol}
	switch {
	case p.Relay:
		way.Type = "relay"
	case p.Protocol != "":
		way.Type = "host"
	}
	return way
}
