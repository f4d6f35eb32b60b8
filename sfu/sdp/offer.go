package sdp

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kinwire/sfu/codec"
)

// ErrOffer says that an offer cannot be used; the text that wraps it says what
// was given and what is allowed.
var ErrOffer = errors.New("sdp: the offer cannot be used")

// Bounds of an offer.
const (
	// maxSections: sixteen people with sound, camera and screen each, and the
	// client's own.
	maxSections = 64
	// maxMID is what fits into the one-byte form of a header extension (RFC
	// 8285 section 4.2); RIDs go the same way.
	maxMID = 16
	maxRID = 16
	// maxExtensions, maxSSRCs, maxRIDs and maxFeedback bound one section.
	// Browsers come to 15, 6, 3 and, for one payload type, 5.
	maxExtensions = 64
	maxSSRCs      = 32
	maxRIDs       = 8
	maxFeedback   = 16
)

// Offer is what a client offers. It holds on to parts of the text that it was
// parsed from.
type Offer struct {
	// Ufrag and Pwd are the client's ICE credentials for the one transport:
	// those of the first section in the bundle.
	Ufrag, Pwd string
	// Fingerprints of the client's certificate, one at least, all with a hash
	// that the server knows. Any one that fits is enough.
	Fingerprints []Fingerprint
	// Setup is the client's DTLS role: "actpass" or "active".
	Setup string
	// Sections are all m-sections, in order.
	Sections []Section

	bundle []int // sections, in the order of a=group:BUNDLE
	mixed  bool  // a=extmap-allow-mixed for the whole session
}

// Section is one m-section of an offer.
type Section struct {
	MID   string
	Media string // "audio", "video" or "application"
	Video bool
	// Data says that the section is for data channels in the form of RFC 8841.
	// An application section in another form can only be refused.
	Data bool
	// Stopped says that the client has given the section up. Nothing more is
	// known of it then.
	Stopped bool
	// Sends and Takes are the direction: the client would send, and would
	// receive, here.
	Sends, Takes bool
	// Codecs are the forms that this server can forward, in the order offered.
	Codecs []Codec
	// Extensions are the ids of the header extensions, by URI, that are in use
	// in a direction of the section.
	Extensions map[string]uint8
	// SSRCs announced (RFC 5576), and which of them repairs which: RTX SSRC →
	// media SSRC.
	SSRCs  []uint32
	Repair map[uint32]uint32
	// RIDs name the encodings that the client would send, in the order of its
	// a=simulcast. A client whose answer names none sends one encoding.
	RIDs []string
	// SCTPPort and MaxMessage are those of a data section; the client takes
	// messages of up to MaxMessage bytes, of any size when it is 0.
	SCTPPort, MaxMessage int

	extensions    []extension // all of them
	proto, format string      // as they stand in the m-line; the first format
	formatMap     string      // the format's a=rtpmap, "" when it has none
	rsize         bool        // a=rtcp-rsize
	mixed         bool        // a=extmap-allow-mixed of its own
}

// ParseOffer reads a client's offer. Errors wrap [ErrOffer].
func ParseOffer(text string) (*Offer, error) {
	d, err := scan(text)
	if err != nil {
		return nil, err
	}
	mids, err := readMIDs(d)
	if err != nil {
		return nil, err
	}
	o := &Offer{Sections: make([]Section, len(d.media)), mixed: has(d.attrs, "extmap-allow-mixed")}
	if err := o.parseBundle(d, mids); err != nil {
		return nil, err
	}
	if err := o.parseTransport(d, &d.media[o.bundle[0]]); err != nil {
		return nil, err
	}
	r := reader{formats: makeFormats()}
	for i := range d.media {
		if err := r.read(&o.Sections[i], mids[i], d.attrs, &d.media[i]); err != nil {
			return nil, err
		}
	}
	if err := o.checkExtensions(Understood()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	return o, nil
}

// readMIDs gives the mid of each section; all are different.
func readMIDs(d *description) ([]string, error) {
	mids := make([]string, len(d.media))
	seen := make(map[string]bool, len(d.media))
	for i := range d.media {
		mid, _ := find(d.media[i].attrs, "mid")
		if !is(mid, classToken, 1, maxMID) {
			return nil, fmt.Errorf("%w: the m-section number %d has the mid %.40q, 1 to %d characters of a token are allowed", ErrOffer, i+1, mid, maxMID)
		}
		if seen[mid] {
			return nil, fmt.Errorf("%w: two m-sections have the mid %q", ErrOffer, mid)
		}
		seen[mid] = true
		mids[i] = mid
	}
	return mids, nil
}

// parseBundle insists on one transport for all sections in use (RFC 9143): a
// server with one port has no other.
func (o *Offer) parseBundle(d *description, mids []string) error {
	var group string
	for _, a := range d.attrs {
		if semantics, members := cut(a.value, ' '); a.key == "group" && semantics == "BUNDLE" {
			group = members
			break
		}
	}
	bundled := make([]bool, len(mids))
	for mid := range strings.FieldsSeq(group) {
		i := slices.Index(mids, mid)
		if i >= 0 && !bundled[i] && !d.media[i].stopped() {
			bundled[i] = true
			o.bundle = append(o.bundle, i)
		}
	}
	for i := range d.media {
		if !bundled[i] && !d.media[i].stopped() {
			return fmt.Errorf("%w: the m-section %q is not in the BUNDLE group, all in use must be", ErrOffer, mids[i])
		}
	}
	if len(o.bundle) == 0 {
		return fmt.Errorf("%w: all its %d m-sections are stopped, one in use is needed", ErrOffer, len(mids))
	}
	return nil
}

// Section gives the section with that mid; nil when there is none.
func (o *Offer) Section(mid string) *Section {
	for i := range o.Sections {
		if o.Sections[i].MID == mid {
			return &o.Sections[i]
		}
	}
	return nil
}

// Extension gives the id that the header extension has in every section that
// offers it.
func (o *Offer) Extension(uri string) (id uint8, ok bool) {
	for i := range o.Sections {
		if id, ok := o.Sections[i].Extensions[uri]; ok {
			return id, true
		}
	}
	return 0, false
}

// Has says whether the section offers the codec in a form that the server can
// forward.
func (s *Section) Has(k codec.Kind) bool {
	_, ok := s.Codec(k)
	return ok
}

// Kinds are the codecs of the section, each once, in the order offered.
func (s *Section) Kinds() []codec.Kind {
	var kinds []codec.Kind
	for _, c := range s.Codecs {
		if !slices.Contains(kinds, c.Kind) {
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds
}

// Codec gives the best form of a codec that the section offers: of H264
// Constrained Baseline, which every browser decodes (RFC 7742 section 6.2), of
// all others the first.
func (s *Section) Codec(k codec.Kind) (Codec, bool) {
	var found Codec
	for _, c := range s.Codecs {
		if c.Kind != k {
			continue
		}
		if k != codec.H264 || constrainedBaseline(c.Fmtp) {
			return c, true
		}
		if found.Kind == codec.Unknown {
			found = c
		}
	}
	return found, found.Kind != codec.Unknown
}
