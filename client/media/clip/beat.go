package clip

import (
	"context"
	"sync"
	"time"

	"kinwire/client"
	"kinwire/signaling/proto"
)

// beatEvery is how often a Beat looks who is due. It is the most by which it
// sends late.
const beatEvery = 5 * time.Millisecond

// Beat plays many sources from one goroutine: hundreds of timers of their own
// would cost more than what they send.
type Beat struct {
	mu      sync.Mutex
	playing map[*playback]chan error
}

// NewBeat makes one; it plays while Run does.
func NewBeat() *Beat { return &Beat{playing: map[*playback]chan error{}} }

// Source plays c on this beat.
func (b *Beat) Source(c *Clip, kind proto.SourceKind) *Source {
	return &Source{clip: c, kind: kind, beat: b}
}

// Run plays until ctx ends.
func (b *Beat) Run(ctx context.Context) {
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	var due []*playback
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			b.mu.Lock()
			due = due[:0]
			for p := range b.playing {
				if !p.next.After(now) {
					due = append(due, p)
				}
			}
			b.mu.Unlock()
			for _, p := range due {
				if err := p.turn(now); err != nil {
					b.mu.Lock()
					if gone := b.playing[p]; gone != nil {
						gone <- err
						delete(b.playing, p)
					}
					b.mu.Unlock()
				}
			}
		}
	}
}

// play has a source played until ctx ends or a write fails. Nothing is written
// any more when it returns.
func (b *Beat) play(ctx context.Context, s *Source, w client.PacketWriter) error {
	failed := make(chan error, 1)
	p := newPlayback(s, w, time.Now())
	b.mu.Lock()
	b.playing[p] = failed
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.playing, p)
		b.mu.Unlock()
		p.end()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return err
	}
}
