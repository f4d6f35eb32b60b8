package signaling

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"kinwire/signaling/proto"
)

// operatorRoles are all roles there are, in the order in which they are shown.
var operatorRoles = []string{proto.OperatorCalls, proto.OperatorSafety, proto.OperatorResolve}

// plainOperator is the name of whoever has Config.OperatorToken.
const plainOperator = "operator"

// staff is somebody who may open operator's pages.
type staff struct {
	name  string
	roles []string
	token secret
}

// may says whether they have a role; everybody of the staff has the role "".
func (s staff) may(role string) bool { return role == "" || slices.Contains(s.roles, role) }

// staffOf lists them. Who has no token gets in nowhere, and a role that does
// not exist opens nothing.
func staffOf(cfg Config) []staff {
	var list []staff
	for name, one := range cfg.Staff {
		if one.Token == "" {
			continue
		}
		var roles []string
		for _, role := range operatorRoles {
			if slices.Contains(one.Roles, role) {
				roles = append(roles, role)
			}
		}
		list = append(list, staff{name, roles, hashed(one.Token)})
	}
	if cfg.OperatorToken != "" {
		list = append(list, staff{plainOperator, operatorRoles, hashed(cfg.OperatorToken)})
	}
	return list
}

// bearer takes the token out of an Authorization header (RFC 6750, section
// 2.1).
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

var errNoOperator = refuse(proto.CodeUnauthenticated, "this page needs an operator's token: Authorization: Bearer …")

// errRole refuses an operator who has other roles.
func errRole(role string) *proto.Error {
	return refuse(proto.CodeNotAllowed, "this page is for operators in the role %s; this token has other roles, see /v1/ops/me", role)
}

// operator says by whose token an Authorization header comes, if they have
// the role; every operator has the role "". Every token is compared, each in
// constant time; the hashes make the lengths equal.
func (s *Server) operator(header, role string) (staff, error) {
	token := bearer(header)
	if token == "" || len(header) > maxAuthorization {
		return staff{}, errNoOperator
	}
	var who *staff
	given := sha256.Sum256([]byte(token))
	list := s.tuned.Load().staff
	for i := range list {
		if subtle.ConstantTimeCompare(given[:], list[i].token[:]) == 1 {
			who = &list[i]
		}
	}
	if who == nil {
		return staff{}, errNoOperator
	}
	if !who.may(role) {
		return staff{}, errRole(role)
	}
	return *who, nil
}

// admitStaff lets in operators who have a role.
func admitStaff(role string) admission {
	return func(s *Server, _ context.Context, r *http.Request, q *asked) error {
		who, err := s.operator(r.Header.Get("Authorization"), role)
		q.operator, q.roles = who.name, who.roles
		return err
	}
}

// unhurried gives a page that takes its time, such as a profile, the time of
// a large body.
func unhurried(next http.Handler) http.Handler {
	if next == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer patient(w)()
		next.ServeHTTP(w, r)
	})
}

// operatorsOnly guards a page beside the table of endpoints. A handler that is
// nil makes it answer 404 to whoever may open it.
func (s *Server) operatorsOnly(role string, next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.operator(r.Header.Get("Authorization"), role); err != nil {
			refused := refusal(s.d.Log, "operator", err)
			if refused.Code == proto.CodeUnauthenticated {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			writeError(w, statusOf(refused.Code), refused)
			return
		}
		if next == nil {
			writeError(w, http.StatusNotFound, refuse(proto.CodeNotFound, "this page is not served here"))
			return
		}
		w.Header().Set("Cache-Control", noStore)
		next.ServeHTTP(w, r)
	}
}
