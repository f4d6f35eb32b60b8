package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kinwire/client"
	"kinwire/client/media"
	"kinwire/client/media/clip"
	"kinwire/client/rehearse"
	"kinwire/signaling/proto"
)

// reportEvery is how often clients tell the server how their media does: each
// look of the server finds a new report.
const reportEvery = time.Second

// join brings sound and picture into a call.
func (a *actor) join(ctx context.Context, session *client.Session, entered proto.CallEntered) error {
	opt, err := a.mediaOptions()
	if err != nil {
		return err
	}
	id := entered.Call.CallID
	round := a.hears.begin(id)
	opt.OnPacket = func(p client.Packet) { a.hears.packet(round, p, time.Now()) }
	a.mu.Lock()
	a.entered, a.callID, a.you, a.isUp = entered, id, entered.Call.You, false
	if a.ringing == id {
		a.ringing = ""
	}
	was := a.state
	a.mu.Unlock()
	a.run.setText(a.name, "participant_id", entered.Call.You)
	if was == stateRinging || was == stateAway {
		a.setState(stateInCall)
	}
	call, err := session.Join(ctx, entered, opt)
	if err != nil {
		if ctx.Err() == nil && a.endsSoon(ctx, id) {
			return nil // somebody has ended the call while we joined
		}
		return err
	}
	a.mu.Lock()
	a.call = call
	over := a.callID != id // ended in the meantime
	a.mu.Unlock()
	if over {
		call.Close()
		return nil
	}
	a.onCall(call.View())
	return nil
}

// endsSoon says whether word comes that a call is over, which may be later than
// a failure for that reason.
func (a *actor) endsSoon(ctx context.Context, id string) bool {
	for range 100 {
		a.mu.Lock()
		over := a.callID != id
		a.mu.Unlock()
		if over || !sleepUntil(ctx, time.Now().Add(look)) {
			return over
		}
	}
	return false
}

// mediaOptions are what a participant sends and how.
func (a *actor) mediaOptions() (client.MediaOptions, error) {
	p := a.part
	others := len(a.run.script.Participants) - 1
	o := client.MediaOptions{
		RelayOnly: p.Via.Path == "relay", NoRelay: p.Via.Path == "direct", Protocol: p.Via.Protocol, TLS: a.run.house.tls,
		Loopback: a.host == nil && onLoopback(a.run.house.url), Muted: []proto.SourceKind{proto.SourceScreen},
		AudioSlots: max(1, others), VideoSlots: max(1, others), StatsEvery: reportEvery, OnState: a.onState,
	}
	if a.host != nil {
		o.Net = a.host.Net()
	}
	codec := ""
	for _, c := range p.Media.Codecs {
		if c == "opus" {
			continue
		}
		o.VideoCodecs = append(o.VideoCodecs, c)
		if codec == "" && (c == "vp8" || c == "h264") {
			codec = c
		}
	}
	if codec == "" {
		codec = "vp8"
	}
	if p.Media.Simulcast {
		a.run.event(a.name, "note", "simulcast was asked for: this client sends one layer, which is what a server that takes no layers would have it do")
	}
	return o, a.sources(&o, codec)
}

// sources makes sound, picture and, where the script needs it, a screen.
func (a *actor) sources(o *client.MediaOptions, codec string) error {
	number := uint32(1 + slices.Index(a.run.actors, a))
	m := a.part.Media
	switch m.Audio {
	case "none":
	case "generator":
		o.Sources = append(o.Sources, media.NewOpus(media.OpusConfig{Source: number, Noise: true}))
	default:
		if err := addClip(o, "talk", "opus", proto.SourceAudio); err != nil {
			return err
		}
	}
	switch m.Video {
	case "none":
	case "generator":
		const fps = 25
		v, err := media.NewVP8(media.VP8Config{Source: number, Width: 640, Height: 360, FPS: fps, InterBytes: m.BitrateUp / 8 / fps})
		if err != nil {
			return err
		}
		o.Sources = append(o.Sources, v)
	default:
		if err := addClip(o, "talk", codec, proto.SourceVideo); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(a.run.script.Steps, func(s rehearse.Step) bool {
		return s.Who == a.name && (s.Do == "share" || s.Args["kind"] == string(proto.SourceScreen))
	}) {
		return addClip(o, "slides", codec, proto.SourceScreen)
	}
	return nil
}

func addClip(o *client.MediaOptions, name, codec string, kind proto.SourceKind) error {
	c, err := clip.Load(name, codec)
	if err != nil {
		return err
	}
	o.Sources = append(o.Sources, clip.NewSource(c, kind))
	return nil
}

// path is the way of the media as a text, type/protocol.
func path(p proto.StatsPath) string {
	if p.LocalType == "" {
		return ""
	}
	protocol := p.Protocol
	if p.LocalType == "relay" && p.RelayProtocol != "" {
		protocol = p.RelayProtocol
	}
	return fmt.Sprintf("%s/%s", p.LocalType, strings.ToLower(protocol))
}
