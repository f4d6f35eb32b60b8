package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Newest says whether the first key of the ring has sealed it.
func (r *Ring) Newest(sealed []byte) bool {
	id := r.Sealing()
	return len(sealed) >= 2+len(id) && sealed[0] == version && int(sealed[1]) == len(id) && string(sealed[2:2+len(id)]) == id
}

// Alone says whether the ring has no key but the one that seals now.
func (r *Ring) Alone() bool { return len(r.keys.Load().byID) == 1 }

// DropOld leaves only the first key in the file at path, and returns how many
// are gone. What they have sealed cannot be opened by anybody any more.
func DropOld(path string) (dropped int, err error) {
	text, err := File(path).Read(context.Background())
	if err != nil {
		return 0, fmt.Errorf("read the key ring: %w", err)
	}
	all, err := parse(text)
	if err != nil {
		return 0, fmt.Errorf("read the key ring from %s: %w", path, err)
	}
	var first []byte
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) == 2 && string(fields[0]) == all.first.id {
			first = append(bytes.TrimSpace(line), '\n')
			break
		}
	}
	if err := replace(path, first); err != nil {
		return 0, err
	}
	return len(all.byID) - 1, nil
}

// replace puts a file in the place of another as a whole.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("write the key ring: %w", err)
	}
	if err := put(f, text); err != nil {
		return fmt.Errorf("write the key ring: %w", errors.Join(err, os.Remove(f.Name())))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the key ring: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return wrap("write the key ring", syncFolder(path))
}
