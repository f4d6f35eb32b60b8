package signaling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"kinwire/signaling/proto"
)

// refuse makes a typed refusal.
func refuse(code proto.Code, format string, args ...any) *proto.Error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// refusal turns an error of another package into what a client may see. A
// fault of the server is logged and shown without detail.
func refusal(log *slog.Logger, doing string, err error) *proto.Error {
	var typed *proto.Error
	if errors.As(err, &typed) {
		return typed
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return refuse(proto.CodeUnavailable, "%s took too long; try again", doing)
	}
	log.Error("request failed", "doing", doing, "err", err)
	return refuse(proto.CodeInternal, "a fault of the server")
}
