package signaling

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// session is one person's session: what lasts while sockets come and go.
type session struct {
	hub    *Hub
	who    Who
	person proto.Person
	login  secret // of the login token it was opened with
	log    *slog.Logger
	limits *limits

	ctx      context.Context // ends with the session
	cancel   context.CancelFunc
	requests chan proto.Request // accepted, for the worker
	kick     chan struct{}      // tells the worker that the socket came or went

	mu      sync.Mutex
	out     outbox
	sock    *socket // nil while there is none
	holder  *socket // the socket whose hello is being answered: new messages wait in held
	held    []pending
	lastID  uint64          // the highest request id accepted
	waiting map[uint64]bool // accepted, not yet answered
	tokens  []grant         // resume tokens that are good, the newest last
	drops   int             // counts the losses of a socket, so that a late timer knows it is late
	timers  []*time.Timer
	away    bool // without a socket for longer than the grace
	ended   bool
}

// grant is a resume token and the seq of the Welcome that carries it.
type grant struct {
	key secret
	seq uint64
}

// pending is a message that has no seq yet.
type pending struct {
	re   uint64
	typ  string
	data json.RawMessage
	err  *proto.Error
}

func newSession(h *Hub, person proto.Person, login secret, d proto.Device) *session {
	id, cfg := newID(), h.live.Load()
	s := &session{
		hub: h, person: person, login: login,
		who:      Who{UserID: person.ID, SessionID: id, Device: d},
		log:      h.log.With("session", id),
		limits:   newLimits(*cfg),
		requests: make(chan proto.Request, cfg.requestQueue()),
		kick:     make(chan struct{}, 1),
		out:      outbox{maxCount: cfg.OutboxMessages, maxBytes: cfg.OutboxBytes},
		waiting:  map[uint64]bool{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// send puts a message into the outbox. It does not block.
func (s *session) send(p pending) {
	s.mu.Lock()
	overflow := s.sendLocked(p)
	s.mu.Unlock()
	if overflow {
		s.overflow()
	}
}

// answer sends the reply to request id.
func (s *session) answer(id uint64, data json.RawMessage, err *proto.Error) {
	s.mu.Lock()
	delete(s.waiting, id)
	overflow := s.sendLocked(pending{re: id, data: data, err: err})
	s.mu.Unlock()
	if overflow {
		s.overflow()
	}
}

// sendLocked reports whether the outbox would go over its bounds.
func (s *session) sendLocked(p pending) (overflow bool) {
	if s.ended {
		return false
	}
	if s.holder != nil {
		s.held = append(s.held, p)
		return len(s.held) > s.out.maxCount
	}
	return !s.pushLocked(p)
}

// pushLocked numbers a message and reports whether there was room for it.
func (s *session) pushLocked(p pending) bool {
	text, err := json.Marshal(proto.Message{Seq: s.out.next(), Re: p.re, Type: p.typ, Data: p.data, Error: p.err})
	if err != nil {
		s.log.Error("message not encoded", "type", p.typ, "err", err) // data is JSON already: cannot happen
		return true
	}
	if !s.out.push(p.re, text) {
		return false
	}
	s.sock.nudge()
	return true
}

func (s *session) overflow() {
	s.log.Warn("session ended: too much unacknowledged", "messages", s.hub.live.Load().OutboxMessages, "bytes", s.hub.live.Load().OutboxBytes)
	s.end(proto.CloseOverflow, "too much unacknowledged: say hello afresh")
}

// next hands the writer of socket k the next message for it.
func (s *session) next(k *socket) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sock != k {
		return entry{}, false
	}
	e, ok := s.out.after(k.cursor)
	if ok {
		k.cursor = e.seq
	}
	return e, ok
}

// ack notes that everything up to seq has arrived. A client that has a Welcome
// has no more use for the resume tokens before it.
func (s *session) ack(seq uint64) *proto.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ackLocked(seq)
}

func (s *session) ackLocked(seq uint64) *proto.Error {
	if err := s.out.ack(seq); err != nil {
		return err
	}
	for len(s.tokens) > 1 && seq >= s.tokens[1].seq {
		s.dropTokenLocked(0)
	}
	return nil
}

// accept takes a request that came on socket k and hands it to the worker. A
// request seen before is not carried out again: its reply is or will be in
// the outbox.
func (s *session) accept(k *socket, r proto.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sock != k || s.ended {
		return // taken over: the client repeats it on the new socket
	}
	if r.ID != 0 && !s.freshLocked(k, r.ID) {
		return
	}
	select {
	case s.requests <- r:
		if r.ID != 0 {
			s.waiting[r.ID] = true
		}
	default:
		if r.ID != 0 {
			s.sendLocked(pending{re: r.ID, err: refuse(proto.CodeRateLimited, "%d requests wait for an answer already; try again later", cap(s.requests))})
		}
	}
}

// reject answers a request that is not to be carried out.
func (s *session) reject(k *socket, id uint64, err *proto.Error) {
	s.mu.Lock()
	overflow := s.sock == k && s.freshLocked(k, id) && s.sendLocked(pending{re: id, err: err})
	s.mu.Unlock()
	if overflow {
		s.overflow()
	}
}

// freshLocked reports whether request id is a new one, and if so counts it.
func (s *session) freshLocked(k *socket, id uint64) bool {
	if id > s.lastID {
		s.lastID = id
		return true
	}
	if !s.waiting[id] && !s.out.answers(id) && !s.heldAnswers(id) {
		k.tell(id, refuse(proto.CodeBadMessage, "id: given %d, which was used before; allowed is more than %d", id, s.lastID))
	}
	return false
}

func (s *session) heldAnswers(id uint64) bool {
	for _, p := range s.held {
		if p.re == id {
			return true
		}
	}
	return false
}

// online reports whether the person counts as there by this session.
func (s *session) online() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended && !s.away
}

// detached reports whether the session has no socket.
func (s *session) detached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sock == nil
}

// end ends the session for good, once. Its worker tells calls. code and
// reason go to the socket, if there is one.
func (s *session) end(code proto.CloseCode, reason string) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	k := s.sock
	s.sock, s.holder, s.held = nil, nil, nil
	s.stopTimersLocked()
	tokens := s.tokens
	s.tokens = nil
	s.mu.Unlock()

	for _, t := range tokens {
		s.hub.resumes.remove(t.key)
	}
	s.hub.remove(s)
	if k != nil {
		k.shut(code, reason, false)
	}
	s.cancel()
}
