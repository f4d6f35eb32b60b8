package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	keySize = 32
	maxName = 64
	maxKeys = 1000
)

// parse reads the text of a ring. Its errors name lines, and nothing that is in
// them.
func parse(text []byte) (*keys, error) {
	k := &keys{byID: map[string]key{}}
	for i, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		one, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if _, twice := k.byID[one.id]; twice {
			return nil, fmt.Errorf("line %d: the name %q is there twice", i+1, one.id)
		}
		if len(k.byID) == 0 {
			k.first = one
		}
		if k.byID[one.id] = one; len(k.byID) > maxKeys {
			return nil, fmt.Errorf("line %d: there are more than %d keys", i+1, maxKeys)
		}
	}
	if len(k.byID) == 0 {
		return nil, errors.New("there is no key in it: a line of a name, a space, and 32 random bytes in base64 is needed")
	}
	return k, nil
}

func parseLine(line []byte) (one key, err error) {
	fields := bytes.Fields(line)
	if len(fields) != 2 {
		return one, errors.New("it must be a name, a space, and 32 random bytes in base64")
	}
	if one.id = string(fields[0]); len(one.id) > maxName {
		return one, fmt.Errorf("the name has %d bytes: allowed are %d", len(one.id), maxName)
	}
	secret, err := base64.StdEncoding.DecodeString(string(fields[1]))
	if err != nil {
		return one, errors.New("the key is not base64 with the standard alphabet and padding")
	}
	if len(secret) != keySize {
		return one, fmt.Errorf("the key has %d bytes: it must have %d", len(secret), keySize)
	}
	if copy(one.secret[:], secret); one.secret == [keySize]byte{} {
		return one, errors.New("the key is all zeros")
	}
	return one, nil
}
