package sdp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kinwire/sfu/codec"
)

// Codec is one payload format of a section.
type Codec struct {
	Kind codec.Kind
	PT   uint8
	RTX  uint8 // payload type of its retransmissions (RFC 4588); 0: none offered
	// Fmtp are the format parameters as they were offered.
	Fmtp string
	// Feedback are the kinds of a=rtcp-fb as they were offered: "nack pli".
	Feedback            []string
	ClockRate, Channels int
}

// form says in which forms the server forwards a codec, and how an answer
// names it.
type form struct {
	channels int
	takes    func(fmtp string) bool
	// fmtp of the answer: the same always, or the parameters that tell the
	// form, with the values offered. What a client says of its own abilities
	// (max-fs, stereo, sprop-…) is not for the server to repeat: it decodes
	// nothing and has no limits.
	fixed string
	echo  []string
}

var forms = [codec.Kinds]form{
	codec.Opus: {channels: 2, takes: every, fixed: "minptime=10;useinbandfec=1"},
	codec.VP8:  {takes: every},
	codec.VP9:  {takes: vp9Profile0, echo: []string{"profile-id"}},
	codec.AV1:  {takes: av1Main, echo: []string{"level-idx", "profile", "tier"}},
	codec.H264: {takes: h264Baseline, echo: []string{"level-asymmetry-allowed", "packetization-mode", "profile-level-id"}},
}

func every(string) bool { return true }

// vp9Profile0: the profile of 8 bits and 4:2:0, which is the default (RFC 9628
// section 6).
func vp9Profile0(fmtp string) bool { return zero(fmtp, "profile-id") }

// av1Main: the Main profile, which is the default (RTP payload format for AV1,
// section 7.2).
func av1Main(fmtp string) bool {
	return zero(fmtp, "profile") && number(fmtp, "level-idx") && number(fmtp, "tier")
}

// h264Baseline: packets of the non-interleaved mode, and a picture of Baseline
// or Constrained Baseline, whatever its level (RFC 6184 section 8.1). The
// profile is the first byte, 0x42; the constraint flags in the upper half of
// the second only say how many of the profile's tools are unused.
func h264Baseline(fmtp string) bool {
	id := parameter(fmtp, "profile-level-id")
	asymmetry := parameter(fmtp, "level-asymmetry-allowed")
	return parameter(fmtp, "packetization-mode") == "1" && is(id, classHex, 6, 6) && id[:2] == "42" && id[3] == '0' &&
		(asymmetry == "" || asymmetry == "0" || asymmetry == "1")
}

// constrainedBaseline: constraint flag 1 is set, so that the picture needs
// nothing that is not in Main either (RFC 6184 section 8.1, table 5).
func constrainedBaseline(fmtp string) bool {
	id := parameter(fmtp, "profile-level-id")
	flags, err := strconv.ParseUint(id[min(2, len(id)):min(3, len(id))], 16, 8)
	return err == nil && flags&4 != 0
}

// zero says that a parameter is absent or 0.
func zero(fmtp, key string) bool {
	v := parameter(fmtp, key)
	return v == "" || v == "0"
}

// number says that a parameter is absent or a small number.
func number(fmtp, key string) bool {
	v := parameter(fmtp, key)
	return v == "" || is(v, classDigit, 1, 3)
}

// parameter gives the value of a format parameter (RFC 8866 section 6.15), ""
// when it is absent.
func parameter(fmtp, key string) string {
	for fmtp != "" {
		var p string
		p, fmtp = cut(fmtp, ';')
		if k, v := cut(p, '='); strings.EqualFold(strings.Trim(k, " "), key) {
			return strings.Trim(v, " ")
		}
	}
	return ""
}

// answered are the format parameters of an answer.
func (c Codec) answered() string {
	f := &forms[c.Kind]
	if len(f.echo) == 0 {
		return f.fixed
	}
	var b strings.Builder
	for _, key := range f.echo {
		if v := parameter(c.Fmtp, key); v != "" {
			if b.Len() > 0 {
				b.WriteByte(';')
			}
			b.WriteString(key)
			b.WriteByte('=')
			b.WriteString(v)
		}
	}
	return b.String()
}

// The kinds of feedback that the server gives and understands (RFC 4585, RFC
// 5104, draft-holmer-rmcat-transport-wide-cc-extensions), in the order of an
// answer.
var (
	feedbackOfSound   = []string{"transport-cc"}
	feedbackOfPicture = []string{"transport-cc", "ccm fir", "nack", "nack pli"}
)

// payloadTypes is how many there are: 7 bits.
const payloadTypes = 128

// formats gathers what the attributes of a section say of its payload types.
// Lines about others than those of the m-line are nothing to it.
type formats struct {
	order   []uint8 // as in the m-line
	offered [payloadTypes]bool
	// maps and fmtps are the first a=rtpmap and a=fmtp of each payload type:
	// places in values, counted from 1.
	maps, fmtps [payloadTypes]int32
	values      []string
	feedback    []feedbackLine
	counts      [payloadTypes + 1]uint8
	kept        []Codec
}

// feedbackLine is an a=rtcp-fb line; pt is payloadTypes for all ("*").
type feedbackLine struct {
	pt    uint8
	value string
}

// makeFormats has room for what browsers offer.
func makeFormats() formats {
	return formats{order: make([]uint8, 0, 64), values: make([]string, 0, 96), feedback: make([]feedbackLine, 0, 160), kept: make([]Codec, 0, 8)}
}

// start reads the payload types of an m-line.
func (f *formats) start(list string) error {
	*f = formats{order: f.order[:0], values: f.values[:0], feedback: f.feedback[:0], kept: f.kept[:0]}
	for s := range strings.FieldsSeq(list) {
		pt, err := strconv.ParseUint(s, 10, 8)
		if err != nil || pt >= payloadTypes {
			return fmt.Errorf("has the payload type %.20q, 0 to %d are allowed", s, payloadTypes-1)
		}
		if !f.offered[pt] {
			f.offered[pt] = true
			f.order = append(f.order, uint8(pt))
		}
	}
	return nil
}

// split parts "PT rest", where PT is one of the m-line.
func (f *formats) split(value string) (pt uint8, rest string, ok bool) {
	s, rest := cut(value, ' ')
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n >= payloadTypes || !f.offered[n] {
		return 0, "", false
	}
	return uint8(n), strings.Trim(rest, " "), true
}

// keep notes the value of an attribute for its payload type, if it is the first.
func (f *formats) keep(places *[payloadTypes]int32, value string) {
	if pt, rest, ok := f.split(value); ok && places[pt] == 0 {
		f.values = append(f.values, rest)
		places[pt] = int32(len(f.values))
	}
}

// value gives what was kept, "" when nothing was.
func (f *formats) value(places *[payloadTypes]int32, pt uint8) string {
	if places[pt] == 0 {
		return ""
	}
	return f.values[places[pt]-1]
}

func (r *reader) rtpmap(value string) error {
	r.formats.keep(&r.formats.maps, value)
	return nil
}

func (r *reader) fmtp(value string) error {
	r.formats.keep(&r.formats.fmtps, value)
	return nil
}

func (r *reader) feedback(value string) error {
	f := &r.formats
	pt, rest, ok := f.split(value)
	if !ok {
		if rest, ok = strings.CutPrefix(value, "* "); !ok {
			return nil
		}
		pt = payloadTypes
	}
	if f.counts[pt]++; f.counts[pt] > maxFeedback {
		return fmt.Errorf("has more than %d a=rtcp-fb lines for one payload type", maxFeedback)
	}
	f.feedback = append(f.feedback, feedbackLine{pt, rest})
	return nil
}

// codecs gives the formats that the server can forward.
func (f *formats) codecs(video bool) []Codec {
	repairs := f.retransmissions(video)
	lines := 0
	for _, pt := range f.order {
		c := Codec{PT: pt, Fmtp: f.value(&f.fmtps, pt), RTX: repairs[pt]}
		c.Kind, c.ClockRate, c.Channels = parseRTPMap(f.value(&f.maps, pt), video)
		if c.Kind != codec.Unknown && forms[c.Kind].takes(c.Fmtp) {
			f.kept = append(f.kept, c)
			lines += int(f.counts[pt]) + int(f.counts[payloadTypes])
		}
	}
	all := make([]string, 0, lines) // one piece of memory for all of them
	for i := range f.kept {
		c, start := &f.kept[i], len(all)
		for j := range f.feedback {
			if l := &f.feedback[j]; l.pt == c.PT || l.pt == payloadTypes {
				all = append(all, l.value)
			}
		}
		if len(all) > start {
			c.Feedback = all[start:len(all):len(all)]
		}
	}
	return slices.Clone(f.kept)
}

// retransmissions gives the RTX payload type of each media payload type (RFC
// 4588 section 8.6). Sound is not retransmitted here.
func (f *formats) retransmissions(video bool) (rtx [payloadTypes]uint8) {
	if !video {
		return rtx
	}
	for _, pt := range f.order {
		name := f.value(&f.maps, pt)
		if len(name) < len("rtx/") || !strings.EqualFold(name[:len("rtx/")], "rtx/") {
			continue
		}
		apt, err := strconv.ParseUint(parameter(f.value(&f.fmtps, pt), "apt"), 10, 8)
		if err == nil && apt < payloadTypes && f.offered[apt] && rtx[apt] == 0 {
			rtx[apt] = pt
		}
	}
	return rtx
}

// parseRTPMap reads "name/clock[/channels]" (RFC 8866 section 6.6). It gives
// Unknown unless the codec has the clock and the channels that its payload
// format demands.
func parseRTPMap(value string, video bool) (k codec.Kind, clock, channels int) {
	name, rest := cut(value, '/')
	clockText, channelText := cut(rest, '/')
	for k = codec.Unknown + 1; int(k) < codec.Kinds; k++ {
		if len(k.String()) == len(name) && k.Video() == video && strings.EqualFold(k.String(), name) {
			break
		}
	}
	if int(k) == codec.Kinds || clockText == "" {
		return codec.Unknown, 0, 0
	}
	clock, err := strconv.Atoi(clockText)
	if err != nil || uint32(clock) != k.ClockRate() {
		return codec.Unknown, 0, 0
	}
	if channelText != "" {
		if channels, err = strconv.Atoi(channelText); err != nil {
			return codec.Unknown, 0, 0
		}
	}
	if want := forms[k].channels; want != 0 && channels != want {
		return codec.Unknown, 0, 0
	}
	return k, clock, channels
}
