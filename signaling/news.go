package signaling

import (
	"context"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// newsDelay is how long the first piece of news waits for more: one decision
// often changes several things for the same people.
const newsDelay = 100 * time.Millisecond

// news tells people's devices that something of theirs has changed and is to
// be asked for again. Many changes in a row become one event. One goroutine,
// run, does the telling.
type news struct {
	ctx  context.Context // ends with close
	quit context.CancelFunc
	wake chan struct{}
	wg   sync.WaitGroup

	mu    sync.Mutex
	dirty map[item]bool
}

// item is one event that is due.
type item struct{ userID, typ string }

func newNews() *news {
	n := &news{wake: make(chan struct{}, 1), dirty: map[item]bool{}}
	n.ctx, n.quit = context.WithCancel(context.Background())
	return n
}

// FriendsChanged tells these people's devices that their friends, requests or
// blocks have changed. It does not block.
func (h *Hub) FriendsChanged(userIDs ...string) { h.news.add(proto.TypeFriendsChanged, userIDs) }

// FamilyChanged tells these people's devices that there is something for a
// parent, or about the family, to look at. It does not block.
func (h *Hub) FamilyChanged(userIDs ...string) { h.news.add(proto.TypeFamilyChanged, userIDs) }

func (n *news) add(typ string, userIDs []string) {
	n.mu.Lock()
	for _, id := range userIDs {
		n.dirty[item{id, typ}] = true
	}
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// start starts the goroutine that tells; close stops it and waits.
func (n *news) start(h *Hub) { n.wg.Go(func() { n.run(h) }) }

func (n *news) close() {
	n.quit()
	n.wg.Wait()
}

func (n *news) run(h *Hub) {
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.wake:
		}
		wait := time.NewTimer(newsDelay)
		select {
		case <-n.ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		n.mu.Lock()
		due := n.dirty
		n.dirty = map[item]bool{}
		n.mu.Unlock()
		for i := range due {
			h.ToUser(i.userID, i.typ, proto.Empty{})
		}
	}
}
