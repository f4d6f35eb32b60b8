package signaling

import (
	"context"
	"errors"

	"kinwire/signaling/proto"
)

// operatorParts are the pages of the staff.
func (s *Server) operatorParts() []part {
	cases, reviews := s.d.Reports.Cases, s.d.Consent.Reviews
	return []part{
		{true, pages{"GET /v1/ops/me": shows(func(_ context.Context, q *asked) (proto.OperatorIs, error) {
			return proto.OperatorIs{Name: q.operator, Roles: q.roles}, nil
		})}},
		{cases != nil, s.casePages(cases)},
		{cases != nil, s.userPages(cases)},
		{reviews != nil && cases != nil, s.reviewPages(reviews, cases)},
		{reviews != nil && s.d.Family.LogIns != nil, s.reviewCallPages(reviews, s.d.Family.LogIns)},
		{s.d.Audit != nil, pages{"GET /v1/ops/audit": shows(func(ctx context.Context, q *asked) (proto.AuditLog, error) {
			return s.d.Audit.Page(ctx, q.before)
		})}},
		{s.d.Outbox != nil, pages{"GET /v1/ops/mail": shows(func(context.Context, *asked) (proto.Mails, error) {
			return s.d.Outbox.List(), nil
		})}},
	}
}

func (s *Server) casePages(c Cases) pages {
	return pages{
		"GET /v1/ops/reports": shows(func(ctx context.Context, q *asked) (proto.CaseReports, error) {
			return c.Queue(ctx, q.state)
		}),
		"GET /v1/ops/reports/{id}": shows(func(ctx context.Context, q *asked) (proto.CaseReport, error) {
			return c.Case(ctx, q.operator, q.id)
		}),
		"POST /v1/ops/reports/{id}/decision": answers(func(ctx context.Context, q *asked, in proto.DecisionIn) (proto.CaseReport, error) {
			decided, err := c.Decide(ctx, q.operator, q.id, in)
			if err == nil && in.Decision == proto.DecisionSuspend {
				s.hub.EndPerson(decided.About.Person.ID)
			}
			return decided, err
		}),
	}
}

func (s *Server) userPages(c Cases) pages {
	return pages{
		"GET /v1/ops/users": shows(func(ctx context.Context, q *asked) (proto.UserState, error) {
			if q.find == "" {
				return proto.UserState{}, refuse(proto.CodeBadMessage, "query.find: given nothing; allowed is a user id, an e-mail address or a user name")
			}
			return c.LookUp(ctx, q.operator, q.find)
		}),
		"POST /v1/ops/users/{id}/suspend": answers(func(ctx context.Context, q *asked, in proto.SuspendIn) (proto.UserState, error) {
			state, err := c.Suspend(ctx, q.operator, q.id, in.Note)
			if err == nil {
				s.hub.EndPerson(q.id)
			}
			return state, err
		}),
		"POST /v1/ops/users/{id}/restore": answers(func(ctx context.Context, q *asked, in proto.SuspendIn) (proto.UserState, error) {
			return c.Restore(ctx, q.operator, q.id, in.Note)
		}),
	}
}

func (s *Server) reviewPages(r Reviews, c Cases) pages {
	return pages{
		"GET /v1/ops/reviews": shows(func(ctx context.Context, _ *asked) (proto.Reviews, error) {
			queue, err := r.Reviews(ctx)
			for i := range queue.Reviews {
				if err == nil {
					err = complete(ctx, c, &queue.Reviews[i])
				}
			}
			return queue, err
		}),
		"GET /v1/ops/reviews/{id}": shows(func(ctx context.Context, q *asked) (proto.Review, error) {
			review, err := r.Review(ctx, q.id)
			if err == nil {
				err = complete(ctx, c, &review)
			}
			return review, err
		}),
		"POST /v1/ops/reviews/{id}": answers(func(ctx context.Context, q *asked, in proto.ReviewIn) (proto.Consent, error) {
			return r.DecideReview(ctx, q.operator, q.id, in)
		}),
	}
}

// complete adds the facts of the parent's account to a review. A parent who
// has gone meanwhile stays the bare id.
func complete(ctx context.Context, c Cases, review *proto.Review) error {
	state, err := c.User(ctx, review.Guardian.Person.ID)
	var refused *proto.Error
	if errors.As(err, &refused) && refused.Code == proto.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	review.Guardian = state
	return nil
}

func (s *Server) reviewCallPages(r Reviews, a LogIns) pages {
	return pages{
		"POST /v1/ops/reviews/{id}/call": shows(func(ctx context.Context, q *asked) (proto.LoggedIn, error) {
			review, err := r.Review(ctx, q.id)
			if err != nil {
				return proto.LoggedIn{}, err
			}
			if c := review.Consent; c.Method != proto.MethodVideoCall || c.State != proto.ConsentReview {
				return proto.LoggedIn{}, refuse(proto.CodeWrongState, "this consent is by %s and %s; a call is for %s in %s", c.Method, c.State, proto.MethodVideoCall, proto.ConsentReview)
			}
			return loggedIn(a.OpenStaff(ctx, q.operator))
		}),
	}
}
