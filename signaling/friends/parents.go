package friends

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// Approvals lists what waits for this parent's decision, the newest first.
func (s *Service) Approvals(ctx context.Context, parentID string) (proto.Approvals, error) {
	ties, err := s.lists.PendingTiesOfChildren(ctx, parentID)
	if err != nil {
		return proto.Approvals{}, fmt.Errorf("list approvals: %w", err)
	}
	list := proto.Approvals{Approvals: []proto.Approval{}}
	for _, tie := range s.open(ties) {
		for side := range tie.Sides {
			waits := tie.Sides[side].Approve && tie.Row.ParentYes[side] == ""
			if waits && len(tie.Sides[side].Guardians) > 0 {
				list.Approvals = append(list.Approvals, approval(tie, side))
			}
		}
	}
	return list, nil
}

// approval is a tie as the parent of the child on that side sees it.
func approval(tie proto.FriendTie, side int) proto.Approval {
	row, child, other := tie.Row, tie.Sides[side].Person, tie.Sides[1-side].Person
	return proto.Approval{
		ID: row.ID, Child: child, Other: nameOf(other, false), OtherRole: other.Role,
		Asked: row.AskedBy == child.ID, Via: tie.Via.Name, ChildYes: row.Yes[side],
		OtherYes:  row.Yes[1-side] && (!tie.Sides[1-side].Approve || row.ParentYes[1-side] != ""),
		CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	}
}

// Decide is a parent's yes or no about a request of their child. A no is heard
// whether a yes was needed or not.
func (s *Service) Decide(ctx context.Context, parentID, reqID string, d proto.Decide) error {
	kinds := map[bool]kind{true: evApprove, false: evRefuse}
	_, err := s.onRequest(ctx, d.ChildID, reqID, func(proto.FriendTie) event {
		return event{kind: kinds[d.Approve], actor: parentID}
	})
	return err
}
