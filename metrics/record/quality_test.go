package record

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// talk feeds one second of a's sound: so many packets sent and lost, in all.
type talk struct {
	c          *Call
	at         float64
	sent, lost uint64
	muted      bool
}

func (s *talk) second(lose uint64) []Quality {
	if lose <= 50 {
		s.sent += 50
		s.lost += lose
	}
	s.at++
	s.c.Server("a", link(StreamSample{
		ID: "0", Direction: "up", Kind: "audio", Codec: "opus", Started: after(2), Packets: s.sent - s.lost, Bytes: 80 * (s.sent - s.lost), Expected: s.sent, Lost: s.lost,
		RTT: 30 * time.Millisecond, Muted: s.muted,
	}), after(s.at), &notes{})
	return s.c.Quality(after(s.at))
}

const nothingComes = 51

func TestQualityFollowsTheConnection(t *testing.T) {
	s := &talk{c: two(), at: 2}
	require.Empty(t, s.second(0), "too early to say")
	s.second(0)
	require.Equal(t, []Quality{{ParticipantID: "a", Level: "good", MOS: 4.3}}, s.second(0))
	for range 6 {
		s.second(10)
	}
	q := s.second(10)
	require.Equal(t, "poor uplink loss", spaced(q[0].Level, q[0].Where, q[0].Why))
	for range 30 {
		q = s.second(0)
	}
	require.Equal(t, "good", spaced(q[0].Level, q[0].Where, q[0].Why))
	for range 5 {
		q = s.second(nothingComes)
	}
	require.Equal(t, []Quality{{ParticipantID: "a", Level: "lost", Where: "uplink", Why: "silence"}}, q)
	s.second(0)
	q = s.second(0)
	require.Equal(t, "good", q[0].Level)
	require.Empty(t, s.c.Quality(after(s.at+60)), "old news")
	s.c.Leave("a", "hangup", after(s.at))
	require.Empty(t, s.c.Quality(after(s.at)))
	require.Contains(t, happened(s.c.SoFar(after(s.at))), "quality a lost uplink silence")
}

func TestAMutedSourceIsNotSilentAndNotJudged(t *testing.T) {
	for name, mute := range map[string]func(*talk){
		"the server saw it": func(s *talk) { s.muted = true },
		"signaling says so": func(s *talk) { s.c.Event("a", EventMute, Event{Kind: "audio"}, after(s.at)) },
		"both, and packets go on": func(s *talk) {
			s.muted = true
			s.c.Event("a", EventMute, Event{Kind: "audio"}, after(s.at))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &talk{c: two(), at: 2}
			for range 5 {
				s.second(0)
			}
			mute(s)
			for range 8 {
				if q := s.second(nothingComes); len(q) > 0 {
					require.Equal(t, "good", q[0].Level)
				}
			}
			st := s.c.SoFar(after(s.at)).Participants[0].Streams[0]
			require.Equal(t, 4.29611, st.Score.Min)
		})
	}
}

func TestALinkThatIsDownIsLost(t *testing.T) {
	s := &talk{c: two(), at: 2}
	for range 5 {
		s.second(0)
	}
	s.c.Event("a", EventLink, Event{Detail: "disconnected"}, after(s.at))
	require.Equal(t, "lost", s.second(nothingComes)[0].Level)
	s.c.Event("a", EventLink, Event{Detail: "connected"}, after(s.at))
	s.second(0)
	require.Equal(t, "good", s.second(0)[0].Level)
}

// Whoever hears a bad source is not told that the own connection is bad.
func TestAnothersUplinkIsNotMyTrouble(t *testing.T) {
	c := way{up: 0.15, rttA: 20 * time.Millisecond, rttB: 20 * time.Millisecond, reportEvery: 10, seconds: 30}.run(t)
	q := c.Quality(after(32))
	require.Len(t, q, 2)
	require.Equal(t, "poor uplink loss", spaced(q[0].Level, q[0].Where, q[0].Why))
	require.Equal(t, Quality{ParticipantID: "b", Level: "good", MOS: q[1].MOS}, q[1])
}

// Nor does a reason: it takes longer, and the level is told meanwhile.
func TestAReasonHasToHoldForLonger(t *testing.T) {
	c := two()
	p := c.participants["a"]
	p.alive = after(2)
	k := key{Up, 0, "a"}
	p.streams[k] = &stream{}
	var seen []string
	for i := range 12 {
		at := after(3 + float64(i)/10)
		where := 0
		if i >= 4 {
			where = 1
		}
		p.streams[k].own, p.streams[k].ownAt = verdict{3.5 + float64(i)/100, where, 0}, at
		c.rate(p, at)
		q := c.Quality(at)[0]
		require.InDelta(t, 3.5+float64(i)/100, q.MOS, 0.001)
		seen = append(seen, q.Where)
	}
	require.Equal(t, append(slices.Repeat([]string{"uplink"}, 9), slices.Repeat([]string{"downlink"}, 3)...), seen)
}

// A level at the border does not come and go with every sample.
func TestALevelHasToHold(t *testing.T) {
	c := two()
	p := c.participants["a"]
	p.alive = after(2)
	k := key{Up, 0, "a"}
	p.streams[k] = &stream{}
	for i, mos := range []float64{4.2, 3.9, 4.2, 3.9, 3.9, 4.2} {
		at := after(3 + float64(i)/10)
		p.streams[k].own, p.streams[k].ownAt = verdict{mos, 0, 0}, at
		c.rate(p, at)
		want := []string{"good", "good", "good", "good", "fair", "fair"}[i]
		require.Equal(t, want, c.Quality(at)[0].Level, "after %d", i)
	}
}
