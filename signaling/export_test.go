package signaling

import "github.com/go-chi/chi/v5"

// Routes is the router itself, for tests that must not miss a page.
func (s *Server) Routes() chi.Routes { return s.router }
