package consent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

// Reviews returns the consents that wait for an operator, the oldest first,
// without their evidence. Of a guardian only the id is filled in.
func (s *Service) Reviews(ctx context.Context) (proto.Reviews, error) {
	rows, err := s.store.Consents(ctx, proto.ConsentFind{State: proto.ConsentReview})
	if err != nil {
		return proto.Reviews{}, fmt.Errorf("list reviews: %w", err)
	}
	slices.Reverse(rows)
	list := proto.Reviews{Reviews: make([]proto.Review, 0, len(rows))}
	for _, row := range rows {
		if !overdue(row, s.now().UnixMilli()) {
			list.Reviews = append(list.Reviews, s.review(row))
		}
	}
	return list, nil
}

func (s *Service) review(row proto.ConsentRow) proto.Review {
	r := proto.Review{Consent: s.view(row, "")}
	r.Guardian.Person.ID = row.GuardianID
	return r
}

// Review returns one consent that waits for an operator, with its evidence.
// *proto.Error not_found if there is none such.
func (s *Service) Review(ctx context.Context, id string) (proto.Review, error) {
	if id == "" {
		return proto.Review{}, errNoConsent()
	}
	rows, err := s.store.Consents(ctx, proto.ConsentFind{ID: id, State: proto.ConsentReview})
	if err != nil {
		return proto.Review{}, fmt.Errorf("look up a review: %w", err)
	}
	if len(rows) == 0 || overdue(rows[0], s.now().UnixMilli()) {
		return proto.Review{}, errNoConsent()
	}
	evidence, _, err := s.store.ConsentEvidence(ctx, id)
	if err != nil {
		return proto.Review{}, fmt.Errorf("look up a review: %w", err)
	}
	r := s.review(rows[0])
	r.MediaType, r.Body = evidence.MediaType, evidence.Body
	return r, nil
}

// DecideReview grants or refuses a consent that waits for an operator. The
// evidence goes with the decision. Errors are not_found, wrong_state where it
// does not wait for an operator (any more), needs_consent where the notice has
// changed meanwhile, and bad_message without a note.
func (s *Service) DecideReview(ctx context.Context, operator, id string, in proto.ReviewIn) (proto.Consent, error) {
	note := strings.TrimSpace(in.Note)
	if note == "" {
		return proto.Consent{}, bad("note: given nothing; it has to say why")
	}
	e := refused
	if in.Approve {
		e = approved
	}
	c, err := s.do(ctx, step{find: proto.ConsentFind{ID: id}, event: e, by: "operator:" + operator, note: note})
	if err != nil {
		return proto.Consent{}, fmt.Errorf("decide a review: %w", err)
	}
	return s.view(c, ""), nil
}
