package signaling

import (
	"net/http"
	"strings"
)

// contentPolicy is the Content-Security-Policy without connect-src, which names the
// server's own host: Safari before 15.4 does not take 'self' for ws.
var contentPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data: blob:",
	"media-src 'self' blob:",
	"font-src 'self'",
	"manifest-src 'self'",
	"worker-src 'self'",
	"base-uri 'none'",
	"form-action 'self'",
	"frame-ancestors 'none'",
}, "; ")

// fixedHeaders go with every answer.
var fixedHeaders = map[string]string{
	"Permissions-Policy":           "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// secureHeaders sets what browsers hold a page to.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for k, v := range fixedHeaders {
			h.Set(k, v)
		}
		h.Set("Content-Security-Policy", contentPolicy+"; connect-src 'self'"+socketSources(r.Host))
		next.ServeHTTP(w, r)
	})
}

// socketSources names the WebSockets of host. A host with characters that
// have no place in one, and could end the directive, is left out.
func socketSources(host string) string {
	if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") != "" {
		return ""
	}
	return " ws://" + host + " wss://" + host
}
