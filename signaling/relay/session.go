package relay

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// errDetached refuses what needs a device.
func errDetached() *proto.Error {
	return refuse(proto.CodeNoDevice, "this session has attached no device: chat.attach comes first")
}

// Attach makes a session the one on which a device speaks; another that was it
// is told that it is not any more. Delivery begins with what is first in the
// device's queue.
func (s *Service) Attach(ctx context.Context, who proto.ChatWho, in proto.ChatAttach) (proto.ChatAttached, error) {
	out, found, err := s.store.HelloChatDevice(ctx, proto.ChatHello{
		DeviceID: in.DeviceID, UserID: who.UserID, SecretHash: proto.DeviceSecretHash(in.Secret), At: s.now().UnixMilli(),
		LoginHash: who.LoginHash,
	})
	if err != nil {
		return out, fmt.Errorf("attach a device: %w", err)
	}
	if !found {
		return proto.ChatAttached{}, refuse(proto.CodeNotFound,
			"device %.64q with this secret is not there: a device of one's own that was not removed can be attached", in.DeviceID)
	}
	old := s.lanes.open(in.DeviceID, who, out.LastN)
	if old != nil && old.who.SessionID != who.SessionID {
		s.d.Notifier.ToSession(old.who.SessionID, proto.TypeChatDetached, proto.Empty{})
	}
	return out, nil
}

// SessionEnded forgets a session that is gone for good. No call for it may come
// after this one.
func (s *Service) SessionEnded(who proto.ChatWho) { s.lanes.closeSession(who.SessionID) }

// Ack deletes what the session's device has kept.
func (s *Service) Ack(ctx context.Context, who proto.ChatWho, in proto.ChatAck) (proto.Empty, error) {
	one, _ := s.lanes.of(who.SessionID)
	if one == nil {
		return proto.Empty{}, errDetached()
	}
	acked, err := s.store.AckChat(ctx, one.device, in.Pos, s.now().UnixMilli())
	if err != nil {
		return proto.Empty{}, fmt.Errorf("acknowledge: %w", err)
	}
	if !acked.Known {
		return proto.Empty{}, errDetached()
	}
	if in.Pos >= acked.Next {
		return proto.Empty{}, refuse(proto.CodeBadMessage, "pos: given %d; allowed is at most %d, the last one in the queue", in.Pos, acked.Next-1)
	}
	s.lanes.ack(one, in.Pos)
	if acked.Count > 0 {
		s.deleted.Store(true)
		s.counts.acked.Add(acked.Count)
	}
	s.tidings.arrived(who.UserID, acked.Marks)
	return proto.Empty{}, nil
}

// Signal passes something on to the other devices of a conversation that are
// connected now, and forgets it.
func (s *Service) Signal(ctx context.Context, who proto.ChatWho, in proto.ChatSignal) error {
	one, _ := s.lanes.of(who.SessionID)
	if one == nil {
		return errDetached()
	}
	if wait, ok := s.signals.Take(who.UserID, s.now()); !ok {
		return refuse(proto.CodeRateLimited, "given more than %v signals a second; try again in %v", s.cfg().SignalRate, wait)
	}
	roster, err := s.roster(ctx, in.ConversationID)
	if err != nil {
		return err
	}
	if err := s.mayWrite(ctx, who, one.device, in.ConversationID, roster); err != nil {
		return err
	}
	for _, l := range roster.Leaves {
		if !l.In || l.DeviceID == one.device {
			continue
		}
		if id := s.lanes.session(l.DeviceID); id != "" {
			s.d.Notifier.ToSession(id, proto.TypeChatSignalled, proto.ChatSignalled{
				ConversationID: in.ConversationID, SenderID: who.UserID, DeviceID: one.device, Body: in.Body,
			})
			s.counts.signals.Add(1)
		}
	}
	return nil
}
