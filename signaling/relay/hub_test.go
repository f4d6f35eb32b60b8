package relay

import (
	"slices"
	"sync"
)

// hub stands in for sessions.
type hub struct {
	mu     sync.Mutex
	events map[string][]event // by session
	away   map[string]bool    // people
	onto   func(session string, e event)
}

type event struct {
	typ  string
	data any
}

func newHub() *hub { return &hub{events: map[string][]event{}, away: map[string]bool{}} }

func (b *hub) ToSession(id, typ string, data any) {
	b.mu.Lock()
	b.events[id] = append(b.events[id], event{typ, data})
	onto := b.onto
	b.mu.Unlock()
	if onto != nil {
		onto(id, event{typ, data})
	}
}

func (b *hub) Online(userID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.away[userID]
}

func (b *hub) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = map[string][]event{}
}

func (b *hub) of(session string) []event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events[session])
}

// of picks events of one type.
func of[T any](events []event) (list []T) {
	for _, e := range events {
		if one, ok := e.data.(T); ok {
			list = append(list, one)
		}
	}
	return list
}
