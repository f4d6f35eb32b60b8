package signaling

import (
	"context"

	"kinwire/signaling/proto"
)

// friendParts are the pages about friends, approvals and past calls.
func (s *Server) friendParts() []part {
	return []part{
		{s.d.Friends.FriendLists != nil, friendListPages(s.d.Friends.FriendLists)},
		{s.d.Friends.FriendRules != nil, friendRulePages(s.d.Friends.FriendRules)},
		{s.d.Calls.CallHistory != nil, historyPages(s.d.Calls.CallHistory)},
	}
}

func friendListPages(f FriendLists) pages {
	return pages{
		"GET /v1/friends": shows(func(ctx context.Context, q *asked) (proto.Friends, error) {
			return f.List(ctx, q.person.ID)
		}),
		"GET /v1/friends/code": shows(func(ctx context.Context, q *asked) (proto.FriendCode, error) {
			return f.Code(ctx, q.person.ID)
		}),
		"POST /v1/friends/code": shows(func(ctx context.Context, q *asked) (proto.FriendCode, error) {
			return f.NewCode(ctx, q.person.ID)
		}),
		"POST /v1/friends/requests": answers(func(ctx context.Context, q *asked, in proto.CodeIn) (proto.FriendRequest, error) {
			return f.Ask(ctx, q.person.ID, in.Code)
		}),
		"POST /v1/friends/requests/{id}/accept": shows(func(ctx context.Context, q *asked) (proto.FriendRequest, error) {
			return f.Accept(ctx, q.person.ID, q.id)
		}),
		"POST /v1/friends/requests/{id}/decline": does(func(ctx context.Context, q *asked) error {
			return f.Decline(ctx, q.person.ID, q.id)
		}),
		"POST /v1/friends/requests/{id}/remind": shows(func(ctx context.Context, q *asked) (proto.Asked, error) {
			return f.Remind(ctx, q.person.ID, q.id)
		}),
		"POST /v1/friends/introductions": answers(func(ctx context.Context, q *asked, in proto.Introduction) (proto.Asked, error) {
			return f.Introduce(ctx, q.person.ID, in.People)
		}),
	}
}

func friendRulePages(f FriendRules) pages {
	return pages{
		"DELETE /v1/friends/{id}": does(func(ctx context.Context, q *asked) error {
			return f.End(ctx, q.person.ID, q.person.ID, q.id)
		}),
		"GET /v1/blocks": shows(func(ctx context.Context, q *asked) (proto.Blocks, error) {
			return f.Blocks(ctx, q.person.ID)
		}),
		"POST /v1/blocks": takes(func(ctx context.Context, q *asked, in proto.BlockIn) error {
			return f.Block(ctx, q.person.ID, q.person.ID, in.UserID)
		}),
		"DELETE /v1/blocks/{id}": does(func(ctx context.Context, q *asked) error {
			return f.Unblock(ctx, q.person.ID, q.person.ID, q.id)
		}),
		"GET /v1/approvals": shows(func(ctx context.Context, q *asked) (proto.Approvals, error) {
			return f.Approvals(ctx, q.person.ID)
		}),
		"POST /v1/approvals/{id}": takes(func(ctx context.Context, q *asked, in proto.Decide) error {
			return f.Decide(ctx, q.person.ID, q.id, in)
		}),
	}
}

func historyPages(c CallHistory) pages {
	return pages{
		"GET /v1/history": shows(func(ctx context.Context, q *asked) (proto.History, error) {
			return c.History(ctx, q.person.ID, q.before)
		}),
		"DELETE /v1/history/{id}": does(func(ctx context.Context, q *asked) error {
			return c.DeleteHistory(ctx, q.person.ID, q.id)
		}),
	}
}
