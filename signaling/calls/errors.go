package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"kinwire/signaling/proto"
)

func wrongState(message string) *proto.Error {
	return &proto.Error{Code: proto.CodeWrongState, Message: message}
}

func badMessage(format string, args ...any) *proto.Error {
	return &proto.Error{Code: proto.CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}

// errNoCall is the answer for a call that does not exist and for one that is
// none of one's business: who asks must not learn which.
func errNoCall() *proto.Error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such call for you; it may have ended"}
}

func errNotJoined() *proto.Error {
	return wrongState("this device has no media in the call; send call.join first")
}

func errSeated() *proto.Error {
	return wrongState("your media in this call comes over HTTP; send call.join to bring it back here")
}

func errNoSeat() *proto.Error {
	return wrongState("you have left the call, or your media has ended or was replaced, since then")
}

func errNoSource(kind proto.SourceKind) *proto.Error {
	return wrongState(fmt.Sprintf("you did not announce a source of kind %q when you joined", kind))
}

func errNoPictures(kind proto.SourceKind) *proto.Error {
	return &proto.Error{Code: proto.CodeNotAllowed,
		Message: fmt.Sprintf("you brought a source of kind %q that is not muted; this call is by voice alone, by a rule of a parent or of this server", kind)}
}

func errFull(people, most int) *proto.Error {
	return &proto.Error{Code: proto.CodeCallFull,
		Message: fmt.Sprintf("there would be %d people in the call; it has room for %d", people, most)}
}

func errBusy() *proto.Error {
	return &proto.Error{Code: proto.CodeBusy, Message: "you are in another call; hang up first"}
}

func errShuttingDown() *proto.Error {
	return &proto.Error{Code: proto.CodeUnavailable, Message: "the server is shutting down"}
}

// refusal says why p cannot do now what the table does not list.
func (c *call) refusal(p *participant) *proto.Error {
	if c.phase == proto.PhaseEnded {
		return wrongState("the call has ended")
	}
	return wrongState(stageRefusals[p.stage])
}

var stageRefusals = map[stage]string{
	invited: "the call still rings for you; accept or decline it",
	active:  "you are in the call already",
	away:    "you have left the call; join to come back",
	gone:    "you have left the call for good",
}

// asProto passes a refusal on, and turns everything else into an internal
// error without detail; the detail goes to the log.
func asProto(ctx context.Context, log *slog.Logger, doing string, err error) *proto.Error {
	var refused *proto.Error
	if errors.As(err, &refused) {
		return refused
	}
	if ctx.Err() != nil {
		return &proto.Error{Code: proto.CodeUnavailable, Message: "the request took too long, or its socket has gone"}
	}
	log.ErrorContext(ctx, "calls: "+doing, "error", err)
	return &proto.Error{Code: proto.CodeInternal, Message: "the server could not do it; try again"}
}
