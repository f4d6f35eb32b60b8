package signaling

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// logRequests writes one line for each request when it is over. It names the
// route, not the path, and the network, not the address; headers and bodies
// are left out.
func (s *Server) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.d.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			level := slog.LevelDebug
			route := chi.RouteContext(r.Context()).RoutePattern()
			if strings.HasPrefix(route, "/v1/") {
				level = slog.LevelInfo
			}
			s.d.Log.Log(r.Context(), level, "request",
				"method", r.Method, "route", route, "status", ww.Status(),
				"bytes", ww.BytesWritten(), "ms", s.d.Now().Sub(start).Milliseconds(), "network", networkOf(r).String())
		}()
		next.ServeHTTP(ww, r)
	})
}
