package relay

import (
	"context"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// tidings gathers what is told at leisure: to senders, how far others have
// their messages; and whom to wake.
type tidings struct {
	mu    sync.Mutex
	marks map[receipt]int64 // seq
	wakes map[string]bool   // by person
	some  chan struct{}     // holds one when there is something
}

// receipt is to one person about another in one conversation.
type receipt struct{ to, conversation, about string }

func newTidings() *tidings {
	return &tidings{marks: map[receipt]int64{}, wakes: map[string]bool{}, some: make(chan struct{}, 1)}
}

// arrived notes that userID has messages of others up to some point.
func (t *tidings) arrived(userID string, marks []proto.ChatMark) {
	if len(marks) == 0 {
		return
	}
	t.mu.Lock()
	for _, m := range marks {
		for _, sender := range m.Senders {
			r := receipt{to: sender, conversation: m.ConversationID, about: userID}
			t.marks[r] = max(t.marks[r], m.Seq)
		}
	}
	t.mu.Unlock()
	t.nudge()
}

// came notes that there is something for a person.
func (t *tidings) came(userID string) {
	t.mu.Lock()
	t.wakes[userID] = true
	t.mu.Unlock()
	t.nudge()
}

func (t *tidings) nudge() {
	select {
	case t.some <- struct{}{}:
	default:
	}
}

func (t *tidings) take() (marks map[receipt]int64, wakes map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	marks, wakes = t.marks, t.wakes
	t.marks, t.wakes = map[receipt]int64{}, map[string]bool{}
	return marks, wakes
}

// tell tells what there is to tell, and then gathers for a while.
func (s *Service) tell(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-s.tidings.some:
		}
		s.tellAll(ctx)
		pause.Reset(s.cfg().TellInterval)
	}
}

func (s *Service) tellAll(ctx context.Context) {
	marks, wakes := s.tidings.take()
	for r, seq := range marks {
		for _, id := range s.lanes.sessions(r.to) {
			s.d.Notifier.ToSession(id, proto.TypeChatDelivered,
				proto.ChatDelivered{ConversationID: r.conversation, UserID: r.about, Seq: seq})
		}
	}
	if s.d.Wake == nil {
		return
	}
	for id := range wakes {
		if ctx.Err() != nil {
			return
		}
		if len(s.lanes.sessions(id)) == 0 || !s.d.Notifier.Online(id) {
			s.d.Wake(id)
		}
	}
}
