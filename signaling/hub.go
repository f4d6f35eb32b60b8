package signaling

import (
	"context"
	"encoding/hex"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/signaling/proto"
	"kinwire/signaling/whip"
)

// Hub knows who is there: every session and every socket. It is what package
// calls tells its news to. Make it with NewHub, give it to calls, then give
// both to New.
type Hub struct {
	cfg      Config                 // as it was at the start
	live     atomic.Pointer[Config] // of now: what Server.Tune can change is read here
	log      *slog.Logger
	now      func() time.Time
	resumes  resumeTable
	presence *presence
	news     *news

	// Set by New, before the first socket.
	accounts Accounts
	friends  FriendsKnown
	calls    Calls
	chat     Chat
	whip     *whip.Service // nil: no media over HTTP

	workers sync.WaitGroup // of sessions
	readers sync.WaitGroup // of sockets
	errands sync.WaitGroup // what is to be done for somebody who has gone
	quit    chan struct{}  // closed when the hub begins to close

	mu      sync.RWMutex
	users   map[string][]*session
	byID    map[string]*session
	sockets map[*socket]struct{}
	closing bool
}

// NewHub makes a hub without anybody in it. log and now may be nil.
func NewHub(cfg Config, log *slog.Logger, now func() time.Time) *Hub {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if now == nil {
		now = time.Now
	}
	h := &Hub{
		cfg: cfg.withDefaults(), log: log, now: now,
		resumes:  resumeTable{sessions: map[secret]*session{}},
		presence: newPresence(),
		news:     newNews(),
		quit:     make(chan struct{}),
		users:    map[string][]*session{},
		byID:     map[string]*session{},
		sockets:  map[*socket]struct{}{},
	}
	h.live.Store(&h.cfg)
	return h
}

// ToUser sends an event to every session of a person, also to those that
// wait to be resumed. It does not block.
func (h *Hub) ToUser(userID, typ string, data any) {
	h.mu.RLock()
	list := slices.Clone(h.users[userID])
	h.mu.RUnlock()
	h.deliver(list, typ, data)
}

// ToOthers sends an event to every session of a person but one. It does not
// block.
func (h *Hub) ToOthers(userID, exceptSessionID, typ string, data any) {
	h.mu.RLock()
	list := slices.Clone(h.users[userID])
	h.mu.RUnlock()
	list = slices.DeleteFunc(list, func(s *session) bool { return s.who.SessionID == exceptSessionID })
	h.deliver(list, typ, data)
}

// ToSession sends an event to one session, if there is such a one. It does
// not block.
func (h *Hub) ToSession(sessionID, typ string, data any) {
	h.mu.RLock()
	s := h.byID[sessionID]
	h.mu.RUnlock()
	if s != nil {
		h.deliver([]*session{s}, typ, data)
	}
}

func (h *Hub) deliver(list []*session, typ string, data any) {
	if len(list) == 0 {
		return
	}
	raw, err := proto.Encode(data)
	if err != nil {
		h.log.Error("event not encoded", "type", typ, "err", err)
		return
	}
	for _, s := range list {
		s.send(pending{typ: typ, data: raw})
	}
}

// Online reports whether a person can be reached now: by a session whose
// socket is there, or dropped so recently that it may be back in a moment.
func (h *Hub) Online(userID string) bool {
	h.mu.RLock()
	list := h.users[userID]
	h.mu.RUnlock()
	return slices.ContainsFunc(list, (*session).online)
}

// PresenceChanged tells the hub that a person may have come, gone, entered or
// left a call. Those who may see it are told soon, if it is so. It does not
// block.
func (h *Hub) PresenceChanged(userID string) { h.presence.changed(userID) }

// open takes a session in and starts its worker.
func (h *Hub) open(s *session) *proto.Error {
	h.mu.Lock()
	if h.closing {
		h.mu.Unlock()
		return refuse(proto.CodeUnavailable, "the server is shutting down")
	}
	list := h.users[s.who.UserID]
	var evicted *session
	if most := h.live.Load().MaxSessionsPerUser; len(list) >= most {
		i := slices.IndexFunc(list, (*session).detached)
		if i < 0 {
			h.mu.Unlock()
			return refuse(proto.CodeRateLimited, "given one session more; allowed are %d of one person at once", most)
		}
		evicted = list[i]
	}
	h.users[s.who.UserID] = append(slices.Clone(list), s)
	h.byID[s.who.SessionID] = s
	h.workers.Add(1)
	h.mu.Unlock()
	s.tune(h.live.Load()) // there may have been a change since it was made
	go func() {
		defer h.workers.Done()
		s.work()
	}()
	if evicted != nil {
		evicted.end(0, "")
	}
	s.log.Info("session opened", "app", s.who.Device.App, "os", s.who.Device.OS)
	return nil
}

// remove forgets a session that has ended.
func (h *Hub) remove(s *session) {
	h.mu.Lock()
	_, known := h.byID[s.who.SessionID]
	delete(h.byID, s.who.SessionID)
	list := slices.Clone(h.users[s.who.UserID])
	list = slices.DeleteFunc(list, func(x *session) bool { return x == s })
	if len(list) == 0 {
		delete(h.users, s.who.UserID)
	} else {
		h.users[s.who.UserID] = list
	}
	h.mu.Unlock()
	if h.whip != nil {
		h.whip.Forget(s.who.SessionID)
	}
	if known {
		s.log.Info("session ended")
	}
}

// EndLogins ends every session that was opened with one of these logins: hex
// SHA-256 of their tokens. Their sockets close at once, and the devices that
// came with them read no messages any more. It does not block.
func (h *Hub) EndLogins(userID string, tokenHashes []string) {
	h.endSessions(userID, "logged out", func(s *session) bool {
		return slices.Contains(tokenHashes, hex.EncodeToString(s.login[:]))
	})
	h.removeDevices(userID, tokenHashes)
}

// EndPerson ends every session of a person, whose sockets close at once. It
// does not block.
func (h *Hub) EndPerson(userID string) {
	h.endSessions(userID, "the account was closed", func(*session) bool { return true })
}

func (h *Hub) endSessions(userID, reason string, which func(s *session) bool) {
	h.mu.RLock()
	list := slices.Clone(h.users[userID])
	h.mu.RUnlock()
	for _, s := range list {
		if which(s) {
			s.end(proto.CloseLoggedOut, reason)
		}
	}
}

// enter counts a socket in. It reports false when the hub is closing and takes
// no more.
func (h *Hub) enter(k *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.sockets[k] = struct{}{}
	k.tune(h.live.Load())
	h.readers.Add(1)
	return true
}

func (h *Hub) leave(k *socket) {
	h.mu.Lock()
	delete(h.sockets, k)
	h.mu.Unlock()
	h.readers.Done()
}

// peopleOf lists a person's friends, in the person's order, and whether they
// are there, as far as each lets the person see that.
func (h *Hub) peopleOf(ctx context.Context, userID string) (proto.People, error) {
	list, err := h.friends.Known(ctx, userID)
	if err != nil {
		return proto.People{}, err
	}
	out := proto.People{People: make([]proto.Presence, 0, len(list))}
	for _, k := range list {
		out.People = append(out.People, presenceOf(k, h.standing(k.Person.ID)))
	}
	return out, nil
}

// isClosing reports whether Close has begun.
func (h *Hub) isClosing() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.closing
}

// close ends everything: each socket writes what waits, is closed with
// CloseRestart, and then the sessions end. When ctx ends first, what is left
// is cut. It returns when all goroutines of the hub are gone.
func (h *Hub) close(ctx context.Context) error {
	h.mu.Lock()
	if !h.closing {
		close(h.quit)
	}
	h.closing = true
	open := make([]*socket, 0, len(h.sockets))
	for k := range h.sockets {
		open = append(open, k)
	}
	h.mu.Unlock()
	for _, k := range open {
		k.shut(proto.CloseRestart, "server restarts", true)
	}
	err := waitFor(ctx, &h.readers)
	if err != nil {
		for _, k := range open {
			k.cut()
		}
		h.readers.Wait()
	}
	h.presence.close()
	h.news.close()
	h.mu.RLock()
	var left []*session
	for _, s := range h.byID {
		left = append(left, s)
	}
	h.mu.RUnlock()
	for _, s := range left {
		s.end(proto.CloseRestart, "server restarts")
	}
	h.workers.Wait()
	h.errands.Wait()
	return err
}

// waitFor waits for wg or, if that comes first, the end of ctx.
func waitFor(ctx context.Context, wg *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
