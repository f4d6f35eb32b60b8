package signaling

import (
	"context"
	"net/http"

	"kinwire/signaling/proto"
)

// maxAuthorization bounds the Authorization header, in bytes.
const maxAuthorization = 512

// admission checks one access and notes in q who asks.
type admission func(s *Server, ctx context.Context, r *http.Request, q *asked) error

// admissions is the table of who may open a page: a check for each access of
// proto.Endpoints. It runs before the query and the body are looked at.
var admissions = map[proto.Access]admission{
	proto.AccessAnyone:   func(*Server, context.Context, *http.Request, *asked) error { return nil },
	proto.AccessPerson:   (*Server).admitPerson,
	proto.AccessOwn:      admitRoles("somebody who looks after the account alone; a child's parent can do this for the child", proto.RoleParent, proto.RoleTeen, proto.RoleAdult),
	proto.AccessParent:   admitParent,
	proto.AccessGuardian: (*Server).admitGuardian,
	proto.AccessOperator: admitStaff(""),
	proto.AccessCalls:    admitStaff(proto.OperatorCalls),
	proto.AccessSafety:   admitStaff(proto.OperatorSafety),
	proto.AccessResolve:  admitStaff(proto.OperatorResolve),
}

var admitParent = admitRoles("a parent", proto.RoleParent)

// admitPerson lets in whoever is logged in.
func (s *Server) admitPerson(ctx context.Context, r *http.Request, q *asked) error {
	header := r.Header.Get("Authorization")
	token := bearer(header)
	if token == "" || len(header) > maxAuthorization {
		return refuse(proto.CodeUnauthenticated, "this page needs a login: Authorization: Bearer …")
	}
	person, err := s.d.Accounts.Authenticate(ctx, token)
	if err != nil {
		return err
	}
	q.person, q.token = person, token
	return nil
}

// admitRoles lets in people of some roles.
func admitRoles(who string, roles ...proto.Role) admission {
	may := map[proto.Role]bool{}
	for _, role := range roles {
		may[role] = true
	}
	return func(s *Server, ctx context.Context, r *http.Request, q *asked) error {
		if err := s.admitPerson(ctx, r, q); err != nil {
			return err
		}
		if !may[q.person.Role] {
			return refuse(proto.CodeNotAllowed, "this page is for %s", who)
		}
		return nil
	}
}

// admitGuardian lets in the parents of the child in the path.
func (s *Server) admitGuardian(ctx context.Context, r *http.Request, q *asked) error {
	if err := admitParent(s, ctx, r, q); err != nil {
		return err
	}
	if s.d.Guards == nil {
		_, err := notServed(ctx, q)
		return err
	}
	return s.d.Guards.Guards(ctx, q.person.ID, q.id)
}
