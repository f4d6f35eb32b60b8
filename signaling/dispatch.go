package signaling

import (
	"context"
	"encoding/json"

	"kinwire/signaling/proto"
)

// handler carries out one request of session s. Its reply is encoded and sent
// if the request has an id. An error that is no *proto.Error is a fault of
// the server.
type handler func(ctx context.Context, s *session, data json.RawMessage) (reply any, err error)

// handlers is the table of what sessions' workers do. What must not wait for
// the worker is in upkeep.
var handlers = map[string]handler{
	proto.TypePeople: on(func(ctx context.Context, s *session, _ proto.Empty) (proto.People, error) {
		return s.hub.peopleOf(ctx, s.who.UserID)
	}),
	proto.TypeCallInvite: onCall(CallRequests.Invite),
	proto.TypeCallAdd: on(func(ctx context.Context, s *session, data proto.CallAdd) (proto.Empty, error) {
		return s.hub.calls.Add(ctx, s.who, data)
	}),
	proto.TypeCallRinging: on(func(ctx context.Context, s *session, data proto.CallRef) (proto.Empty, error) {
		return proto.Empty{}, s.hub.calls.Ringing(ctx, s.who, data)
	}),
	proto.TypeCallAccept:  onCall(CallRequests.Accept),
	proto.TypeCallDecline: onCall(CallRequests.Decline),
	proto.TypeCallHangup:  onCall(CallRequests.Hangup),
	proto.TypeCallJoin:    onCall(CallRequests.Join),
	proto.TypeCallLeave:   onCall(CallRequests.Leave),
	proto.TypeMediaOffer:  onCall(CallRequests.Offer),
	proto.TypeMediaMute:   onCall(CallRequests.Mute),
	proto.TypeMediaToken: on(func(ctx context.Context, s *session, data proto.CallRef) (proto.MediaToken, error) {
		return s.mediaToken(ctx, data)
	}),
	proto.TypeStatsReport: on(func(ctx context.Context, s *session, data proto.StatsReport) (proto.Empty, error) {
		return proto.Empty{}, s.hub.calls.Report(ctx, s.who, data)
	}),
	proto.TypeChatAttach: onChat(Relay.Attach),
	proto.TypeChatSend:   onChat(Relay.Send),
	proto.TypeChatAck:    onChat(Relay.Ack),
	proto.TypeChatSignal: onChat(func(r Relay, ctx context.Context, who proto.ChatWho, data proto.ChatSignal) (proto.Empty, error) {
		return proto.Empty{}, r.Signal(ctx, who, data)
	}),
}

// upkeep is the table of what a socket's reader does at once.
var upkeep = map[string]func(k *socket, r proto.Request){
	proto.TypeHello: (*socket).hello,
	proto.TypeAck:   (*socket).ack,
	proto.TypePing:  (*socket).ping,
}

// on decodes a request's data for do.
func on[In, Out any](do func(ctx context.Context, s *session, data In) (Out, error)) handler {
	return func(ctx context.Context, s *session, raw json.RawMessage) (any, error) {
		data, refused := proto.Decode[In](raw)
		if refused != nil {
			return nil, refused
		}
		return do(ctx, s, data)
	}
}

// onCall is on for what package calls carries out.
func onCall[In, Out any](do func(c CallRequests, ctx context.Context, who Who, data In) (Out, error)) handler {
	return on(func(ctx context.Context, s *session, data In) (Out, error) { return do(s.hub.calls, ctx, s.who, data) })
}
