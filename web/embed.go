// Package web carries the built web app inside the server's binary.
//
// The app is built by `npm ci && npm run build` in this directory; Vite writes
// it to app/dist, from where the Go compiler takes it. Of app/dist only
// robots.txt is kept in version control: there must be something to embed
// before the first build. Vite puts the same file there again from app/public.
package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:app/dist
var dist embed.FS

// ErrNotBuilt says that the binary was compiled before the web app was built.
// A server can still do everything but show pages.
var ErrNotBuilt = errors.New("web: the app is not in this binary: run npm ci and npm run build in web, then build the server again")

// App is the built web app: index.html at its root, files with a hash in their
// name under assets. Without a build it is ErrNotBuilt.
func App() (fs.FS, error) {
	app, err := fs.Sub(dist, "app/dist")
	if err != nil {
		return nil, fmt.Errorf("web: opening the app in this binary: %w", err)
	}
	if _, err := fs.Stat(app, "index.html"); err != nil {
		return nil, ErrNotBuilt
	}
	return app, nil
}
