// Package watch says when a file may have become another, however that was
// done.
//
// There are three ways, and one has to be ready for all of them:
//
//   - It is written in place. The file keeps its inode; while it is written it is
//     half of the old and half of the new.
//   - It is written beside and renamed over, as editors and configuration
//     management do. The inode is another: a watch on the file itself would go on
//     looking at what is gone. So the folder is watched.
//   - It is a symbolic link, or is reached through one, and the link is replaced.
//     Kubernetes does so with a ConfigMap: config.yaml is a link to
//     ..data/config.yaml, and ..data a link to a folder with a date, which is
//     swapped. So the folder of every link on the way is watched as well.
//
// What happens in these folders to other files (a database writes all the time)
// is passed over by its name. What is left comes in bursts, and only the end of a
// burst counts: the file is looked at when it has been quiet for a moment.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// Quiet is for how long nothing must have happened before the file is looked
	// at: longer than between two writes of one editor.
	Quiet = 200 * time.Millisecond
	// Patience is how long that can put it off.
	Patience = 2 * time.Second
	// maxLinks is how many symbolic links are followed, as in Linux.
	maxLinks = 40
)

// Watch watches one file.
type Watch struct {
	path    string
	log     *slog.Logger
	notify  *fsnotify.Watcher
	names   []string // whose change may be one of the file
	folders []string // where they stand
}

// New begins to watch. The file need not be there, its folder must.
func New(path string, log *slog.Logger) (*Watch, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("watching a file: %w", err)
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching a file: %w", err)
	}
	w := &Watch{path: absolute, log: log, notify: notify}
	if err := w.follow(); err != nil {
		return nil, errors.Join(err, notify.Close())
	}
	return w, nil
}

// Run calls changed when the file may have become another, until ctx ends. It
// closes the watch.
func (w *Watch) Run(ctx context.Context, changed func()) {
	defer w.notify.Close()
	events := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		settle(ctx, events, Quiet, Patience, func() {
			changed()
		})
	}()
	defer func() { <-ended }()
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-w.notify.Errors:
			// Events were lost, say: it may have been ours.
			w.log.Warn("watching the configuration", "err", err)
		case e := <-w.notify.Events:
			if !slices.Contains(w.names, e.Name) || e.Op == fsnotify.Chmod {
				continue
			}
			if err := w.follow(); err != nil {
				w.log.Warn("watching the configuration", "err", err)
			}
		}
		select {
		case events <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// follow finds out anew which names and folders matter.
func (w *Watch) follow() error {
	w.names = chain(w.path)
	var folders []string
	for _, name := range w.names {
		if dir := filepath.Dir(name); !slices.Contains(folders, dir) {
			folders = append(folders, dir)
		}
	}
	for _, dir := range w.folders {
		if !slices.Contains(folders, dir) {
			_ = w.notify.Remove(dir) // it may be gone, and its watch with it
		}
	}
	w.folders = folders
	for i, dir := range folders {
		if err := w.notify.Add(dir); err != nil && (i == 0 || !errors.Is(err, os.ErrNotExist)) {
			return fmt.Errorf("watching %s: %w", dir, err)
		}
	}
	return nil
}

// chain lists the names whose change can make path another file: itself, and
// every symbolic link that is met on the way to it. What is not there ends the
// chain.
func chain(path string) []string {
	names := []string{path}
	links := 0
	rest := strings.Split(filepath.Clean(path), string(filepath.Separator))
	at := string(filepath.Separator)
	for len(rest) > 0 {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(next)
		if err != nil {
			return names
		}
		if info.Mode()&os.ModeSymlink == 0 {
			at = next
			continue
		}
		to, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return names
		}
		if !slices.Contains(names, next) {
			names = append(names, next)
		}
		if filepath.IsAbs(to) {
			at = string(filepath.Separator)
		}
		rest = append(strings.Split(filepath.Clean(to), string(filepath.Separator)), rest...)
	}
	if !slices.Contains(names, at) {
		names = append(names, at) // where it all ends
	}
	return names
}

// settle calls done when events have come and then none for quiet, or when they
// have gone on for patience. It ends with ctx.
func settle(ctx context.Context, events <-chan struct{}, quiet, patience time.Duration, done func()) {
	pause, limit := time.NewTimer(quiet), time.NewTimer(patience)
	pause.Stop()
	limit.Stop()
	waiting := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			pause.Reset(quiet)
			if !waiting {
				waiting = true
				limit.Reset(patience)
			}
			continue
		case <-pause.C:
		case <-limit.C:
		}
		pause.Stop()
		limit.Stop()
		waiting = false
		done()
	}
}
