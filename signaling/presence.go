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
	dirty  []string        // in the order they came, each once
	queued map[string]bool // those in dirty; true: to be told even if it is no news

	last map[string]standing // what was told; run only. Nobody who is away and in no call is in it
}

// standing is what others may know of a person's whereabouts.
type standing struct{ online, inCall bool }

func newPresence() *presence {
	p := &presence{wake: make(chan struct{}, 1), queued: map[string]bool{}, last: map[string]standing{}}
	p.ctx, p.quit = context.WithCancel(context.Background())
	return p
}

// changed: the person may have come, gone, entered or left a call.
func (p *presence) changed(userID string) { p.add(userID, false) }

// again: who may see the person has changed, so that even those hear who would
// hear nothing new.
func (p *presence) again(userID string) { p.add(userID, true) }

func (p *presence) add(userID string, anyway bool) {
	p.mu.Lock()
	was, queued := p.queued[userID]
	if !queued {
		p.dirty = append(p.dirty, userID)
	}
	p.queued[userID] = was || anyway
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *presence) pop() (userID string, anyway, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.dirty) == 0 {
		return "", false, false
	}
	userID = p.dirty[0]
	anyway = p.queued[userID]
	p.dirty = p.dirty[1:]
	delete(p.queued, userID)
	return userID, anyway, true
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
		for id, anyway, ok := p.pop(); ok && p.ctx.Err() == nil; id, anyway, ok = p.pop() {
			p.tell(h, id, anyway)
		}
	}
}

// tell tells those who may see userID, if there is news.
func (p *presence) tell(h *Hub, userID string, anyway bool) {
	now, was := h.standing(userID), p.last[userID]
	if was == now && !anyway {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, h.cfg.HandlerTimeout)
	defer cancel()
	if was.online && !now.online {
		h.seen(ctx, userID, "")
	}
	friends, err := h.friends.Known(ctx, userID)
	for _, f := range friends {
		if err == nil && h.hasSession(f.Person.ID) {
			err = p.tellOne(ctx, h, f.Person.ID, userID, now, anyway)
		}
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
}

// tellOne tells one friend, as far as userID lets them see it. It asks anew
// whom the friend knows: what was true a moment ago may have ended.
func (p *presence) tellOne(ctx context.Context, h *Hub, friendID, userID string, now standing, anyway bool) error {
	known, err := h.friends.Known(ctx, friendID)
	if err != nil {
		return err
	}
	for _, k := range known {
		// To somebody who may not see it, the moment of an event would tell.
		if k.Person.ID == userID && (k.ShowPresence || anyway) {
			h.ToUser(friendID, proto.TypePresence, presenceOf(k, now))
		}
	}
	return nil
}

// presenceOf is what one person sees of another whose standing is now. Who
// keeps to themselves whether they are here looks away, and has no last_seen
// either: it would tell the same.
func presenceOf(k Known, now standing) proto.Presence {
	p := proto.Presence{Person: k.Person}
	if !k.ShowPresence {
		return p
	}
	p.Online, p.InCall = now.online, now.inCall
	if !now.online && k.ShowLastSeen && !k.LastSeen.IsZero() {
		p.LastSeen = k.LastSeen.UnixMilli()
	}
	return p
}

// standing is where a person is now.
func (h *Hub) standing(userID string) standing {
	return standing{h.Online(userID), h.calls.InCall(userID)}
}

func (h *Hub) hasSession(userID string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.users[userID]) > 0
}

// seen notes that a person is or was here. That it fails keeps nobody from
// talking.
func (h *Hub) seen(ctx context.Context, userID, token string) {
	if err := h.accounts.Seen(ctx, userID, token); err != nil && ctx.Err() == nil {
		h.log.Warn("last seen not noted", "err", err)
	}
}
