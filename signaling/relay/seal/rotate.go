package seal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// NewFile makes a ring with one fresh key, named after the time. It fails where
// the file is there already: what its keys have sealed would be lost.
func NewFile(path string, now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the key ring: %w", err)
	}
	line, _ := freshKey(now)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make the key ring: %w", err)
	}
	return wrap("make the key ring", errors.Join(put(f, line), syncFolder(path)))
}

// Rotate puts a fresh key in front of the others and returns its name. The file
// is replaced as a whole: at no moment is it there in part. Whoever has it open
// reads it again by Ring.Reload.
func Rotate(path string, now time.Time) (id string, err error) {
	old, err := File(path).Read(context.Background())
	if err != nil {
		return "", fmt.Errorf("read the key ring: %w", err)
	}
	if _, err := parse(old); err != nil {
		return "", fmt.Errorf("read the key ring from %s: %w", path, err)
	}
	line, id := freshKey(now)
	return id, replace(path, append(line, old...))
}

// freshKey makes a line of a ring.
func freshKey(now time.Time) (line []byte, id string) {
	secret := make([]byte, keySize)
	rand.Read(secret)
	id = now.UTC().Format("20060102T150405") + "-" + strings.ToLower(rand.Text()[:6])
	return fmt.Appendf(nil, "%s %s\n", id, base64.StdEncoding.EncodeToString(secret)), id
}

// put writes text to the disk, and closes the file.
func put(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a new name last through a power cut.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, fs.ErrInvalid) {
		err = nil // not every file system can
	}
	return errors.Join(err, d.Close())
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
