package link

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/pion/webrtc/v4"

	"kinwire/sfu/codec"
	"kinwire/sfu/forward"
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
// sends, the one codec that it may use; sections that it does not name must
// be receive slots. It returns when the answer is complete, candidates
// included: there is no trickling from the server's side.
func (l *Link) Negotiate(ctx context.Context, o *Offer, codecs map[string]codec.Kind) (*Negotiated, error) {
	if err := l.addSlots(o); err != nil {
		return nil, err
	}
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.SDP}); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrOffer, err)
	}
	if err := l.preferCodecs(codecs); err != nil {
		return nil, err
	}
	if err := l.limitSlots(o); err != nil {
		return nil, err
	}
	answer, err := l.answer(ctx)
	if err != nil {
		return nil, err
	}
	n := &Negotiated{Answer: answer}
	for _, tr := range l.pc.GetTransceivers() {
		if s := l.slot(tr.Mid()); s != nil {
			s.configure(tr.Sender())
			if !s.given {
				// An offer that was refused half-way may have made it earlier.
				s.given = true
				n.Slots = append(n.Slots, s)
			}
		} else if k, ok := codecs[tr.Mid()]; ok {
			n.Uplinks = append(n.Uplinks, uplink(tr, k))
		}
	}
	return n, nil
}

// addSlots makes a track for each receive slot that is new. pion matches them
// to the offer's sections by kind and order.
func (l *Link) addSlots(o *Offer) error {
	for _, sec := range o.Sections {
		if !sec.Takes || sec.Sends || l.slot(sec.MID) != nil {
			continue
		}
		s := &Slot{link: l, MID: sec.MID, Video: sec.Video, index: l.countSlots(sec.Video)}
		_, err := l.pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return fmt.Errorf("link: adding the slot %q: %w", sec.MID, err)
		}
		l.mu.Lock()
		l.slots[sec.MID] = s
		l.mu.Unlock()
	}
	return nil
}

func (l *Link) slot(mid string) *Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slots[mid]
}

func (l *Link) countSlots(video bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, s := range l.slots {
		if s.Video == video {
			n++
		}
	}
	return n
}

// preferCodecs leaves one codec, with its retransmissions, in the answer to
// each section on which the peer sends: so it is certain what will come.
func (l *Link) preferCodecs(codecs map[string]codec.Kind) error {
	for _, tr := range l.pc.GetTransceivers() {
		k, ok := codecs[tr.Mid()]
		if !ok || tr.Receiver() == nil {
			continue
		}
		all := tr.Receiver().GetParameters().Codecs
		media, ok := pick(all, k)
		if !ok {
			return fmt.Errorf("%w: the section %q does not offer %s in a form that this server takes", ErrOffer, tr.Mid(), k)
		}
		keep := []webrtc.RTPCodecParameters{media}
		if rtx, ok := rtxFor(all, media.PayloadType); ok {
			keep = append(keep, rtx)
		}
		if err := tr.SetCodecPreferences(keep); err != nil {
			return fmt.Errorf("link: choosing %s for the section %q: %w", k, tr.Mid(), err)
		}
	}
	return nil
}

// limitSlots leaves in each receive slot's answer what its own section
// offers: pion would answer with all that any section of the kind does.
func (l *Link) limitSlots(o *Offer) error {
	sections := map[string]*Section{}
	for i := range o.Sections {
		sections[o.Sections[i].MID] = &o.Sections[i]
	}
	for _, tr := range l.pc.GetTransceivers() {
		sec := sections[tr.Mid()]
		if sec == nil || l.slot(tr.Mid()) == nil || tr.Sender() == nil {
			continue
		}
		var keep []webrtc.RTPCodecParameters
		all := tr.Sender().GetParameters().Codecs
		for _, c := range all {
			if !sec.Has(codec.FromMime(c.MimeType)) {
				continue
			}
			keep = append(keep, c)
			if rtx, ok := rtxFor(all, c.PayloadType); ok {
				keep = append(keep, rtx)
			}
		}
		if len(keep) == 0 {
			return fmt.Errorf("%w: the receive slot %q offers no codec in a form that this server sends", ErrOffer, sec.MID)
		}
		if err := tr.SetCodecPreferences(keep); err != nil {
			return fmt.Errorf("link: limiting the slot %q: %w", sec.MID, err)
		}
	}
	return nil
}

// pick finds the best form of a codec: of H264, Constrained Baseline, which
// every decoder takes (RFC 7742 section 6.2).
func pick(all []webrtc.RTPCodecParameters, k codec.Kind) (webrtc.RTPCodecParameters, bool) {
	var found webrtc.RTPCodecParameters
	for _, c := range all {
		if codec.FromMime(c.MimeType) != k {
			continue
		}
		if k != codec.H264 || strings.Contains(strings.ToLower(c.SDPFmtpLine), "profile-level-id=42e0") {
			return c, true
		}
		if found.MimeType == "" {
			found = c
		}
	}
	return found, found.MimeType != ""
}

func rtxFor(all []webrtc.RTPCodecParameters, pt webrtc.PayloadType) (webrtc.RTPCodecParameters, bool) {
	want := fmt.Sprintf("apt=%d", pt)
	for _, c := range all {
		if strings.EqualFold(c.MimeType, webrtc.MimeTypeRTX) && c.SDPFmtpLine == want {
			return c, true
		}
	}
	return webrtc.RTPCodecParameters{}, false
}

func (l *Link) answer(ctx context.Context) (string, error) {
	a, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrOffer, err)
	}
	gathered := webrtc.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(a); err != nil {
		return "", fmt.Errorf("link: setting the answer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("link: gathering candidates: %w", ctx.Err())
	}
	return l.pc.LocalDescription().SDP, nil
}

func uplink(tr *webrtc.RTPTransceiver, k codec.Kind) Uplink {
	u := Uplink{MID: tr.Mid(), Codec: k}
	all := tr.Receiver().GetParameters().Codecs
	if media, ok := pick(all, k); ok {
		u.PT = uint8(media.PayloadType)
		if rtx, ok := rtxFor(all, media.PayloadType); ok {
			u.RTXPT = uint8(rtx.PayloadType)
		}
	}
	return u
}

// Route says where the packets of each m-section go, from now on.
func (l *Link) Route(o *Offer, ups []Uplink, to map[string]Receiver) {
	r := &routes{ssrcs: map[uint32]string{}, mids: map[string]route{}}
	if old := l.routes.Load(); old != nil {
		maps.Copy(r.mids, old.mids)
	}
	for _, u := range ups {
		if rx := to[u.MID]; rx != nil {
			r.mids[u.MID] = route{to: rx, rtxPT: u.RTXPT}
		}
	}
	for _, s := range o.Sections {
		for _, ssrc := range s.SSRCs {
			r.ssrcs[ssrc] = s.MID
		}
	}
	for _, tr := range l.pc.GetTransceivers() {
		if tr.Receiver() == nil {
			continue
		}
		for _, e := range tr.Receiver().GetParameters().HeaderExtensions {
			switch e.URI {
			case uriMID:
				r.mid = uint8(e.ID)
			case uriTWCC:
				r.twcc = uint8(e.ID)
			}
		}
	}
	l.routes.Store(r)
}

// types lists under which payload types the peer takes each codec.
func types(all []webrtc.RTPCodecParameters) forward.PayloadTypes {
	var t forward.PayloadTypes
	for k := codec.Unknown + 1; int(k) < codec.Kinds; k++ {
		media, ok := pick(all, k)
		if !ok {
			continue
		}
		t.Media[k] = uint8(media.PayloadType)
		if rtx, ok := rtxFor(all, media.PayloadType); ok {
			t.RTX[k] = uint8(rtx.PayloadType)
		}
	}
	return t
}
