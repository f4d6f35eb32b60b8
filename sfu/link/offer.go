package link

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"kinwire/sfu/codec"
)

// ErrOffer says that an offer cannot be used; the wrapped text says why.
var ErrOffer = errors.New("link: the SDP offer cannot be used")

// maxSections bounds the m-sections of an offer: sixteen people with sound,
// camera and screen each, and the own ones.
const maxSections = 64

// Offer is what the server wants to know of a client's offer (RFC 8829).
type Offer struct {
	SDP      string // as it will be answered: without simulcast
	Sections []Section
}

// Section is one m-section of an offer.
type Section struct {
	MID    string
	Video  bool
	Sends  bool // sendonly or sendrecv: the client wants to send here
	Takes  bool // recvonly or sendrecv: a receive slot
	Codecs []codec.Kind
	// SSRCs announced (RFC 5576), and which of them repair which (FID).
	SSRCs  []uint32
	Repair map[uint32]uint32 // RTX SSRC → media SSRC
}

// Has says whether the section offers the codec.
func (s *Section) Has(k codec.Kind) bool { return slices.Contains(s.Codecs, k) }

// ParseOffer reads a client's offer. Errors wrap ErrOffer.
func ParseOffer(text string) (*Offer, error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrOffer, err)
	}
	if n := len(desc.MediaDescriptions); n == 0 || n > maxSections {
		return nil, fmt.Errorf("%w: it has %d m-sections, 1 to %d are allowed", ErrOffer, n, maxSections)
	}
	if err := checkBundle(&desc); err != nil {
		return nil, err
	}
	o := &Offer{}
	seen := map[string]bool{}
	for _, m := range desc.MediaDescriptions {
		declineSimulcast(m)
		if m.MediaName.Media == "application" {
			continue
		}
		s, err := parseSection(&desc, m)
		if err != nil {
			return nil, err
		}
		if seen[s.MID] {
			return nil, fmt.Errorf("%w: two m-sections have the mid %q", ErrOffer, s.MID)
		}
		seen[s.MID] = true
		o.Sections = append(o.Sections, s)
	}
	b, err := desc.Marshal()
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrOffer, err)
	}
	o.SDP = string(b)
	return o, nil
}

// declineSimulcast takes an offer of several encodings (RFC 8853) out before
// it is answered: a client whose answer has none sends one encoding, which is
// what forwarding takes.
func declineSimulcast(m *sdp.MediaDescription) {
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		return a.Key == "rid" || a.Key == "simulcast"
	})
}

// checkBundle insists on one transport for all (RFC 9143): a server with one
// port has no other.
func checkBundle(desc *sdp.SessionDescription) error {
	group, ok := desc.Attribute("group")
	if !ok || !strings.HasPrefix(group, "BUNDLE") {
		return fmt.Errorf("%w: it has no a=group:BUNDLE with all its m-sections", ErrOffer)
	}
	bundled := strings.Fields(group)[1:]
	for _, m := range desc.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		if mid == "" || len(mid) > 16 {
			return fmt.Errorf("%w: an m-section has the mid %q, 1 to 16 characters are allowed", ErrOffer, mid)
		}
		found := m.MediaName.Port.Value == 0 && !hasAttribute(m, "bundle-only") // a stopped section is in no bundle
		for _, b := range bundled {
			found = found || b == mid
		}
		if !found {
			return fmt.Errorf("%w: the m-section %q is not in the BUNDLE group", ErrOffer, mid)
		}
	}
	return nil
}

func hasAttribute(m *sdp.MediaDescription, key string) bool {
	_, ok := m.Attribute(key)
	return ok
}

func parseSection(desc *sdp.SessionDescription, m *sdp.MediaDescription) (Section, error) {
	s := Section{Repair: map[uint32]uint32{}}
	s.MID, _ = m.Attribute("mid")
	switch m.MediaName.Media {
	case "audio":
	case "video":
		s.Video = true
	default:
		return s, fmt.Errorf("%w: the m-section %q is of kind %q, audio, video and application are allowed", ErrOffer, s.MID, m.MediaName.Media)
	}
	if m.MediaName.Port.Value != 0 || hasAttribute(m, "bundle-only") {
		s.Sends, s.Takes = directions(desc, m)
	}
	for _, a := range m.Attributes {
		switch a.Key {
		case "rtpmap":
			if k := rtpmapKind(a.Value, s.Video); k != codec.Unknown && !s.Has(k) {
				s.Codecs = append(s.Codecs, k)
			}
		case "ssrc":
			id, _, _ := strings.Cut(a.Value, " ")
			if n, err := strconv.ParseUint(id, 10, 32); err == nil && !slices.Contains(s.SSRCs, uint32(n)) {
				s.SSRCs = append(s.SSRCs, uint32(n))
			}
		case "ssrc-group":
			parseGroup(a.Value, s.Repair)
		}
	}
	return s, nil
}

// directions reads the direction attribute (RFC 8866 section 6.7), which a
// section may inherit from the session.
func directions(desc *sdp.SessionDescription, m *sdp.MediaDescription) (sends, takes bool) {
	for _, attrs := range [][]sdp.Attribute{m.Attributes, desc.Attributes} {
		for _, a := range attrs {
			switch a.Key {
			case "sendrecv":
				return true, true
			case "sendonly":
				return true, false
			case "recvonly":
				return false, true
			case "inactive":
				return false, false
			}
		}
	}
	return true, true
}

func rtpmapKind(value string, video bool) codec.Kind {
	_, enc, ok := strings.Cut(value, " ")
	if !ok {
		return codec.Unknown
	}
	name, _, _ := strings.Cut(enc, "/")
	kind := "audio/"
	if video {
		kind = "video/"
	}
	return codec.FromMime(kind + name)
}

func parseGroup(value string, repair map[uint32]uint32) {
	f := strings.Fields(value)
	if len(f) != 3 || f[0] != "FID" {
		return
	}
	media, err1 := strconv.ParseUint(f[1], 10, 32)
	rtx, err2 := strconv.ParseUint(f[2], 10, 32)
	if err1 == nil && err2 == nil {
		repair[uint32(rtx)] = uint32(media)
	}
}
