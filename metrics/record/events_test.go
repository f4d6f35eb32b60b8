package record

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// happened are the events in short, without joining.
func happened(d *Document) []string {
	var out []string
	for _, e := range d.Events {
		if e.Event != EventJoin {
			out = append(out, spaced(e.Event, e.Participant, e.Direction, e.Kind, e.From, e.Detail))
		}
	}
	return out
}

func TestEventsComeInOrderAndEndTheCall(t *testing.T) {
	c := two()
	c.Event("a", "mute", Event{Kind: "audio"}, after(5))
	c.Event("a", "signal", Event{Detail: "lost"}, after(4))
	c.Event("", "config", Event{}, after(6))
	c.Event("stranger", "mute", Event{Kind: "audio"}, after(6))
	c.Event("b", "dance", Event{Kind: "juggling", From: "nobody", Direction: "sideways", Detail: strings.Repeat("x", 100)}, after(7))
	d := c.End("hangup", after(8))
	require.Equal(t, []string{
		"signal a lost", "mute a audio", "config", "other b " + strings.Repeat("x", 64), "leave a hangup", "leave b hangup", "end hangup",
	}, happened(d))
	require.Equal(t, int64(1000), d.Events[0].AtMS)
	require.Equal(t, "join", d.Events[0].Event)
	require.Equal(t, int64(8000), d.Events[len(d.Events)-1].AtMS)
}

// The last sample of a participant is taken a moment after the call's end.
func TestTheEndIsTheLastEvent(t *testing.T) {
	c := two()
	c.Event("a", "mute", Event{Kind: "audio"}, after(8.003))
	d := c.End("hangup", after(8))
	require.Equal(t, []string{"mute a audio", "leave a hangup", "leave b hangup", "end hangup"}, happened(d))
	require.Equal(t, int64(8000), d.Events[2].AtMS)
}

func TestEventsThatSamplesShow(t *testing.T) {
	c := two()
	server := func(at float64, path Path, codec string, packets, plis uint64) {
		s := up(packets)
		s.Codec, s.PLIs = codec, plis
		c.Server("a", &LinkSample{Path: path, Streams: []StreamSample{s}}, after(at), &notes{})
	}
	client := func(at float64, freezes uint64) {
		s := recv("5", "b", uint64(at)*100)
		s.Freezes, s.Frozen, s.PLIs = freezes, time.Duration(freezes)*300*time.Millisecond, 2
		c.Client("a", &ClientSample{Streams: []ClientStream{s}}, after(at), &notes{})
	}
	server(3, Path{"host", "udp"}, "VP8", 100, 0)
	client(3.5, 0)
	server(4, Path{"host", "udp"}, "VP8", 200, 2)
	server(5, Path{"relay", "tls"}, "VP8", 300, 2)
	client(5.5, 2)
	server(6, Path{"relay", "tls"}, "H264", 400, 3)
	d := c.SoFar(after(7))
	require.Equal(t, []string{
		"pli a down video b 2", // nobody but the client has seen this stream
		"pli a up video a 2", "path a relay/tls", "freeze a down video b 600", "pli a up video a 1", "codec a up video a h264",
	}, slices.DeleteFunc(happened(d), func(e string) bool { return strings.HasPrefix(e, EventQuality) }))
	require.Equal(t, []string{"host/udp"}, d.Participants[0].Path.Before)
	require.Equal(t, []string{"host/udp", "relay/tls"}, Summarize(d).Paths)
	require.Equal(t, []string{"vp8", "h264"}, Summarize(d).Codecs)
}

func TestEventsAreBoundedAndLeaveRoom(t *testing.T) {
	c := two()
	for i := range 3 * MaxEvents {
		c.Event("a", "pli", Event{Kind: "video"}, after(3+float64(i)/10))
	}
	c.Event("a", "mute", Event{Kind: "video"}, after(900))
	d := c.End("hangup", after(1000))
	require.LessOrEqual(t, len(d.Events), MaxEvents)
	require.Equal(t, 3*MaxEvents-maxNoise, d.EventsLost)
	require.Equal(t, []string{"mute a video", "leave a hangup", "leave b hangup", "end hangup"}, happened(d)[maxNoise:])
	for range 2 * MaxEvents {
		c.Event("a", "mute", Event{Kind: "video"}, after(1001))
	}
	require.Len(t, c.SoFar(after(1002)).Events, MaxEvents)
}

func TestSummary(t *testing.T) {
	d := goldenCall()
	s := Summarize(d)
	require.Equal(t, Summary{
		ID: "01JC0FFEE", StartedAt: d.StartedAt, EndedAt: d.EndedAt, DurationMS: 10_250, TalkMS: 6000, Reason: "hangup", Video: true, Participants: 2,
		Codecs: []string{"opus", "vp8"}, Paths: []string{"relay/tls", "srflx/udp"}, Score: d.Score, Verdict: d.Verdict,
	}, s)
	require.Positive(t, s.Score)
	empty := NewCall("c", false, began).Summary(after(5))
	require.Equal(t, Summary{ID: "c", Live: true, StartedAt: began.UnixMilli(), DurationMS: 5000, Codecs: []string{}, Paths: []string{}}, empty)
}
