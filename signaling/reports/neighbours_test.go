package reports_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/friends"
	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/reports"
)

// TestWithTheRealNeighbours: a report by a request's id, all a child knows of
// somebody who asks, blocks that person through friends and policy as they
// are.
func TestWithTheRealNeighbours(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	now := func() time.Time { return h.now }
	rules := policy.New(h.store, now, policy.Config{NoticeVersion: "1"})
	circle := friends.New(h.store, now, friends.Config{RequestLifetime: time.Hour, DeclineCooldown: time.Hour, RemindInterval: time.Hour, TalkHalfLife: time.Hour},
		friends.Deps{Policy: rules, Changes: h, Log: slog.New(slog.DiscardHandler)})
	s, err := reports.New(reports.Stores{Reports: h.store, Evidence: h.store, Suspensions: h.store, People: h.store}, now, h.cfg,
		reports.Deps{Policy: rules, Blocker: circle, Logins: h, Marks: h, Changes: h, Mail: h, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h.pair("mia", "zoe", "pending", false)

	r, err := s.File(ctx, "mia", proto.ReportNew{About: "f_miazoe", Kind: proto.ReportSpam, Block: true})
	require.NoError(t, err)
	require.Equal(t, "zoe", r.About.ID)
	require.True(t, r.Blocked)
	r, err = s.File(ctx, "priya", proto.ReportNew{About: "leo", OnBehalfOf: "mia", Kind: proto.ReportSpam, Block: true})
	require.NoError(t, err)
	require.True(t, r.Blocked)
	require.Equal(t, []string{"mia leo", "mia zoe"}, h.list(`SELECT blocker_id || ' ' || blocked_id FROM blocks ORDER BY blocked_id`))
	require.Empty(t, h.list(`SELECT id FROM friendships WHERE state IN ('friends', 'pending') AND family = 0`))

	// Family cannot be blocked, but it can be reported.
	r, err = s.File(ctx, "mia", proto.ReportNew{About: "raj", Kind: proto.ReportViolent, Block: true})
	require.NoError(t, err)
	require.False(t, r.Blocked)
	require.Empty(t, h.list(`SELECT blocked_id FROM blocks WHERE blocked_id = 'raj'`))

	_, err = s.File(ctx, "tomek", proto.ReportNew{About: "leo", OnBehalfOf: "mia", Kind: proto.ReportSpam})
	requireCode(t, proto.CodeNotFound, err)
}
