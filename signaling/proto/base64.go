package proto

import (
	"encoding/json"
	"reflect"
	"strings"
)

// isBytes reports whether a value of type t is bytes, which are base64 in JSON.
func isBytes(t reflect.Type) bool {
	return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && t != reflect.TypeFor[json.RawMessage]()
}

// checkBytes refuses what is not base64 where bytes belong. null counts as
// nothing, as everywhere.
func checkBytes(tok json.Token, path string) *Error {
	switch tok := tok.(type) {
	case nil:
		return nil
	case string:
		if at := notBase64(tok); at > 0 {
			return bad("%s: given a text that is not base64, at character %d of %d; allowed is base64 with padding (RFC 4648, section 4)", short(path), at, len(tok))
		}
		return nil
	}
	return bad("%s: given something else than a text; allowed are bytes as a text in base64 (RFC 4648, section 4)", short(path))
}

// alphabet is base64's (RFC 4648, section 4), in the order of the values.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// values gives each byte its value in base64; 255: it has none.
var values = func() (v [256]byte) {
	for i := range v {
		v[i] = 255
	}
	for i := range len(alphabet) {
		v[alphabet[i]] = byte(i)
	}
	return v
}()

// notBase64 says at which character (from 1) a text ceases to be base64: with
// padding, without line breaks, and with zero bits where bits are left over, so
// that the same bytes are always the same text. It is 0 for one that is.
func notBase64(text string) int {
	body := strings.TrimRight(text, "=")
	padding := len(text) - len(body)
	for i := range len(body) {
		if values[body[i]] == 255 {
			return i + 1
		}
	}
	if len(text)%4 != 0 || padding > 2 {
		return len(text)
	}
	if padding > 0 && values[body[len(body)-1]]&(1<<(2*padding)-1) != 0 {
		return len(body)
	}
	return 0
}
