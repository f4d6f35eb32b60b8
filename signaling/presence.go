package signaling

import (
	"context"
	"sync"

	"kinwire/signaling/proto"
)

// presence remembers whose presence may have changed and what was told of
// each last. One goroutine, run, does the telling.
type presence struct {
	ctx  context.Context // ends with close
	quit context.CancelFunc
	wake chan struct{}
	wg   sync.WaitGroup

	mu     sync.Mutex
	dirty  []string // in the order they came, each once
	queued map[string]bool

	last map[string]standing // what was told; run only. Nobody who is away and in no call is in it
}

// standing is what others may know of a person's whereabouts.
type standing struct{ online, inCall bool }

func newPresence() *presence {
	p := &presence{wake: make(chan struct{}, 1), queued: map[string]bool{}, last: map[string]standing{}}
	p.ctx, p.quit = context.WithCancel(context.Background())
	return p
}

func (p *presence) changed(userID string) {
	p.mu.Lock()
	if !p.queued[userID] {
		p.queued[userID] = true
		p.dirty = append(p.dirty, userID)
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *presence) pop() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.dirty) == 0 {
		return "", false
	}
	id := p.dirty[0]
	p.dirty = p.dirty[1:]
	delete(p.queued, id)
	return id, true
}

// start starts the goroutine that tells; close stops it and waits.
func (p *presence) start(h *Hub) { p.wg.Go(func() { p.run(h) }) }

func (p *presence) close() {
	p.quit()
	p.wg.Wait()
}

// run tells of changes until close.
func (p *presence) run(h *Hub) {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.wake:
		}
		for id, ok := p.pop(); ok && p.ctx.Err() == nil; id, ok = p.pop() {
			p.tell(h, id)
		}
	}
}

// tell tells those who may see userID, if there is news.
func (p *presence) tell(h *Hub, userID string) {
	now := standing{h.Online(userID), h.calls.InCall(userID)}
	if p.last[userID] == now {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, h.cfg.HandlerTimeout)
	defer cancel()
	person, err := h.accounts.Person(ctx, userID)
	var people []proto.Person
	if err == nil {
		people, err = h.accounts.People(ctx, userID)
	}
	if p.ctx.Err() != nil {
		return // everybody is being shut out
	}
	if err != nil {
		h.log.Error("presence not told", "err", err)
		return
	}
	if now == (standing{}) {
		delete(p.last, userID)
	} else {
		p.last[userID] = now
	}
	for _, to := range people {
		h.ToUser(to.ID, proto.TypePresence, proto.Presence{Person: person, Online: now.online, InCall: now.inCall})
	}
}
