package web

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestApp holds whether the app was built or not: either it is whole, or the
// error says what to do.
func TestApp(t *testing.T) {
	_, statErr := fs.Stat(dist, "app/dist/index.html")
	app, err := App()
	if statErr != nil {
		require.ErrorIs(t, err, ErrNotBuilt)
		return
	}
	require.NoError(t, err)
	page, err := fs.ReadFile(app, "index.html")
	require.NoError(t, err)
	require.Contains(t, string(page), `<div id="app">`)
	require.NotContains(t, string(page), "<style", "the page's Content-Security-Policy refuses inline styles")
	require.NotRegexp(t, `<script(?:>|[^>]*[^"]>)`, string(page), "every script is a file")
	scripts, err := fs.Glob(app, "assets/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
}

// TestPlaceholder: without this file, go build fails before the first build of
// the app.
func TestPlaceholder(t *testing.T) {
	_, err := fs.Stat(dist, "app/dist/robots.txt")
	require.NoError(t, err)
}
