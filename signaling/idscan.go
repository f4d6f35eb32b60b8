package signaling

import (
	"bytes"
	"encoding/json"
	"strconv"

	"kinwire/signaling/proto"
)

// idOf finds the id of a request of which only the beginning is there, so
// that a message that is too large can be answered. It is 0 when the id does
// not come before the data that breaks off.
func idOf(beginning []byte) uint64 {
	dec := json.NewDecoder(bytes.NewReader(beginning))
	dec.UseNumber()
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return 0
	}
	for {
		key, err := dec.Token()
		if err != nil {
			return 0
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return 0
		}
		if key == "id" {
			id, err := strconv.ParseUint(string(value), 10, 64)
			if err != nil || id > proto.MaxInteger {
				return 0
			}
			return id
		}
	}
}
