package signaling

import (
	"context"
	"encoding/json"
	"runtime/debug"

	"kinwire/signaling/proto"
)

// work carries out the session's requests, one by one in their order, and
// tells calls when the socket goes, comes back or is gone for good, and the
// relay when the session is. All that they hear of a session comes from this one
// goroutine.
func (s *session) work() {
	there := true
	for {
		there = s.reportLink(there)
		select {
		case <-s.ctx.Done():
			s.hub.calls.SessionEnded(s.who)
			s.endChat()
			s.noteSeen()
			s.hub.PresenceChanged(s.who.UserID)
			return
		case <-s.kick:
		case r := <-s.requests:
			s.carryOut(r)
		}
	}
}

// noteSeen notes when the person was last here. The login's token is not kept
// (only its hash is), so the note is about the person alone.
func (s *session) noteSeen() {
	ctx, cancel := context.WithTimeout(context.Background(), s.hub.cfg.HandlerTimeout)
	defer cancel()
	s.hub.seen(ctx, s.who.UserID, "")
}

// reportLink tells calls if the socket went or came since the last report.
func (s *session) reportLink(was bool) bool {
	is := !s.detached()
	if is == was || s.ctx.Err() != nil {
		return was
	}
	if is {
		s.hub.calls.SessionResumed(s.who)
		s.hub.PresenceChanged(s.who.UserID)
	} else {
		s.hub.calls.SessionDropped(s.who)
	}
	return is
}

// carryOut runs the handler of one request and answers.
func (s *session) carryOut(r proto.Request) {
	if s.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.hub.cfg.HandlerTimeout)
	defer cancel()
	data, err := s.guarded(ctx, r)
	if r.ID != 0 {
		s.answer(r.ID, data, err)
	} else if err != nil {
		s.tell(err)
	}
}

// guarded runs a handler; one that panics costs one internal error.
func (s *session) guarded(ctx context.Context, r proto.Request) (data json.RawMessage, refused *proto.Error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("handler panicked", "type", r.Type, "panic", p, "stack", string(debug.Stack()))
			data, refused = nil, refuse(proto.CodeInternal, "a fault of the server")
		}
	}()
	reply, err := handlers[r.Type](ctx, s, r.Data)
	if err != nil {
		return nil, refusal(s.log, r.Type, err)
	}
	data, err = proto.Encode(reply)
	if err != nil {
		return nil, refusal(s.log, r.Type, err)
	}
	return data, nil
}

// tell sends a refusal that belongs to no request to the socket of now.
func (s *session) tell(err *proto.Error) {
	s.mu.Lock()
	k := s.sock
	s.mu.Unlock()
	if k != nil {
		k.tell(0, err)
	}
}
