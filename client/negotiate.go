package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"

	"kinwire/signaling/proto"
)

// sendOffer hands an offer to the server and returns its answer.
type sendOffer func(ctx context.Context, sdp string, sources []proto.Source) (string, proto.MediaSlots, error)

// negotiate makes one offer and takes its answer.
func (c *Call) negotiate(ctx context.Context, restart bool, send sendOffer) error {
	c.neg.Lock()
	defer c.neg.Unlock()
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return fmt.Errorf("make the offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("take the own offer: %w", err)
	}
	late := time.NewTimer(c.opt.GatherFor)
	defer late.Stop()
	select {
	case <-gathered:
	case <-late.C:
	case <-c.ctx.Done():
		return c.ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
	answer, slots, err := send(ctx, c.pc.LocalDescription().SDP, c.proclaim())
	if err != nil {
		return err
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("take the answer: %w", err)
	}
	c.applySlots(slots)
	return nil
}

func (c *Call) sendJoin(ctx context.Context, sdp string, sources []proto.Source) (string, proto.MediaSlots, error) {
	r, err := Request[proto.CallJoined](ctx, c.s, proto.TypeCallJoin, proto.CallJoin{CallID: c.id, SDP: sdp, Sources: sources})
	if err != nil {
		return "", proto.MediaSlots{}, err
	}
	c.mu.Lock()
	c.view = r.Call
	if len(r.ICEServers) > 0 {
		c.servers = r.ICEServers
	}
	c.mu.Unlock()
	return r.SDP, r.Slots, nil
}

func (c *Call) sendAgain(ctx context.Context, sdp string, sources []proto.Source) (string, proto.MediaSlots, error) {
	r, err := Request[proto.MediaAnswer](ctx, c.s, proto.TypeMediaOffer, proto.MediaOffer{CallID: c.id, SDP: sdp, Sources: sources})
	return r.SDP, r.Slots, err
}

// proclaim lists the own sources with their m-sections.
func (c *Call) proclaim() []proto.Source {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]proto.Source, 0, len(c.out))
	for _, o := range c.out {
		o.mu.Lock()
		list = append(list, proto.Source{Kind: o.src.Kind(), MID: o.tr.Mid(), Muted: o.muted})
		o.mu.Unlock()
	}
	return list
}

// addSlots adds receive slots; they count once they have been negotiated.
func (c *Call) addSlots(audio, video int) error {
	for _, k := range []struct {
		kind webrtc.RTPCodecType
		n    int
	}{{webrtc.RTPCodecTypeAudio, audio}, {webrtc.RTPCodecTypeVideo, video}} {
		for range k.n {
			_, err := c.pc.AddTransceiverFromKind(k.kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			if err != nil {
				return fmt.Errorf("add a slot for %s: %w", k.kind, err)
			}
		}
	}
	return nil
}

// AddSlots offers again with that many more receive slots.
func (c *Call) AddSlots(ctx context.Context, audio, video int) error {
	if err := c.addSlots(audio, video); err != nil {
		return fmt.Errorf("call %s: %w", c.id, err)
	}
	if err := c.negotiate(ctx, false, c.sendAgain); err != nil {
		return fmt.Errorf("call %s: offer %d more audio and %d more video slots: %w", c.id, audio, video, err)
	}
	return nil
}

// growSlots adds what the latest mapping misses.
func (c *Call) growSlots() error {
	c.mu.Lock()
	audio, video := c.slots.MissingAudio, c.slots.MissingVideo
	c.mu.Unlock()
	haveAudio, haveVideo := c.SlotCount()
	audio = max(0, min(audio, maxSlots-haveAudio))
	video = max(0, min(video, maxSlots-haveVideo))
	if audio+video == 0 {
		return nil
	}
	return c.AddSlots(c.ctx, audio, video)
}

// SlotCount is how many receive slots of each kind there are.
func (c *Call) SlotCount() (audio, video int) {
	for _, t := range c.pc.GetTransceivers() {
		if t.Sender() != nil && t.Sender().Track() != nil {
			continue
		}
		if t.Kind() == webrtc.RTPCodecTypeAudio {
			audio++
		} else {
			video++
		}
	}
	return audio, video
}

// RestartICE offers again with new ICE credentials and candidates (RFC 8445
// section 2.4); media goes on over the old path until the new one is found.
func (c *Call) RestartICE(ctx context.Context) error {
	c.mu.Lock()
	servers := c.servers
	c.mu.Unlock()
	if err := c.pc.SetConfiguration(configuration(c.opt, servers)); err != nil {
		return fmt.Errorf("call %s: set relay credentials: %w", c.id, err)
	}
	if err := c.negotiate(ctx, true, c.sendAgain); err != nil {
		return fmt.Errorf("call %s: restart ICE: %w", c.id, err)
	}
	return nil
}

// Slots is the latest mapping of participants onto slots.
func (c *Call) Slots() proto.MediaSlots {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.slots
	m.Slots = slices.Clone(m.Slots)
	return m
}

// applySlots takes a mapping unless it is older than the one there is.
func (c *Call) applySlots(m proto.MediaSlots) {
	c.slotsMu.Lock()
	defer c.slotsMu.Unlock()
	c.mu.Lock()
	if c.mapped && m.Rev <= c.slots.Rev {
		c.mu.Unlock()
		return
	}
	c.slots, c.mapped = m, true
	c.mu.Unlock()
	if !c.opt.NoGrow && m.MissingAudio+m.MissingVideo > 0 {
		poke(c.grow)
	}
	if f := c.opt.OnSlots; f != nil {
		f(m)
	}
}

// slot finds who is on an m-section.
func (c *Call) slot(mid string) (proto.Slot, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.slots.Slots, func(s proto.Slot) bool { return s.MID == mid })
	if i < 0 {
		return proto.Slot{}, false
	}
	return c.slots.Slots[i], true
}

// applyParticipant keeps the view up to date.
func (c *Call) applyParticipant(p proto.Participant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.view.Participants)
	if i := slices.IndexFunc(list, func(x proto.Participant) bool { return x.ID == p.ID }); i >= 0 {
		list[i] = p
	} else {
		list = append(list, p)
	}
	c.view.Participants = list
}
