package sdp

import (
	"slices"
	"strconv"
)

// writer writes an answer line by line.
type writer struct{ b []byte }

// line writes its parts and the end of a line.
func (w *writer) line(parts ...string) {
	for _, p := range parts {
		w.b = append(w.b, p...)
	}
	w.b = append(w.b, "\r\n"...)
}

// number writes a number between texts.
func (w *writer) number(before string, n uint64, after string) {
	w.b = append(w.b, before...)
	w.b = strconv.AppendUint(w.b, n, 10)
	w.b = append(w.b, after...)
}

// session writes what comes before the m-sections. The fingerprint is the same
// for all of them, so it stands here once.
func (w *writer) session(o *Offer, a *Answer, taken []*Accepted) {
	w.line("v=0")
	w.number("o=- ", a.Session, " ")
	w.number("", a.Version, " IN IP4 0.0.0.0\r\n")
	w.line("s=-")
	w.line("t=0 0")
	w.b = append(w.b, "a=group:BUNDLE"...)
	for _, i := range o.bundle {
		if taken[i] != nil {
			w.b = append(append(w.b, ' '), o.Sections[i].MID...)
		}
	}
	w.line()
	w.line("a=ice-lite")
	w.line("a=ice-options:trickle ice2")
	if o.mixed {
		w.line("a=extmap-allow-mixed")
	}
	w.line("a=msid-semantic:WMS *")
	w.line("a=fingerprint:", a.Fingerprint.Hash, " ", a.Fingerprint.Value)
}

// refused writes a section that the server does not take: port 0 (RFC 3264
// section 6). The format is one that was offered and means nothing; mid and
// direction are for those who look at them before they look at the port.
func (w *writer) refused(s *Section) {
	w.line("m=", s.Media, " 0 ", s.proto, " ", s.format)
	w.line("c=IN IP4 0.0.0.0")
	w.line("a=mid:", s.MID)
	w.line("a=inactive")
	if s.formatMap != "" {
		w.line("a=rtpmap:", s.format, " ", s.formatMap)
	}
}

// transport writes the m-line of an accepted section and what it shares with
// the others. RFC 8829 section 5.3.1 has the credentials in the first section
// of the bundle alone; every browser repeats them, and some others look for
// them in each.
func (w *writer) transport(s *Section, a *Answer, accepted Accepted, first bool) {
	w.b = append(w.b, "m="+s.Media+" 9 "+s.proto...)
	if s.Data {
		w.line(" ", dataFormat)
	} else {
		for _, c := range s.answered(accepted) {
			w.number(" ", uint64(c.PT), "")
			if c.RTX != 0 {
				w.number(" ", uint64(c.RTX), "")
			}
		}
		w.line()
	}
	w.line("c=IN IP4 0.0.0.0")
	w.bandwidth(accepted.MaxBPS)
	if first {
		for _, c := range a.Candidates {
			w.line("a=candidate:", c)
		}
		w.line("a=end-of-candidates")
	}
	w.line("a=ice-ufrag:", a.Ufrag)
	w.line("a=ice-pwd:", a.Pwd)
	w.line("a=setup:passive")
	w.line("a=mid:", s.MID)
}

// bandwidth asks the client to keep to so many bits per second: without the
// headers below RTP as TIAS (RFC 3890), which counts where both are known, and
// for others as AS (RFC 8866 section 5.8).
func (w *writer) bandwidth(bps int) {
	if bps <= 0 {
		return
	}
	w.number("b=TIAS:", uint64(bps), "\r\n")
	w.number("b=AS:", uint64((bps+999)/1000), "\r\n")
}

// answered are the codecs of an accepted section: those of the offer, with
// retransmissions where they are wanted. All, when an inactive section says
// nothing of it.
func (s *Section) answered(a Accepted) []Codec {
	if len(a.Codecs) == 0 {
		return s.Codecs
	}
	list := make([]Codec, 0, len(a.Codecs))
	for _, c := range a.Codecs {
		answered := *s.offered(c)
		answered.RTX = c.RTX
		list = append(list, answered)
	}
	return list
}

// data writes the rest of a data section (RFC 8841). The server's port is what
// all use: the SCTP association has the DTLS one to itself.
func (w *writer) data() {
	w.number("a=sctp-port:", defaultSCTPPort, "\r\n")
	w.number("a=max-message-size:", MaxMessage, "\r\n")
}

// media writes the rest of a section of sound or pictures.
func (w *writer) media(s *Section, a Accepted, understood []string) {
	w.extensions(s, a, understood)
	if s.mixed {
		w.line("a=extmap-allow-mixed")
	}
	w.line("a=", a.direction())
	if a.Sends && a.Track != "" {
		w.msid("a=msid:", a)
	}
	w.line("a=rtcp-mux")
	if s.rsize {
		w.line("a=rtcp-rsize")
	}
	repaired := false
	for _, c := range s.answered(a) {
		w.codec(c, s.Video)
		repaired = repaired || c.RTX != 0
	}
	w.simulcast(a.RIDs)
	if a.Sends {
		w.ssrcs(a, repaired)
	}
}

// direction is the server's side of the direction attribute.
func (a *Accepted) direction() string {
	switch {
	case a.Inactive:
		return "inactive"
	case a.Sends:
		return "sendonly"
	}
	return "recvonly"
}

// msid names the stream and the track (RFC 8830 section 2); "-" is no stream.
func (w *writer) msid(before string, a Accepted) {
	stream := a.Stream
	if stream == "" {
		stream = "-"
	}
	w.line(before, stream, " ", a.Track)
}

// codec writes the lines of one format.
func (w *writer) codec(c Codec, video bool) {
	pt := uint64(c.PT)
	name, feedback := c.Kind.MimeType()[len("audio/"):], feedbackOfSound
	if video {
		feedback = feedbackOfPicture
	}
	w.number("a=rtpmap:", pt, " "+name)
	w.number("/", uint64(c.Kind.ClockRate()), "")
	if n := forms[c.Kind].channels; n != 0 {
		w.number("/", uint64(n), "")
	}
	w.line()
	for _, fb := range feedback {
		if slices.Contains(c.Feedback, fb) {
			w.number("a=rtcp-fb:", pt, " "+fb+"\r\n")
		}
	}
	if fmtp := c.answered(); fmtp != "" {
		w.number("a=fmtp:", pt, " ")
		w.line(fmtp)
	}
	if c.RTX != 0 {
		rtx := uint64(c.RTX)
		w.number("a=rtpmap:", rtx, " rtx/")
		w.number("", uint64(c.Kind.ClockRate()), "\r\n")
		w.number("a=fmtp:", rtx, " apt=")
		w.number("", pt, "\r\n")
	}
}

// ssrcs announces what is sent (RFC 5576). The msid is repeated there for
// clients that take streams from nowhere else.
func (w *writer) ssrcs(a Accepted, repaired bool) {
	if a.SSRC == 0 {
		return
	}
	ids := []uint32{a.SSRC}
	if repaired && a.RTX != 0 {
		ids = append(ids, a.RTX)
		w.number("a=ssrc-group:FID ", uint64(a.SSRC), " ")
		w.number("", uint64(a.RTX), "\r\n")
	}
	for _, id := range ids {
		w.number("a=ssrc:", uint64(id), " cname:")
		w.line(a.CNAME)
		if a.Track != "" {
			w.number("a=ssrc:", uint64(id), "")
			w.msid(" msid:", a)
		}
	}
}
