package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/client/media"
	"kinwire/e2e/kinwire"
	"kinwire/signaling/proto"
)

// ear keeps what one peer receives.
type ear struct {
	mu    sync.Mutex
	seen  map[key]map[uint32]int // packet numbers by whose source it is
	late  []time.Duration
	alien int // packets of nobody's, or without a stamp
	codec map[key]string
}

type key struct {
	participant string
	kind        proto.SourceKind
}

func newEar() *ear { return &ear{seen: map[key]map[uint32]int{}, codec: map[key]string{}} }

func (e *ear) hear(p client.Packet) {
	s, ok := media.ParseStamp(p.RTP.Payload)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !ok || p.ParticipantID == "" {
		e.alien++
		return
	}
	k := key{p.ParticipantID, p.Kind}
	if e.seen[k] == nil {
		e.seen[k] = map[uint32]int{}
	}
	e.seen[k][s.Packet]++
	e.codec[k] = p.Codec
	e.late = append(e.late, time.Since(s.Sent))
}

func (e *ear) count(k key) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.seen[k])
}

// missing is how many packets between the first and the last have not come.
func (e *ear) missing(k key) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lo, hi uint32 = ^uint32(0), 0
	for n := range e.seen[k] {
		lo, hi = min(lo, n), max(hi, n)
	}
	if len(e.seen[k]) == 0 {
		return 0
	}
	return int(hi-lo) + 1 - len(e.seen[k])
}

// peer is a demo person with the Go SDK.
type peer struct {
	*client.Session
	events *client.Events
	ear    *ear
	video  *media.VP8
	call   *client.Call
}

func dial(t testing.TB, s *kinwire.Server, login string) *peer {
	t.Helper()
	in, err := client.Login(t.Context(), s.URL, login, kinwire.Password)
	require.NoError(t, err)
	require.True(t, in.ExpiresAt.After(time.Now()))
	c, err := client.Dial(t.Context(), client.Options{BaseURL: s.URL, Token: in.Token, Device: proto.Device{App: "e2e"}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &peer{Session: c, events: c.Events(), ear: newEar()}
}

// join brings up microphone and camera.
func (p *peer) join(t testing.TB, ctx context.Context, entered proto.CallEntered, o client.MediaOptions, more ...client.Source) {
	t.Helper()
	var err error
	p.video, err = media.NewVP8(media.VP8Config{FPS: 20})
	require.NoError(t, err)
	o.Sources = append([]client.Source{media.NewOpus(media.OpusConfig{Noise: true}), p.video}, more...)
	o.Loopback = true
	o.StatsEvery = 500 * time.Millisecond
	o.OnPacket = p.ear.hear
	p.call, err = p.Join(ctx, entered, o)
	require.NoError(t, err)
	require.NoError(t, p.call.Connected(ctx))
}

// ring lets a call b and both join.
func ring(t testing.TB, ctx context.Context, a, b *peer, ao, bo client.MediaOptions) {
	t.Helper()
	entered, err := a.Invite(ctx, true, b.Me().ID)
	require.NoError(t, err)
	in, err := client.Await[proto.CallIncoming](ctx, b.events, nil)
	require.NoError(t, err)
	require.Equal(t, entered.Call.CallID, in.Call.CallID)
	accepted, err := b.Accept(ctx, in.Call.CallID)
	require.NoError(t, err)
	a.join(t, ctx, entered, ao)
	b.join(t, ctx, accepted, bo)
}

// hears waits until p has n more packets of each kind from q.
func (p *peer) hears(t testing.TB, q *peer, n int, kinds ...proto.SourceKind) {
	t.Helper()
	for _, kind := range kinds {
		k := key{q.call.View().You, kind}
		from := p.ear.count(k)
		require.Eventually(t, func() bool { return p.ear.count(k) >= from+n }, time.Minute, 10*time.Millisecond,
			"%s of %s, of whom %d packets have come", kind, q.Me().Name, from)
	}
}

var audioVideo = []proto.SourceKind{proto.SourceAudio, proto.SourceVideo}

func hangup(t testing.TB, ctx context.Context, a, b *peer) {
	t.Helper()
	require.NoError(t, a.call.Hangup(ctx))
	select {
	case <-b.call.Done():
	case <-ctx.Done():
		t.Fatal("the other side is not told")
	}
	require.Equal(t, proto.ReasonHangup, b.call.Reason())
	b.call.Close()
}

func limit(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestSDKCallOnEveryPath(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	for _, c := range []struct {
		name            string
		opt             client.MediaOptions
		local, protocol string
		relay           string
		kind            string // as the record says
	}{
		{"udp", client.MediaOptions{Protocol: "udp"}, "host", "udp", "", "host"},
		{"tcp", client.MediaOptions{Protocol: "tcp"}, "host", "tcp", "", "host"},
		{"relay over udp", client.MediaOptions{RelayOnly: true, Protocol: "udp"}, "relay", "udp", "udp", "relay"},
		{"relay over tcp", client.MediaOptions{RelayOnly: true, Protocol: "tcp"}, "relay", "udp", "tcp", "relay"},
		{"other profiles, no rtx", client.MediaOptions{NoRTX: true, SRTPProfiles: []string{"aes128_cm_sha1_80"}}, "host", "udp", "", "host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := limit(t)
			mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
			ring(t, ctx, mia, leo, client.MediaOptions{}, c.opt)
			mia.hears(t, leo, 60, audioVideo...)
			leo.hears(t, mia, 60, audioVideo...)

			r := leo.call.Report()
			require.Equal(t, c.local, r.Path.LocalType)
			require.Equal(t, c.protocol, r.Path.Protocol)
			require.Equal(t, c.relay, r.Path.RelayProtocol)
			require.Len(t, r.Streams, 4, "two sent, two received: %+v", r.Streams)
			for _, st := range r.Streams {
				require.Greater(t, st.Packets, uint64(50), "%+v", st)
			}
			for _, p := range []*peer{mia, leo} {
				p.ear.mu.Lock()
				for k := range p.ear.seen {
					require.Equal(t, map[proto.SourceKind]string{"audio": "opus", "video": "VP8"}[k.kind], p.ear.codec[k])
				}
				slices.Sort(p.ear.late)
				t.Logf("%s: median delay %v, largest %v, %d alien packets", p.Me().Name, p.ear.late[len(p.ear.late)/2], p.ear.late[len(p.ear.late)-1], p.ear.alien)
				p.ear.mu.Unlock()
			}
			// Nothing is missing but what is still on its way.
			for _, w := range []struct{ to, from *peer }{{mia, leo}, {leo, mia}} {
				for _, kind := range audioVideo {
					k := key{w.from.call.View().You, kind}
					require.Eventually(t, func() bool { return w.to.ear.missing(k) == 0 }, 20*time.Second, time.Millisecond,
						"%s lacks %s of %s", w.to.Me().Name, kind, w.from.Me().Name)
				}
			}
			id := leo.call.ID()
			hangup(t, ctx, mia, leo)
			rec := known(t, s, id)
			for _, p := range rec.Participants {
				want := "host"
				if p.User == leo.Me().ID {
					want = c.kind
				}
				require.Equal(t, want, p.Path.Type, "%s: %+v", p.User, p.Path)
			}
		})
	}
}

func TestSDKMuteAndRestartAndDrop(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	ctx := limit(t)
	mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
	ring(t, ctx, mia, leo, client.MediaOptions{}, client.MediaOptions{})
	mia.hears(t, leo, 10, audioVideo...)
	leoID := leo.call.View().You

	require.NoError(t, leo.call.Mute(ctx, proto.SourceVideo, true))
	_, err := client.Await(ctx, mia.events, func(e proto.ParticipantEvent) bool {
		return e.Participant.ID == leoID && slices.ContainsFunc(e.Participant.Sources, func(s proto.Source) bool { return s.Kind == proto.SourceVideo && s.Muted })
	})
	require.NoError(t, err)
	mia.hears(t, leo, 10, proto.SourceAudio)
	keys := leo.video.Keys()
	require.NoError(t, leo.call.Mute(ctx, proto.SourceVideo, false))
	mia.hears(t, leo, 10, proto.SourceVideo)
	require.Greater(t, leo.video.Keys(), keys, "unmuted video begins with a key frame")

	require.NoError(t, leo.call.RestartICE(ctx))
	mia.hears(t, leo, 40, audioVideo...)
	leo.hears(t, mia, 40, audioVideo...)

	// The socket is cut in mid-call: media goes on, and what is asked
	// meanwhile is answered once it is back.
	for i := range 5 {
		require.True(t, leo.DropSocket())
		people, err := leo.People(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, people)
		require.EqualValues(t, i+2, leo.Sockets())
	}
	require.True(t, leo.Welcome().Resumed)
	mia.hears(t, leo, 20, audioVideo...)

	require.NoError(t, leo.call.AddSlots(ctx, 1, 1))
	audio, video := leo.call.SlotCount()
	require.Equal(t, []int{3, 3}, []int{audio, video})
	leo.hears(t, mia, 20, audioVideo...)
	mia.hears(t, leo, 20, audioVideo...)
	hangup(t, ctx, mia, leo)
}

// TestSDKSlotsGrow starts with too few slots for everybody.
func TestSDKSlotsGrow(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	ctx := limit(t)
	all := []*peer{dial(t, s, "mia"), dial(t, s, "leo"), dial(t, s, "priya"), dial(t, s, "tomek")}
	entered, err := all[0].Invite(ctx, true, all[1].Me().ID, all[2].Me().ID, all[3].Me().ID)
	require.NoError(t, err)
	few := client.MediaOptions{AudioSlots: 1, VideoSlots: 1}
	all[0].join(t, ctx, entered, few)
	for _, p := range all[1:] {
		in, err := client.Await[proto.CallIncoming](ctx, p.events, nil)
		require.NoError(t, err)
		e, err := p.Accept(ctx, in.Call.CallID)
		require.NoError(t, err)
		p.join(t, ctx, e, few)
	}
	for _, p := range all {
		for _, q := range all {
			if p != q {
				p.hears(t, q, 10, audioVideo...)
			}
		}
		audio, video := p.call.SlotCount()
		require.GreaterOrEqual(t, min(audio, video), 3, fmt.Sprint(p.Me().Name))
	}
	require.NoError(t, all[3].call.Leave(ctx))
	_, err = client.Await(ctx, all[0].events, func(m proto.MediaSlots) bool { return len(m.Slots) == 4 })
	require.NoError(t, err, "the slots of who left are free")
	for _, p := range all[:3] {
		require.NoError(t, p.call.Hangup(ctx))
	}
}

// TestSDKCrash ends one side without a word.
func TestSDKCrash(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{"signaling.resume_window": "1s", "calls.lost_timeout": "2s"}})
	ctx := limit(t)
	mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
	ring(t, ctx, mia, leo, client.MediaOptions{}, client.MediaOptions{})
	mia.hears(t, leo, 10, audioVideo...)
	leo.call.Close()
	leo.DropSocket()
	_ = leo.Close()
	began := time.Now()
	left, err := client.Await(ctx, mia.events, func(e proto.ParticipantEvent) bool { return e.Participant.Phase == proto.ParticipantLeft })
	require.NoError(t, err)
	require.Equal(t, proto.ReasonLost, left.Participant.Reason)
	require.Equal(t, leo.Me().ID, left.Participant.Person.ID)
	require.Less(t, time.Since(began), 15*time.Second)
	require.NoError(t, mia.call.Hangup(ctx))
}
