package relay

import (
	"context"

	"kinwire/signaling/proto"
)

// progressEvery is how many batches pass between two words of the sweeper.
const progressEvery = 20

// sweep deletes what has expired, in batches between which others get their
// turn, and says how much that was.
func (s *Service) sweep(ctx context.Context) {
	gone := map[proto.DeliveryKind]int64{}
	var lost, before int64
	for batch := 1; ; batch++ {
		now := s.now()
		step, err := s.store.ExpireChat(ctx, now.UnixMilli(), now.Add(s.cfg().Retention).UnixMilli(), s.cfg().SweepBatch)
		var n int64
		for kind, k := range step.Gone {
			gone[kind] += k
			n += k
		}
		before += n
		lost += step.Lost
		s.counts.expire(step)
		s.Look(step.Told...)
		if n > 0 {
			s.deleted.Store(true)
		}
		if err != nil {
			if ctx.Err() == nil {
				s.d.Log.Error("expired messages not deleted", "deleted_before", before, "err", err)
			}
			return
		}
		if step.Found < s.cfg().SweepBatch {
			break
		}
		if batch%progressEvery == 0 {
			s.d.Log.Info("deleting expired messages", "deleted_so_far", before)
		}
	}
	if before > 0 {
		s.d.Log.Info("expired messages deleted",
			"messages", gone[proto.DeliveryMessage], "commits", gone[proto.DeliveryCommit],
			"welcomes", gone[proto.DeliveryWelcome], "notices", gone[proto.DeliveryNotice], "not_arrived", lost)
	}
}
