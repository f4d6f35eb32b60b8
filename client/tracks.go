package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"kinwire/signaling/proto"
)

// outgoing is one own track.
type outgoing struct {
	src   Source
	codec string
	track *webrtc.TrackLocalStaticRTP
	tr    *webrtc.RTPTransceiver

	mu     sync.Mutex
	muted  bool
	seq    uint16
	frames frameCount
}

// incoming is the stream of one receive slot.
type incoming struct {
	mid   string
	track *webrtc.TrackRemote

	mu     sync.Mutex
	frames frameCount
}

// addSource adds a sendonly transceiver for src.
func (c *Call) addSource(src Source) error {
	codec, err := capability(src.Codec())
	if err != nil {
		return err
	}
	track, err := webrtc.NewTrackLocalStaticRTP(codec, string(src.Kind()), "kinwire-"+string(src.Kind()))
	if err != nil {
		return fmt.Errorf("make the track for %s: %w", src.Kind(), err)
	}
	tr, err := c.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return fmt.Errorf("add the track for %s: %w", src.Kind(), err)
	}
	if err := offerOnly(tr, src.Codec()); err != nil {
		return err
	}
	o := &outgoing{
		src: src, codec: src.Codec(), track: track, tr: tr,
		muted: slices.Contains(c.opt.Muted, src.Kind()),
		seq:   uint16(rand.Uint32()),
	}
	c.mu.Lock()
	c.out = append(c.out, o)
	c.mu.Unlock()
	return nil
}

// offerOnly leaves in a sending m-section the codec that its source has: the
// server might choose another one of those that this client can receive.
func offerOnly(tr *webrtc.RTPTransceiver, codec string) error {
	l := codecLines[strings.ToLower(codec)]
	var keep []webrtc.RTPCodecParameters
	for _, p := range tr.Sender().GetParameters().Codecs {
		if p.PayloadType == l.pt || p.PayloadType == l.rtx {
			keep = append(keep, p)
		}
	}
	if err := tr.SetCodecPreferences(keep); err != nil {
		return fmt.Errorf("offer %s alone: %w", codec, err)
	}
	return nil
}

// runSource lets a source write as soon as media can flow.
func (c *Call) runSource(o *outgoing) {
	select {
	case <-c.up:
	case <-c.ctx.Done():
		return
	}
	if err := o.src.Run(c.ctx, writer{call: c, out: o}); err != nil && c.ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		c.s.opt.Log.Warn("source ended", "call", c.id, "kind", o.src.Kind(), "err", err)
	}
}

// readFeedback reads RTCP for an own track: pion's interceptors live on it, and
// requests for key frames go to the source.
func (c *Call) readFeedback(o *outgoing) {
	sender := o.tr.Sender()
	for {
		pkts, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range pkts {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				o.src.KeyFrame()
			}
		}
	}
}

// Mute switches an own source off or on: the sending stops before the server
// hears of it, and begins again after it has. A refusal is a [*proto.Error]
// and leaves the source muted.
func (c *Call) Mute(ctx context.Context, kind proto.SourceKind, muted bool) error {
	c.mu.Lock()
	i := slices.IndexFunc(c.out, func(o *outgoing) bool { return o.src.Kind() == kind })
	if i < 0 {
		c.mu.Unlock()
		return &BadOptionError{"Mute", string(kind), "a kind among the sources of this call"}
	}
	o := c.out[i]
	c.mu.Unlock()
	if muted {
		o.setMuted(true)
	}
	if err := c.s.Mute(ctx, c.id, kind, muted); err != nil {
		return err
	}
	if !muted {
		o.setMuted(false)
		o.src.KeyFrame()
	}
	return nil
}

// hidePictures stops the sending of camera and screen, which the server has
// muted by a parent's rule.
func (c *Call) hidePictures() {
	c.mu.Lock()
	out := slices.Clone(c.out)
	c.mu.Unlock()
	for _, o := range out {
		if o.src.Kind() != proto.SourceAudio {
			o.setMuted(true)
		}
	}
}

func (o *outgoing) setMuted(m bool) {
	o.mu.Lock()
	o.muted = m
	o.mu.Unlock()
}

// onTrack reads a slot's stream; pion calls it in a goroutine of its own when
// the first packet has come.
func (c *Call) onTrack(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	in := &incoming{track: track}
	for _, t := range c.pc.GetTransceivers() {
		if t.Receiver() == receiver {
			in.mid = t.Mid()
		}
	}
	c.mu.Lock()
	c.in[in.mid] = in
	c.mu.Unlock()
	c.goes(func() { c.readTrack(in) })
	c.goes(func() { // sender reports, for the interceptors
		buf := make([]byte, 1500)
		for {
			if _, _, err := receiver.Read(buf); err != nil {
				return
			}
		}
	})
}

func (c *Call) readTrack(in *incoming) {
	for {
		p, how, err := in.track.ReadRTP()
		if err != nil {
			return
		}
		if how.Get(webrtc.AttributeRtxSsrc) != nil {
			c.asks.came(uint32(in.track.SSRC()), p.SequenceNumber)
		}
		if len(p.Payload) == 0 {
			continue // padding alone
		}
		codec := codecName(in.track.Codec().MimeType)
		in.mu.Lock()
		in.frames.packet(codec, p, c.s.opt.Now())
		in.mu.Unlock()
		f := c.opt.OnPacket
		if f == nil {
			continue
		}
		slot, ok := c.slot(in.mid)
		if !ok {
			slot.Kind = proto.SourceKind(in.track.Kind().String())
		}
		f(Packet{ParticipantID: slot.ParticipantID, Kind: slot.Kind, MID: in.mid, Codec: codec, RTP: p})
	}
}

// codecName is the codec of a MIME type such as "video/VP8".
func codecName(mime string) string {
	_, name, ok := strings.Cut(mime, "/")
	if !ok {
		return mime
	}
	return name
}
