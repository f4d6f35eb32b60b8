package friends

import (
	"context"
	"fmt"
	"math"
	"time"

	"kinwire/signaling/proto"
)

// decayed is what seconds, as of at, count now: half for each half-life. Times
// are in ms. What is said to be later than now counts whole.
func decayed(seconds float64, at, now int64, halfLife time.Duration) float64 {
	if now <= at || halfLife <= 0 {
		return seconds
	}
	return seconds * math.Exp2(-float64(now-at)/float64(halfLife.Milliseconds()))
}

// Talked counts how long two people were in a call, for the order of friends.
func (s *Service) Talked(ctx context.Context, talk proto.Talk) error {
	length := talk.To.Sub(talk.From).Seconds()
	if length <= 0 || talk.A == talk.B {
		return nil
	}
	to := talk.To.UnixMilli()
	err := s.talks.AddTalk(ctx, talk.A, talk.B, func(seconds float64, at int64) (float64, int64) {
		// Calls are told in the order in which they end, or nearly so: both are
		// brought to the later time.
		later := max(at, to)
		return decayed(seconds, at, later, s.cfg().TalkHalfLife) + decayed(length, to, later, s.cfg().TalkHalfLife), later
	})
	if err != nil {
		return fmt.Errorf("count a call for the order of friends: %w", err)
	}
	return nil
}
