package configs

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// mask is what a Secret shows of itself.
const mask = "********"

// Secret is a text that must not show up in logs, errors or printed
// configurations. Every usual way out of it (fmt, slog, JSON, YAML, text)
// gives a mask, or nothing when it is empty; only [Secret.Reveal] gives the
// text itself. One way is left, so do not take it: encoding/json writes the
// keys of a map as they are.
type Secret string

// Reveal returns the text. Call it where the text is used, not earlier.
func (s Secret) Reveal() string { return string(s) }

// String returns the mask.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// GoString returns the mask, quoted.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format writes the mask for every verb. Without it fmt would print the text
// itself under a verb that does not suit it, such as %d.
func (s Secret) Format(f fmt.State, verb rune) {
	out := s.String()
	if verb == 'q' || (verb == 'v' && f.Flag('#')) {
		out = s.GoString()
	}
	_, _ = io.WriteString(f, out)
}

// MarshalJSON writes the mask.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText writes the mask, for every other encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML writes the mask.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue is the mask in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
