package signaling

import (
	"context"

	"kinwire/signaling/proto"
)

// childParts are the pages of parents about their children. Who may open one
// about which child is checked by its access, proto.AccessGuardian.
func (s *Server) childParts() []part {
	return []part{
		{s.d.Family.Children != nil, childPages(s.d.Family.Children)},
		{s.d.Family.Profiles != nil, s.childSessionPages(s.d.Family.Profiles)},
		{s.d.Rules != nil, childRulePages(s.d.Rules)},
		{s.d.Friends.FriendLists != nil, pages{
			"GET /v1/children/{id}/friends": shows(func(ctx context.Context, q *asked) (proto.Friends, error) {
				return s.d.Friends.List(ctx, q.id)
			}),
		}},
		{s.d.Friends.FriendRules != nil, childFriendPages(s.d.Friends.FriendRules)},
		{s.d.Calls.CallHistory != nil, pages{
			"GET /v1/children/{id}/history": shows(func(ctx context.Context, q *asked) (proto.History, error) {
				return s.d.Calls.History(ctx, q.id, q.before)
			}),
		}},
		{s.d.Consent.Consents != nil, pages{
			"PUT /v1/children/{id}/scopes": answers(func(ctx context.Context, q *asked, in proto.ScopesSet) (proto.Consent, error) {
				return s.d.Consent.SetScopes(ctx, q.person.ID, q.id, in.Scopes)
			}),
		}},
	}
}

func childPages(a Children) pages {
	return pages{
		"GET /v1/children": shows(func(ctx context.Context, q *asked) (proto.Children, error) {
			return a.Children(ctx, q.person.ID)
		}),
		"POST /v1/children": answers(func(ctx context.Context, q *asked, in proto.ChildNew) (proto.Child, error) {
			return a.NewChild(ctx, q.person.ID, in)
		}),
		"GET /v1/children/{id}": shows(func(ctx context.Context, q *asked) (proto.Child, error) {
			return a.Child(ctx, q.id)
		}),
		"PUT /v1/children/{id}": answers(func(ctx context.Context, q *asked, in proto.ChildEdit) (proto.Child, error) {
			return a.EditChild(ctx, q.person.ID, q.id, in)
		}),
		"PUT /v1/children/{id}/password": takes(func(ctx context.Context, q *asked, in proto.ChildPassword) error {
			return a.SetChildPassword(ctx, q.person.ID, q.id, in.Password)
		}),
		"POST /v1/children/{id}/code": shows(func(ctx context.Context, q *asked) (proto.OneTimeCode, error) {
			return a.ChildCode(ctx, q.person.ID, q.id)
		}),
		"POST /v1/children/{id}/guardians/code": shows(func(ctx context.Context, q *asked) (proto.OneTimeCode, error) {
			return a.GuardianCode(ctx, q.person.ID, q.id)
		}),
		"POST /v1/guardians": answers(func(ctx context.Context, q *asked, in proto.CodeIn) (proto.Child, error) {
			return a.AddGuardian(ctx, q.person.ID, in.Code)
		}),
	}
}

func (s *Server) childSessionPages(a Profiles) pages {
	return pages{
		"GET /v1/children/{id}/sessions": shows(func(ctx context.Context, q *asked) (proto.LoginSessions, error) {
			return a.Sessions(ctx, q.id, "")
		}),
		"DELETE /v1/children/{id}/sessions/{other}": does(func(ctx context.Context, q *asked) error {
			ended, err := a.EndSession(ctx, q.id, q.other)
			return s.endLogins(q.id, ended, err)
		}),
	}
}

func childRulePages(g Rules) pages {
	return pages{
		"GET /v1/children/{id}/rules": shows(func(ctx context.Context, q *asked) (proto.ChildRules, error) {
			return g.Rules(ctx, q.id)
		}),
		"PUT /v1/children/{id}/rules": answers(func(ctx context.Context, q *asked, in proto.Rules) (proto.ChildRules, error) {
			return g.SetRules(ctx, q.person.ID, q.id, in)
		}),
	}
}

func childFriendPages(f FriendRules) pages {
	return pages{
		"DELETE /v1/children/{id}/friends/{other}": does(func(ctx context.Context, q *asked) error {
			return f.End(ctx, q.person.ID, q.id, q.other)
		}),
		"GET /v1/children/{id}/blocks": shows(func(ctx context.Context, q *asked) (proto.Blocks, error) {
			return f.Blocks(ctx, q.id)
		}),
		"POST /v1/children/{id}/blocks": takes(func(ctx context.Context, q *asked, in proto.BlockIn) error {
			return f.Block(ctx, q.person.ID, q.id, in.UserID)
		}),
		"DELETE /v1/children/{id}/blocks/{other}": does(func(ctx context.Context, q *asked) error {
			return f.Unblock(ctx, q.person.ID, q.id, q.other)
		}),
	}
}
