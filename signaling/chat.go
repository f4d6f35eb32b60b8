package signaling

import (
	"context"
	"encoding/hex"
	"time"

	"kinwire/signaling/proto"
)

// errNoRelay refuses what a server without a relay cannot do.
var errNoRelay = refuse(proto.CodeNotFound, "messages are not carried here")

// onChat is on for what the relay carries out.
func onChat[In, Out any](do func(r Relay, ctx context.Context, who proto.ChatWho, data In) (Out, error)) handler {
	return on(func(ctx context.Context, s *session, data In) (Out, error) {
		if s.hub.chat.Relay == nil {
			var none Out
			return none, errNoRelay
		}
		return do(s.hub.chat.Relay, ctx, s.chatWho(), data)
	})
}

// chatWho is the session in the relay's words.
func (s *session) chatWho() proto.ChatWho {
	return proto.ChatWho{UserID: s.who.UserID, SessionID: s.who.SessionID, LoginHash: hex.EncodeToString(s.login[:])}
}

// endChat tells the relay that the session is gone for good. It runs on the
// session's worker, so that no request of the session comes after it.
func (s *session) endChat() {
	if r := s.hub.chat.Relay; r != nil {
		r.SessionEnded(s.chatWho())
	}
}

// deviceTries are the pauses before each attempt to take devices out: what
// fails is a database that is busy, or away for a moment.
var deviceTries = []time.Duration{0, time.Second, 5 * time.Second}

// removeDevices has the devices of logins that have ended taken out of their
// conversations. It does not block, but for a hub that is closing, which would
// not wait for it any more. That it fails opens nothing: a device is let in by
// a login as well as by its secret.
func (h *Hub) removeDevices(userID string, tokenHashes []string) {
	if h.chat.Devices == nil || len(tokenHashes) == 0 {
		return
	}
	h.mu.Lock()
	closing := h.closing
	if !closing {
		h.errands.Add(1)
	}
	h.mu.Unlock()
	if closing {
		h.tryRemoveDevices(userID, tokenHashes)
		return
	}
	go func() {
		defer h.errands.Done()
		h.tryRemoveDevices(userID, tokenHashes)
	}()
}

func (h *Hub) tryRemoveDevices(userID string, tokenHashes []string) {
	var err error
	for _, pause := range deviceTries {
		if !h.pause(pause) {
			break
		}
		ctx, cancel := context.WithTimeout(context.Background(), h.cfg.HandlerTimeout)
		err = h.chat.Devices.LoginsEnded(ctx, userID, tokenHashes)
		cancel()
		if err == nil {
			return
		}
	}
	h.log.Error("devices of ended logins not removed", "err", err)
}

// pause waits; it reports false when the hub closes before the time is over.
func (h *Hub) pause(d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-h.quit:
		return false
	case <-t.C:
		return true
	}
}
