package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/kinwire"
)

// record is what this test reads of a call record; docs/record.md has it all.
type record struct {
	ID           string        `json:"id"`
	StartedAt    int64         `json:"started_at"`
	EndedAt      int64         `json:"ended_at"`
	DurationMS   int64         `json:"duration_ms"`
	Reason       string        `json:"reason"`
	Video        bool          `json:"video"`
	Participants []participant `json:"participants"`
}

type participant struct {
	User     string `json:"user"`
	JoinedAt int64  `json:"joined_at"`
	LeftAt   int64  `json:"left_at"`
	Reason   string `json:"reason"`
	Path     struct {
		Type        string `json:"type"`
		Protocol    string `json:"protocol"`
		Remote      string `json:"remote"`
		SRTPProfile string `json:"srtp_profile"`
	} `json:"path"`
	Streams []stream `json:"streams"`
}

type stream struct {
	Direction string `json:"direction"`
	Kind      string `json:"kind"`
	From      string `json:"from"`
	Server    *view  `json:"server"`
	Client    *view  `json:"client"`
}

type view struct {
	Codecs      []string                     `json:"codecs"`
	DurationMS  int64                        `json:"duration_ms"`
	Totals      map[string]float64           `json:"totals"`
	Largest     *struct{ Width, Height int } `json:"largest"`
	RTT         *spread                      `json:"rtt_ms"`
	Jitter      *spread                      `json:"jitter_ms"`
	Loss        *spread                      `json:"loss_ratio"`
	Bitrate     *spread                      `json:"bitrate_bps"`
	FPS         *spread                      `json:"fps"`
	PacketBytes *spread                      `json:"packet_bytes"`
}

type spread struct {
	N                     uint64
	Min, Median, P95, Max float64
}

// known is the record of a call that has ended, with people's ids in the place of
// the pseudonyms that stand there.
func known(t testing.TB, s *kinwire.Server, callID string) *record {
	t.Helper()
	var r record
	s.Record(t, callID, &r)
	for i := range r.Participants {
		p := &r.Participants[i]
		require.Regexp(t, `^pn_[a-z2-7]{26}$`, p.User, "a record names nobody")
		p.User = s.Person(t, p.User)
	}
	return &r
}

// plausible says that a distribution is there and lies within bounds.
func (s *spread) plausible(t testing.TB, what string, low, high float64) {
	t.Helper()
	require.NotNil(t, s, what)
	require.NotZero(t, s.N, what)
	require.GreaterOrEqual(t, s.Min, low, what)
	require.LessOrEqual(t, s.Min, s.Median, what)
	require.LessOrEqual(t, s.Median, s.P95, what)
	require.LessOrEqual(t, s.P95, s.Max, what)
	require.LessOrEqual(t, s.Max, high, what)
}

type expect struct {
	paths  map[string]string // user → path, as "relay/tcp"
	codec  string            // of the picture
	client bool              // clients report getStats
	reason string            // "" for hangup
}

func (r *record) check(t testing.TB, e expect) {
	t.Helper()
	if e.reason == "" {
		e.reason = "hangup"
	}
	require.Equal(t, e.reason, r.Reason)
	require.True(t, r.Video)
	require.InDelta(t, r.DurationMS, r.EndedAt-r.StartedAt, 1) // each is rounded by itself
	require.Greater(t, r.DurationMS, int64(2000))
	require.Len(t, r.Participants, len(e.paths))
	for _, p := range r.Participants {
		want, ok := e.paths[p.User]
		require.True(t, ok, "user %q", p.User)
		require.Equal(t, want, p.Path.Type+"/"+p.Path.Protocol, p.User)
		require.Contains(t, strings.ToLower(p.Path.SRTPProfile), "aes_128_gcm", p.User)
		require.True(t, strings.HasSuffix(p.Path.Remote, ".0/24"), "masked: %q", p.Path.Remote)
		require.LessOrEqual(t, p.JoinedAt, p.LeftAt)
		require.NotEmpty(t, p.Reason)
		seen := map[string]bool{}
		for _, s := range p.Streams {
			if s.Kind == "screen" && s.Server == nil {
				continue
			}
			seen[s.Direction+" "+s.Kind] = true
			s.check(t, fmt.Sprintf("%s %s %s", p.User, s.Direction, s.Kind), e)
		}
		for _, need := range []string{"up audio", "up video", "down audio", "down video"} {
			require.True(t, seen[need], "%s has no %s", p.User, need)
		}
	}
}

func (s *stream) check(t testing.TB, what string, e expect) {
	t.Helper()
	codec := "opus"
	if s.Kind != "audio" {
		codec = e.codec
	}
	views := map[string]*view{"server": s.Server}
	if e.client {
		views["client"] = s.Client
	}
	for side, v := range views {
		what := what + ", " + side + "'s view"
		require.NotNil(t, v, what)
		require.Equal(t, []string{codec}, v.Codecs, what)
		require.Greater(t, v.DurationMS, int64(1000), what)
		for _, key := range []string{"packets", "lost", "repaired", "bitrate_bps", "packet_bytes"} {
			require.Contains(t, v.Totals, key, what)
		}
		require.Greater(t, v.Totals["packets"], 50.0, what)
		require.LessOrEqual(t, v.Totals["repaired"], v.Totals["packets"], what)
		require.Greater(t, v.Totals["bitrate_bps"], 1000.0, what)
		v.Jitter.plausible(t, what+" jitter", 0, 2000)
		v.Loss.plausible(t, what+" loss", 0, 1)
		v.Bitrate.plausible(t, what+" bitrate", 0, 2e7)
		v.PacketBytes.plausible(t, what+" packet length", 1, 1500)
		if s.Kind == "audio" {
			continue
		}
		v.FPS.plausible(t, what+" frame rate", 0, 125)
		require.NotNil(t, v.Largest, what)
		require.GreaterOrEqual(t, v.Largest.Width, 160, what)
		require.GreaterOrEqual(t, v.Largest.Height, 90, what)
	}
	if s.Direction == "down" || e.client {
		v := s.Server
		if v.RTT == nil {
			v = s.Client
		}
		v.RTT.plausible(t, what+" round-trip time", 0, 10_000)
	}
}
