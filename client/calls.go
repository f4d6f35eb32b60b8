package client

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"kinwire/signaling/proto"
)

// Invite starts a call and rings the people to (user ids). With it comes all
// that Join needs.
func (s *Session) Invite(ctx context.Context, video bool, to ...string) (proto.CallEntered, error) {
	return Request[proto.CallEntered](ctx, s, proto.TypeCallInvite, proto.CallInvite{To: to, Video: video})
}

// Add rings more people (user ids) in a call that one is in. What becomes of
// them comes as call.participant.
func (s *Session) Add(ctx context.Context, callID string, to ...string) error {
	_, err := Request[proto.Empty](ctx, s, proto.TypeCallAdd, proto.CallAdd{CallID: callID, To: to})
	return err
}

// Accept answers a call that rings. Where the call has waited while one was
// in another, one's part in that one ends.
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

// MediaToken asks for a token with which a program that speaks WHIP or WHEP
// (docs/protocol.md, section 8) brings the media of this person in a call, in
// place of what Join has brought. The addresses in it are whole ones.
func (s *Session) MediaToken(ctx context.Context, callID string) (proto.MediaToken, error) {
	t, err := Request[proto.MediaToken](ctx, s, proto.TypeMediaToken, proto.CallRef{CallID: callID})
	if err != nil {
		return proto.MediaToken{}, err
	}
	base, err := url.Parse(s.opt.BaseURL)
	if err != nil {
		return proto.MediaToken{}, fmt.Errorf("client: BaseURL %q: %w", s.opt.BaseURL, err)
	}
	for _, address := range []*string{&t.WHIPURL, &t.WHEPURL} {
		path, err := url.Parse(*address)
		if err != nil {
			return proto.MediaToken{}, fmt.Errorf("media token for call %s: the server gave the address %q: %w", callID, *address, err)
		}
		if !path.IsAbs() { // a base with a path of its own stands for a proxy that adds it
			*address = base.JoinPath(path.EscapedPath()).String()
		}
	}
	return t, nil
}

// Ringing tells the server that a call rings on this device. The session does
// so by itself; see [Options.Silent].
func (s *Session) Ringing(callID string) error {
	return s.Tell(proto.TypeCallRinging, proto.CallRef{CallID: callID})
}

// rings says so of a call that has come, and of those that a welcome found
// ringing.
func (s *Session) rings(calls ...proto.CallView) {
	for _, c := range calls {
		if s.opt.Silent || c.Phase != proto.PhaseRinging || !ringsFor(c) {
			continue
		}
		if err := s.Ringing(c.CallID); err != nil {
			s.opt.Log.Warn("ringing not told", "call", c.CallID, "err", err)
		}
	}
}

// ringsFor says whether a call rings for the person whose view it is, rather
// than that they wait for somebody to answer.
func ringsFor(c proto.CallView) bool {
	return slices.ContainsFunc(c.Participants, func(p proto.Participant) bool {
		return p.ID == c.You && (p.Phase == proto.ParticipantInvited || p.Phase == proto.ParticipantRinging)
	})
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
