package proto

import (
	"reflect"
	"slices"
)

// RequestSpec describes one type of request. Data and Reply are struct types;
// Data is nil where the request has no data, Reply is nil where there is no
// reply.
type RequestSpec struct {
	Type  string
	Data  reflect.Type
	Reply reflect.Type
}

// EventSpec describes one type of event. Data is nil where the event has none.
type EventSpec struct {
	Type string
	Data reflect.Type
}

// Requests is the table of everything a client may send. The server's
// dispatch, the JSON Schema and the TypeScript types all follow it; a test
// holds it to the Type constants.
func Requests() []RequestSpec {
	return []RequestSpec{
		{TypeHello, of[Hello](), of[Welcome]()},
		{TypeAck, of[Ack](), nil},
		{TypePing, nil, nil},
		{TypePeople, of[Empty](), of[People]()},
		{TypeCallInvite, of[CallInvite](), of[CallEntered]()},
		{TypeCallAdd, of[CallAdd](), of[Empty]()},
		{TypeCallRinging, of[CallRef](), nil},
		{TypeCallAccept, of[CallRef](), of[CallEntered]()},
		{TypeCallDecline, of[CallRef](), of[Empty]()},
		{TypeCallHangup, of[CallRef](), of[Empty]()},
		{TypeCallJoin, of[CallJoin](), of[CallJoined]()},
		{TypeCallLeave, of[CallRef](), of[Empty]()},
		{TypeMediaOffer, of[MediaOffer](), of[MediaAnswer]()},
		{TypeMediaMute, of[MediaMute](), of[Empty]()},
		{TypeMediaToken, of[CallRef](), of[MediaToken]()},
		{TypeStatsReport, of[StatsReport](), nil},
		{TypeChatAttach, of[ChatAttach](), of[ChatAttached]()},
		{TypeChatSend, of[ChatSend](), of[ChatSent]()},
		{TypeChatAck, of[ChatAck](), of[Empty]()},
		{TypeChatSignal, of[ChatSignal](), nil},
	}
}

// Events is the table of everything the server sends of its own accord.
func Events() []EventSpec {
	return []EventSpec{
		{TypePong, nil},
		{TypePresence, of[Presence]()},
		{TypeCallIncoming, of[CallIncoming]()},
		{TypeCallState, of[CallState]()},
		{TypeCallWarning, of[CallWarning]()},
		{TypeFriendsChanged, of[Empty]()},
		{TypeFamilyChanged, of[Empty]()},
		{TypeCallParticipant, of[ParticipantEvent]()},
		{TypeMediaSlots, of[MediaSlots]()},
		{TypeMediaQuality, of[MediaQuality]()},
		{TypeChatDelivery, of[ChatDelivery]()},
		{TypeChatSignalled, of[ChatSignalled]()},
		{TypeChatDelivered, of[ChatDelivered]()},
		{TypeChatChanged, of[ChatChanged]()},
		{TypeChatDetached, of[Empty]()},
	}
}

func of[T any]() reflect.Type { return reflect.TypeFor[T]() }

// IsRequest reports whether typ is a type that a client may send.
func IsRequest(typ string) bool {
	return slices.ContainsFunc(Requests(), func(r RequestSpec) bool { return r.Type == typ })
}
