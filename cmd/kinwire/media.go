package main

import (
	"context"
	"errors"
	"sync/atomic"

	"kinwire/sfu"
	"kinwire/sfu/link"
	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
)

// mediaPlane shows the SFU to the calls in their own words.
type mediaPlane struct{ sfu *sfu.Server }

func (m mediaPlane) Join(ctx context.Context, j calls.MediaJoin) (calls.MediaAnswer, error) {
	a, err := m.sfu.Join(ctx, j.CallID, j.ParticipantID, j.SDP, sources(j.Sources))
	return mediaAnswer(j.CallID, a), mediaError(err)
}

func (m mediaPlane) Offer(ctx context.Context, j calls.MediaJoin) (calls.MediaAnswer, error) {
	a, err := m.sfu.Offer(ctx, j.CallID, j.ParticipantID, j.SDP, sources(j.Sources))
	return mediaAnswer(j.CallID, a), mediaError(err)
}

func (m mediaPlane) Restart(ctx context.Context, callID, participantID, fragment string) (string, error) {
	answer, err := m.sfu.Restart(ctx, callID, participantID, fragment)
	return answer, mediaError(err)
}

func (m mediaPlane) Mute(callID, participantID string, kind proto.SourceKind, muted bool) error {
	return mediaError(m.sfu.Mute(callID, participantID, sfu.Kind(kind), muted))
}

func (m mediaPlane) Leave(callID, participantID string) { m.sfu.Leave(callID, participantID) }

func (m mediaPlane) EndCall(callID string) { m.sfu.EndRoom(callID) }

func sources(list []proto.Source) []sfu.Source {
	out := make([]sfu.Source, len(list))
	for i, s := range list {
		out[i] = sfu.Source{Kind: sfu.Kind(s.Kind), MID: s.MID, Muted: s.Muted}
	}
	return out
}

func mediaAnswer(callID string, a sfu.Answer) calls.MediaAnswer {
	return calls.MediaAnswer{SDP: a.SDP, Slots: slots(callID, a.Slots)}
}

func slots(callID string, m sfu.SlotMap) proto.MediaSlots {
	out := proto.MediaSlots{CallID: callID, Rev: m.Rev, Slots: []proto.Slot{}, MissingAudio: m.MissingAudio, MissingVideo: m.MissingVideo}
	for _, s := range m.Slots {
		out.Slots = append(out.Slots, proto.Slot{MID: s.MID, ParticipantID: s.Peer, Kind: proto.SourceKind(s.Kind)})
	}
	return out
}

// mediaCodes is the table from the SFU's errors to the protocol's codes; what
// is not in it is a fault of the server.
var mediaCodes = []struct {
	err  error
	code proto.Code
}{
	{sfu.ErrOffer, proto.CodeBadOffer},
	{sfu.ErrCodec, proto.CodeCodecUnsupported},
	{sfu.ErrFull, proto.CodeCallFull},
	{sfu.ErrUnknownPeer, proto.CodeWrongState},
	{sfu.ErrClosed, proto.CodeUnavailable},
}

func mediaError(err error) error {
	for _, c := range mediaCodes {
		if errors.Is(err, c.err) {
			return &proto.Error{Code: c.code, Message: err.Error()}
		}
	}
	return err
}

// mediaEvents passes on what the SFU notices. The SFU is made before the
// calls, so there is nobody to tell until the calls are there.
type mediaEvents struct{ calls atomic.Pointer[calls.Service] }

func (e *mediaEvents) SlotsChanged(room, peer string, m sfu.SlotMap) {
	if c := e.calls.Load(); c != nil {
		c.SlotsChanged(room, peer, slots(room, m))
	}
}

func (e *mediaEvents) LinkChanged(room, peer string, s link.State) {
	if c := e.calls.Load(); c != nil && s != link.Connecting {
		c.LinkChanged(room, peer, calls.LinkState(s))
	}
}
