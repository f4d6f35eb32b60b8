package sdp

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrAnswer says that what the server would answer does not fit the offer: a
// mistake of the caller, not of the client.
var ErrAnswer = errors.New("sdp: the answer does not fit the offer")

// MaxMessage is the largest data channel message, in bytes, that an answer
// says the server takes (RFC 8841 section 6). It is what every implementation
// can send without holding up others (RFC 8831 section 6.6).
const MaxMessage = 16 << 10

// Answer is what the server makes of an offer.
type Answer struct {
	// Session stays the same for a client, below 2^63; Version grows by one
	// with each answer (RFC 8829 section 5.3.2).
	Session, Version uint64
	// Ufrag and Pwd are the server's ICE credentials, at least 4 and 22
	// characters.
	Ufrag, Pwd  string
	Fingerprint Fingerprint
	// Candidates are the values of a=candidate, all there are:
	// "1 1 udp 2130706431 192.0.2.1 7882 typ host".
	Candidates []string
	// Sections says by mid what is accepted. An offered section without an
	// entry is refused: it has port 0 and is in no bundle. Only the first of
	// the offer's bundle is answered as inactive instead, as long as any other
	// is accepted.
	Sections map[string]Accepted
	// Extensions are the URIs of the header extensions to take up where they
	// are offered, in this order; nil: those of Understood.
	Extensions []string
}

// Accepted is what the server does with one section. For a data section it is
// empty.
type Accepted struct {
	// Sends: the server sends here; otherwise it receives.
	Sends bool
	// Inactive: neither, for now; the section stays.
	Inactive bool
	// Codecs to name, in this order, each followed by its RTX. They are found
	// in the offer by their kind and payload type; one whose RTX is 0 is named
	// without retransmissions. An inactive section may leave them out.
	Codecs []Codec
	// MaxBPS is what the client is asked to keep to, in bits per second; 0: any.
	MaxBPS int
	// RIDs are the simulcast encodings that the server takes; none: simulcast
	// is declined.
	RIDs []string
	// SSRC and RTX, the CNAME (RFC 5576) and the names of the stream and track
	// (RFC 8830) of what the server sends. SSRC 0: nothing is announced.
	SSRC, RTX            uint32
	CNAME, Stream, Track string
}

// Answer writes the answer. Errors wrap [ErrAnswer].
func (o *Offer) Answer(a Answer) (string, error) {
	understood := a.Extensions
	if understood == nil {
		understood = Understood()
	} else if err := o.checkExtensions(understood); err != nil {
		return "", fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := o.check(&a); err != nil {
		return "", fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	taken := o.taken(&a)
	w := &writer{b: make([]byte, 0, 1024+len(a.Candidates)*96+len(o.Sections)*768)}
	w.session(o, &a, taken)
	first := slices.IndexFunc(o.bundle, func(i int) bool { return taken[i] != nil })
	for i := range o.Sections {
		s := &o.Sections[i]
		if taken[i] == nil {
			w.refused(s)
			continue
		}
		w.transport(s, &a, *taken[i], i == o.bundle[max(first, 0)])
		if s.Data {
			w.data()
			continue
		}
		w.media(s, *taken[i], understood)
	}
	return string(w.b), nil
}

// taken lists by section what is accepted; nil is refused.
//
// The section that stands for the bundle in the offer is special: Chromium
// with the policy max-bundle has its transport there and cannot apply an answer
// that refuses it but takes others, though RFC 9143 section 7.3.1 allows that.
// It is kept as an inactive one then, if the server knows any of its formats.
func (o *Offer) taken(a *Answer) []*Accepted {
	list := make([]*Accepted, len(o.Sections))
	for i := range o.Sections {
		if accepted, ok := a.Sections[o.Sections[i].MID]; ok {
			list[i] = &accepted
		}
	}
	if tagged := o.bundle[0]; len(a.Sections) > 0 && list[tagged] == nil && len(o.Sections[tagged].Codecs) > 0 {
		list[tagged] = &Accepted{Inactive: true}
	}
	return list
}

// check holds an answer against the offer, and what is given as text against
// the grammar of where it will stand.
func (o *Offer) check(a *Answer) error {
	switch {
	case !isUfrag(a.Ufrag):
		return fmt.Errorf("the ufrag %.40q is not 4 to 256 letters, digits, + and /", a.Ufrag)
	case !isPwd(a.Pwd):
		return fmt.Errorf("the pwd has %d characters, 22 to 256 letters, digits, + and / are allowed", len(a.Pwd))
	case !a.Fingerprint.valid():
		return fmt.Errorf("the fingerprint %.20q %.100q is not one of sha-256, sha-384 or sha-512 in upper case", a.Fingerprint.Hash, a.Fingerprint.Value)
	}
	for _, c := range a.Candidates {
		if !plain(c) {
			return fmt.Errorf("the candidate %.100q cannot stand in a line", c)
		}
	}
	for _, uri := range a.Extensions {
		if !plain(uri) || strings.Contains(uri, " ") {
			return fmt.Errorf("the header extension %.100q is not a URI", uri)
		}
	}
	found := 0
	for i := range o.Sections {
		s := &o.Sections[i]
		accepted, ok := a.Sections[s.MID]
		if !ok {
			continue
		}
		found++
		if err := s.check(accepted); err != nil {
			return fmt.Errorf("the section %q %w", s.MID, err)
		}
	}
	if found != len(a.Sections) {
		return fmt.Errorf("%d sections are accepted that were not offered", len(a.Sections)-found)
	}
	return nil
}

// check holds what is accepted against what the section offers.
func (s *Section) check(a Accepted) error {
	switch {
	case s.Stopped:
		return errors.New("was stopped by the client")
	case s.Data:
		return nil
	case s.Media == "application":
		return errors.New("is not one for data channels in the form of RFC 8841")
	case a.Sends && !a.Inactive && !s.Takes:
		return errors.New("is not one on which the client receives")
	case !a.Sends && !a.Inactive && !s.Sends:
		return errors.New("is not one on which the client sends")
	case len(s.Codecs) == 0 || (len(a.Codecs) == 0 && !a.Inactive):
		return fmt.Errorf("is accepted with %d of its %d formats, one is needed", len(a.Codecs), len(s.Codecs))
	case (a.Sends || a.Inactive) && len(a.RIDs) > 0:
		return errors.New("names encodings to receive, but nothing is received on it")
	}
	for i, c := range a.Codecs {
		offered := s.offered(c)
		if offered == nil || (c.RTX != 0 && c.RTX != offered.RTX) {
			return fmt.Errorf("does not offer %s as payload type %d with retransmissions as %d", c.Kind, c.PT, c.RTX)
		}
		if slices.ContainsFunc(a.Codecs[:i], func(d Codec) bool { return d.PT == c.PT }) {
			return fmt.Errorf("is accepted with the payload type %d twice", c.PT)
		}
	}
	for i, id := range a.RIDs {
		if !slices.Contains(s.RIDs, id) || slices.Contains(a.RIDs[:i], id) {
			return fmt.Errorf("is accepted with the encoding %.40q, %q are offered, each once", id, s.RIDs)
		}
	}
	return a.checkNames()
}

// checkNames holds the names of a sent stream against RFC 8830 section 2 and
// RFC 5576 section 6.1.
func (a *Accepted) checkNames() error {
	for _, id := range []string{a.Stream, a.Track} {
		if id != "" && !is(id, classToken, 1, 64) {
			return fmt.Errorf("has the stream or track name %.80q, 1 to 64 characters of a token are allowed", id)
		}
	}
	if a.CNAME != "" && !is(a.CNAME, classToken, 1, 255) {
		return fmt.Errorf("has the CNAME %.80q, 1 to 255 characters of a token are allowed", a.CNAME)
	}
	if a.SSRC != 0 && a.CNAME == "" {
		return errors.New("announces an SSRC without a CNAME")
	}
	if a.RTX != 0 && (a.SSRC == 0 || a.SSRC == a.RTX) {
		return errors.New("announces an SSRC of retransmissions without one of what they repeat")
	}
	return nil
}

// offered finds a codec in the offer.
func (s *Section) offered(c Codec) *Codec {
	for i := range s.Codecs {
		if s.Codecs[i].PT == c.PT && s.Codecs[i].Kind == c.Kind {
			return &s.Codecs[i]
		}
	}
	return nil
}
