package signaling

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
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
	proto.AccessOperator: (*Server).admitOperator,
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

// admitOperator lets in the staff.
func (s *Server) admitOperator(_ context.Context, r *http.Request, q *asked) error {
	name, ok := s.operator(r.Header.Get("Authorization"))
	if !ok {
		return errNoOperator
	}
	q.operator = name
	return nil
}

// operator says by whose token an Authorization header opens the operator's
// pages. Every token is compared, each in constant time; the hashes make the
// lengths equal.
func (s *Server) operator(header string) (name string, ok bool) {
	token := bearer(header)
	if token == "" || len(header) > maxAuthorization {
		return "", false
	}
	given := sha256.Sum256([]byte(token))
	for _, one := range s.staff {
		if subtle.ConstantTimeCompare(given[:], one.token[:]) == 1 {
			name, ok = one.name, true
		}
	}
	return name, ok
}

// staff is somebody who may open the operator's pages.
type staff struct {
	name  string
	token secret
}

// staffOf lists them. Who has no token gets in nowhere.
func staffOf(cfg Config) []staff {
	var list []staff
	for name, token := range cfg.Staff {
		if token != "" {
			list = append(list, staff{name, hashed(token)})
		}
	}
	if cfg.OperatorToken != "" {
		list = append(list, staff{plainOperator, hashed(cfg.OperatorToken)})
	}
	return list
}

// plainOperator is the name of whoever has Config.OperatorToken.
const plainOperator = "operator"
