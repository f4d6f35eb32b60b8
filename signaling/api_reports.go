package signaling

import (
	"context"

	"kinwire/signaling/proto"
)

// reportParts are the pages by which people report.
func (s *Server) reportParts() []part {
	r := s.d.Reports.ReportPages
	return []part{{r != nil, pages{
		"POST /v1/reports": answers(func(ctx context.Context, q *asked, in proto.ReportNew) (proto.Report, error) {
			if err := s.mayReportFor(ctx, q, in.OnBehalfOf); err != nil {
				return proto.Report{}, err
			}
			return r.File(ctx, q.person.ID, in)
		}),
		"GET /v1/reports": shows(func(ctx context.Context, q *asked) (proto.ReportList, error) {
			return r.Mine(ctx, q.person.ID)
		}),
	}}}
}

// mayReportFor refuses to speak for a child that is not one's own.
func (s *Server) mayReportFor(ctx context.Context, q *asked, childID string) error {
	if childID == "" {
		return nil
	}
	if q.person.Role != proto.RoleParent {
		return refuse(proto.CodeNotAllowed, "on_behalf_of: given by somebody who is no parent; only a child's parent may")
	}
	if s.d.Guards == nil {
		return refuse(proto.CodeNotFound, "on_behalf_of: reports for a child are not taken here")
	}
	return s.d.Guards.Guards(ctx, q.person.ID, childID)
}
