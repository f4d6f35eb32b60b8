package sdp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The header extensions (RFC 8285) that the server reads or writes.
const (
	URIMID           = "urn:ietf:params:rtp-hdrext:sdes:mid"                                       // RFC 9143 section 15.2
	URIRID           = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"                             // RFC 8852
	URIRepairedRID   = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"                    // RFC 8852
	URITransportWide = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" // no RFC
)

// Understood lists the header extensions that an answer takes up when it is
// not told otherwise, in the order in which it names them.
func Understood() []string {
	return []string{URITransportWide, URIMID, URIRID, URIRepairedRID}
}

// simulcastOnly are those that say which encoding a packet is of: they are
// taken up where encodings are told apart, and nowhere else.
var simulcastOnly = []string{URIRID, URIRepairedRID}

// extension is an a=extmap line: a URI, its id, and in which direction, seen
// from the client, it is in use. Firefox says of what only makes sense in one
// direction that it is for that one: RIDs are "/sendonly".
type extension struct {
	uri string
	id  uint8
	way way
}

// parseExtension reads the value of a=extmap (RFC 8285 section 5). ok is false
// when it is not one, or its id is of those that the answerer would choose.
func parseExtension(value string) (e extension, ok bool) {
	number, rest := cut(value, ' ')
	number, direction, limited := strings.Cut(number, "/")
	e.uri, _ = cut(strings.TrimLeft(rest, " "), ' ')
	e.way = way{true, true}
	if limited {
		e.way = ways[direction]
	}
	id, err := strconv.ParseUint(number, 10, 8)
	e.id = uint8(id)
	return e, err == nil && id != 0 && e.uri != "" && e.way != way{}
}

// readExtensions reads the a=extmap lines that apply to a section: the
// session's, and its own.
func (r *reader) readExtensions(session, own []attribute) error {
	s := r.s
	r.extensions = r.extensions[:0]
	for _, level := range [][]attribute{session, own} {
		for i := range level {
			if level[i].key != "extmap" {
				continue
			}
			e, ok := parseExtension(level[i].value)
			if !ok || slices.ContainsFunc(r.extensions, func(other extension) bool { return other.uri == e.uri }) {
				continue
			}
			if len(r.extensions) == maxExtensions {
				return fmt.Errorf("has more than %d header extensions", maxExtensions)
			}
			r.extensions = append(r.extensions, e)
		}
	}
	if len(r.extensions) == 0 {
		return nil
	}
	s.extensions = slices.Clone(r.extensions)
	s.Extensions = make(map[string]uint8, len(s.extensions))
	for _, e := range s.extensions {
		if (e.way.sends && s.Sends) || (e.way.takes && s.Takes) {
			s.Extensions[e.uri] = e.id
		}
	}
	return nil
}

// extension gives the id of a header extension, whatever its direction; 0 when
// it is not offered.
func (s *Section) extension(uri string) uint8 {
	for i := range s.extensions {
		if s.extensions[i].uri == uri {
			return s.extensions[i].id
		}
	}
	return 0
}

// checkExtensions insists that an id means the same in all sections (RFC 9143
// section 12), for the extensions that matter: a packet is read before it is
// known to which section it belongs.
func (o *Offer) checkExtensions(matter []string) error {
	var owner [256]string
	for _, uri := range matter {
		id := uint8(0)
		for i := range o.Sections {
			mine := o.Sections[i].extension(uri)
			if mine == 0 {
				continue
			}
			if id != 0 && id != mine {
				return fmt.Errorf("the header extension %s has the ids %d and %d, one is allowed", uri, id, mine)
			}
			id = mine
		}
		if id != 0 && owner[id] != "" && owner[id] != uri {
			return fmt.Errorf("the header extension id %d is both %s and %s, one is allowed", id, owner[id], uri)
		}
		owner[id] = uri
	}
	owner[0] = ""
	for i := range o.Sections {
		for _, e := range o.Sections[i].extensions {
			if owner[e.id] != "" && owner[e.id] != e.uri {
				return fmt.Errorf("the header extension id %d is both %s and %.100q, one is allowed", e.id, owner[e.id], e.uri)
			}
		}
	}
	return nil
}

// extensions writes the header extensions of an accepted section, with the
// direction from the server's side where the client gave one.
func (w *writer) extensions(s *Section, a Accepted, understood []string) {
	for _, uri := range understood {
		i := slices.IndexFunc(s.extensions, func(e extension) bool { return e.uri == uri })
		if i < 0 || (len(a.RIDs) == 0 && slices.Contains(simulcastOnly, uri)) {
			continue
		}
		e := s.extensions[i]
		if !a.Inactive && ((a.Sends && !e.way.takes) || (!a.Sends && !e.way.sends)) {
			continue
		}
		w.number("a=extmap:", uint64(e.id), "")
		switch {
		case !e.way.takes:
			w.line("/recvonly ", uri)
		case !e.way.sends:
			w.line("/sendonly ", uri)
		default:
			w.line(" ", uri)
		}
	}
}
