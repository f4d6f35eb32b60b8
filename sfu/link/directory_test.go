package link

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

// TestNothingLeadsToALinkThatIsClosed looks for what a link leaves behind,
// also after ICE restarts, and at a path that was another's before.
func TestNothingLeadsToALinkThatIsClosed(t *testing.T) {
	b := newBench(t)
	d := &b.tr.directory
	first, second := b.guest(7), b.guest(8)
	for _, g := range []*guest{first, second} {
		g.link.mu.Lock()
		g.link.ways[g.link.out.Load().path] = g.link.out.Load()
		for range 3 {
			g.link.restart(ice.NewCredentials())
		}
		g.link.mu.Unlock()
	}
	require.Len(t, d.ufrags, 4, "the last and the one before it, of each")
	taken := first.link.out.Load().path
	w := *second.link.out.Load()
	w.path = taken
	d.bind(&w)
	second.link.mu.Lock()
	second.link.ways[taken] = &w
	second.link.mu.Unlock()

	epoch := d.epoch.Load()
	require.NoError(t, first.link.Close())
	require.Greater(t, d.epoch.Load(), epoch, "loops forget")
	require.Same(t, &w, d.byPath(taken), "a path that is another's by now stays")
	require.NoError(t, second.link.Close())
	require.Empty(t, d.ufrags)
	require.Empty(t, d.ways)
	require.Empty(t, d.links())
}
