package signaling

import (
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// attach gives the session the socket k. For a resume, key is the hash of the
// token that was shown and seen is the last seq that the client has. Until
// welcome or abandon is called, new messages are held back, so that the
// Welcome comes before whatever happened after its view of the world was
// taken.
func (s *session) attach(k *socket, resume bool, key secret, seen uint64) *proto.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return errGone
	}
	if resume {
		if !s.useTokenLocked(key) {
			return errGone
		}
		if seen+1 < s.out.first() {
			return refuse(proto.CodeResumeGone, "last_seq: given %d; allowed is from %d, for what came before is acknowledged and gone; say hello without resume", seen, s.out.first()-1)
		}
		if err := s.ackLocked(seen); err != nil {
			return refuse(proto.CodeResumeGone, "last_%s; say hello without resume", err.Message)
		}
	}
	if old := s.sock; old != nil {
		old.shut(proto.CloseTakenOver, "another socket resumed this session", false)
	}
	s.stopTimersLocked()
	s.sock, s.holder, s.away = k, k, false
	k.cursor = seen
	s.wakeWorker()
	k.nudge()
	return nil
}

// errGone refuses a resume token that is good for nothing (any more).
var errGone = refuse(proto.CodeResumeGone, "the session to resume has ended; say hello without resume")

// maxTokens bounds the resume tokens of a session that are good at once.
const maxTokens = 32

// useTokenLocked spends a resume token. Those before it are of no use any
// more. It stays good itself, with those after it, until the client shows that
// a later Welcome has arrived: any of them may have been lost with its socket,
// or may still be on its way out of the outbox.
func (s *session) useTokenLocked(key secret) bool {
	i := slices.IndexFunc(s.tokens, func(g grant) bool { return g.key == key })
	if i < 0 {
		return false
	}
	for range i {
		s.dropTokenLocked(0)
	}
	return true
}

func (s *session) dropTokenLocked(i int) {
	s.hub.resumes.remove(s.tokens[i].key)
	s.tokens = slices.Delete(s.tokens, i, i+1)
}

// welcome sends the Welcome, with a fresh resume token, and then what was held
// back.
func (s *session) welcome(k *socket, id uint64, w proto.Welcome) error {
	w.Resume = newToken()
	data, err := proto.Encode(w)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.sock != k || s.holder != k {
		s.mu.Unlock()
		return nil // taken over or ended meanwhile
	}
	held := s.held
	s.holder, s.held = nil, nil
	g := grant{hashed(w.Resume), s.out.next()}
	overflow := s.sendLocked(pending{re: id, data: data})
	if !overflow {
		s.tokens = append(s.tokens, g)
		s.hub.resumes.add(g.key, s)
		if len(s.tokens) > maxTokens {
			s.dropTokenLocked(1) // the client lives on the oldest
		}
	}
	for _, p := range held {
		overflow = overflow || s.sendLocked(p)
	}
	s.mu.Unlock()
	if overflow {
		s.overflow()
	}
	return nil
}

// detach notes that socket k is gone. The session can be resumed from now on
// for the resume window, unless the client closed it for good.
func (s *session) detach(k *socket, forGood bool) {
	s.mu.Lock()
	if s.sock != k || s.ended {
		s.mu.Unlock()
		return
	}
	s.sock = nil
	held := s.held
	s.holder, s.held = nil, nil
	overflow := false
	for _, p := range held {
		overflow = overflow || s.sendLocked(p)
	}
	s.drops++
	n := s.drops
	s.timers = append(s.timers,
		time.AfterFunc(s.hub.cfg.PresenceGrace, func() { s.goneFor(n) }),
		time.AfterFunc(s.hub.live.Load().ResumeWindow, func() { s.expire(n) }))
	s.wakeWorker()
	s.mu.Unlock()
	if overflow {
		s.overflow()
	}
	if forGood {
		s.expire(n)
	}
}

// goneFor runs when the socket has been gone for the grace.
func (s *session) goneFor(drop int) {
	s.mu.Lock()
	late := s.drops != drop || s.sock != nil || s.ended
	if !late {
		s.away = true
	}
	s.mu.Unlock()
	if !late {
		s.hub.PresenceChanged(s.who.UserID)
	}
}

// expire runs when the resume window is over.
func (s *session) expire(drop int) {
	s.mu.Lock()
	late := s.drops != drop || s.sock != nil
	s.mu.Unlock()
	if !late {
		s.end(0, "")
	}
}

func (s *session) stopTimersLocked() {
	for _, t := range s.timers {
		t.Stop()
	}
	s.timers = nil
}

func (s *session) wakeWorker() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}
