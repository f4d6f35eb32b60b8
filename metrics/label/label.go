// Package label holds the closed lists from which every label of a Kinwire
// metric takes its value. A value that is not in its list becomes Other, so
// the number of time series is known beforehand, and no user, call, address
// or free text from a client can ever become a label.
package label

import "strings"

// Other stands for every value that a list does not name.
const Other = "other"

// List is a closed list of label values. Make it with Of.
type List struct {
	values []string
	index  map[string]int
}

// Of makes a list of the values given, with Other added at its end.
func Of(values ...string) List {
	l := List{index: make(map[string]int, len(values)+1)}
	for _, v := range append(append([]string(nil), values...), Other) {
		if _, known := l.index[v]; !known {
			l.index[v] = len(l.values)
			l.values = append(l.values, v)
		}
	}
	return l
}

// Index is the place of v in the list, compared in lower case; that of Other
// if the list does not have v.
func (l List) Index(v string) int {
	if i, ok := l.index[v]; ok {
		return i
	}
	if i, ok := l.index[strings.ToLower(v)]; ok {
		return i
	}
	return l.index[Other]
}

// Pick is v as the list spells it, or Other.
func (l List) Pick(v string) string { return l.values[l.Index(v)] }

// At is the value at place i of the list.
func (l List) At(i int) string { return l.values[i] }

// Len is the number of values, Other included.
func (l List) Len() int { return len(l.values) }

// Has reports whether v is in the list, spelled as it is there.
func (l List) Has(v string) bool {
	_, ok := l.index[v]
	return ok
}

// The lists that calls and streams use.
var (
	Views      = Of("server", "client")
	Directions = Of("up", "down")
	Kinds      = Of("audio", "video", "screen")
	Codecs     = Of("opus", "vp8", "h264", "vp9", "av1")
	PathTypes  = Of("host", "srflx", "relay")
	Protocols  = Of("udp", "tcp", "tls")
	// Reasons are those of the signaling vocabulary, for calls and participants.
	Reasons = Of("hangup", "declined", "missed", "cancelled", "busy", "lost", "alone", "failed", "shutdown", "elsewhere",
		"not_allowed", "quiet_hours", "allowance")
	// Events are the kinds of event in a record; Levels, Places and Faults are
	// the words of package quality for how good a stream is, where it goes bad,
	// and by what.
	Events = Of("join", "leave", "path", "link", "mute", "unmute", "layer", "pli", "codec", "freeze", "quality", "restart",
		"signal", "end", "config")
	Levels = Of("good", "fair", "poor", "lost")
	Places = Of("uplink", "downlink", "server", "device")
	Faults = Of("loss", "delay", "jitter", "bandwidth", "freezes", "silence", "load")
)
