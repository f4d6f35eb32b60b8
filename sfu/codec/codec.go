// Package codec knows what a codec is called, and what the RTP payload of a
// codec says about the frame it carries.
//
// The server forwards media without decoding it, so it needs very little of a
// payload: whether a packet opens a frame, whether that frame can be decoded
// without the ones before it (a key frame: the point where a receiver can
// start, or be moved to another layer), and how large the picture is (for the
// call's record). Inspect answers these three from one packet alone. It keeps
// no state, never allocates and never fails: a payload it cannot make sense
// of, cut short or hostile, gives less information, not an error.
//
// # What each codec tells
//
//   - Opus: each packet is a frame. There are no key frames in the sense of
//     video, so Key stays false.
//   - VP8: the payload descriptor (RFC 7741, section 4.2) marks the first
//     packet of a frame; the frame header behind it (RFC 6386, section 9.1)
//     holds the key frame bit and, in key frames, the dimensions.
//   - VP9: the payload descriptor (RFC 9628, section 4.2) marks the first
//     packet of each layer frame; a picture starts with that of its lowest
//     spatial layer. Dimensions come from the scalability structure, or from
//     the frame's own uncompressed header when there is none.
//   - H.264: has no payload descriptor; the NAL units (RFC 6184) themselves
//     tell. A frame opens with a sequence parameter set, or with the slice that
//     holds the first macroblock. Both may come in packets of their own, so one
//     key frame can give two Starts: whoever counts frames counts distinct RTP
//     timestamps. Dimensions come from the sequence parameter set.
//   - AV1: the aggregation header marks the first packet of a coded video
//     sequence; the OBUs behind it tell the rest. Dimensions are the largest
//     of the sequence, from its sequence header.
package codec

import (
	"fmt"
	"strings"
)

// Kind is one of the codecs that the server can forward. The zero value is
// Unknown.
type Kind uint8

// The codecs, in the order in which an error message lists them.
const (
	Unknown Kind = iota
	Opus
	VP8
	VP9
	H264
	AV1
)

// properties holds all that differs between codecs; the methods of Kind and
// Inspect only look here.
type properties struct {
	name      string
	mime      string
	video     bool
	clockRate uint32 // ticks of the RTP timestamp per second
	inspect   func(payload []byte) Frame
}

var table = [...]properties{
	Unknown: {name: "unknown", inspect: inspectUnknown},
	Opus:    {name: "opus", mime: "audio/opus", clockRate: 48000, inspect: inspectOpus},
	VP8:     {name: "vp8", mime: "video/VP8", video: true, clockRate: 90000, inspect: inspectVP8},
	VP9:     {name: "vp9", mime: "video/VP9", video: true, clockRate: 90000, inspect: inspectVP9},
	H264:    {name: "h264", mime: "video/H264", video: true, clockRate: 90000, inspect: inspectH264},
	AV1:     {name: "av1", mime: "video/AV1", video: true, clockRate: 90000, inspect: inspectAV1},
}

// UnknownError says that a name is not that of a codec the server knows.
type UnknownError struct {
	// Given is the name as it was given.
	Given string
	// Allowed are the names that would have been right.
	Allowed []string
}

// Error says what was given and what is allowed.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("codec %q is not known; allowed: %s", e.Given, strings.Join(e.Allowed, ", "))
}

// Names are the names that Parse takes, in a fixed order.
func Names() []string {
	names := make([]string, 0, len(table)-1)
	for _, p := range table[Unknown+1:] {
		names = append(names, p.name)
	}
	return names
}

// Parse gives the codec of a name such as "opus" or "VP8", in any case. Any
// other name gives Unknown and an *UnknownError.
func Parse(name string) (Kind, error) {
	for k := Unknown + 1; int(k) < len(table); k++ {
		if strings.EqualFold(table[k].name, name) {
			return k, nil
		}
	}
	return Unknown, &UnknownError{Given: name, Allowed: Names()}
}

// FromMime gives the codec of a media type such as "video/VP8", in any case;
// Unknown when there is none (RTX and FEC types, for example).
func FromMime(mime string) Kind {
	for k := Unknown + 1; int(k) < len(table); k++ {
		if strings.EqualFold(table[k].mime, mime) {
			return k
		}
	}
	return Unknown
}

// String is the codec's name in lower case, as Parse takes it: "vp8".
func (k Kind) String() string { return k.properties().name }

// MimeType is the codec's media type in the spelling of its RTP payload
// format, such as "video/VP8"; empty for Unknown.
func (k Kind) MimeType() string { return k.properties().mime }

// Video says whether the codec carries pictures.
func (k Kind) Video() bool { return k.properties().video }

// ClockRate is the number of ticks by which the RTP timestamp grows in a
// second; 0 for Unknown.
func (k Kind) ClockRate() uint32 { return k.properties().clockRate }

func (k Kind) properties() *properties {
	if int(k) >= len(table) {
		k = Unknown
	}
	return &table[k]
}
