package metrics

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/metrics/label"
	"kinwire/metrics/record"
)

var planeLabels = []Label{{Name: "drop", Values: []string{"queue", "unknown"}}}

// allowed is every value that each label of a kinwire_ metric may have.
func allowed() map[string][]string {
	list := func(l label.List) (out []string) {
		for i := range l.Len() {
			out = append(out, l.At(i))
		}
		return out
	}
	reasons := list(label.Reasons)
	for _, d := range record.Drops {
		reasons = append(reasons, string(d))
	}
	return map[string][]string{
		"view": list(label.Views), "direction": list(label.Directions), "kind": list(label.Kinds), "codec": list(label.Codecs),
		"path": list(label.PathTypes), "protocol": list(label.Protocols), "reason": append(reasons, lostQueueFull, lostAttempts, lostShutdown, lostRefused),
		"level": list(label.Levels), "event": list(label.Events), "where": list(label.Places), "why": list(label.Faults), "target": {"hook"},
		"source": {"plane"}, "drop": append(slices.Clone(planeLabels[0].Values), label.Other),
	}
}

func TestNoLabelLeavesItsList(t *testing.T) {
	limits := allowed()
	rapid.Check(t, func(rt *rapid.T) {
		far := &farEnd{}
		s := newSet(t, Config{}, Export{"hook", far})
		defer s.close(t)
		word := func(name string, known ...string) string {
			return rapid.OneOf(rapid.SampledFrom(known), rapid.String()).Draw(rt, name)
		}
		drop := word("drop", "queue")
		metric := word("metric", "kinwire_plane_drops_total")
		require.NoError(t, s.Source("plane", []Metric{{Name: "kinwire_plane_drops_total", Help: "x", Labels: planeLabels}}, func(emit Emit) {
			emit(metric, 1, drop)
			emit("kinwire_plane_drops_total", 1, drop, drop)
		}))
		s.CallStarted("c", true, began)
		s.ParticipantJoined("c", "a", word("user", "u"), Device{Model: word("model", "m")}, began)
		for i := range uint64(3) {
			at := after(float64(i + 1))
			s.ServerSample(word("call", "c"), word("participant", "a"), LinkSample{
				Path: Path{Type: word("type", "relay"), Protocol: word("protocol", "tls")}, RTT: time.Millisecond,
				Streams: []StreamSample{{ID: "1", Direction: word("direction", "up", "down"), Kind: word("kind", "audio"), Codec: word("codec", "opus"), From: "a", Packets: i * 50, Bytes: i * 500}},
			}, at)
			s.ClientSample("c", "a", ClientSample{LocalType: word("local", "prflx"), Protocol: word("protocol", "udp"), RelayProtocol: word("protocol", "tcp"),
				Streams: []ClientStream{{MID: word("mid", "1"), Direction: word("direction", "send", "recv"), From: word("from", "a"), Kind: word("kind", "audio"), Codec: word("codec", "opus"), Packets: i * 50, Bytes: i * 500}},
			}, at)
		}
		s.Event("c", word("participant", "a"), word("event", "mute"), record.Event{Kind: word("kind", "audio"), Detail: word("detail", "x")}, after(4))
		s.ParticipantLeft("c", "a", word("reason", "lost"), after(5))
		s.CallEnded("c", word("reason", "hangup"), after(6))

		families, err := s.reg.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if !strings.HasPrefix(f.GetName(), "kinwire_") {
				continue
			}
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if !slices.Contains(limits[l.GetName()], l.GetValue()) {
						rt.Fatalf("%s has label %s=%q", f.GetName(), l.GetName(), l.GetValue())
					}
				}
			}
		}
	})
}

func TestNamesFollowTheConventions(t *testing.T) {
	s := newSet(t, Config{})
	defer s.close(t)
	s.call("c1")
	s.CallEnded("c1", "hangup", after(60))
	families, err := s.reg.Gather()
	require.NoError(t, err)
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestListsOfTheVocabularyHaveTheirPlaces(t *testing.T) {
	// record counts on these places.
	require.Equal(t, []string{"server", "client"}, []string{label.Views.At(record.Server), label.Views.At(record.Client)})
	require.Equal(t, []string{"up", "down"}, []string{label.Directions.At(record.Up), label.Directions.At(record.Down)})
}
