package frank

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
)

// Key is one key with the id by which tags name it. The secret has 32 bytes.
type Key struct {
	ID     string // 1 to 32 letters, digits, - and _
	Secret []byte
}

const secretBytes = 32

var anID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func (k Key) check() error {
	if !anID.MatchString(k.ID) {
		return fmt.Errorf("franking: the key id %.40q: it must be 1 to 32 letters, digits, - and _", k.ID)
	}
	if len(k.Secret) != secretBytes {
		return fmt.Errorf("franking: key %s has %d bytes: it must have %d", k.ID, len(k.Secret), secretBytes)
	}
	return nil
}

func (k Key) clone() Key { return Key{k.ID, bytes.Clone(k.Secret)} }

// Read reads keys from what stands in a key file: a line for each, the key that
// makes tags first, with the id, a space and 32 bytes in base64. Empty lines
// and lines that begin with # are passed over. No error repeats a secret.
func Read(file []byte) ([]Key, error) {
	var keys []Key
	n := 0
	for line := range bytes.Lines(file) {
		n++
		fields := bytes.Fields(line)
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("franking: line %d of the key file has %d words: it must have an id and 32 bytes in base64", n, len(fields))
		}
		secret, err := base64.StdEncoding.DecodeString(string(fields[1]))
		if err != nil {
			return nil, fmt.Errorf("franking: line %d of the key file: what comes after the id is not base64", n)
		}
		key := Key{ID: string(fields[0]), Secret: secret}
		if err := key.check(); err != nil {
			return nil, fmt.Errorf("line %d of the key file: %w", n, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
