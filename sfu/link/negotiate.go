package link

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kinwire/sfu/codec"
	"kinwire/sfu/ice"
	"kinwire/sfu/sdp"
)

// Uplink is what was agreed for an m-section on which the peer sends.
type Uplink struct {
	MID   string
	Codec codec.Kind
	PT    uint8
	RTXPT uint8 // 0 when retransmissions were not agreed
}

// Negotiated is the outcome of an offer.
type Negotiated struct {
	Answer  string
	Uplinks []Uplink
	Slots   []*Slot // those that no earlier outcome held, in the order of the offer
}

// Negotiate answers an offer. codecs names, for each mid on which the peer
// sends, the one codec that it may use: so it is certain what will come. Other
// sections on which the peer receives become slots. The answer is complete,
// candidates included: there is no trickling from the server's side.
func (l *Link) Negotiate(o *sdp.Offer, codecs map[string]codec.Kind) (*Negotiated, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrNotReady
	}
	n := &Negotiated{}
	accepted := map[string]sdp.Accepted{}
	made := map[string]*Slot{}
	for i := range o.Sections {
		if err := l.accept(&o.Sections[i], codecs, n, accepted, made); err != nil {
			return nil, err
		}
	}
	if err := l.meet(o); err != nil {
		return nil, err
	}
	local := l.agent.Local()
	l.version++
	var err error
	n.Answer, err = o.Answer(sdp.Answer{
		Session: l.session, Version: l.version, Ufrag: local.Ufrag, Pwd: local.Pwd,
		Fingerprint: sdp.Fingerprint{Hash: "sha-256", Value: l.t.fingerprint},
		Candidates:  l.t.candidates(l.terms), Sections: accepted,
	})
	if err != nil {
		return nil, fmt.Errorf("link: writing the answer: %w", err)
	}
	maps.Copy(l.slots, made)
	for i := range o.Sections {
		if s := &o.Sections[i]; s.Data && !s.Stopped {
			l.data.agree(s)
		}
	}
	if k := l.keys.Load(); k != nil {
		for _, s := range made {
			s.unlock(k)
		}
	}
	return n, nil
}

// accept decides about one section. Called with mu held; what it makes is in
// the outcome only until the whole offer is found good.
func (l *Link) accept(sec *sdp.Section, codecs map[string]codec.Kind, n *Negotiated, accepted map[string]sdp.Accepted, made map[string]*Slot) error {
	kind, sends := codecs[sec.MID]
	switch {
	case sec.Stopped:
	case sec.Data:
		accepted[sec.MID] = sdp.Accepted{}
	case sends:
		c, ok := sec.Codec(kind)
		if !ok {
			return fmt.Errorf("%w: the section %q does not offer %s in a form that this server takes", sdp.ErrOffer, sec.MID, kind)
		}
		accepted[sec.MID] = sdp.Accepted{Codecs: []sdp.Codec{c}, MaxBPS: l.terms.limit(sec.Video)}
		n.Uplinks = append(n.Uplinks, Uplink{MID: sec.MID, Codec: kind, PT: c.PT, RTXPT: c.RTX})
	case sec.Takes && !sec.Sends:
		s := l.slots[sec.MID]
		list := l.sendable(sec)
		if len(list) == 0 {
			return fmt.Errorf("%w: the receive slot %q offers no codec in a form that this server sends", sdp.ErrOffer, sec.MID)
		}
		if s == nil {
			s = l.newSlot(sec, list, made)
			made[s.MID] = s
			n.Slots = append(n.Slots, s)
		}
		accepted[sec.MID] = sdp.Accepted{
			Sends: true, Codecs: list, SSRC: s.ssrc, RTX: s.rtx,
			CNAME: s.CNAME(), Stream: s.CNAME(), Track: fmt.Sprintf("%s%d", sec.Media, s.index),
		}
	case !sec.Sends && !sec.Takes && len(sec.Codecs) > 0:
		accepted[sec.MID] = sdp.Accepted{Inactive: true, Codecs: sec.Codecs[:1]}
	}
	return nil
}

// sendable lists the forms of codecs that may go to a slot: of each kind that
// the server forwards the best.
func (l *Link) sendable(sec *sdp.Section) []sdp.Codec {
	allowed := l.terms.Audio
	if sec.Video {
		allowed = l.terms.Video
	}
	var list []sdp.Codec
	for _, k := range sec.Kinds() {
		if c, ok := sec.Codec(k); ok && slices.Contains(allowed, k) {
			list = append(list, c)
		}
	}
	return list
}

func (l *Link) newSlot(sec *sdp.Section, list []sdp.Codec, made map[string]*Slot) *Slot {
	s := &Slot{link: l, MID: strings.Clone(sec.MID), Video: sec.Video, ssrc: randomSSRC(), twccID: sec.Extensions[sdp.URITransportWide]}
	for _, other := range l.slots {
		if other.Video == s.Video {
			s.index++
		}
	}
	for _, other := range made {
		if other.Video == s.Video {
			s.index++
		}
	}
	for _, c := range list {
		s.types.Media[c.Kind], s.types.RTX[c.Kind] = c.PT, c.RTX
		if c.RTX != 0 && s.rtx == 0 {
			s.rtx = randomSSRC()
		}
	}
	return s
}

// randomSSRC is one that no other stream of a call is likely to have (RFC 3550
// section 8.1); 0 stands for none here.
func randomSSRC() uint32 {
	var b [4]byte
	for {
		_, _ = rand.Read(b[:]) // never fails, see crypto/rand
		if n := binary.BigEndian.Uint32(b[:]); n != 0 {
			return n
		}
	}
}

// meet takes the peer's side of the transport from an offer: the first, or an
// ICE restart (RFC 8445 section 9, RFC 8839 section 4.4.1.1.1). Called with mu
// held.
func (l *Link) meet(o *sdp.Offer) error {
	// What is kept is copied: a piece of an offer keeps the whole of it in memory.
	remote := ice.Credentials{Ufrag: strings.Clone(o.Ufrag), Pwd: strings.Clone(o.Pwd)}
	if err := remote.Check(); err != nil {
		return fmt.Errorf("%w: %v", sdp.ErrOffer, err)
	}
	switch {
	case l.expected == nil:
		l.agent.SetRemote(remote)
		l.expected = cloned(o.Fingerprints)
	case !slices.ContainsFunc(l.expected, func(f sdp.Fingerprint) bool { return slices.Contains(o.Fingerprints, f) }):
		return fmt.Errorf("%w: it has another fingerprint than the one before; a new DTLS association needs a new join", sdp.ErrOffer)
	case l.remote != remote:
		l.restart(remote)
	}
	l.remote = remote
	return nil
}

// cloned copies fingerprints.
func cloned(list []sdp.Fingerprint) []sdp.Fingerprint {
	var out []sdp.Fingerprint
	for _, f := range list {
		out = append(out, sdp.Fingerprint{Hash: strings.Clone(f.Hash), Value: strings.Clone(f.Value)})
	}
	return out
}

// restart answers to new credentials from now on. Those before the last are
// forgotten. Called with mu held.
func (l *Link) restart(remote ice.Credentials) {
	old := l.agent.Local().Ufrag
	local := ice.NewCredentials()
	l.t.directory.enter(l, local.Ufrag)
	l.agent.Restart(local, remote, l.t.now())
	if l.before != "" {
		l.t.directory.forget(l.before)
	}
	l.before = old
}

// Restart restarts ICE by an SDP fragment alone (RFC 8840), as WHIP has it
// (RFC 9725 section 4.3.2), and gives the server's.
func (l *Link) Restart(fragment string) (string, error) {
	ufrag, pwd, _, err := sdp.ParseFragment(fragment)
	if err != nil {
		return "", err
	}
	remote := ice.Credentials{Ufrag: ufrag, Pwd: pwd}
	if err := remote.Check(); err != nil {
		return "", fmt.Errorf("%w: %v", sdp.ErrOffer, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.expected == nil {
		return "", ErrNotReady
	}
	if remote != l.remote {
		l.restart(remote)
		l.remote = remote
	}
	local := l.agent.Local()
	return sdp.Fragment(local.Ufrag, local.Pwd, l.t.candidates(l.terms)), nil
}

// Route says where the packets of each m-section go, from now on.
func (l *Link) Route(o *sdp.Offer, ups []Uplink, to map[string]Receiver) {
	r := &routes{ssrcs: map[uint32]string{}, mids: map[string]route{}}
	if old := l.routes.Load(); old != nil {
		maps.Copy(r.mids, old.mids)
	}
	for _, u := range ups {
		if rx := to[u.MID]; rx != nil {
			r.mids[strings.Clone(u.MID)] = route{to: rx, rtxPT: u.RTXPT, video: u.Codec.Video()}
		}
	}
	for i := range o.Sections {
		s := &o.Sections[i]
		mid := strings.Clone(s.MID)
		for _, ssrc := range s.SSRCs {
			r.ssrcs[ssrc] = mid
		}
		// In a bundle an extension has the same number everywhere (RFC 8843).
		if id := s.Extensions[sdp.URIMID]; id != 0 {
			r.mid = id
		}
		if id := s.Extensions[sdp.URITransportWide]; id != 0 {
			r.twcc = id
		}
	}
	l.routes.Store(r)
}
