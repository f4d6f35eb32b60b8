package signaling

import (
	"context"

	"kinwire/signaling/proto"
)

// consentParts are the pages about parents' consents.
func (s *Server) consentParts() []part {
	c := s.d.Consent.Consents
	return []part{{c != nil, pages{
		"GET /v1/notice": shows(func(context.Context, *asked) (proto.Notice, error) {
			return c.Notice(), nil
		}),
		"GET /v1/consents": shows(func(ctx context.Context, q *asked) (proto.Consents, error) {
			return c.List(ctx, q.person.ID)
		}),
		"POST /v1/consents": answers(func(ctx context.Context, q *asked, in proto.ConsentNew) (proto.Consent, error) {
			return c.Start(ctx, q.person.ID, in)
		}),
		"POST /v1/consents/confirm": answers(func(ctx context.Context, _ *asked, in proto.TokenIn) (proto.Consent, error) {
			return c.Confirm(ctx, in.Token)
		}),
		// What is signed is the body as it came.
		"POST /v1/consents/external": takes(func(ctx context.Context, q *asked, _ proto.ExternalResult) error {
			return c.External(ctx, q.raw, q.signature)
		}),
		"PUT /v1/consents/{id}/form": answers(func(ctx context.Context, q *asked, in proto.SignedForm) (proto.Consent, error) {
			return c.Form(ctx, q.person.ID, q.id, in)
		}),
		"DELETE /v1/consents/{id}": does(func(ctx context.Context, q *asked) error {
			return c.Withdraw(ctx, q.person.ID, q.id)
		}),
	}}}
}
