package client

import (
	"context"

	"kinwire/signaling/proto"
)

// Invite starts a call and rings the people to (user ids). With it comes all
// that Join needs.
func (s *Session) Invite(ctx context.Context, video bool, to ...string) (proto.CallEntered, error) {
	return Request[proto.CallEntered](ctx, s, proto.TypeCallInvite, proto.CallInvite{To: to, Video: video})
}

// Accept answers a call that rings.
func (s *Session) Accept(ctx context.Context, callID string) (proto.CallEntered, error) {
	return Request[proto.CallEntered](ctx, s, proto.TypeCallAccept, proto.CallRef{CallID: callID})
}

// Decline says no to a call that rings.
func (s *Session) Decline(ctx context.Context, callID string) error {
	return s.about(ctx, proto.TypeCallDecline, callID)
}

// Hangup cancels a call that rings, ends a call of two, and leaves a larger
// one for good.
func (s *Session) Hangup(ctx context.Context, callID string) error {
	return s.about(ctx, proto.TypeCallHangup, callID)
}

// Leave gives up the media of a call; Join may bring it back while the call
// lasts.
func (s *Session) Leave(ctx context.Context, callID string) error {
	return s.about(ctx, proto.TypeCallLeave, callID)
}

// Mute switches one of the own sources off or on, at the server. [Call.Mute]
// also stops the sending.
func (s *Session) Mute(ctx context.Context, callID string, kind proto.SourceKind, muted bool) error {
	_, err := Request[proto.Empty](ctx, s, proto.TypeMediaMute, proto.MediaMute{CallID: callID, Kind: kind, Muted: muted})
	return err
}

// People lists those whom this person may call.
func (s *Session) People(ctx context.Context) ([]proto.Presence, error) {
	p, err := Request[proto.People](ctx, s, proto.TypePeople, proto.Empty{})
	return p.People, err
}

func (s *Session) about(ctx context.Context, typ, callID string) error {
	_, err := Request[proto.Empty](ctx, s, typ, proto.CallRef{CallID: callID})
	return err
}
