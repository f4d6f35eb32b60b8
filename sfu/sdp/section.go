package sdp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// rtpProtos are the profiles that stand for RTP over DTLS in an m-line; the
// shorter ones come from clients that leave the transport to the fingerprint
// (RFC 8829 section 5.1.2). An answer repeats the one offered.
var rtpProtos = map[string]bool{
	"UDP/TLS/RTP/SAVPF": true, "UDP/TLS/RTP/SAVP": true,
	"TCP/DTLS/RTP/SAVPF": true, "TCP/DTLS/RTP/SAVP": true,
	"RTP/SAVPF": true, "RTP/SAVP": true, "RTP/AVPF": true, "RTP/AVP": true,
}

// dataProtos are the profiles of data channels (RFC 8841 section 4).
var dataProtos = map[string]bool{"UDP/DTLS/SCTP": true, "TCP/DTLS/SCTP": true}

// dataFormat names data channels in an m-line (RFC 8832 section 8).
const dataFormat = "webrtc-datachannel"

// Defaults of a data section: what every browser uses, and RFC 8841 section 6.
const (
	defaultSCTPPort   = 5000
	defaultMaxMessage = 65536
)

// reader reads one section after the other; what it gathers of one is
// forgotten before the next.
type reader struct {
	s         *Section
	session   []attribute
	formats   formats
	rids      []string // of a=rid … send
	simulcast string   // the send list of a=simulcast
	mux       bool

	extensions []extension
}

// attributeReaders are what a section's attributes mean, apart from those that
// are looked up by name: mid, direction and extmap.
var attributeReaders = map[string]func(*reader, string) error{
	"rtpmap":             (*reader).rtpmap,
	"fmtp":               (*reader).fmtp,
	"rtcp-fb":            (*reader).feedback,
	"rtcp-mux":           (*reader).rtcpMux,
	"rtcp-rsize":         (*reader).rtcpReduced,
	"extmap-allow-mixed": (*reader).extmapAllowMixed,
	"ssrc":               (*reader).ssrc,
	"ssrc-group":         (*reader).ssrcGroup,
	"rid":                (*reader).rid,
	"simulcast":          (*reader).simulcastList,
	"sctp-port":          (*reader).sctpPort,
	"max-message-size":   (*reader).maxMessageSize,
}

// read fills in a section whose mid is known.
func (r *reader) read(s *Section, mid string, session []attribute, m *media) error {
	*s = Section{MID: mid, Media: m.kind, Video: m.kind == "video", proto: m.proto, Stopped: m.stopped()}
	s.format, _ = cut(strings.TrimLeft(m.formats, " "), ' ')
	if err := r.mediaLine(s, m); err != nil {
		return fmt.Errorf("%w: the m-section %q %w", ErrOffer, mid, err)
	}
	s.formatMap = formatMap(m.attrs, s.format)
	if s.Stopped || (m.kind == "application" && !s.Data) {
		return nil
	}
	r.s, r.session, r.rids, r.simulcast, r.mux = s, session, r.rids[:0], "", false
	if err := r.attributes(m); err != nil {
		return fmt.Errorf("%w: the m-section %q %w", ErrOffer, mid, err)
	}
	return nil
}

// mediaLine checks what an answer would have to repeat.
func (r *reader) mediaLine(s *Section, m *media) error {
	for f := range strings.FieldsSeq(m.formats) {
		if !is(f, classToken, 1, 64) {
			return fmt.Errorf("has the format %.40q in its m-line, tokens of up to 64 characters are allowed", f)
		}
	}
	switch {
	case m.kind == "application":
		s.Data = dataProtos[m.proto] && s.format == dataFormat
		for part := range strings.SplitSeq(m.proto, "/") {
			if !is(part, classToken, 1, 16) {
				return fmt.Errorf("has the transport %.40q, tokens with slashes between are allowed", m.proto)
			}
		}
	case m.kind != "audio" && m.kind != "video":
		return fmt.Errorf("is of kind %.20q, audio, video and application are allowed", m.kind)
	case !rtpProtos[m.proto]:
		return fmt.Errorf("has the transport %.40q, UDP/TLS/RTP/SAVPF is allowed", m.proto)
	}
	return nil
}

// formatMap gives the a=rtpmap of a format, if it is one that can be repeated:
// pion applies no answer in which a format has none, even in a refused section.
func formatMap(attrs []attribute, format string) string {
	for i := range attrs {
		if attrs[i].key != "rtpmap" {
			continue
		}
		pt, encoding := cut(attrs[i].value, ' ')
		if pt != format {
			continue
		}
		name, rest := cut(encoding, '/')
		clock, channels := cut(rest, '/')
		if is(name, classToken, 1, 64) && is(clock, classDigit, 1, 9) && is(channels, classDigit, 0, 3) {
			return encoding
		}
		return ""
	}
	return ""
}

func (r *reader) attributes(m *media) error {
	if !r.s.Data {
		if err := r.formats.start(m.formats); err != nil {
			return err
		}
	}
	key, read := "", (func(*reader, string) error)(nil)
	for _, a := range m.attrs {
		if a.key != key { // those of a kind mostly stand together
			key, read = a.key, attributeReaders[a.key]
		}
		if read != nil {
			if err := read(r, a.value); err != nil {
				return err
			}
		}
	}
	if r.s.Data {
		return r.finishData()
	}
	if !r.mux {
		return errors.New("has no a=rtcp-mux, it must have one: RTP and RTCP share a port here")
	}
	r.s.Sends, r.s.Takes = directions(r.session, m.attrs)
	r.s.RIDs = r.encodings()
	r.s.Codecs = r.formats.codecs(r.s.Video)
	return r.readExtensions(r.session, m.attrs)
}

func (r *reader) rtcpMux(string) error          { r.mux = true; return nil }
func (r *reader) rtcpReduced(string) error      { r.s.rsize = true; return nil }
func (r *reader) extmapAllowMixed(string) error { r.s.mixed = true; return nil }

// way is a direction attribute, seen from the client.
type way struct{ sends, takes bool }

var ways = map[string]way{"sendrecv": {true, true}, "sendonly": {true, false}, "recvonly": {false, true}, "inactive": {}}

// directions reads the direction attribute (RFC 8866 section 6.7), which a
// section may inherit from the session.
func directions(session, own []attribute) (sends, takes bool) {
	for _, level := range [][]attribute{own, session} {
		for i := range level {
			if w, ok := ways[level[i].key]; ok {
				return w.sends, w.takes
			}
		}
	}
	return true, true
}

// ssrc reads a=ssrc:ID attribute (RFC 5576 section 4.1).
func (r *reader) ssrc(value string) error {
	id, _ := cut(value, ' ')
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return nil
	}
	ids := r.s.SSRCs
	for i := len(ids) - 1; i >= 0; i-- { // the lines of one SSRC stand together
		if ids[i] == uint32(n) {
			return nil
		}
	}
	if len(ids) == maxSSRCs {
		return fmt.Errorf("has more than %d SSRCs", maxSSRCs)
	}
	r.s.SSRCs = append(ids, uint32(n))
	return nil
}

// ssrcGroup reads a=ssrc-group:FID MEDIA RTX (RFC 5576 section 4.2); other
// groupings say nothing that the server needs.
func (r *reader) ssrcGroup(value string) error {
	semantics, members := cut(value, ' ')
	first, second := cut(strings.Trim(members, " "), ' ')
	if semantics != "FID" {
		return nil
	}
	media, err1 := strconv.ParseUint(first, 10, 32)
	rtx, err2 := strconv.ParseUint(second, 10, 32)
	if err1 != nil || err2 != nil || media == rtx {
		return nil
	}
	if r.s.Repair == nil {
		r.s.Repair = make(map[uint32]uint32, 4)
	}
	r.s.Repair[uint32(rtx)] = uint32(media)
	if len(r.s.Repair) > maxSSRCs {
		return fmt.Errorf("has more than %d SSRC groups", maxSSRCs)
	}
	return nil
}

// sctpPort reads a=sctp-port (RFC 8841 section 5).
func (r *reader) sctpPort(value string) error {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("has the a=sctp-port %.20q, 1 to 65535 are allowed", value)
	}
	r.s.SCTPPort = int(n)
	return nil
}

// maxMessageSize reads a=max-message-size (RFC 8841 section 6). Sizes that are
// larger than any message are as good as no limit.
func (r *reader) maxMessageSize(value string) error {
	if !is(value, classDigit, 1, 20) {
		return fmt.Errorf("has the a=max-message-size %.20q, a number is allowed", value)
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		n = 0
	}
	r.s.MaxMessage = int(n)
	if n == 0 {
		r.s.MaxMessage = unlimited
	}
	return nil
}

// unlimited stands for a=max-message-size:0 while 0 means that none was given.
const unlimited = -1

func (r *reader) finishData() error {
	if r.s.SCTPPort == 0 {
		r.s.SCTPPort = defaultSCTPPort
	}
	switch r.s.MaxMessage {
	case 0:
		r.s.MaxMessage = defaultMaxMessage
	case unlimited:
		r.s.MaxMessage = 0
	}
	return nil
}
