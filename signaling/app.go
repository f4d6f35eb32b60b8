package signaling

import (
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

const (
	// assets is the folder whose files carry a hash of their content in their
	// names: they never change.
	assets       = "assets/"
	cacheForEver = "public, max-age=31536000, immutable"
	cacheAsk     = "no-cache"
)

// serveApp serves the web app. Paths without a dot are pages of the app, which
// finds its own way from index.html.
func (s *Server) serveApp() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeError(w, http.StatusMethodNotAllowed, refuse(proto.CodeBadMessage, "method: given %.16q; allowed are GET and HEAD", r.Method))
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "" || !strings.Contains(path.Base(name), ".") { // path.Base("") is "."
			name = "index.html"
		}
		if s.d.Web == nil || !serveFile(w, r, s.d.Web, name) {
			writeError(w, http.StatusNotFound, refuse(proto.CodeNotFound, "no such page"))
		}
	}
}

// serveFile reports false, having written nothing, when there is no such
// file.
func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS, name string) bool {
	f, err := files.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	content, ok := f.(io.ReadSeeker)
	if err != nil || info.IsDir() || !ok {
		return false
	}
	cache := cacheAsk
	if strings.HasPrefix(name, assets) {
		cache = cacheForEver
	}
	w.Header().Set("Cache-Control", cache)
	http.ServeContent(w, r, name, time.Time{}, content)
	return true
}
