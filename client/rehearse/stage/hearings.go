package stage

import (
	"slices"
	"sync"
	"time"

	"kinwire/client"
	"kinwire/client/media/clip"
	"kinwire/signaling/proto"
)

// hearings are the streams that a participant receives, or has received.
type hearings struct {
	mu     sync.Mutex
	callID string
	round  int // grows with each join: numbers of streams begin anew
	list   []*hearing
	byMID  map[string]*hearing // of this round
}

// hearing is one stream of one other participant.
type hearing struct {
	callID, from string
	kind         proto.SourceKind
	codec        string
	mid          string
	round        int
	ear          *clip.Ear
	first, last  time.Time // packets
	muted        bool      // by its sender
	left         bool      // they have left the call
	lostAt       time.Time // they were lost then, and may come back; zero: they are here
	gone         bool      // we had gone
	broken       bool      // the slot may have stood for somebody else in between
	over         bool
}

func newHearings() *hearings { return &hearings{byMID: map[string]*hearing{}} }

// begin says that media of this call will come, on new connections.
func (h *hearings) begin(callID string) (round int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.callID = callID
	h.round++
	clear(h.byMID)
	return h.round
}

// packet takes one that has come in that round.
func (h *hearings) packet(round int, p client.Packet, now time.Time) {
	h.mu.Lock()
	if round != h.round {
		h.mu.Unlock()
		return // of media that we have given up
	}
	s := h.byMID[p.MID]
	switch {
	case s == nil || (s.from != "" && p.ParticipantID != "" && (s.from != p.ParticipantID || s.kind != p.Kind)):
		s = h.find(p)
		h.byMID[p.MID] = s
		if s.mid != p.MID || s.round != round || s.broken {
			s.ear.Break()
			s.mid, s.round, s.broken = p.MID, round, false
		}
	case s.from == "":
		s.from, s.kind = p.ParticipantID, p.Kind // its mapping came after its first packet
	}
	if s.left {
		h.mu.Unlock()
		return // it was on its way when its sender left
	}
	if s.gone {
		s.gone = false
		s.ear.Pause(s.muted, now)
	}
	if s.first.IsZero() {
		s.first = now
	}
	s.last = now
	ear := s.ear
	h.mu.Unlock()
	ear.Packet(p.RTP, now)
}

// find gives the hearing of that source, a new one the first time.
func (h *hearings) find(p client.Packet) *hearing {
	i := slices.IndexFunc(h.list, func(s *hearing) bool {
		return s.callID == h.callID && s.from == p.ParticipantID && s.kind == p.Kind && s.codec == p.Codec && p.ParticipantID != ""
	})
	if i >= 0 {
		return h.list[i]
	}
	s := &hearing{callID: h.callID, from: p.ParticipantID, kind: p.Kind, codec: p.Codec, mid: p.MID, round: h.round, ear: clip.NewEar(p.Codec)}
	h.list = append(h.list, s)
	return s
}

// sources takes what the server says of somebody's sources: what is muted is
// not missed, nor is what somebody sent who has left.
func (h *hearings) sources(p proto.Participant, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.list {
		if s.from != p.ID || s.callID != h.callID || s.over {
			continue
		}
		i := slices.IndexFunc(p.Sources, func(x proto.Source) bool { return x.Kind == s.kind })
		if i >= 0 {
			s.muted = p.Sources[i].Muted
		}
		// Who was lost without a word is missed, until they are back.
		lost := p.Phase == proto.ParticipantLeft && p.Reason == proto.ReasonLost
		switch {
		case !lost:
			s.lostAt = time.Time{}
		case s.lostAt.IsZero():
			s.lostAt = now
		}
		s.left = p.Phase == proto.ParticipantLeft
		s.broken = s.broken || s.left
		s.ear.Pause(s.muted || s.gone || (s.left && !lost), now)
	}
}

// pause says that we hear nothing any more, for we have gone.
func (h *hearings) pause(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.round++ // what is still on its way does not count
	for _, s := range h.list {
		if !s.over {
			s.gone = true
			s.ear.Pause(true, now)
		}
	}
}

// finish says that the call is over.
func (h *hearings) finish(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.round++
	for _, s := range h.list {
		if !s.over {
			s.over = true
			if !s.lostAt.IsZero() {
				s.ear.Finish(s.lostAt) // they did not come back
				continue
			}
			s.ear.Finish(now)
		}
	}
}

// since says whether one of these kinds has come from somebody since a moment,
// and when last.
func (h *hearings) since(from string, at time.Time, kinds ...proto.SourceKind) (time.Time, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var last time.Time
	for _, s := range h.list {
		if s.from == from && slices.Contains(kinds, s.kind) && s.last.After(last) && !s.last.Before(at) {
			last = s.last
		}
	}
	return last, !last.IsZero()
}

// all are the streams so far.
func (h *hearings) all() []*hearing {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.list)
}

// wanting are the m-sections whose senders are to be asked for a key frame.
func (h *hearings) wanting(now time.Time) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for mid, s := range h.byMID {
		if s.ear.WantsKey(now) {
			out = append(out, mid)
		}
	}
	return out
}

// second fills in what came in the last second: the worst of each, but for
// bitrates, which are summed up.
func (h *hearings) second(now time.Time, values map[string]float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	down := 0.0
	for _, s := range h.list {
		got, any := s.ear.Take(now)
		if s.over || !any {
			continue
		}
		down += got.BitrateBPS
		if got.Paused || s.kind == proto.SourceScreen {
			continue
		}
		name := string(s.kind)
		worst(values, name+".loss", got.Loss, true)
		worst(values, name+".jitter_ms", got.JitterMS, true)
		if s.kind == proto.SourceVideo {
			worst(values, "video.fps", got.FPS, false)
			if got.Height > 0 {
				worst(values, "video.height", float64(got.Height), false)
			}
		}
	}
	values["bitrate_down_bps"] = down
}

// worst keeps the larger or the smaller value.
func worst(values map[string]float64, name string, v float64, largest bool) {
	old, any := values[name]
	if !any || (v > old) == largest {
		values[name] = v
	}
}
