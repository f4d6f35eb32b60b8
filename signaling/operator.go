package signaling

import (
	"net/http"
	"strings"

	"kinwire/signaling/proto"
)

// bearer takes the token out of an Authorization header (RFC 6750, section
// 2.1).
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// isOperator reports whether a header opens the operator's pages.
func (s *Server) isOperator(header string) bool {
	_, ok := s.operator(header)
	return ok
}

var errNoOperator = refuse(proto.CodeUnauthenticated, "this page needs the operator's token: Authorization: Bearer …")

// operatorsOnly guards a page outside the described API.
func (s *Server) operatorsOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isOperator(r.Header.Get("Authorization")) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeError(w, http.StatusUnauthorized, errNoOperator)
			return
		}
		next(w, r)
	}
}
