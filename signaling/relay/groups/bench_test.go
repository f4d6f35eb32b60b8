package groups_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/groups"
)

// BenchmarkCommit is a commit in groups of some sizes on SQLite, with the GroupInfo of
// all devices read and sealed; queues grow.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 4} {
		b.Run(fmt.Sprint(len(friends)*size, "_devices"), func(b *testing.B) {
			w := newSquareWith(b, groups.Config{Commits: groups.Rate{Burst: 1 << 30, Every: time.Nanosecond}})
			var devices []string
			for _, p := range friends {
				for i := range size {
					devices = append(devices, w.device(p, fmt.Sprint(p, i)))
				}
			}
			id := w.start(proto.ConversationGroup, friends[1:], devices...)
			c := w.see("ana", id)
			b.ReportAllocs()
			for b.Loop() {
				in := w.change(c, devices[0], nil, nil)
				out, err := w.Commit(b.Context(), "ana", id, in)
				require.NoError(b, err)
				c.Epoch = out.Epoch
			}
		})
	}
}
