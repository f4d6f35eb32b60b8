package blobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strconv"
)

// Dir is a bucket in a directory of this machine: a folder for each
// attachment, named by its id, and in it a file for each chunk, named by its
// number. Folders are open to their owner alone (0700), as files are (0600).
//
// All goes through an [os.Root], which refuses to leave the directory by
// whatever name or link.
type Dir struct{ root *os.Root }

// NewDir makes the directory if it is not there. Close it after use.
func NewDir(at string) (*Dir, error) {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of attachments: %w", err)
	}
	root, err := os.OpenRoot(at)
	if err != nil {
		return nil, fmt.Errorf("open the directory of attachments: %w", err)
	}
	return &Dir{root: root}, nil
}

// Close lets go of the directory.
func (d *Dir) Close() error { return d.root.Close() }

// place is a chunk's file.
func place(id string, n int64) string { return path.Join(id, strconv.FormatInt(n, 10)) }

// Put writes a chunk under a name that nobody reads, brings it to the disk, and
// then gives it its name: a chunk that is there is whole, after a crash and a
// power cut too.
func (d *Dir) Put(_ context.Context, id string, n int64, chunk []byte) error {
	if err := d.put(id, n, chunk); err != nil {
		return fmt.Errorf("write a chunk: %w", err)
	}
	return nil
}

func (d *Dir) put(id string, n int64, chunk []byte) error {
	switch err := d.root.Mkdir(id, 0o700); {
	case err == nil:
		if err := d.sync("."); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	fresh := path.Join(id, "new-"+rand.Text())
	if err := d.write(fresh, chunk); err != nil {
		return errors.Join(err, d.forget(fresh))
	}
	if err := d.root.Rename(fresh, place(id, n)); err != nil {
		return errors.Join(err, d.forget(fresh))
	}
	return d.sync(id)
}

// write makes a file and brings it to the disk.
func (d *Dir) write(name string, b []byte) (err error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}

// forget deletes a file that was not finished, if it was begun.
func (d *Dir) forget(name string) error {
	if err := d.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sync brings a folder's list of names to the disk.
func (d *Dir) sync(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get reads a chunk.
func (d *Dir) Get(_ context.Context, id string, n int64) ([]byte, error) {
	chunk, err := d.root.ReadFile(place(id, n))
	if err != nil {
		return nil, fmt.Errorf("read a chunk: %w", err)
	}
	return chunk, nil
}

// Delete deletes an attachment's folder.
func (d *Dir) Delete(_ context.Context, id string) error {
	if err := d.root.RemoveAll(id); err != nil {
		return fmt.Errorf("delete an attachment: %w", err)
	}
	return nil
}

const listedAtOnce = 512

// IDs lists the folders, a few hundred at a time.
func (d *Dir) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dir, err := d.root.Open(".")
		if err != nil {
			yield("", fmt.Errorf("list attachments: %w", err))
			return
		}
		defer func() { _ = dir.Close() }() // it was only read
		for ctx.Err() == nil {
			entries, err := dir.ReadDir(listedAtOnce)
			for _, e := range entries {
				if e.IsDir() && !yield(e.Name(), nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield("", fmt.Errorf("list attachments: %w", err))
				return
			}
		}
		yield("", fmt.Errorf("list attachments: %w", ctx.Err()))
	}
}
