package clip

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/client/media"
	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a writer that keeps what a source writes, numbered as the SDK does.
type wire struct {
	seq  uint16
	sent []*rtp.Packet
}

func (w *wire) WriteRTP(p *rtp.Packet) error {
	q := &rtp.Packet{Header: p.Header, Payload: append([]byte(nil), p.Payload...)}
	q.SequenceNumber = w.seq
	w.seq++
	w.sent = append(w.sent, q)
	return nil
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// record plays a clip for so long, and hears what was asked for in between.
func record(t testing.TB, name, codec string, length time.Duration, between func(s *Source, at time.Duration)) (*Clip, []*rtp.Packet) {
	c, err := Load(name, codec)
	require.NoError(t, err)
	s := NewSource(c, proto.SourceVideo)
	w := &wire{seq: 65500} // it wraps around soon
	p := newPlayback(s, w, start)
	for at := time.Duration(0); at < length; at += c.Interval() {
		if between != nil {
			between(s, at)
		}
		require.NoError(t, p.until(start.Add(at)))
	}
	return c, w.sent
}

// arrive lets an ear hear packets at the times that their timestamps say.
func arrive(e *Ear, c *Clip, packets []*rtp.Packet) time.Time {
	now := start
	for _, p := range packets {
		now = due(c, packets[0], p)
		e.Packet(p, now)
	}
	return now
}

func due(c *Clip, first, p *rtp.Packet) time.Time {
	return start.Add(time.Duration(p.Timestamp-first.Timestamp) * time.Second / time.Duration(c.Clock))
}

func TestAllArrives(t *testing.T) {
	for _, c := range every(t) {
		_, sent := record(t, c.Name, c.Codec, 11*time.Second, nil)
		e := NewEar(c.Codec)
		end := arrive(e, c, sent)
		e.Finish(end)
		got := e.Total(end)
		require.EqualValues(t, len(sent), got.Received, "%s in %s", c.Name, c.Codec)
		require.InDelta(t, 11/c.Interval().Seconds(), float64(got.Frames), 1)
		require.Zero(t, got.Lost+got.OutOfOrder+got.Duplicates+got.Undecodable+got.Corrupt+got.Alien)
		require.Zero(t, got.Freezes)
		require.Equal(t, start, got.First)
		require.Equal(t, start, got.Whole)
		require.InDelta(t, c.Interval().Seconds(), got.Gap.Seconds(), 0.001)
	}
}

// TestKeyFrameOnRequest: the source jumps, and a receiver can go on from there.
func TestKeyFrameOnRequest(t *testing.T) {
	for _, codec := range []string{"VP8", "H264"} {
		c, sent := record(t, "talk", codec, 3*time.Second, func(s *Source, at time.Duration) {
			if at == 1400*time.Millisecond {
				s.KeyFrame()
			}
		})
		from := 0
		for i, p := range sent {
			if due(c, sent[0], p) == start.Add(1400*time.Millisecond) {
				from = i
				break
			}
		}
		require.NotZero(t, from)
		e := NewEar(codec)
		end := arrive(e, c, sent[from:])
		got := e.Total(end)
		require.Zero(t, got.Undecodable, "the first frame that this ear heard was a key frame")
		require.EqualValues(t, 40, got.Frames)
		whole := NewEar(codec)
		arrive(whole, c, sent)
		require.Zero(t, whole.Total(end).Undecodable, "the jump breaks nothing for those who heard all")
	}
}

func TestOneBitIsNoticed(t *testing.T) {
	for _, codec := range []string{"VP8", "H264", "opus"} {
		name := map[string]string{"opus": "talk"}[codec]
		if name == "" {
			name = "small"
		}
		c, sent := record(t, name, codec, 3*time.Second, nil)
		q := *sent[len(sent)/3]
		q.Payload = append([]byte(nil), q.Payload...)
		q.Payload[len(q.Payload)-1] ^= 1
		sent[len(sent)/3] = &q
		e := NewEar(codec)
		got := e.Total(arrive(e, c, sent))
		require.EqualValues(t, 1, got.Corrupt, codec)
		require.NotZero(t, got.Undecodable)
		require.Zero(t, got.Lost)
	}
}

func TestFreezesAndPauses(t *testing.T) {
	c, sent := record(t, "talk", "VP8", 6*time.Second, nil)
	hear := func(e *Ear, at func(time.Time) time.Time) time.Time {
		now := start
		for _, p := range sent {
			now = at(due(c, sent[0], p))
			e.Packet(p, now)
		}
		return now
	}
	// Half a second in which nothing comes, and then what comes is late for good.
	held := func(d time.Duration) func(time.Time) time.Time {
		return func(at time.Time) time.Time {
			if at.Sub(start) >= 3*time.Second {
				at = at.Add(d)
			}
			return at
		}
	}
	e := NewEar("VP8")
	got := e.Total(hear(e, held(500*time.Millisecond)))
	require.Equal(t, 1, got.Freezes)
	require.InDelta(t, 0.54, got.Frozen.Seconds(), 0.001)
	require.Equal(t, got.Frozen, got.Gap)
	require.InDelta(t, 6.5, got.Active.Seconds(), 0.1)

	e = NewEar("VP8")
	require.Zero(t, e.Total(hear(e, held(140*time.Millisecond))).Freezes, "shorter than the mean and 150 ms")

	e = NewEar("VP8")
	for _, p := range sent {
		at := due(c, sent[0], p)
		if at.Sub(start) >= 3*time.Second {
			e.Pause(true, start.Add(3*time.Second))
			e.Pause(false, start.Add(5*time.Second))
			break
		}
		e.Packet(p, at)
	}
	got = e.Total(start.Add(5 * time.Second))
	require.Zero(t, got.Freezes)
	require.Less(t, got.Gap, 100*time.Millisecond)

	e = NewEar("VP8")
	end := arrive(e, c, sent)
	e.Finish(end.Add(2 * time.Second))
	got = e.Total(end.Add(3 * time.Second))
	require.Equal(t, 1, got.Freezes, "it stood still to the end")
	require.InDelta(t, 2, got.Gap.Seconds(), 0.1)
}

func TestASecond(t *testing.T) {
	c, sent := record(t, "talk", "H264", 4*time.Second, nil)
	e := NewEar("h264")
	_, any := e.Take(start)
	require.False(t, any)
	var first, second Second
	for i, p := range sent {
		at := due(c, sent[0], p)
		if second == (Second{}) && at.Sub(start) >= 3*time.Second {
			second, _ = e.Take(at)
		}
		if first == (Second{}) && at.Sub(start) >= time.Second {
			first, any = e.Take(at)
			require.True(t, any)
		}
		if at.Sub(start) > 1200*time.Millisecond && i%10 == 0 && at.Sub(start) < 2500*time.Millisecond {
			continue
		}
		e.Packet(p, at)
	}
	require.InDelta(t, 25, first.FPS, 0.1)
	require.Equal(t, 360, first.Height)
	require.Zero(t, first.Loss)
	require.InDelta(t, 0, first.JitterMS, 0.01)
	require.InDelta(t, 400e3, first.BitrateBPS, 200e3)
	require.Less(t, second.FPS, 25.0)
	require.Zero(t, second.Loss, "not lost yet: it may still be repaired")
	third, _ := e.Take(start.Add(6 * time.Second))
	require.NotZero(t, third.Loss)
}

// TestAsksForAKeyFrame: with a loss that nobody repairs, until the next key
// frame, and no more often than once a second.
func TestAsksForAKeyFrame(t *testing.T) {
	c, sent := record(t, "talk", "VP8", 4*time.Second, nil)
	e := NewEar("VP8")
	frame, asked := 0, 0
	for _, p := range sent {
		at := due(c, sent[0], p)
		if frame != 10 && (frame == 0 || !c.Frames[frame].Key) { // one is lost, and all later key frames
			e.Packet(p, at)
		}
		if p.Marker {
			frame++
		}
		if e.WantsKey(at) {
			asked++
			require.GreaterOrEqual(t, at.Sub(start), 10*c.Interval()+keyAfter-c.Interval())
			require.False(t, e.WantsKey(at))
		}
	}
	require.Equal(t, 4, asked, "after 0.9, 1.9, 2.9 and 3.9 s")
}

// TestGenerators: the stamps of package media are known too.
func TestGenerators(t *testing.T) {
	v, err := media.NewVP8(media.VP8Config{FPS: 20, Width: 320, Height: 240})
	require.NoError(t, err)
	e, sound := NewEar("VP8"), NewEar("opus")
	o := media.NewOpus(media.OpusConfig{Noise: true})
	seq := uint16(0)
	for i := range 60 {
		at := start.Add(time.Duration(i) * 50 * time.Millisecond)
		payloads := v.Frame(at)
		for j, b := range payloads {
			seq++
			e.Packet(&rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: uint32(i) * 4500, Marker: j == len(payloads)-1}, Payload: b}, at)
		}
		sound.Packet(&rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(i) * 2400}, Payload: o.Payload(at)}, at)
	}
	got := e.Total(start.Add(3 * time.Second))
	require.EqualValues(t, 60, got.Frames)
	require.Zero(t, got.Undecodable+got.Corrupt+got.Alien)
	second, _ := e.Take(start.Add(3 * time.Second))
	require.Equal(t, 240, second.Height)
	got = sound.Total(start.Add(3 * time.Second))
	require.EqualValues(t, 60, got.Received)
	require.Zero(t, got.Corrupt+got.Alien)
}

func TestBreakBeginsAnew(t *testing.T) {
	c, sent := record(t, "small", "VP8", 8*time.Second, nil)
	e := NewEar("VP8")
	half := len(sent) / 2
	arrive(e, c, sent[:half])
	e.Break()
	for _, p := range sent[half:] {
		q := *p
		q.SequenceNumber += 3000
		e.Packet(&q, due(c, sent[0], p))
	}
	got := e.Total(start.Add(8 * time.Second))
	require.Zero(t, got.Lost)
	require.EqualValues(t, len(sent), got.Received)
}

// FuzzEar hears whatever somebody may send.
func FuzzEar(f *testing.F) {
	for _, codec := range []string{"VP8", "H264", "opus"} {
		name := "small"
		if codec == "opus" {
			name = "talk"
		}
		_, sent := record(f, name, codec, time.Second/5, nil)
		for _, p := range sent[:min(3, len(sent))] {
			b, err := p.Marshal()
			require.NoError(f, err)
			f.Add(codec, b, b)
		}
	}
	f.Fuzz(func(t *testing.T, codec string, a, b []byte) {
		e := NewEar(codec)
		now := start
		for range 3 {
			for _, raw := range [][]byte{a, b} {
				var p rtp.Packet
				if p.Unmarshal(raw) != nil {
					return
				}
				e.Packet(&p, now)
				now = now.Add(300 * time.Millisecond)
				e.WantsKey(now)
			}
		}
		e.Take(now)
		e.Finish(now)
		got := e.Total(now)
		if got.Received == 0 || got.Undecodable > got.Frames {
			t.Fatalf("%+v", got)
		}
	})
}
