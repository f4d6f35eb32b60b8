package whip

import (
	"fmt"
	"strings"

	"kinwire/signaling/proto"
)

// maxSections bounds the m-sections of an offer. The media plane has a bound
// of its own.
const maxSections = 64

// section is what the scan keeps of an m-section (RFC 8866, section 5.14).
type section struct {
	media     string // audio, video, application …
	mid       string
	direction string // sendrecv, sendonly, recvonly or inactive; never empty
	explicit  bool   // direction stands in the section itself
	stopped   bool   // port 0, and not bundle-only (RFC 9143, section 6)
}

// offer is an SDP offer and what the scan has found in it.
type offer struct {
	lines    []string // without their ends
	first    []int    // the line on which each section begins
	sections []section
	ufrag    string // the client's ICE credentials, of whichever section comes first
	pwd      string
}

var directions = map[string]bool{"sendrecv": true, "sendonly": true, "recvonly": true, "inactive": true}

// scanOffer reads no more of an offer than what this package decides by.
func scanOffer(text string) (*offer, error) {
	lines, err := splitLines(text)
	if err != nil {
		return nil, err
	}
	if lines[0] != "v=0" {
		return nil, fmt.Errorf("line 1: given %.20q; an SDP begins with v=0", lines[0])
	}
	o := &offer{lines: lines}
	inherited := "sendrecv" // RFC 8866, section 6.7
	var port0, bundleOnly []bool
	for i, line := range lines {
		value := line[2:]
		switch line[0] {
		case 'm':
			fields := strings.Fields(value)
			if len(fields) < 4 || len(o.sections) == maxSections {
				return nil, fmt.Errorf("line %d: given an m= line with %d fields as the m-section number %d; allowed are at least 4 and at most %d", i+1, len(fields), len(o.sections)+1, maxSections)
			}
			o.first = append(o.first, i)
			o.sections = append(o.sections, section{media: fields[0]})
			port, _, _ := strings.Cut(fields[1], "/")
			port0, bundleOnly = append(port0, strings.Trim(port, "0") == ""), append(bundleOnly, false)
		case 'a':
			if len(o.sections) > 0 {
				bundleOnly[len(bundleOnly)-1] = bundleOnly[len(bundleOnly)-1] || value == "bundle-only"
				o.sections[len(o.sections)-1].take(value)
			} else if directions[value] {
				inherited = value
			}
			o.takeCredentials(value)
		}
	}
	if len(o.sections) == 0 {
		return nil, fmt.Errorf("it has no m= line")
	}
	for i := range o.sections {
		s := &o.sections[i]
		s.stopped = port0[i] && !bundleOnly[i]
		if !s.explicit {
			s.direction = inherited
		}
	}
	return o, nil
}

// take reads one attribute of a section; of repeated ones the first counts.
func (s *section) take(attribute string) {
	if directions[attribute] && !s.explicit {
		s.direction, s.explicit = attribute, true
	}
	if mid, ok := strings.CutPrefix(attribute, "mid:"); ok && s.mid == "" {
		s.mid = mid
	}
}

func (o *offer) takeCredentials(attribute string) {
	if v, ok := strings.CutPrefix(attribute, "ice-ufrag:"); ok && o.ufrag == "" {
		o.ufrag = v
	}
	if v, ok := strings.CutPrefix(attribute, "ice-pwd:"); ok && o.pwd == "" {
		o.pwd = v
	}
}

// splitLines takes an SDP text apart. Carriage returns and zero bytes inside
// a line are refused: another parser might see two lines where we see one.
func splitLines(text string) ([]string, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if len(line) < 2 || line[1] != '=' || line[0] < 'a' || line[0] > 'z' || strings.ContainsAny(line, "\r\x00") {
			return nil, fmt.Errorf("line %d: given something else than a letter, = and a value", i+1)
		}
		lines[i] = line
	}
	return lines, nil
}

// carries says whether a section is one for media that can flow.
func (s *section) carries() bool {
	return !s.stopped && (s.media == "audio" || s.media == "video")
}

// facing gives the offer with each section for media turned to one direction.
// A client may offer sendrecv for either protocol, and is to be answered as if
// it had said the one way that the protocol knows (RFC 9725, section 4.2); the
// media plane takes no sendrecv.
func (o *offer) facing(direction string) string {
	var out strings.Builder
	write := func(line string) { out.WriteString(line); out.WriteString("\r\n") }
	end := append(o.first[1:len(o.first):len(o.first)], len(o.lines))
	for _, line := range o.lines[:o.first[0]] {
		write(line)
	}
	for i, s := range o.sections {
		turn := s.carries() && !(s.explicit && s.direction == direction)
		for _, line := range o.lines[o.first[i]:end[i]] {
			if attribute, ok := strings.CutPrefix(line, "a="); turn && ok && directions[attribute] {
				continue
			}
			write(line)
		}
		if turn {
			write("a=" + direction)
		}
	}
	return out.String()
}

// sourceKinds is what the first, second … section of a medium shows or plays.
var sourceKinds = map[string][]proto.SourceKind{
	"audio": {proto.SourceAudio},
	"video": {proto.SourceVideo, proto.SourceScreen},
}

// sources says what an offer to send brings, section by section.
func (o *offer) sources() ([]proto.Source, *proto.Error) {
	var list []proto.Source
	count := map[string]int{}
	for _, s := range o.sections {
		if !s.carries() {
			continue
		}
		kinds, n := sourceKinds[s.media], count[s.media]
		if n == len(kinds) {
			return nil, badOffer("it sends %d or more of %s; allowed are at most %d", n+1, s.media, n)
		}
		if s.mid == "" {
			return nil, badOffer("an m-section has no a=mid; each needs one")
		}
		list = append(list, proto.Source{Kind: kinds[n], MID: s.mid})
		count[s.media]++
	}
	return list, nil
}

// faces holds the offer to one direction: every section for media is to be of
// that direction or sendrecv, and there must be one.
func (o *offer) faces(direction string) *proto.Error {
	found := false
	for _, s := range o.sections {
		if !s.carries() {
			continue
		}
		if s.direction != direction && s.direction != "sendrecv" {
			return badOffer("the m-section %.20q is %s; allowed here are %s and sendrecv", s.mid, s.direction, direction)
		}
		found = true
	}
	if !found {
		return badOffer("it has no m-section of audio or video that is %s", direction)
	}
	return nil
}

func badOffer(format string, args ...any) *proto.Error {
	return &proto.Error{Code: proto.CodeBadOffer, Message: "the offer cannot be used: " + fmt.Sprintf(format, args...)}
}
